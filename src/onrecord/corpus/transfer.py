"""A corpus with its provenance to a folder and back: one JSON-lines file for each table, and the snapshots.

What arrives is identical, row by row and byte by byte: to export it again gives the same files. Kept checks and decisions stay
at home; a backup holds them too.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError
from sqlalchemy import Connection, Integer, MetaData, String, Table, create_engine, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from onrecord import __version__
from onrecord.corpus import journal, schema, snapshots
from onrecord.corpus.database import engine, upgrade
from onrecord.corpus.schema import JudgementRow, SnapshotRow, StateRow
from onrecord.errors import CorpusDamagedError, CorpusError
from onrecord.records import Archive, CorpusState, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

    from onrecord.corpus.store import Store
    from onrecord.settings import Settings

FORMAT = 1
MANIFEST = "manifest.json"
_ROWS = 500
"""Rows in memory at a time; a version's row holds its whole text."""
_OTHER_ROOMS = frozenset({"checks", "judgements"})
"""These, and what refers to them, belong to the people who check and to the stance network, not to the corpus."""


class Manifest(Record):
    """What an archive says of itself."""

    format: int = FORMAT
    package_version: str = __version__
    created_at: dt.datetime = Field(default_factory=lambda: dt.datetime.now(dt.UTC))
    revision: str
    """Of the database schema."""
    state: CorpusState
    snapshots: int
    files: dict[str, str]
    """The SHA-256 of each file beside this one, by name; a snapshot's is its name."""


def all_tables() -> list[Table]:
    """Return every table, those that others refer to first."""
    return list(schema.Table.metadata.sorted_tables)


def corpus_tables() -> list[Table]:
    """Return the tables of the corpus: all but the kept checks, what refers to them, and what networks answered."""
    others = set(_OTHER_ROOMS)
    tables = all_tables()
    for table in tables:
        if any(key.column.table.name in others for key in table.foreign_keys):
            others.add(table.name)
    return [table for table in tables if table.name not in others]


@contextlib.contextmanager
def reading(made: Engine) -> Iterator[Connection]:
    """Read one state of the whole database, whatever is written meanwhile, without loading it into memory."""
    level = {} if made.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with made.connect().execution_options(yield_per=_ROWS, **level) as connection:
        yield connection


def state_of(connection: Connection) -> CorpusState:
    """Return the state that a connection sees."""
    row = connection.execute(select(StateRow.number, StateRow.sources, StateRow.passages)).one()
    return CorpusState(number=row.number, sources=row.sources, passages=row.passages)


def copy_rows(source: Connection, target: Connection, tables: Sequence[Table]) -> None:
    """Replace the rows of ``tables`` in ``target`` by those of ``source``."""
    for table in reversed(tables):
        target.execute(table.delete())
    for table in tables:
        for rows in source.execute(select(table)).mappings().partitions(_ROWS):
            target.execute(insert(table), [dict(row) for row in rows])
        key = table.autoincrement_column
        if target.dialect.name == "postgresql" and key is not None and isinstance(key.type, Integer):
            # The keys came with the rows, so the counter that gives them out knows nothing of them.
            highest = target.execute(select(func.max(key))).scalar()
            if highest is not None:
                sequence = func.pg_get_serial_sequence(table.name, key.name)
                target.execute(select(func.setval(sequence, highest)).where(sequence.is_not(None)))


def open_copy(file: Path) -> Engine:
    """Return an engine on an SQLite file that nobody else uses."""
    return create_engine(f"sqlite:///{file}", poolclass=NullPool)


def export_corpus(settings: Settings, folder: Path) -> Archive:
    """Write the corpus to a new folder, while it is in use.

    Raises:
        CorpusError: the folder exists, or cannot be written.
        CorpusDamagedError: a snapshot is missing or damaged.
        CorpusBusyError: another backup or export is being written.
    """
    folder = folder.absolute()
    refuse_existing(folder)
    partial = folder.with_name(f"{folder.name}.partial")
    made = engine(settings)
    with (
        journal.writing(settings, "exporting the corpus", name="backup") as entry,
        refusals(f"the export {folder}"),
        reading(made) as connection,
    ):
        entry.step("writing the rows", undo=(str(partial),))
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        files = {f"{table.name}.jsonl": _write_rows(connection, table, partial) for table in corpus_tables()}
        entry.step("copying the snapshots")
        hashes = connection.execute(select(SnapshotRow.sha256).order_by(SnapshotRow.sha256)).scalars()
        size = count = 0
        for sha256 in hashes:
            target = partial / "snapshots" / sha256[:2] / sha256
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                size += snapshots.copy_to(settings, sha256, out)
            count += 1
        manifest = Manifest(revision=schema.HEAD, state=state_of(connection), snapshots=count, files=files)
        _write_text(partial / MANIFEST, manifest.model_dump_json(indent=1))
        entry.step("naming the folder", moves=((str(partial), str(folder)),))
    return archive_of(folder, manifest, sum((folder / name).stat().st_size for name in files) + size)


def import_corpus(store: Store, folder: Path) -> Archive:
    """Read an exported corpus into an empty one. Either all of it arrives or nothing.

    Raises:
        CorpusError: the corpus is not empty, or the folder is no export that this version can read.
        CorpusDamagedError: a file is not the one that was exported.
        CorpusBusyError: another process is writing.
    """
    settings = store.settings
    manifest = read_manifest(folder / MANIFEST)
    made = engine(settings)
    copied = settings.home / "importing.db"
    with store.writing("importing a corpus") as entry, refusals(f"the import of {folder}"):
        refuse_contents(made, corpus_tables())
        entry.step("reading the rows", undo=(copied.name, f"{copied.name}-journal"))
        copied.unlink(missing_ok=True)
        copy = open_copy(copied)
        _read_rows(copy, folder, manifest)
        with copy.connect() as source:
            hashes = list(source.execute(select(SnapshotRow.sha256)).scalars())
            entry.step("keeping the bytes", snapshots=snapshots.missing(settings, hashes))
            size = 0
            for sha256 in hashes:
                size += snapshots.keep(settings, sha256, folder / "snapshots" / sha256[:2] / sha256)
            snapshots.settle(settings, hashes)
            entry.step("storing the rows")
            with made.execution_options(onrecord_write=True).begin() as target:
                copy_rows(source, target, corpus_tables())
        copy.dispose()
    return archive_of(folder, manifest, sum((folder / name).stat().st_size for name in manifest.files) + size)


def read_manifest(file: Path) -> Manifest:
    """Return what an archive says of itself.

    Raises:
        CorpusError: it is none that this version can read.
    """
    try:
        return check_manifest(file.read_bytes(), file.parent)
    except OSError as error:
        message = (
            f"{file.parent} is no exported corpus ({error.strerror}: {file.name}); give the folder that"
            " 'onrecord corpus export' made"
        )
        raise CorpusError(message) from error


def check_manifest(data: bytes, where: Path) -> Manifest:
    """Return the manifest in ``data``.

    Raises:
        CorpusError: it is none that this version can read.
    """
    try:
        found = json.loads(data)
        version, revision = int(found["format"]), str(found["revision"])
        if version == FORMAT and revision <= schema.HEAD:
            return Manifest.model_validate(found)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        message = f"{where} is no archive of a corpus: {MANIFEST} cannot be read ({type(error).__name__})"
        raise CorpusError(message) from error
    message = (
        f"{where} was made by a newer version of On Record (format {version}, schema {revision}; this one knows"
        f" {FORMAT} and {schema.HEAD}); update On Record"
    )
    raise CorpusError(message)


def refuse_existing(path: Path) -> None:
    """Raise ``CorpusError`` when something is at ``path`` already."""
    if path.exists():
        message = f"{path} exists already and is not overwritten; name another"
        raise CorpusError(message)


def refuse_contents(made: Engine, tables: Sequence[Table]) -> None:
    """Raise ``CorpusError`` when the corpus was ever written to, or there is anything in one of ``tables``."""
    with made.connect() as connection:
        state = state_of(connection)
        kept = (table for table in tables if table.name not in {StateRow.__tablename__, JudgementRow.__tablename__})
        filled = [table.name for table in kept if connection.execute(select(table).limit(1)).first() is not None]
    if state.number or filled:
        what = f"state {state.number}, {state.sources:,} sources" if state.number else f"rows in {', '.join(filled)}"
        message = f"the corpus is not empty ({what}); take an empty home folder (ONRECORD_HOME)"
        raise CorpusError(message)


@contextlib.contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn what a disk or a database refuses into a ``CorpusError`` that says what to do."""
    try:
        yield
    except OSError as error:
        place = f" at {error.filename}" if error.filename else ""
        message = (
            f"{what} could not be finished ({error.strerror or error}{place}). Nothing was changed; check rights and free"
            " space"
        )
        raise CorpusError(message) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0][:300]
        message = f"{what} could not be finished: the database says: {reason}. Nothing was changed; check free space and rights"
        raise CorpusError(message) from error


def archive_of(path: Path, manifest: Manifest, size: int) -> Archive:
    """Return what is told of an archive."""
    return Archive(
        path=str(path),
        created_at=manifest.created_at,
        state=manifest.state,
        snapshots=manifest.snapshots,
        size=size,
    )


def _write_rows(connection: Connection, table: Table, folder: Path) -> str:
    # By bytes on every database: PostgreSQL's own order depends on its locale.
    binary = connection.dialect.name == "postgresql"
    order = [key.collate("C") if binary and isinstance(key.type, String) else key for key in table.primary_key]
    digest = hashlib.sha256()
    with (folder / f"{table.name}.jsonl").open("wb") as stream:
        for row in connection.execute(select(table).order_by(*order)).mappings():
            values = {name: _to_json(value) for name, value in row.items()}
            line = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest()


def _read_rows(copy: Engine, folder: Path, manifest: Manifest) -> None:
    """Fill a database of the export's own revision, then bring it up to date."""
    upgrade(copy, manifest.revision)
    reflected = MetaData()
    reflected.reflect(copy)
    with copy.begin() as connection:
        for name in manifest.files:
            if Path(name).stem not in reflected.tables:
                message = f"{folder / name}: there is no table of this name; the export is of another program"
                raise CorpusError(message)
        for table in reflected.sorted_tables:
            name = f"{table.name}.jsonl"
            if name in manifest.files:
                connection.execute(table.delete())
                for rows in _parsed(folder / name, table, manifest.files[name]):
                    connection.execute(insert(table), rows)
    upgrade(copy)


def _parsed(file: Path, table: Table, sha256: str) -> Iterator[list[dict[str, Any]]]:
    digest = hashlib.sha256()
    rows: list[dict[str, Any]] = []
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            digest.update(line)
            try:
                given = json.loads(line)
                rows.append({name: _from_json(value, table.c[name].type.python_type) for name, value in given.items()})
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                message = f"{file}, line {number}: not a row of {table.name} ({error}); export the corpus again"
                raise CorpusDamagedError(message) from error
            if len(rows) == _ROWS:
                yield rows
                rows = []
    if digest.hexdigest() != sha256:
        message = f"{file} is not the file that was exported: its SHA-256 differs; export the corpus again"
        raise CorpusDamagedError(message)
    if rows:
        yield rows


def _to_json(value: Any) -> Any:  # noqa: ANN401  any type of column
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    return value


def _from_json(value: Any, kind: type) -> Any:  # noqa: ANN401  as above
    if value is None:
        return None
    if kind is dt.datetime:
        return dt.datetime.fromisoformat(value)
    if kind is dt.date:
        return dt.date.fromisoformat(value)
    if kind is bytes:
        return base64.b64decode(value, validate=True)
    return value


def _write_text(file: Path, words: str) -> None:
    with file.open("w", encoding="utf-8") as stream:
        stream.write(words + "\n")
        stream.flush()
        os.fsync(stream.fileno())
