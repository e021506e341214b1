"""One source to one document: a path, standard input, an address, or bytes at hand."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from onrecord.documents.archives import Unpacked, is_archive, unpack
from onrecord.documents.catalogue import accepted, reader_for
from onrecord.documents.received import Content, Raw, ReadFailure, Received, sha256_of
from onrecord.documents.tables import is_table
from onrecord.documents.turns import as_transcript
from onrecord.errors import DocumentError, UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onrecord.documents.fetch import Fetched
    from onrecord.records import Document
    from onrecord.settings import Settings

_SHOWN = 5  # members of an archive that a message names


def read(source: str | Path, *, settings: Settings, stdin: BinaryIO | None = None) -> Document:
    """Read a path, ``-`` (standard input) or an http(s) address as one document.

    Raises:
        DocumentError: it cannot be opened, fetched or read, or there is no text in it.
    """
    return receive(source, settings=settings, stdin=stdin)[0]


def read_bytes(data: bytes, *, name: str, settings: Settings, media_type: str | None = None) -> Document:
    """Read bytes that are at hand, such as an upload or a pasted text, as one document.

    Raises:
        DocumentError: they cannot be read, or there is no text in them.
    """
    return _read_raw(Raw(data=data, name=name or "-", media_type=media_type), settings=settings)


def receive(source: str | Path, *, settings: Settings, stdin: BinaryIO | None = None) -> tuple[Document, Content]:
    """Read ``source`` as ``read`` does, and return its bytes beside it."""
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        from onrecord.documents.fetch import fetch, patiently  # noqa: PLC0415  httpx takes 0.1 s, and files need none

        return _of_fetched(
            patiently(lambda: fetch(source, settings=settings), attempts=settings.fetch_attempts), settings
        )
    if isinstance(source, str) and source == "-":
        stream = stdin if stdin is not None else sys.stdin.buffer
        data = stream.read(settings.fetch_max_bytes + 1)
        raw = Raw(data=_within(data, "standard input", settings), name="-")
        document = _read_raw(raw, settings=settings)
        return document, _content(document, raw)
    path = Path(source).expanduser()
    if path.is_dir():
        message = f"{path}: a folder; give one file, or add the folder to the corpus with 'onrecord corpus add'"
        raise DocumentError(message)
    try:
        with path.open("rb") as opened:
            data = opened.read(settings.fetch_max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"{path}: cannot be opened ({reason}); give an existing file, '-' or an http(s) address"
        raise DocumentError(message) from error
    if is_table(path):
        message = f"{path}: a table is read through a mapping file (onrecord corpus add --mapping …); accepted are {accepted()}"
        raise UnsupportedFormatError(message)
    raw = Raw(data=_within(data, str(path), settings), name=path.name)
    document = _read_raw(raw, settings=settings)
    return document, replace(_content(document, raw), data=None, path=path.resolve())


def received(source: str | Path, *, settings: Settings) -> Received:
    """Read ``source`` for the corpus: with its bytes, and with the path it came from in its metadata."""
    document, content = receive(source, settings=settings)
    if content.path is not None:
        metadata = {"path": content.path.as_posix(), **document.metadata}
        document = document.model_copy(update={"metadata": metadata})
    return Received.of(document, (content,))


def archived(
    source: Path | BinaryIO, name: str, *, settings: Settings
) -> Iterator[tuple[Document, Unpacked] | ReadFailure]:
    """Yield the documents in an archive, each with where it stands in it; an archive without any is a failure.

    Raises:
        DocumentError: it is no archive, or damaged at its head.
    """
    empty = True
    for found in unpack(source, name, settings=settings):
        empty = False
        if isinstance(found, ReadFailure):
            yield found
            continue
        try:
            document = _read_one(found.raw)  # an archive in an archive is refused there
        except DocumentError as error:
            yield ReadFailure(name=f"{name}/{found.locator}", reason=str(error))
            continue
        if found.fetched is not None:
            metadata = {**document.metadata, "retrieved_at": found.fetched.retrieved_at.isoformat()}
            document = document.model_copy(update={"metadata": metadata})
        yield document, found
    if empty:
        yield ReadFailure(name=name, reason=f"{name}: an archive that holds no document; give one that does")


def _only(raw: Raw, settings: Settings) -> Document:
    """Return the one document in an archive.

    Raises:
        DocumentError: there is none that can be read, or more than one.
    """
    documents: list[Document] = []
    names: list[str] = []
    reasons: list[str] = []
    for found in archived(io.BytesIO(raw.data), raw.name, settings=settings):
        if isinstance(found, ReadFailure):
            reasons.append(found.reason)
            continue
        document, unpacked = found
        documents.append(document)
        names.append(unpacked.locator)
        if len(documents) == _SHOWN:
            break
    if len(documents) == 1:
        return documents[0].model_copy(update={"content_sha256": sha256_of(raw.data)})
    if documents:
        message = (
            f"{raw.name}: an archive of several documents ({', '.join(names)}{' …' if len(names) == _SHOWN else ''});"
            " unpack it and give one, or add them all with 'onrecord corpus add'"
        )
    else:
        message = f"{raw.name}: an archive without a document that can be read ({'; '.join(reasons)[:300] or 'empty'})"
    raise DocumentError(message)


def read_fetched(fetched: Fetched, *, settings: Settings) -> Received:
    """Read what was fetched for the corpus: with its bytes, and with how they came.

    Raises:
        DocumentError: it cannot be read, or there is no text in it.
    """
    document, content = _of_fetched(fetched, settings)
    return Received.of(document, (content,))


def _of_fetched(fetched: Fetched, settings: Settings) -> tuple[Document, Content]:
    raw = Raw(
        data=fetched.data,
        name=fetched.address,
        media_type=fetched.media_type,
        charset=fetched.charset,
        address=fetched.address,
    )
    document = _read_raw(raw, settings=settings)
    metadata = {**document.metadata, "retrieved_at": fetched.retrieved_at.isoformat()}
    document = document.model_copy(update={"metadata": metadata})
    return document, replace(_content(document, raw), fetched=fetched.note)


def _read_raw(raw: Raw, *, settings: Settings) -> Document:
    _within(raw.data, raw.name, settings)
    file_name = urlsplit(raw.name).path.rpartition("/")[2] if raw.address else raw.name
    if is_archive(file_name, raw.data[:8]):
        return _only(replace(raw, name=file_name), settings)
    return _read_one(raw)


def _read_one(raw: Raw) -> Document:
    return as_transcript(reader_for(raw).read(raw))


def _content(document: Document, raw: Raw) -> Content:
    return Content(sha256=sha256_of(raw.data), name=raw.name, media_type=document.media_type, data=raw.data)


def _within(data: bytes, name: str, settings: Settings) -> bytes:
    if len(data) > settings.fetch_max_bytes:
        message = (
            f"{name}: more than {settings.fetch_max_bytes} bytes;"
            " split it, or raise fetch_max_bytes (ONRECORD_FETCH_MAX_BYTES)"
        )
        raise DocumentError(message)
    return data
