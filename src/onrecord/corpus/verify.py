"""Does everything that is stored agree with everything else that is stored, and with its own hashes?"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, exists, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from onrecord.corpus import snapshots
from onrecord.corpus.backup import read_from_backup
from onrecord.corpus.database import engine
from onrecord.corpus.schema import (
    ChangeRow,
    PassageRow,
    SnapshotRow,
    SourceRow,
    StateRow,
    VersionRow,
    VersionSnapshotRow,
)
from onrecord.corpus.transfer import reading, refusals
from onrecord.errors import CorpusDamagedError, CorpusError
from onrecord.records import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Engine, RowMapping

    from onrecord.corpus.store import Store
    from onrecord.settings import Settings

ASIDE = "aside"
"""Folder in the home for what a repair takes out of the way; nothing is deleted."""
_VERSIONS = 100
"""Versions compared at a time, with their texts and passages."""
_OF_AN_INDEX = re.compile(r"index|wrong # of entries", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def differences(store: Store) -> Iterator[Difference]:
    """Compare the store with itself and with the snapshots, changing nothing. Nobody may write meanwhile.

    Raises:
        CorpusError: the database cannot be read at all.
    """
    made = engine(store.settings)
    try:
        yield from _of_database(made)
        with reading(made) as connection:
            yield from _of_sources(connection)
            yield from _of_versions(connection, made)
            yield from _of_state(connection)
            yield from _of_snapshots(connection, made, store.settings)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0][:300]
        message = (
            f"the database cannot be read to the end ({reason}): restore a backup with 'onrecord corpus restore-backup'"
        )
        raise CorpusError(message) from error


def snapshot_count(store: Store) -> int:
    """Return how many snapshots the store names."""
    with engine(store.settings).connect() as connection:
        return connection.execute(select(func.count()).select_from(SnapshotRow)).scalar_one()


def mend(store: Store, found: Sequence[Difference], backup: Path | None = None) -> None:
    """Mend what can be mended in the store and the snapshots; bytes that are lost come from ``backup``, where it has them.

    Raises:
        CorpusBusyError: another process is writing.
        CorpusError: something cannot be written, or ``backup`` is none.
    """
    settings = store.settings
    made = engine(settings)
    with store.writing("repairing the corpus"), refusals("the repair"):
        for difference in found:
            if difference.part == "snapshots":
                _mend_snapshot(settings, made, difference.subject, backup)
        subjects = {difference.subject for difference in found if difference.part == "store" and difference.mendable}
        if not subjects:
            return
        with made.execution_options(onrecord_write=True).begin() as connection:
            if "database" in subjects:
                connection.execute(text("REINDEX"))
            state = connection.execute(select(StateRow.number)).scalar_one()
            number = max(state, _highest_state(connection)) + 1
            connection.execute(update(PassageRow).where(_stale()).values(removed_state=number))
            sources, passages = _counted(connection)
            values = {"number": number, "sources": sources, "passages": passages}
            connection.execute(update(StateRow).values(**values))


def _of_database(made: Engine) -> Iterator[Difference]:
    if made.dialect.name != "sqlite":  # PostgreSQL keeps its own checksums, and its foreign keys cannot be turned off
        return
    with made.connect() as connection:
        for (line,) in connection.execute(text("PRAGMA integrity_check")):
            if line != "ok":
                yield _store("database", str(line), mendable=bool(_OF_AN_INDEX.search(str(line))))
        for table, row, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
            yield _store(f"{table} row {row}", f"refers to a row of {parent} that is not there")


def _of_sources(connection: Connection) -> Iterator[Difference]:
    current = exists().where(VersionRow.id == SourceRow.current_version_id, VersionRow.source_id == SourceRow.id)
    query = select(SourceRow.id, SourceRow.current_version_id).where(~current).order_by(SourceRow.id)
    for row in connection.execute(query):
        yield _store(row.id, f"its current version {row.current_version_id} is not among its versions")


def _of_versions(connection: Connection, made: Engine) -> Iterator[Difference]:
    query = select(VersionRow.id, VersionRow.source_id, VersionRow.text, VersionRow.text_sha256).order_by(VersionRow.id)
    for rows in connection.execute(query).mappings().partitions(_VERSIONS):
        ids = [row["id"] for row in rows]
        with made.connect() as other:
            passages = defaultdict[str, list[Any]](list)
            columns = (PassageRow.id, PassageRow.version_id, PassageRow.start, PassageRow.end, PassageRow.sentences)
            for passage in other.execute(select(*columns).where(PassageRow.version_id.in_(ids))):
                passages[passage.version_id].append(passage)
            kept = select(VersionSnapshotRow.version_id).where(VersionSnapshotRow.version_id.in_(ids))
            with_bytes = set(other.execute(kept).scalars())
        for row in rows:
            yield from _of_version(row, passages[row["id"]])
            if row["id"] not in with_bytes:
                yield _store(row["id"], "no bytes are kept for it")


def _of_version(row: RowMapping, passages: Sequence[Any]) -> Iterator[Difference]:
    found = hashlib.sha256(row["text"].encode("utf-8", "surrogatepass")).hexdigest()
    if found != row["text_sha256"]:
        yield _store(row["id"], f"its text has the SHA-256 {found}, not {row['text_sha256']}")
    elif row["id"] != f"{row['source_id']}@{found[:12]}":
        yield _store(row["id"], "its identity is not its source's with the hash of its text")
    length = len(row["text"])
    for passage in passages:
        if passage.id != f"{row['id']}:{passage.start}-{passage.end}" or not 0 <= passage.start < passage.end <= length:
            yield _store(passage.id, f"its range {passage.start}-{passage.end} is not in its version's text")
        elif any(not passage.start <= start < end <= passage.end for start, end in passage.sentences):
            yield _store(passage.id, "a sentence of it lies outside it")


def _of_state(connection: Connection) -> Iterator[Difference]:
    for (identity,) in connection.execute(select(PassageRow.id).where(_stale()).order_by(PassageRow.id)):
        yield _store(identity, "is current, and its version or source is not", mendable=True)
    row = connection.execute(select(StateRow.number, StateRow.sources, StateRow.passages)).one()
    sources, passages = _counted(connection)
    if (row.sources, row.passages) != (sources, passages):
        what = f"says {row.sources} sources and {row.passages} passages; there are {sources} and {passages}"
        yield _store("state", what, mendable=True)
    if row.number < _highest_state(connection):
        yield _store("state", f"its number {row.number} is lower than that of a change", mendable=True)


def _stale() -> Any:  # noqa: ANN401  SQLAlchemy's type of a condition
    """Return the condition of passages that are current although their version or source is not."""
    version_is_current = exists().where(
        SourceRow.current_version_id == PassageRow.version_id, SourceRow.withdrawn.is_(False)
    )
    return PassageRow.removed_state.is_(None) & ~version_is_current


def _counted(connection: Connection) -> tuple[int, int]:
    sources = select(func.count()).select_from(SourceRow).where(SourceRow.withdrawn.is_(False))
    passages = select(func.count()).select_from(PassageRow).where(PassageRow.removed_state.is_(None))
    return connection.execute(sources).scalar_one(), connection.execute(passages).scalar_one()


def _highest_state(connection: Connection) -> int:
    columns = (PassageRow.first_state, PassageRow.added_state, PassageRow.removed_state, ChangeRow.state)
    return max(connection.execute(select(func.max(column))).scalar() or 0 for column in columns)


def _of_snapshots(connection: Connection, made: Engine, settings: Settings) -> Iterator[Difference]:
    query = select(SnapshotRow.sha256, SnapshotRow.size, SnapshotRow.name).order_by(SnapshotRow.sha256)
    for row in connection.execute(query):
        what = _problem(settings, row.sha256, row.size)
        if what is not None:
            with made.connect() as other:
                mendable = _text_of(other, row.sha256) is not None
            yield Difference(part="snapshots", subject=row.sha256, what=f"{what} ({row.name})", mendable=mendable)
    for file in snapshots.files(settings):
        with made.connect() as other:
            known = other.execute(select(SnapshotRow.sha256).where(SnapshotRow.sha256 == file.name)).first()
        if known is None or file != snapshots.snapshot_path(settings, file.name):
            yield Difference(part="snapshots", subject=str(file), what="no version names this file", mendable=True)


def _problem(settings: Settings, sha256: str, size: int) -> str | None:
    try:
        found = snapshots.measured(settings, sha256)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except CorpusDamagedError:
        return "its bytes do not have the SHA-256 of its name"
    return None if found == size else f"has {found} bytes; {size} were recorded"


def _text_of(connection: Connection, sha256: str) -> str | None:
    """Return the text whose very bytes a snapshot holds, if a version has it."""
    return connection.execute(select(VersionRow.text).where(VersionRow.text_sha256 == sha256).limit(1)).scalar()


def _mend_snapshot(settings: Settings, made: Engine, subject: str, backup: Path | None) -> None:
    if not _SHA256.fullmatch(subject):  # a file that nothing names
        snapshots.set_aside(settings.snapshots / subject, settings.home / ASIDE)
        return
    with made.connect() as connection:
        words = _text_of(connection, subject)
    if words is None and backup is None:
        return
    snapshots.set_aside(snapshots.snapshot_path(settings, subject), settings.home / ASIDE)
    if words is not None:
        snapshots.keep(settings, subject, words.encode("utf-8"))
        snapshots.settle(settings, [subject])
    elif backup is not None:
        with contextlib.suppress(CorpusDamagedError):  # this backup lacks it: it is named again afterwards
            read_from_backup(settings, backup, subject)


def _store(subject: str, what: str, *, mendable: bool = False) -> Difference:
    return Difference(part="store", subject=subject, what=what, mendable=mendable)
