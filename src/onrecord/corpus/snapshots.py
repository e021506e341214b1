"""Bytes as they came, in files named by their hash: written atomically, verified when read."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from onrecord.errors import CorpusDamagedError, CorpusError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from onrecord.settings import Settings

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_PIECE = 1 << 20
_UNFINISHED = ".writing"  # on the same file system, so that a rename is all that is left to do


def snapshot_path(settings: Settings, sha256: str) -> Path:
    """Return where the bytes with this hash are kept.

    Raises:
        NotFoundError: that is no hash, so it names nothing (and leads nowhere).
    """
    if not _SHA256.match(sha256):
        message = f"{sha256[:80]!r} is not a SHA-256 in hex; take it from 'onrecord corpus show'"
        raise NotFoundError(message)
    return settings.snapshots / sha256[:2] / sha256


def keep(settings: Settings, sha256: str, source: Path | bytes | IO[bytes]) -> int:
    """Keep the bytes of ``source`` under their hash; what is kept already is not written again. Returns their number.

    The bytes are on disk when this returns, their name when ``settle`` has been called.

    Raises:
        CorpusError: they are not the bytes that were read (the file changed meanwhile), or cannot be written.
    """
    target = snapshot_path(settings, sha256)
    try:
        return target.stat().st_size
    except FileNotFoundError:
        pass
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = settings.snapshots / _UNFINISHED
        unfinished.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(dir=unfinished)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                found, size = _copy(source, out)
                if found != sha256:
                    message = (
                        f"{source if isinstance(source, Path) else 'the bytes'}: changed while being read; add it again"
                    )
                    raise CorpusError(message)
                out.flush()
                os.fsync(out.fileno())
            temporary.chmod(0o444)
            temporary.replace(target)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        message = f"snapshot {target} cannot be written ({error.strerror}); check the folder's rights and free space"
        raise CorpusError(message) from error
    return size


def missing(settings: Settings, hashes: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``hashes`` under which nothing is kept yet."""
    return tuple(sha256 for sha256 in sorted(hashes) if not snapshot_path(settings, sha256).exists())


def clear_unfinished(settings: Settings) -> None:
    """Remove what a killed writer left half written. Only the holder of the writer's lock may call it."""
    with contextlib.suppress(OSError):  # what cannot be removed is in nobody's way
        for path in (settings.snapshots / _UNFINISHED).iterdir():
            path.unlink(missing_ok=True)


def read_snapshot(settings: Settings, sha256: str) -> bytes:
    """Return the bytes with this hash.

    Raises:
        NotFoundError: there are none.
        CorpusDamagedError: what is stored does not have this hash.
    """
    path = snapshot_path(settings, sha256)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        message = f"no snapshot {sha256} in {settings.snapshots}"
        raise NotFoundError(message) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        message = f"snapshot {path} does not have the SHA-256 of its name; restore it from a backup"
        raise CorpusDamagedError(message)
    return data


def files(settings: Settings) -> Iterator[Path]:
    """Yield every file in the snapshot folder, those half written among them."""
    with contextlib.suppress(FileNotFoundError):
        for folder in sorted(settings.snapshots.iterdir()):
            if folder.is_dir():
                yield from sorted(path for path in folder.rglob("*") if not path.is_dir())
            else:
                yield folder


def measured(settings: Settings, sha256: str) -> int:
    """Read the bytes with this hash; return their number.

    Raises:
        FileNotFoundError, OSError: they cannot be read.
        CorpusDamagedError: what is stored does not have this hash.
    """
    path = snapshot_path(settings, sha256)
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
    if found != sha256:
        message = f"snapshot {path} has the SHA-256 {found}"
        raise CorpusDamagedError(message)
    return size


def set_aside(file: Path, folder: Path) -> None:
    """Move a file that is damaged or in the way into ``folder``, whose files it does not overwrite."""
    if not file.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    number = sum(1 for _ in folder.iterdir())
    file.replace(folder / f"{number:06}-{file.name}")


def copy_to(settings: Settings, sha256: str, out: IO[bytes]) -> int:
    """Write the bytes with this hash to ``out``, a piece at a time; return their number.

    Raises:
        CorpusDamagedError: there are none, or what is stored does not have this hash.
    """
    path = snapshot_path(settings, sha256)
    try:
        found, size = _copy(path, out)
    except FileNotFoundError:
        found, size = "", 0
    if found != sha256:
        message = (
            f"snapshot {path} is missing or damaged: run 'onrecord corpus verify --repair', if need be with a backup"
        )
        raise CorpusDamagedError(message)
    return size


def _copy(source: Path | bytes | IO[bytes], out: IO[bytes]) -> tuple[str, int]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return _copy(stream, out)
    digest = hashlib.sha256()
    size = 0
    pieces = io.BytesIO(source) if isinstance(source, bytes) else source
    while piece := pieces.read(_PIECE):
        digest.update(piece)
        out.write(piece)
        size += len(piece)
    return digest.hexdigest(), size


def settle(settings: Settings, hashes: Iterable[str]) -> None:
    """Make the names of kept snapshots survive a power cut; one call for many costs one flush a folder.

    On systems that cannot open folders there is nothing to do.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    folders = {snapshot_path(settings, sha256).parent for sha256 in hashes}
    for folder in sorted(folders | ({settings.snapshots} if folders else set())):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
