"""Archives: the members of a zip and the pages of a web archive, read one by one and never written to disk."""

from __future__ import annotations

import contextlib
import io
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from onrecord.documents.received import FetchNote, Raw, ReadFailure
from onrecord.documents.webarchive import WARC_SUFFIXES, records
from onrecord.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onrecord.settings import Settings

_MOST_MEMBERS = 200_000
_LARGEST_RATIO = 500  # English text packs 3 to 20 times
_ENCRYPTED = 0x1
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What Python's zipfile raises over bytes that were damaged, whichever way they are packed."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive."""

    name: str
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    limit: int

    def check(self) -> None:
        """Look at what the archive says of the member.

        Raises:
            DocumentError: it is encrypted, or packed like a bomb.
        """
        where = f"{self.archive.filename}/{self.name}"
        if self.info.flag_bits & _ENCRYPTED:
            message = f"{where}: is encrypted; unpack the archive and add the folder"
            raise DocumentError(message)
        if self.info.file_size > (1 << 20) + _LARGEST_RATIO * self.info.compress_size:
            message = (
                f"{where}: unpacks from {self.info.compress_size} to {self.info.file_size} bytes;"
                f" at most {_LARGEST_RATIO} times its packed size is accepted"
            )
            raise DocumentError(message)

    def read(self) -> bytes:
        """Return the member's bytes.

        Raises:
            DocumentError: it is damaged, encrypted, too large, or packed like a bomb.
        """
        self.check()
        where = f"{self.archive.filename}/{self.name}"
        if self.info.file_size > self.limit:
            message = f"{where}: unpacks to {self.info.file_size} bytes; at most {self.limit} are accepted"
            raise DocumentError(message)
        try:
            with self.archive.open(self.info) as stream:
                data = stream.read(self.limit + 1)  # the size in the header may lie
        except _DAMAGED as error:
            message = f"{where}: damaged ({error}); make the archive again"
            raise DocumentError(message) from error
        if len(data) > self.limit:
            message = f"{where}: more than {self.limit} bytes; raise fetch_max_bytes if it is right"
            raise DocumentError(message)
        return data


@dataclass(frozen=True, slots=True)
class Unpacked:
    """One document's bytes out of an archive, where it stands in it, and how it was fetched, if it was."""

    raw: Raw
    locator: str
    fetched: FetchNote | None = None


def is_archive(name: str, head: bytes) -> bool:
    """Tell whether a file is one that ``unpack`` opens: by its name, or by its first bytes where it has none."""
    lower = name.lower()
    return lower.endswith((".zip", ".wacz", *WARC_SUFFIXES)) or head.startswith(b"WARC/1.")


def unpack(source: Path | BinaryIO, name: str, *, settings: Settings) -> Iterator[Unpacked | ReadFailure]:
    """Yield the documents' bytes in a zip of files, in a WARC, or in a WACZ or a zip that holds WARCs.

    Hidden members are left aside, as hidden files are; of a WACZ, all but its WARCs.

    Raises:
        DocumentError: it is no such archive, or damaged at its head.
        OSError: it cannot be read.
    """
    if name.lower().endswith((".zip", ".wacz")):
        for member in open_members(source, name=name, settings=settings):
            if isinstance(member, ReadFailure):
                yield member
                continue
            where = f"{name}/{member.name}"
            parts = PurePosixPath(member.name).parts
            if member.name.lower().endswith(WARC_SUFFIXES):
                yield from _web_archive(member, where, settings)
            elif name.lower().endswith(".wacz") or any(part.startswith((".", "__MACOSX")) for part in parts):
                continue
            else:
                try:
                    yield Unpacked(Raw(data=member.read(), name=where), member.name)
                except DocumentError as error:
                    yield ReadFailure(name=where, reason=str(error))
        return
    size = source.stat().st_size if isinstance(source, Path) else source.seek(0, io.SEEK_END)
    with source.open("rb") if isinstance(source, Path) else contextlib.nullcontext(source) as stream:
        stream.seek(0)
        yield from _each(records(stream, name, packed=size, settings=settings), name, prefix="")


def _web_archive(member: Member, where: str, settings: Settings) -> Iterator[Unpacked | ReadFailure]:
    """Yield the pages of a web archive within an archive; it may be of any size, for it is read page by page."""
    try:
        member.check()
        with member.archive.open(member.info) as stream:
            pages = records(stream, where, packed=member.info.file_size, settings=settings)
            yield from _each(pages, where, prefix=f"{member.name} ")
    except DocumentError as error:
        yield ReadFailure(name=where, reason=str(error))
    except _DAMAGED as error:
        yield ReadFailure(name=where, reason=f"{where}: damaged ({error}); make the archive again")


def _each(
    pages: Iterator[tuple[Raw, FetchNote] | ReadFailure], name: str, *, prefix: str
) -> Iterator[Unpacked | ReadFailure]:
    try:
        for page in pages:
            if isinstance(page, ReadFailure):
                yield page
            else:
                raw, note = page
                yield Unpacked(raw, f"{prefix}{note.address} at {note.retrieved_at.isoformat()}", note)
    except _DAMAGED as error:
        yield ReadFailure(name=name, reason=f"{name}: damaged ({error}); make the archive again")


def open_members(path: Path | BinaryIO, *, name: str = "", settings: Settings) -> Iterator[Member | ReadFailure]:
    """Yield the files in the archive at ``path``, in the order of their names; a bad name is a failure.

    Raises:
        DocumentError: it is not a zip archive, or has too many members.
    """
    shown = name or str(path)
    short = name or (path.name if isinstance(path, Path) else "")
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGED as error:
        message = f"{shown}: not a readable zip archive ({error}); make it again"
        raise DocumentError(message) from error
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > _MOST_MEMBERS:
            message = f"{shown}: {len(infos)} members; at most {_MOST_MEMBERS} are accepted, so split the archive"
            raise DocumentError(message)
        seen: set[str] = set()
        for info in sorted(infos, key=lambda item: item.filename):
            inner = info.filename
            parts = PurePosixPath(inner.replace("\\", "/")).parts
            if inner.startswith(("/", "\\")) or ".." in parts or "\x00" in inner or (parts and ":" in parts[0]):
                where = f"{short}/{inner}"
                yield ReadFailure(name=where, reason=f"{where!r}: a name that leads out of the archive; not read")
            elif inner in seen:
                where = f"{short}/{inner}"
                yield ReadFailure(name=where, reason=f"{where}: a second member of this name; not read")
            else:
                seen.add(inner)
                yield Member(inner, archive, info, settings.fetch_max_bytes)
