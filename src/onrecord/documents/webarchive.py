"""WARC: the pages that a crawler kept, with their addresses, times and headers."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zlib
from typing import IO, TYPE_CHECKING, Any, cast

from onrecord.documents.received import FetchNote, Raw, ReadFailure
from onrecord.documents.rows import Bounded
from onrecord.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onrecord.settings import Settings

WARC_SUFFIXES = (".warc", ".warc.gz")
_MOST_RECORDS = 5_000_000
# What a page is built of besides its words. A crawl holds ten times as many of these as of pages.
_NO_DOCUMENTS = ("image/", "audio/", "video/", "font/", "text/css", "text/javascript", "application/javascript")
_NO_DOCUMENT_TYPES = frozenset(
    {"application/x-javascript", "application/json", "application/octet-stream", "application/wasm"}
)


def records(
    stream: IO[bytes], name: str, *, packed: int, settings: Settings
) -> Iterator[tuple[Raw, FetchNote] | ReadFailure]:
    """Yield the documents in a WARC file, packed by gzip or not: answers with status 200, and what was kept as a resource.

    Left aside: requests, redirects, errors, repeated visits, and the pictures, styles and scripts of pages.

    Raises:
        DocumentError: it is no WARC file.
    """
    from warcio.archiveiterator import ArchiveIterator  # noqa: PLC0415  30 ms, and only web archives need it
    from warcio.exceptions import ArchiveLoadFailed  # noqa: PLC0415

    head = stream.read(2)
    cut = False
    whole: io.BufferedReader[Any] = io.BufferedReader(_Again(head, stream), 1 << 16)
    if head == b"\x1f\x8b":
        unpacked = gzip.GzipFile(fileobj=whole)
        whole = io.BufferedReader(cast("Any", Bounded(unpacked, name, packed)), 1 << 16)
    found = 0
    pages = _Ended(whole)
    try:
        for record in _each_of(ArchiveIterator(pages, no_record_parse=False)):
            found += 1
            if found > _MOST_RECORDS:
                yield ReadFailure(name=name, reason=f"{name}: more than {_MOST_RECORDS} records; split the archive")
                return
            if (taken := _taken(record, name, settings)) is not None:
                yield taken
            while record.raw_stream.read(1 << 16):
                pass
            # warcio takes an early end for the end; a record that does not say how long it is has no limit
            cut = getattr(record.raw_stream, "limit", 0) > 0
    except (ArchiveLoadFailed, DocumentError, OSError, EOFError, ValueError, zlib.error) as error:
        reason = " ".join(str(error).split())[:200]
        if not found:
            message = f"{name}: not a readable web archive ({reason}); make it again"
            raise DocumentError(message) from error
        yield ReadFailure(name=name, reason=f"{name}: damaged after record {found} ({reason}); the rest was not read")
        return
    if not found:
        message = f"{name}: not a readable web archive (no record in it); make it again"
        raise DocumentError(message)
    if cut or pages.cut:
        yield ReadFailure(name=name, reason=f"{name}: damaged: it ends too early, after record {found}; make it again")


def _each_of(archive: Iterator[Any]) -> Iterator[Any]:
    """Yield the records of an archive.

    Raises:
        DocumentError: warcio took for granted what the head of a record does not say.
    """
    while True:
        try:
            record = next(archive)
        except StopIteration:
            return
        except (AttributeError, TypeError, LookupError) as error:
            message = f"a record with a damaged head ({error})"
            raise DocumentError(message) from error
        yield record


class _Ended(io.RawIOBase):
    """A stream that remembers whether it broke off, in its packing or before the end of a record."""

    def __init__(self, stream: io.BufferedReader[Any]) -> None:
        self._stream = stream
        self._broken = False
        self._last = b""

    @property
    def cut(self) -> bool:
        """Whether what was read ends otherwise than a record does."""
        return self._broken or self._last != b"\r\n\r\n"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  any writable buffer
        try:
            data = self._stream.read1(len(buffer))
        except EOFError:
            self._broken = True
            return 0
        self._last = (self._last + data)[-4:]
        buffer[: len(data)] = data
        return len(data)


class _Again(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  any writable buffer
        data = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _taken(record: Any, name: str, settings: Settings) -> tuple[Raw, FetchNote] | ReadFailure | None:  # noqa: ANN401  warcio publishes no types
    """Return what a record holds if it may be a document."""
    from onrecord.documents.fetch import NOT_KEPT, content_type  # noqa: PLC0415  httpx takes 0.1 s, and files need none

    address = record.rec_headers.get_header("WARC-Target-URI") or ""
    answered = record.http_headers is not None and record.http_headers.get_statuscode() == "200"
    kept = record.rec_type == "resource" or (record.rec_type == "response" and answered)
    if not kept or not address.startswith(("http://", "https://")):
        return None
    headers: tuple[tuple[str, str], ...] = ()
    declared = record.rec_headers.get_header("Content-Type") or ""
    if record.rec_type == "response":
        headers = tuple((key, value) for key, value in record.http_headers.headers if key.lower() not in NOT_KEPT)
        declared = record.http_headers.get_header("Content-Type") or ""
    media_type, charset = content_type(declared)
    if (media_type or "").startswith(_NO_DOCUMENTS) or media_type in _NO_DOCUMENT_TYPES:
        return None
    where = f"{name}/{address}"
    try:
        data = record.content_stream().read(settings.fetch_max_bytes + 1)
        moment = dt.datetime.fromisoformat(record.rec_headers.get_header("WARC-Date") or "")
    except (OSError, ValueError, zlib.error, EOFError) as error:
        return ReadFailure(name=where, reason=f"{where}: a damaged record ({error}); make the archive again")
    if len(data) > settings.fetch_max_bytes:
        reason = f"{where}: more than {settings.fetch_max_bytes} bytes; raise fetch_max_bytes if it is right"
        return ReadFailure(name=where, reason=reason)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    raw = Raw(data=data, name=address, media_type=media_type, charset=charset, address=address)
    return raw, FetchNote(address, address, 200, moment, headers)
