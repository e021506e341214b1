"""One writer at a time, by locks that the operating system lets go when their holder dies."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shlex
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from filelock import FileLock, Timeout
from pydantic import ValidationError

from onrecord.errors import CorpusBusyError, CorpusError
from onrecord.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onrecord.settings import Settings

Name = Literal["writer", "backup", "index"]
"""``writer`` admits one change of the corpus, ``index`` one of the indexes (a reader may mend them), ``backup`` one backup."""

_WAIT_SECONDS = 2.0  # long enough for another command's last commit, short enough not to look stuck
_COMMAND_SHOWN = 200


class Holder(Record):
    """Who holds a lock."""

    pid: int
    host: str = ""
    command: str = ""
    purpose: str
    since: str

    def __str__(self) -> str:
        """Return it in words."""
        where = f" on {self.host}" if self.host and self.host != socket.gethostname() else ""
        told = f", by the command {self.command}" if self.command else ""
        return f"process {self.pid}{where} ({self.purpose}, since {self.since}{told})"


@contextlib.contextmanager
def writing(settings: Settings, purpose: str, *, name: Name = "writer", wait: float | None = None) -> Iterator[None]:
    """Hold the right to write to the corpus in ``settings.home``, waiting ``wait`` seconds for it (a few by default).

    Raises:
        CorpusBusyError: another process, or another thread of this one, holds it; the message says who and since when.
        CorpusError: the folder cannot be written.
    """
    path = settings.home / f"{name}.lock"
    # Who holds it stands beside the lock: opening the lock file empties it.
    note = _note(settings, name)
    lock = FileLock(path, thread_local=False)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=_WAIT_SECONDS if wait is None else wait)
    except Timeout as error:
        held_by = _read(note) or "another process"
        message = (
            f"the corpus in {settings.home} is being written by {held_by}; wait for it to finish, or stop it:"
            " the next command tidies up after it"
        )
        raise CorpusBusyError(message) from error
    except OSError as error:
        message = f"the corpus in {settings.home} cannot be locked ({error.strerror}); check the folder's rights and free space"
        raise CorpusError(message) from error
    try:
        held = Holder(
            pid=os.getpid(),
            host=socket.gethostname(),
            command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])[:_COMMAND_SHOWN],
            purpose=purpose,
            since=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        )
        with contextlib.suppress(OSError):  # a note for others; the lock holds without it
            note.write_text(held.model_dump_json(), encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def holder(settings: Settings, name: Name = "writer") -> Holder | None:
    """Return who holds a lock now; ``None`` for nobody, also when a killed holder left its note."""
    note = _note(settings, name)
    found = _read(note)
    if found is None:
        return None
    try:
        with FileLock(settings.home / f"{name}.lock", thread_local=False, timeout=0):
            return None
    except (Timeout, OSError):
        return _read(note)


def _note(settings: Settings, name: Name) -> Path:
    return settings.home / f"{name}.holder.json"


def _read(note: Path) -> Holder | None:
    try:
        return Holder.model_validate_json(note.read_bytes())
    except (OSError, ValidationError):
        return None
