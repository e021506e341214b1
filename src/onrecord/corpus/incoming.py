"""A document as it is to be stored: its identity, its provenance, and the fingerprint that tells whether anything changed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onrecord.corpus.schema import ID_LENGTH
from onrecord.corpus.windows import RULE
from onrecord.documents import Content, Received
from onrecord.errors import CorpusError
from onrecord.records import Document, SourceKind

if TYPE_CHECKING:
    from onrecord.settings import Settings

_HASH_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Given:
    """One document as it is to be stored."""

    name: str
    id: str
    document: Document
    provenance: dict[str, Any]
    text_sha256: str
    fingerprint: str

    @property
    def version_id(self) -> str:
        """The identity of the version that the text is."""
        return f"{self.id}@{self.text_sha256[:_HASH_LENGTH]}"


def accept(document: Document, name: str, settings: Settings) -> Given:
    """Return ``document`` as it is to be stored.

    Raises:
        CorpusError: what it says of itself cannot be stored.
    """
    if not document.text.strip():
        message = f"{name}: no text in it"
        raise CorpusError(message)
    if "\x00" in document.text:
        message = f"{name}: holds NUL characters, which no database keeps; clean the text"
        raise CorpusError(message)
    try:
        text_sha256 = hashlib.sha256(document.text.encode("utf-8")).hexdigest()
    except UnicodeEncodeError as error:
        message = f"{name}: holds half a character (a lone surrogate) at {error.start}; clean the text"
        raise CorpusError(message) from error
    metadata = document.metadata
    kind = metadata.get("kind", SourceKind.DOCUMENT.value).strip().lower()
    if kind not in set(SourceKind):
        message = f"{name}: kind {kind[:40]!r}; accepted are {', '.join(SourceKind)}"
        raise CorpusError(message)
    primary = metadata.get("primary", "false").strip().lower()
    if primary not in {"true", "false"}:
        message = f"{name}: primary {primary[:40]!r}; accepted are true and false"
        raise CorpusError(message)
    provenance: dict[str, Any] = {
        "title": _one_line(document.title or first_line(document.text) or name),
        "kind": kind,
        "publisher": _one_line(metadata.get("publisher") or _host(document.address) or "not stated"),
        "is_primary": primary == "true",
        "origin": _origin(document),
        "speakers": [_one_line(speaker) for speaker in document.speakers],
        "published": document.published,
        "address": document.address,
        "language": (document.language or _script_language(document.text))[:35],
        "licence": _one_line(metadata.get("licence", "")),
        "collection": _one_line(metadata.get("collection", "")),
    }
    rule = (RULE, settings.passage_sentences, settings.passage_overlap, settings.passage_max_characters)
    # Without a collection, a source is what it was before there were any, and adding it again changes nothing.
    known = {key: value for key, value in provenance.items() if key != "collection" or value}
    basis = json.dumps([text_sha256, known, rule], default=str, sort_keys=True)
    return Given(
        name=name,
        id=_identity(document, name),
        document=document,
        provenance=provenance,
        text_sha256=text_sha256,
        fingerprint=hashlib.sha256(basis.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _identity(document: Document, name: str) -> str:
    given = document.metadata.get("id", "").strip()
    if given:
        if len(given) > ID_LENGTH or any(unicodedata.category(character)[0] == "C" for character in given):
            message = f"{name}: id {given[:60]!r}; accepted are up to {ID_LENGTH} characters without control characters"
            raise CorpusError(message)
        return given
    if document.address:
        parts = urlsplit(document.address)
        return _slug(f"{parts.hostname or ''}{parts.path}", document.address)
    if path := document.metadata.get("path"):
        return _slug(PurePosixPath(path).stem, path)
    return _slug("text", document.text)


def _script_language(text: str) -> str:
    """Return "en", or "und" (undetermined) for a text that cannot be English: most of its letters are not Latin."""
    letters = [character for character in text[:4000] if character.isalpha()]
    latin = sum(1 for character in letters if character < "\u0250")
    return "en" if not letters or latin > len(letters) / 2 else "und"


def _origin(document: Document) -> str:
    """Return how the text came here, in words, with what had to be guessed or left out on the way."""
    metadata = document.metadata
    origin = metadata.get("origin", "")
    if not origin and "path" in metadata:
        origin = f"file {PurePosixPath(metadata['path']).name}"
    elif not origin and "retrieved_at" in metadata and document.address:
        origin = "fetched from its address"
    return _one_line("; ".join(filter(None, (origin, *document.warnings))))


def _slug(readable: str, exact: str) -> str:
    """Return a name that a person can read, made unique by a hash of what it stands for."""
    words = re.sub(r"[^a-z0-9.]+", "-", readable.lower()).strip("-.")[:60].strip("-.")
    return f"{words or 'source'}-{hashlib.sha256(exact.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def name_of(document: Document) -> str:
    """Return what to call a document in messages: where it came from, else what it says of itself."""
    metadata = document.metadata
    return metadata.get("path") or metadata.get("id") or document.address or document.title or "a text without a name"


def first_line(text: str) -> str:
    """Return the first line of a text that holds words, cut to the length of a title: how a source without one is called."""
    line = next(line for line in text.splitlines() if line.strip()).strip()
    if len(line) <= 120:  # noqa: PLR2004  a title's length
        return line
    return line[:117].rsplit(" ", 1)[0] + " …"


def _one_line(value: str) -> str:
    return " ".join(value.replace("\x00", " ").encode("utf-8", "replace").decode("utf-8").split())


def _host(address: str | None) -> str | None:
    return (urlsplit(address).hostname or "").removeprefix("www.") or None if address else None


def retrieved_at(document: Document) -> dt.datetime | None:
    """Return when the document was fetched, if it says so."""
    given = document.metadata.get("retrieved_at")
    if not given:
        return None
    try:
        moment = dt.datetime.fromisoformat(given)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def contents_of(document: Document) -> tuple[Content, ...]:
    """Return the bytes to keep; a document that came without its bytes is kept as its text in UTF-8."""
    if isinstance(document, Received) and document.contents:
        return document.contents
    data = document.text.encode("utf-8")
    return (Content(sha256=hashlib.sha256(data).hexdigest(), name="text", media_type="text/plain", data=data),)
