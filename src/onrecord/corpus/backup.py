"""Everything in one file, while the program runs, and back: a zip of the database, the snapshots and a manifest.

The database in it is an SQLite file, whatever database the corpus is kept in: SQLite's own backup makes it of a running SQLite
database, and one repeatable-read transaction of a running PostgreSQL. So a backup of either can be read into either.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import shutil
import sqlite3
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sqlalchemy import Engine, select

from onrecord.corpus import journal, schema, snapshots
from onrecord.corpus.database import engine, upgrade
from onrecord.corpus.schema import SnapshotRow
from onrecord.corpus.transfer import (
    MANIFEST,
    Manifest,
    all_tables,
    archive_of,
    check_manifest,
    copy_rows,
    open_copy,
    reading,
    refusals,
    refuse_contents,
    refuse_existing,
    state_of,
)
from onrecord.errors import CorpusDamagedError, CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onrecord.corpus.store import Store
    from onrecord.records import Archive
    from onrecord.settings import Settings

DATABASE = "onrecord.db"
REPLACED = "replaced"
"""Folder in the home that keeps a backup of each corpus that another one took the place of."""


def back_up(settings: Settings, file: Path) -> Archive:
    """Write the whole corpus, kept checks and decisions included, to a new file; reading and writing go on meanwhile.

    Raises:
        CorpusError: the file exists, or cannot be written.
        CorpusDamagedError: a snapshot is missing or damaged: such a backup would promise what it does not hold.
        CorpusBusyError: another backup is being written.
    """
    file = file.absolute()
    partial, copied = file.with_name(f"{file.name}.partial"), file.with_name(f"{file.name}.partial.db")
    made = engine(settings)
    with journal.writing(settings, "backing up", name="backup") as entry, refusals(f"the backup {file}"):
        refuse_existing(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        entry.step("copying the database", undo=(str(partial), str(copied), f"{copied}-journal"))
        copied.unlink(missing_ok=True)
        _copy_database(made, copied)
        entry.step("copying the snapshots")
        with partial.open("wb") as out:
            manifest, size = _write(settings, copied, out)
            out.flush()
            os.fsync(out.fileno())
        entry.step("naming the file", moves=((str(partial), str(file)),))
    return archive_of(file, manifest, size)


def restore_backup(store: Store, file: Path, *, replace: bool = False) -> Archive:
    """Put the corpus of a backup in the place of this one. Either all of it arrives or nothing.

    A corpus that is not empty is replaced only when ``replace`` says so, and is itself backed up first, into the folder
    ``replaced`` of the home. The indexes have to be told: they are caches of what was there before.

    Raises:
        CorpusError: the file is no backup that this version can read, the corpus is not empty, or something cannot be written.
        CorpusDamagedError: what is in the file does not have the hash that the file says.
        CorpusBusyError: another process is writing.
    """
    settings = store.settings
    made = engine(settings)
    copied = settings.home / "restoring.db"
    with (
        store.writing("restoring a backup") as entry,
        refusals(f"the restoring of {file}"),
        _opened(file) as archive,
    ):
        manifest = check_manifest(archive.read(MANIFEST), file)
        if replace:
            now = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
            back_up(settings, settings.home / REPLACED / f"{now}.zip")
        else:
            refuse_contents(made, all_tables())
        entry.step("reading the database", undo=(copied.name, f"{copied.name}-journal"))
        with archive.open(DATABASE) as source, copied.open("wb") as out:
            shutil.copyfileobj(source, out)
        _check_database(copied, manifest, file)
        copy = open_copy(copied)
        upgrade(copy)
        with copy.connect() as connection:
            hashes = list(connection.execute(select(SnapshotRow.sha256)).scalars())
            entry.step("keeping the bytes", snapshots=snapshots.missing(settings, hashes))
            size = copied.stat().st_size
            for sha256 in hashes:
                size += _keep(settings, archive, sha256)
            snapshots.settle(settings, hashes)
            with made.connect() as present:
                replaced = list(present.execute(select(SnapshotRow.sha256)).scalars())
            # Whichever corpus there is in the end, the bytes of the other alone are not kept beside it: those of the replaced
            # one are in its backup.
            entry.step("replacing the rows", snapshots=(*entry.entry.snapshots, *replaced))
            _replace_rows(made, copied, copy)
        copy.dispose()
    return archive_of(file, manifest, size)


def read_from_backup(settings: Settings, file: Path, sha256: str) -> None:
    """Take one snapshot out of a backup.

    Raises:
        CorpusError: the file is no backup.
        CorpusDamagedError: it does not hold the snapshot, or is damaged.
    """
    with refusals(f"the reading of {file}"), _opened(file) as archive:
        _keep(settings, archive, sha256)
        snapshots.settle(settings, [sha256])


def _copy_database(made: Engine, copied: Path) -> None:
    if made.dialect.name == "sqlite":
        with contextlib.closing(sqlite3.connect(copied)) as target:
            source = made.raw_connection()
            try:
                # All pages in one step: one state of the database, and in WAL mode writers do not wait for it.
                source.driver_connection.backup(target)  # type: ignore[union-attr]
            finally:
                source.close()
            target.execute("PRAGMA journal_mode=DELETE")  # a file that stands alone
        return
    copy = open_copy(copied)
    upgrade(copy)
    with reading(made) as source_rows, copy.begin() as rows:
        copy_rows(source_rows, rows, all_tables())
    copy.dispose()


def _replace_rows(made: Engine, copied: Path, copy: Engine) -> None:
    if made.dialect.name == "sqlite":
        copy.dispose()
        target = made.raw_connection()
        try:
            # SQLite's backup in the other direction: a transaction of the target, undone by its own log when killed.
            with contextlib.closing(sqlite3.connect(copied)) as source:
                source.backup(target.driver_connection)  # type: ignore[arg-type]
        finally:
            target.close()
        return
    with copy.connect() as source_rows, made.begin() as rows:
        copy_rows(source_rows, rows, all_tables())


def _write(settings: Settings, copied: Path, out: IO[bytes]) -> tuple[Manifest, int]:
    copy = open_copy(copied)
    size = copied.stat().st_size
    count = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with copied.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        archive.write(copied, DATABASE)
        with copy.connect() as connection:
            state = state_of(connection)
            for name in connection.execute(select(SnapshotRow.sha256).order_by(SnapshotRow.sha256)).scalars():
                with archive.open(f"snapshots/{name[:2]}/{name}", "w", force_zip64=True) as member:
                    size += snapshots.copy_to(settings, name, member)
                count += 1
        manifest = Manifest(revision=schema.HEAD, state=state, snapshots=count, files={DATABASE: sha256})
        archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
    copy.dispose()
    copied.unlink()
    return manifest, size


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            if MANIFEST not in archive.namelist() or DATABASE not in archive.namelist():
                message = f"{file} is no backup of a corpus: it lacks {MANIFEST} or {DATABASE}"
                raise CorpusError(message)
            yield archive
    except zipfile.BadZipFile as error:
        message = f"{file} is damaged or no backup ({error}); take another"
        raise CorpusDamagedError(message) from error


def _check_database(copied: Path, manifest: Manifest, file: Path) -> None:
    with copied.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != manifest.files.get(DATABASE):
            message = f"the database in {file} does not have the SHA-256 that the backup says; take another backup"
            raise CorpusDamagedError(message)


def _keep(settings: Settings, archive: zipfile.ZipFile, sha256: str) -> int:
    try:
        with archive.open(f"snapshots/{sha256[:2]}/{sha256}") as member:
            return snapshots.keep(settings, sha256, member)
    except KeyError as error:
        message = f"{archive.filename} lacks the snapshot {sha256}; take another backup"
        raise CorpusDamagedError(message) from error
