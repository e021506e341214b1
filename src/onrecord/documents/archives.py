"""Zip archives: members are read one by one in memory and never written to disk."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from onrecord.documents.received import ReadFailure
from onrecord.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onrecord.settings import Settings

_MOST_MEMBERS = 200_000
_LARGEST_RATIO = 500  # English text packs 3 to 20 times
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive."""

    name: str
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    limit: int

    def read(self) -> bytes:
        """Return the member's bytes.

        Raises:
            DocumentError: it is damaged, encrypted, too large, or packed like a bomb.
        """
        where = f"{self.archive.filename}/{self.name}"
        if self.info.flag_bits & _ENCRYPTED:
            message = f"{where}: is encrypted; unpack the archive and add the folder"
            raise DocumentError(message)
        if (
            self.info.file_size > self.limit
            or self.info.file_size > (1 << 20) + _LARGEST_RATIO * self.info.compress_size
        ):
            message = (
                f"{where}: unpacks from {self.info.compress_size} to {self.info.file_size} bytes;"
                f" at most {self.limit} bytes and {_LARGEST_RATIO} times its packed size are accepted"
            )
            raise DocumentError(message)
        try:
            with self.archive.open(self.info) as stream:
                data = stream.read(self.limit + 1)  # the size in the header may lie
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
            message = f"{where}: damaged ({error}); make the archive again"
            raise DocumentError(message) from error
        if len(data) > self.limit:
            message = f"{where}: more than {self.limit} bytes; raise fetch_max_bytes if it is right"
            raise DocumentError(message)
        return data


def open_members(path: Path, *, settings: Settings) -> Iterator[Member | ReadFailure]:
    """Yield the files in the archive at ``path``, in the order of their names; a bad name is a failure.

    Raises:
        DocumentError: it is not a zip archive, or has too many members.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        message = f"{path}: not a readable zip archive ({error}); make it again"
        raise DocumentError(message) from error
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > _MOST_MEMBERS:
            message = f"{path}: {len(infos)} members; at most {_MOST_MEMBERS} are accepted, so split the archive"
            raise DocumentError(message)
        seen: set[str] = set()
        for info in sorted(infos, key=lambda item: item.filename):
            name = info.filename
            parts = PurePosixPath(name.replace("\\", "/")).parts
            if name.startswith(("/", "\\")) or ".." in parts or "\x00" in name or (parts and ":" in parts[0]):
                where = f"{path.name}/{name}"
                yield ReadFailure(name=where, reason=f"{where!r}: a name that leads out of the archive; not read")
            elif name in seen:
                where = f"{path.name}/{name}"
                yield ReadFailure(name=where, reason=f"{where}: a second member of this name; not read")
            else:
                seen.add(name)
                yield Member(name, archive, info, settings.fetch_max_bytes)
