"""The readers, and which of them reads what. A new format is a new file and a line here."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from onrecord.documents.docx import Docx
from onrecord.documents.feeds import is_listing
from onrecord.documents.html import Html
from onrecord.documents.mail import Mail
from onrecord.documents.markdown import Markdown
from onrecord.documents.pdf import Pdf
from onrecord.documents.plain import PlainText
from onrecord.documents.subtitles import Subtitles
from onrecord.errors import UnsupportedFormatError

if TYPE_CHECKING:
    from onrecord.documents.received import Raw
    from onrecord.records import Document


class Reader(Protocol):
    """Reads one format. ``tests/contract/test_readers.py`` holds what every reader must keep."""

    name: str
    suffixes: frozenset[str]
    media_types: frozenset[str]

    def read(self, raw: Raw) -> Document:
        """Return the document in ``raw``.

        Raises:
            DocumentError: it cannot be read, or there is no text in it.
        """
        ...


READERS: tuple[Reader, ...] = (PlainText(), Markdown(), Html(), Pdf(), Docx(), Subtitles(), Mail())

_PAGE = re.compile(
    rb"\A\s*(?:<!--.{0,2000}?-->\s*)*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_BINARY = (
    (b"PK\x03\x04", "a zip archive or an office document that is not .docx"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"{\\rtf", "an RTF document"),
)


def accepted() -> str:
    """Return the suffixes that can be read, for messages."""
    return ", ".join(sorted(suffix for reader in READERS for suffix in reader.suffixes))


def reader_for(raw: Raw) -> Reader:
    """Return the reader for ``raw``: by its first bytes, then the declared media type, then the name's suffix.

    Raises:
        UnsupportedFormatError: there is none; the message says what is accepted.
    """
    if (known := _by_first_bytes(raw)) is not None:
        return known
    name = urlsplit(raw.name).path if raw.name.startswith(("http://", "https://")) else raw.name
    suffix = PurePath(name).suffix.lower()
    media_type = (raw.media_type or "").lower()
    page = bool(_PAGE.match(raw.data[:4096].removeprefix(b"\xef\xbb\xbf")))
    for reader in READERS:
        # Servers send Markdown and pages as text/plain: there the suffix and the first bytes know better.
        if media_type in reader.media_types and media_type != "text/plain":
            return reader
    for reader in READERS:
        if suffix in reader.suffixes and not (page and reader.name == "text"):
            return reader
    if page:
        return _named("html")
    if media_type.startswith("text/") or (not media_type and (not suffix or raw.name == "-")):
        return _named("text")
    what = f"media type {media_type!r}" if media_type else f"suffix {suffix!r}"
    message = f"{raw.name}: no reader for {what}; accepted are {accepted()}"
    raise UnsupportedFormatError(message)


def _by_first_bytes(raw: Raw) -> Reader | None:
    """Return the reader of a format that its first bytes give away.

    Raises:
        UnsupportedFormatError: they give away one that is not read.
    """
    if raw.data[:1024].lstrip().startswith(b"%PDF-"):
        return _named("pdf")
    if raw.data.startswith(b"PK\x03\x04") and b"word/" in raw.data:
        return _named("docx")
    for mark, what in _BINARY:
        if raw.data.startswith(mark):
            message = f"{raw.name}: {what}; accepted are {accepted()}. Save its text as one of these and try again"
            raise UnsupportedFormatError(message)
    if is_listing(raw.data):
        message = (
            f"{raw.name}: a feed or sitemap, which is a list of addresses and no text;"
            " give the address of one page in it, or register it in corpus/sources.toml and run 'onrecord corpus sync'"
        )
        raise UnsupportedFormatError(message)
    return None


def _named(name: str) -> Reader:
    return next(reader for reader in READERS if reader.name == name)
