"""The truth: sources, their versions and passages, and what changed when."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from onrecord.corpus import history, journal, snapshots, syndication_rows
from onrecord.corpus.batch import BatchWriter, fingerprints, in_parts, known_sources
from onrecord.corpus.database import engine, readers
from onrecord.corpus.incoming import Given, accept, contents_of, name_of
from onrecord.corpus.rows import passages_by_id, passages_of, source_of, version_of
from onrecord.corpus.schema import PassageRow, SnapshotRow, SourceRow, StateRow, VersionRow, VersionSnapshotRow
from onrecord.documents import ReadFailure
from onrecord.errors import CorpusError, NotFoundError
from onrecord.records import (
    CorpusState,
    Document,
    Passage,
    Source,
    SourceChange,
    SourceKind,
    UpdateItem,
    UpdateOutcome,
    UpdateReport,
    Version,
)
from onrecord.settings import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from sqlalchemy import Connection, Engine
    from sqlalchemy.orm import InstrumentedAttribute

    from onrecord.corpus.syndication_rows import Copy
    from onrecord.settings import Settings

_STATE = select(StateRow.number, StateRow.sources, StateRow.passages)
_BATCH_DOCUMENTS = 500
_BATCH_CHARACTERS = 4_000_000


class PassageChanges(NamedTuple):
    """What an index has to do to catch up: delete every ``removed``, then put in every ``added``.

    ``removed`` holds the passages that stopped being current, and those in ``added`` that the index may have already (their
    source's provenance changed, or they became current again). To delete one that is not there does no harm.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    """Counts of an update while it runs."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    passages: int = 0
    items: list[UpdateItem] = field(default_factory=list)

    def fail(self, name: str, reason: str, source_id: str | None = None) -> None:
        self.failed += 1
        self.items.append(UpdateItem(name=name, outcome=UpdateOutcome.FAILED, source_id=source_id, reason=reason))


class Store:
    """The corpus in a home folder. Open it with ``with Store.open(settings) as store``.

    Reading needs no lock and sees the last committed batch. Writing holds the one writer's lock.
    """

    def __init__(self, settings: Settings, made: Engine) -> None:
        self.settings = settings
        self._engine = made
        self._readers = readers(made)
        self._writing = threading.local()

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the corpus of ``settings``, making its home and bringing its tables up to date.

        What a killed command left is finished or undone first.

        Raises:
            CorpusError: it cannot be opened.
            CorpusBusyError: its tables have to be brought up to date, and another process is writing.
        """
        made = engine(settings)
        journal.settle(settings)
        return cls(settings, made)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of idle connections."""
        self._readers.dispose()

    @property
    def database(self) -> Engine:
        """The database, for the other modules of this room."""
        return self._engine

    # Writing

    @contextlib.contextmanager
    def writing(self, purpose: str) -> Iterator[journal.Journal]:
        """Hold the right to write, and keep a journal; a thread that holds it already goes on with the same one.

        Raises:
            CorpusBusyError: another process, or another thread of this one, is writing.
            CorpusError: the folder cannot be written.
            NotAllowedError: ``settings.role`` is not that of a maintainer.
        """
        require("maintainer", purpose, settings=self.settings)
        held: journal.Journal | None = getattr(self._writing, "journal", None)
        if held is not None:
            yield held
            return
        with journal.writing(self.settings, purpose) as begun:
            self._writing.journal = begun
            try:
                yield begun
            finally:
                del self._writing.journal

    def add_documents(
        self, documents: Iterable[Document | ReadFailure], *, progress: Callable[[int], None] | None = None
    ) -> UpdateReport:
        """Add documents, or new versions of them; return what happened to each.

        A source is known by its metadata ``id``, else by its address, else by the path it was read from. The same text and
        provenance change nothing. Another text becomes a new version: the old one stays, its passages are no longer
        current. Documents are committed in batches, so an interrupted update leaves a consistent corpus, and the next one
        goes on where it stopped. ``progress`` is called with the number of documents taken so far.

        Raises:
            CorpusBusyError: another process is writing.
            CorpusError: the database refused.
        """
        started = time.perf_counter()
        tally = _Tally()
        seen: dict[str, bytes] = {}
        with self.writing("adding documents") as entry:
            snapshots.clear_unfinished(self.settings)
            batch: list[Given] = []
            characters = 0
            for taken, document in enumerate(documents, 1):
                given = self._accept(document, seen, tally)
                if given is not None:
                    batch.append(given)
                    characters += len(given.document.text)
                if len(batch) >= _BATCH_DOCUMENTS or characters >= _BATCH_CHARACTERS:
                    self._store(batch, tally, entry)
                    batch, characters = [], 0
                if progress is not None:
                    progress(taken)
            if batch:
                self._store(batch, tally, entry)
        return UpdateReport(
            added=tally.added,
            changed=tally.changed,
            unchanged=tally.unchanged,
            failed=tally.failed,
            passages=tally.passages,
            items=tuple(tally.items),
            state=self.state(),
            seconds=time.perf_counter() - started,
        )

    def _accept(self, document: Document | ReadFailure, seen: dict[str, bytes], tally: _Tally) -> Given | None:
        if isinstance(document, ReadFailure):
            tally.fail(document.name, document.reason)
            return None
        name = name_of(document)
        try:
            given = accept(document, name, self.settings)
        except CorpusError as error:
            tally.fail(name, str(error))
            return None
        digest = bytes.fromhex(given.fingerprint)[:16]
        before = seen.get(given.id)
        if before is None:
            seen[given.id] = digest
            return given
        if before == digest:
            tally.unchanged += 1
        else:
            reason = (
                f"{name}: its identity {given.id!r} was given to another document in this run, which was kept;"
                " give each document its own id"
            )
            tally.fail(name, reason, given.id)
        return None

    def _store(self, batch: list[Given], tally: _Tally, entry: journal.Journal) -> None:
        try:
            with self._engine.connect() as connection:
                stored = fingerprints(connection, [given.id for given in batch])
                todo = [given for given in batch if stored.get(given.id) != given.fingerprint]
                tally.unchanged += len(batch) - len(todo)
                if not todo:
                    return
                known = known_sources(connection, [given.id for given in todo if given.id in stored])
            # Bytes before rows: a row never names a snapshot that is not there.
            hashes = {content.sha256 for given in todo for content in contents_of(given.document)}
            entry.step("keeping the bytes of a batch", snapshots=snapshots.missing(self.settings, hashes))
            kept = self._keep_contents(todo, tally)
            if not kept:
                return
            entry.step("storing the batch")
            with self._engine.execution_options(onrecord_write=True).begin() as connection:
                writer = BatchWriter(connection, self.settings)
                writer.write(kept, known)
            tally.added += writer.added
            tally.changed += writer.changed
            tally.passages += writer.new_passages
            tally.items.extend(writer.items)
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0][:300]
            message = (
                f"the database refused a batch of {len(batch)} documents ({reason}); nothing of the batch was stored."
                " Check free space and rights, and run the same command again"
            )
            raise CorpusError(message) from error

    def _keep_contents(self, todo: list[Given], tally: _Tally) -> list[tuple[Given, list[dict[str, Any]]]]:
        kept: list[tuple[Given, list[dict[str, Any]]]] = []
        done: dict[str, int] = {}
        for given in todo:
            rows: list[dict[str, Any]] = []
            try:
                for content in contents_of(given.document):
                    if content.sha256 not in done:
                        held = content.data if content.path is None else content.path
                        done[content.sha256] = snapshots.keep(
                            self.settings, content.sha256, held if held is not None else b""
                        )
                    rows.append(
                        {
                            "sha256": content.sha256,
                            "size": done[content.sha256],
                            "name": content.name[:1000],
                            "media_type": content.media_type[:100],
                            "locator": content.locator,
                            "fetched": None if content.fetched is None else content.fetched.as_json(),
                        }
                    )
            except CorpusError as error:
                tally.fail(given.name, str(error), given.id)
                continue
            kept.append((given, rows))
        snapshots.settle(self.settings, done)
        return kept

    def withdraw(self, ids: Sequence[str], *, reason: str, who: str | None = None) -> list[str]:
        """Take sources out of the search, whatever they are replaced by; return those that were in it.

        Nothing is deleted: their versions and passages stay for the verdicts that used them, and ``restore`` puts them back.
        ``who`` is ``settings.editor`` unless given.

        Raises:
            NotFoundError: there is no such source; none is withdrawn then.
            CorpusError: no reason is given.
            CorpusBusyError: another process is writing.
        """
        line = history.reason_given(reason)
        with self.writing("withdrawing sources"), self._changing(ids) as connection:
            return history.withdraw(connection, ids, reason=line, who=who or self.settings.editor)

    def restore(self, ids: Sequence[str], *, reason: str, who: str | None = None) -> list[str]:
        """Put withdrawn sources back into the search, with their newest version; return those that were withdrawn.

        Raises:
            NotFoundError, CorpusError, CorpusBusyError: as ``withdraw``.
        """
        line = history.reason_given(reason)
        with self.writing("restoring sources"), self._changing(ids) as connection:
            return history.restore(connection, self.settings, ids, reason=line, who=who or self.settings.editor)

    def find_copies(self, *, progress: Callable[[int], None] | None = None) -> list[Copy]:
        """Find the copies of every source that was added, changed, withdrawn or restored since the last time.

        Returns those that have some, with the source that stands for all of them. May be interrupted, and goes on then.

        Raises:
            CorpusBusyError: another process is writing.
        """
        with self.writing("finding copies"), self.refusals("what is known of copies"):
            return syndication_rows.find_copies(self._engine, progress=progress)

    @contextlib.contextmanager
    def _changing(self, ids: Sequence[str]) -> Iterator[Connection]:
        """Begin a transaction that changes the sources ``ids``, which must exist."""
        with self.refusals("the change"), self._engine.execution_options(onrecord_write=True).begin() as connection:
            missing = sorted(set(ids) - fingerprints(connection, list(ids)).keys())
            if missing:
                names = ", ".join(map(repr, missing[:5]))
                message = f"no source {names} in the corpus; 'onrecord corpus list' shows the sources"
                raise NotFoundError(message)
            yield connection

    @staticmethod
    @contextlib.contextmanager
    def refusals(what: str) -> Iterator[None]:
        """Turn a refusal of the database into one line."""
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0][:300]
            message = (
                f"the database refused {what} ({reason}); nothing of it was stored."
                " Check free space and rights, and run the same command again"
            )
            raise CorpusError(message) from error

    # Reading

    def state(self) -> CorpusState:
        """Return the number of the last change, and how many sources and current passages there are."""
        with self._readers.connect() as connection:
            row = connection.execute(_STATE).one()
        return CorpusState(number=row.number, sources=row.sources, passages=row.passages)

    def sources(
        self,
        *,
        include_withdrawn: bool = False,
        kinds: Sequence[SourceKind] = (),
        publishers: Sequence[str] = (),
        collections: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Source]:
        """Return the sources of these kinds, publishers and collections (all where none are named), ordered by their ids."""
        query = select(SourceRow.__table__).order_by(SourceRow.id).limit(limit)
        if kinds:
            query = query.where(SourceRow.kind.in_([kind.value for kind in kinds]))
        if publishers:
            query = query.where(SourceRow.publisher.in_(list(publishers)))
        if collections:
            query = query.where(SourceRow.collection.in_(list(collections)))
        if not include_withdrawn:
            query = query.where(SourceRow.withdrawn.is_(False))
        with self._engine.connect() as connection:
            return [source_of(row) for row in connection.execute(query).mappings()]

    def has_copies(self) -> bool:
        """Tell whether any source is known to be a copy of another."""
        with self._engine.connect() as connection:
            return (
                connection.execute(select(SourceRow.id).where(SourceRow.story.is_not(None)).limit(1)).first()
                is not None
            )

    def fingerprint(self, source_id: str) -> str | None:
        """Return the hash of all that a source was last given as, or ``None`` where there is no such source."""
        with self._engine.connect() as connection:
            return fingerprints(connection, [source_id]).get(source_id)

    def counts_by_kind(self) -> dict[SourceKind, int]:
        """Return how many sources there are of each kind that occurs; those withdrawn are not counted."""
        query = select(SourceRow.kind, func.count()).where(SourceRow.withdrawn.is_(False)).group_by(SourceRow.kind)
        with self._engine.connect() as connection:
            return {SourceKind(kind): count for kind, count in sorted(connection.execute(query))}

    def count_withdrawn(self) -> int:
        """Return how many sources are withdrawn."""
        query = select(func.count()).select_from(SourceRow).where(SourceRow.withdrawn.is_(True))
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def publishers(self) -> list[str]:
        """Return the publishers of the sources that are not withdrawn, in the order of the alphabet."""
        return self._names(SourceRow.publisher)

    def collections(self) -> list[str]:
        """Return the parts of the corpus that hold sources which are not withdrawn, in the order of the alphabet."""
        return [name for name in self._names(SourceRow.collection) if name]

    def _names(self, column: InstrumentedAttribute[str]) -> list[str]:
        query = select(column).where(SourceRow.withdrawn.is_(False)).distinct()
        with self._engine.connect() as connection:
            return sorted(connection.execute(query).scalars(), key=str.casefold)

    def stories(self, *, story: str | None = None, limit: int = 200) -> dict[str, list[Source]]:
        """Return the sources that are copies of one another, by the source that stands for them; the largest group first.

        Args:
            story: Only the copies that this source stands for.
            limit: At most so many groups.
        """
        here = SourceRow.story == story if story is not None else SourceRow.story.is_not(None)
        largest = (
            select(SourceRow.story).where(here).group_by(SourceRow.story)
            .order_by(func.count().desc(), SourceRow.story).limit(limit)
        )  # fmt: skip
        with self._engine.connect() as connection:
            found: dict[str, list[Source]] = {str(name): [] for name in connection.execute(largest).scalars()}
            for some in in_parts(list(found)):
                query = (
                    select(SourceRow.__table__)
                    .where(SourceRow.story.in_(some))
                    .order_by(SourceRow.published, SourceRow.id)
                )
                for row in connection.execute(query).mappings():
                    found[row["story"]].append(source_of(row))
        return found

    def source(self, source_id: str) -> Source:
        """Return one source.

        Raises:
            NotFoundError: there is none of this identity.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(SourceRow.__table__).where(SourceRow.id == source_id)).mappings().first()
        if row is None:
            message = f"no source {source_id!r} in the corpus; 'onrecord corpus list' shows the sources"
            raise NotFoundError(message)
        return source_of(row)

    def version(self, version_id: str) -> Version:
        """Return one version, current or not.

        Raises:
            NotFoundError: there is none of this identity.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(VersionRow.__table__).where(VersionRow.id == version_id)).mappings().first()
        if row is None:
            message = f"no version {version_id!r} in the corpus; 'onrecord corpus show' lists the versions of a source"
            raise NotFoundError(message)
        return version_of(row)

    def versions(self, source_id: str) -> list[Version]:
        """Return all versions of a source, the first one first.

        Raises:
            NotFoundError: there is no such source.
        """
        self.source(source_id)
        query = select(VersionRow.__table__).where(VersionRow.source_id == source_id).order_by(VersionRow.number)
        with self._engine.connect() as connection:
            return [version_of(row) for row in connection.execute(query).mappings()]

    def history(self, source_id: str) -> list[SourceChange]:
        """Return everything that happened to a source, the first thing first.

        Raises:
            NotFoundError: there is no such source.
        """
        self.source(source_id)
        with self._engine.connect() as connection:
            return history.changes(connection, source_id)

    def diff(self, source_id: str, before: int, after: int) -> str:
        """Return what changed from version number ``before`` of a source to ``after``, as a unified diff of sentences.

        Raises:
            NotFoundError: there is no such source, or no such version of it.
        """
        versions = {version.number: version for version in self.versions(source_id)}
        if missing := [number for number in (before, after) if number not in versions]:
            message = f"{source_id!r} has no version {missing[0]}; it has {', '.join(map(str, versions))}"
            raise NotFoundError(message)
        return history.diff(versions[before], versions[after])

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Return the passages ``ids`` in their order, current or not.

        Raises:
            NotFoundError: names those that do not exist.
        """
        wanted = list(dict.fromkeys(ids))
        with self._readers.connect() as connection:
            found = {passage.id: passage for passage in passages_by_id(connection, wanted)}
        missing = [id_ for id_ in wanted if id_ not in found]
        if missing:
            shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")  # noqa: PLR2004
            message = f"{len(missing)} passages are not in the corpus: {shown}; rebuild the index if it named them"
            raise NotFoundError(message)
        return [found[id_] for id_ in ids]

    def iter_passages(self, *, batch_size: int = 1000, after: str | None = None) -> Iterator[list[Passage]]:
        """Yield the current passages of sources that are not withdrawn, in the order in which they came.

        ``after`` is a passage's identity: what came up to it is left out. Every batch is read on its own, so that a
        long walk keeps no transaction open.

        Raises:
            NotFoundError: there is no passage ``after``.
        """
        with self._engine.connect() as connection:
            key = 0
            if after is not None:
                key = connection.execute(select(PassageRow.key).where(PassageRow.id == after)).scalar() or 0
                if not key:
                    message = f"no passage {after!r} in the corpus; start from the beginning"
                    raise NotFoundError(message)
        query = select(PassageRow.__table__).where(PassageRow.removed_state.is_(None)).order_by(PassageRow.key)
        while True:
            with self._engine.connect() as connection:
                page = query.where(PassageRow.key > key).limit(batch_size)
                rows = connection.execute(page).mappings().all()
                if not rows:
                    return
                passages = passages_of(connection, rows)
            key = rows[-1]["key"]
            yield passages

    def changes_since(self, number: int) -> PassageChanges:
        """Return what happened to the current passages after state ``number``; 0 gives all of them.

        It may include changes that were committed after ``state()`` was read: to apply them twice does no harm.
        """
        with self._engine.connect() as connection:
            current = PassageRow.removed_state.is_(None)
            added = connection.execute(
                select(PassageRow.id, PassageRow.first_state)
                .where(PassageRow.added_state > number, current)
                .order_by(PassageRow.key)
            ).all()
            removed = connection.execute(
                select(PassageRow.id)
                .where(PassageRow.removed_state > number, PassageRow.first_state <= number)
                .order_by(PassageRow.key)
            ).scalars()
            replaced = (row.id for row in added if row.first_state <= number)
            return PassageChanges(tuple(row.id for row in added), (*removed, *replaced))

    def snapshot(self, version_id: str) -> list[Snapshot]:
        """Return where the bytes of a version are kept: one file, or several for rows of several tables.

        Raises:
            NotFoundError: there is no such version.
        """
        self.version(version_id)
        query = (
            select(VersionSnapshotRow.locator, VersionSnapshotRow.fetched, SnapshotRow.__table__)
            .join(SnapshotRow, SnapshotRow.sha256 == VersionSnapshotRow.snapshot_sha256)
            .where(VersionSnapshotRow.version_id == version_id)
            .order_by(VersionSnapshotRow.ordinal)
        )
        with self._engine.connect() as connection:
            return [
                Snapshot(row["sha256"], row["size"], row["name"], row["media_type"], row["locator"], row["fetched"])
                for row in connection.execute(query).mappings()
            ]


class Snapshot(NamedTuple):
    """A file of bytes as they came, and where in it a version stands."""

    sha256: str
    size: int
    name: str
    media_type: str
    locator: str
    fetched: dict[str, Any] | None = None
    """How the bytes were fetched: ``requested``, ``address``, ``status``, ``retrieved_at``, ``headers``."""
