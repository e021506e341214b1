"""One writer at a time, by a lock that the operating system lets go when its holder dies."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from onrecord.errors import CorpusBusyError, CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onrecord.settings import Settings

_WAIT_SECONDS = 2.0  # long enough for another command's last commit, short enough not to look stuck


@contextlib.contextmanager
def writing(settings: Settings, purpose: str) -> Iterator[None]:
    """Hold the right to write to the corpus in ``settings.home``.

    Raises:
        CorpusBusyError: another process, or another thread of this one, holds it; the message says who and since when.
        CorpusError: the folder cannot be written.
    """
    path = settings.home / "writer.lock"
    # Who holds it stands beside the lock: opening the lock file empties it.
    holder = settings.home / "writer.json"
    lock = FileLock(path, thread_local=False)
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=_WAIT_SECONDS)
    except Timeout as error:
        message = (
            f"the corpus in {settings.home} is being written by {_describe(holder)}; wait for it to finish, or stop it"
        )
        raise CorpusBusyError(message) from error
    except OSError as error:
        message = f"the corpus in {settings.home} cannot be locked ({error.strerror}); check the folder's rights and free space"
        raise CorpusError(message) from error
    try:
        since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        with contextlib.suppress(OSError):  # a note for others; the lock holds without it
            holder.write_text(json.dumps({"pid": os.getpid(), "purpose": purpose, "since": since}), encoding="utf-8")
        yield
    finally:
        with contextlib.suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _describe(holder: Path) -> str:
    try:
        note = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {int(note['pid'])} ({note['purpose']}, since {note['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
