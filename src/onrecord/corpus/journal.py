"""What a command that writes is about to do, on disk before it does it, so that the next command finishes or undoes it.

The rows of one batch are one transaction of the database and need no journal. The journal is for what lies outside the
database: bytes kept before their rows, a file half written, folders to be exchanged. Whoever gets the lock after a killed
holder finds the entry and settles it: an entry with ``moves`` is finished, any other is undone. Both can be done twice.

How far the indexes have come is not noted here but by the indexes themselves, as the number of the store's state.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from onrecord.corpus import lock
from onrecord.corpus.schema import SnapshotRow
from onrecord.corpus.snapshots import clear_unfinished, snapshot_path
from onrecord.errors import CorpusBusyError, CorpusError
from onrecord.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from onrecord.settings import Settings

logger = logging.getLogger(__name__)

JOURNALED: tuple[lock.Name, ...] = ("writer", "backup")
"""The locks whose holders keep a journal."""
_LOOKED_UP = 400  # identities in one IN list, as in ``batch``


class Entry(Record):
    """What is going on, and what has to be done if it ends here."""

    operation: str
    step: str
    started: dt.datetime
    pid: int
    undo: tuple[str, ...] = ()
    """Files and folders that are of no use unless it ends well; from the home folder where not absolute."""
    snapshots: tuple[str, ...] = ()
    """Hashes of the bytes being kept; those that no row names in the end are removed."""
    moves: tuple[tuple[str, str], ...] = ()
    """Once there are any, everything is ready, and only these replacements are left to do."""


class Journal:
    """The entry of a running operation."""

    def __init__(self, settings: Settings, name: lock.Name, operation: str) -> None:
        self._settings = settings
        self._path = _path(settings, name)
        self.entry = Entry(operation=operation, step="begun", started=dt.datetime.now(dt.UTC), pid=os.getpid())

    def step(self, step: str, **changes: tuple[object, ...]) -> None:
        """Note the next step, with its ``undo``, ``snapshots`` or ``moves``, and have it on disk when this returns.

        Raises:
            CorpusError: it cannot be written; nothing of the step may be done then.
        """
        self.entry = Entry.model_validate({**self.entry.model_dump(), **changes, "step": step})
        draft = self._path.with_suffix(".new")
        try:
            with draft.open("w", encoding="utf-8") as stream:
                stream.write(self.entry.model_dump_json())
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(self._path)
            flush_folder(self._path.parent)
        except OSError as error:
            message = f"the journal {self._path} cannot be written ({error.strerror}); check the folder's rights and free space"
            raise CorpusError(message) from error

    def end(self) -> None:
        """Do what is left to do, and remove the entry."""
        _settle(self._settings, self.entry)
        self._path.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(settings: Settings, purpose: str, *, name: lock.Name = "writer") -> Iterator[Journal]:
    """Hold a lock as ``lock.writing`` does, settle what its last holder left, and keep a journal.

    Raises:
        CorpusBusyError, CorpusError: as ``lock.writing``, or the journal cannot be written.
    """
    with lock.writing(settings, purpose, name=name):
        _recover(settings, name)
        journal = Journal(settings, name, purpose)
        journal.step("begun")
        try:
            yield journal
        except BaseException:
            with contextlib.suppress(OSError, CorpusError):  # a full disk, say: the next command settles it
                journal.end()
            raise
        journal.end()


def interrupted(settings: Settings) -> list[Entry]:
    """Return the entries that killed commands left; those of running ones are not among them."""
    left = ((name, _read(_path(settings, name))) for name in JOURNALED)
    return [entry for name, entry in left if entry is not None and lock.holder(settings, name) is None]


def settle(settings: Settings) -> None:
    """Finish or undo what killed commands left; what is still going on, and what cannot be written, is left alone."""
    for name in JOURNALED:
        path = _path(settings, name)
        if not (path.exists() or path.with_suffix(".new").exists()):
            continue
        try:
            with lock.writing(settings, "tidying up after an interrupted command", name=name, wait=0):
                _recover(settings, name)
        except CorpusBusyError:
            logger.debug("the journal of %s is its holder's", name)
        except (CorpusError, OSError) as error:
            # Reading goes on: what is left over is in no reader's way, and every index checks itself when it is opened.
            logger.warning("an interrupted command could not be tidied up after: %s", error)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, on systems that can open folders."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _recover(settings: Settings, name: lock.Name) -> None:
    """Settle the entry that a killed holder of the lock left. Only the lock's holder may call it."""
    path = _path(settings, name)
    path.with_suffix(".new").unlink(missing_ok=True)
    if not path.exists():
        return
    entry = _read(path)
    if entry is None:  # written in one step, so this is no crash but a damaged disk; nothing may be guessed from it
        aside = path.with_suffix(".damaged")
        path.replace(aside)
        logger.warning("the journal %s could not be read and was put aside; run 'onrecord corpus verify'", aside)
        return
    _settle(settings, entry)
    if name == "writer":
        clear_unfinished(settings)
    path.unlink(missing_ok=True)
    logger.warning(
        "%s, begun %s and interrupted at %r, was %s",
        entry.operation, entry.started.isoformat(timespec="seconds"), entry.step, "finished" if entry.moves else "undone",
    )  # fmt: skip


def _settle(settings: Settings, entry: Entry) -> None:
    for source, target in entry.moves:
        _exchange(settings.home / source, settings.home / target)
    for path in entry.undo:
        _remove(settings.home / path)
    if entry.snapshots:
        _drop_unnamed(settings, entry.snapshots)


def _exchange(source: Path, target: Path) -> None:
    """Put ``source`` in the place of ``target``; done twice it does no harm."""
    old = target.with_name(f"{target.name}.replaced")
    if source.exists():
        _remove(old)
        if target.exists():
            target.replace(old)
        source.replace(target)
        flush_folder(target.parent)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _drop_unnamed(settings: Settings, hashes: Iterable[str]) -> None:
    from onrecord.corpus.database import engine  # noqa: PLC0415  which takes the lock to bring tables up to date

    wanted = list(hashes)
    named: set[str] = set()
    try:
        with engine(settings).connect() as connection:
            for start in range(0, len(wanted), _LOOKED_UP):
                query = select(SnapshotRow.sha256).where(SnapshotRow.sha256.in_(wanted[start : start + _LOOKED_UP]))
                named.update(connection.execute(query).scalars())
    except SQLAlchemyError as error:
        message = f"the database does not say which snapshots it names ({error}); they are kept for now"
        raise CorpusError(message) from error
    for sha256 in wanted:
        if sha256 not in named:
            snapshot_path(settings, sha256).unlink(missing_ok=True)


def _path(settings: Settings, name: lock.Name) -> Path:
    return settings.home / f"{name}.journal.json"


def _read(path: Path) -> Entry | None:
    try:
        return Entry.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
