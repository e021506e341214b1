"""The truth: sources, their versions and passages, and what changed when."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import time
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast
from urllib.parse import urlsplit

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from onrecord.corpus import snapshots
from onrecord.corpus.database import engine
from onrecord.corpus.lock import writing
from onrecord.corpus.schema import (
    ID_LENGTH,
    ChangeRow,
    PassageRow,
    SnapshotRow,
    SourceRow,
    StateRow,
    VersionRow,
    VersionSnapshotRow,
)
from onrecord.corpus.windows import RULE, Window, cut
from onrecord.documents import ReadFailure, Received
from onrecord.errors import CorpusError, NotFoundError
from onrecord.records import (
    CorpusState,
    Document,
    Passage,
    Source,
    SourceKind,
    Span,
    UpdateItem,
    UpdateOutcome,
    UpdateReport,
    Version,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from sqlalchemy import Engine, RowMapping, Table

    from onrecord.documents import Content
    from onrecord.settings import Settings

_BATCH_DOCUMENTS = 500
_BATCH_CHARACTERS = 4_000_000
_LOOKED_UP = 400  # identities in one IN list; SQLite before 3.32 allows 999 parameters
_HASH_LENGTH = 12


class PassageChanges(NamedTuple):
    """What an index has to do to catch up: delete every ``removed``, then put in every ``added``.

    ``removed`` holds the passages that stopped being current, and those in ``added`` that the index may have already (their
    source's provenance changed, or they became current again). To delete one that is not there does no harm.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """One document as it is to be stored."""

    name: str
    id: str
    document: Document
    provenance: dict[str, Any]
    text_sha256: str
    fingerprint: str

    @property
    def version_id(self) -> str:
        return f"{self.id}@{self.text_sha256[:_HASH_LENGTH]}"


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

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the corpus of ``settings``, making its home and bringing its tables up to date.

        Raises:
            CorpusError: it cannot be opened.
            CorpusBusyError: its tables have to be brought up to date, and another process is writing.
        """
        return cls(settings, engine(settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of idle connections."""
        if self._engine.dialect.name != "sqlite":
            self._engine.dispose()

    # Writing

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
        with writing(self.settings, "adding documents"):
            taken = 0
            batch: list[_Given] = []
            characters = 0
            for document in documents:
                taken += 1
                given = self._accept(document, seen, tally)
                if given is not None:
                    batch.append(given)
                    characters += len(given.document.text)
                if len(batch) >= _BATCH_DOCUMENTS or characters >= _BATCH_CHARACTERS:
                    self._store(batch, tally)
                    batch, characters = [], 0
                if progress is not None:
                    progress(taken)
            if batch:
                self._store(batch, tally)
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

    def _accept(self, document: Document | ReadFailure, seen: dict[str, bytes], tally: _Tally) -> _Given | None:
        if isinstance(document, ReadFailure):
            tally.fail(document.name, document.reason)
            return None
        name = _name(document)
        try:
            given = _given(document, name, self.settings)
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

    def _store(self, batch: list[_Given], tally: _Tally) -> None:
        try:
            with self._engine.connect() as connection:
                known = _known(connection, [given.id for given in batch])
            todo = []
            for given in batch:
                if given.id in known and known[given.id]["fingerprint"] == given.fingerprint:
                    tally.unchanged += 1
                else:
                    todo.append(given)
            if not todo:
                return
            # Bytes before rows: a row never names a snapshot that is not there.
            kept = self._keep_contents(todo, tally)
            if not kept:
                return
            with self._engine.execution_options(onrecord_write=True).begin() as connection:
                writer = _BatchWriter(connection, self.settings)
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

    def _keep_contents(self, todo: list[_Given], tally: _Tally) -> list[tuple[_Given, list[dict[str, Any]]]]:
        kept: list[tuple[_Given, list[dict[str, Any]]]] = []
        done: dict[str, int] = {}
        for given in todo:
            rows: list[dict[str, Any]] = []
            try:
                for content in _contents(given.document):
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
                        }
                    )
            except CorpusError as error:
                tally.fail(given.name, str(error), given.id)
                continue
            kept.append((given, rows))
        return kept

    # Reading

    def state(self) -> CorpusState:
        """Return the number of the last change, and how many sources and current passages there are."""
        with self._engine.connect() as connection:
            row = connection.execute(select(StateRow.number, StateRow.sources, StateRow.passages)).one()
        return CorpusState(number=row.number, sources=row.sources, passages=row.passages)

    def sources(
        self,
        *,
        include_withdrawn: bool = False,
        kinds: Sequence[SourceKind] = (),
        publishers: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Source]:
        """Return the sources of these kinds and publishers (all where none are named), in the order of their identities."""
        query = select(SourceRow.__table__).order_by(SourceRow.id).limit(limit)
        if kinds:
            query = query.where(SourceRow.kind.in_([kind.value for kind in kinds]))
        if publishers:
            query = query.where(SourceRow.publisher.in_(list(publishers)))
        if not include_withdrawn:
            query = query.where(SourceRow.withdrawn.is_(False))
        with self._engine.connect() as connection:
            return [_source(row) for row in connection.execute(query).mappings()]

    def counts_by_kind(self) -> dict[SourceKind, int]:
        """Return how many sources there are of each kind that occurs; those withdrawn are not counted."""
        query = select(SourceRow.kind, func.count()).where(SourceRow.withdrawn.is_(False)).group_by(SourceRow.kind)
        with self._engine.connect() as connection:
            return {SourceKind(kind): count for kind, count in sorted(connection.execute(query).tuples())}

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
        return _source(row)

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
        return _version(row)

    def versions(self, source_id: str) -> list[Version]:
        """Return all versions of a source, the first one first.

        Raises:
            NotFoundError: there is no such source.
        """
        self.source(source_id)
        query = select(VersionRow.__table__).where(VersionRow.source_id == source_id).order_by(VersionRow.number)
        with self._engine.connect() as connection:
            return [_version(row) for row in connection.execute(query).mappings()]

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Return the passages ``ids`` in their order, current or not.

        Raises:
            NotFoundError: names those that do not exist.
        """
        found: dict[str, Passage] = {}
        wanted = list(dict.fromkeys(ids))
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), _LOOKED_UP):
                some = wanted[start : start + _LOOKED_UP]
                rows = connection.execute(select(PassageRow.__table__).where(PassageRow.id.in_(some))).mappings().all()
                for passage in _passages(connection, rows):
                    found[passage.id] = passage
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
                passages = _passages(connection, rows)
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
            select(VersionSnapshotRow.locator, SnapshotRow.__table__)
            .join(SnapshotRow, SnapshotRow.sha256 == VersionSnapshotRow.snapshot_sha256)
            .where(VersionSnapshotRow.version_id == version_id)
            .order_by(VersionSnapshotRow.ordinal)
        )
        with self._engine.connect() as connection:
            return [
                Snapshot(row["sha256"], row["size"], row["name"], row["media_type"], row["locator"])
                for row in connection.execute(query).mappings()
            ]


class Snapshot(NamedTuple):
    """A file of bytes as they came, and where in it a version stands."""

    sha256: str
    size: int
    name: str
    media_type: str
    locator: str


class _BatchWriter:
    """Writes one batch in one transaction."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._now = dt.datetime.now(dt.UTC)
        self.added = 0
        self.changed = 0
        self.new_passages = 0
        self.items: list[UpdateItem] = []

    def write(self, batch: list[tuple[_Given, list[dict[str, Any]]]], known: dict[str, RowMapping]) -> None:
        connection = self._connection
        state = connection.execute(select(StateRow.number, StateRow.sources, StateRow.passages)).one()
        number = state.number + 1
        versions = _versions_of(connection, [given.id for given, _ in batch if given.id in known])
        old_passages = _current_passages(connection, [given.id for given, _ in batch if given.id in known])
        rows: dict[type, list[dict[str, Any]]] = {
            SourceRow: [], VersionRow: [], SnapshotRow: [], VersionSnapshotRow: [], PassageRow: [], ChangeRow: [],
        }  # fmt: skip
        removed: list[str] = []
        again: list[str] = []
        wanted_snapshots: dict[str, dict[str, Any]] = {}
        for given, contents in batch:
            before = known.get(given.id)
            windows = cut(
                given.document.text,
                kind=SourceKind(given.provenance["kind"]),
                speakers=tuple(given.provenance["speakers"]),
                settings=self._settings,
            )
            had = versions.get(given.id, {})
            if given.version_id not in had:
                rows[VersionRow].append(self._version_row(given, number_=len(had) + 1))
                for ordinal, content in enumerate(contents):
                    wanted_snapshots[content["sha256"]] = content
                    rows[VersionSnapshotRow].append(
                        {
                            "version_id": given.version_id,
                            "ordinal": ordinal,
                            "snapshot_sha256": content["sha256"],
                            "locator": content["locator"],
                        }
                    )
            what = self._source(given, before, rows)
            rows[ChangeRow].append(
                {
                    "state": number,
                    "source_id": given.id,
                    "what": what,
                    "version_id": given.version_id,
                    "before": _provenance(before) if before is not None else None,
                    "changed_at": self._now,
                }
            )
            wanted = {f"{given.version_id}:{window.span.start}-{window.span.end}": window for window in windows}
            there = old_passages.get(given.id, {})
            removed.extend(id_ for id_, current in there.items() if current and id_ not in wanted)
            again.extend(id_ for id_ in there if id_ in wanted)
            rows[PassageRow].extend(
                _passage_row(id_, given.version_id, window, number)
                for id_, window in wanted.items()
                if id_ not in there
            )
            state_passages = sum(1 for current in there.values() if current)
            self.new_passages += len(wanted)
            self._passage_delta = getattr(self, "_passage_delta", 0) + len(wanted) - state_passages
        self._insert(rows, wanted_snapshots)
        self._mark(removed, {"removed_state": number})
        self._mark(again, {"added_state": number, "removed_state": None})
        connection.execute(
            update(StateRow).values(
                number=number,
                sources=state.sources + self.added,
                passages=state.passages + self._passage_delta,
                changed_at=self._now,
            )
        )

    def _version_row(self, given: _Given, *, number_: int) -> dict[str, Any]:
        return {
            "id": given.version_id,
            "source_id": given.id,
            "number": number_,
            "text": given.document.text,
            "text_sha256": given.text_sha256,
            "content_sha256": given.document.content_sha256,
            "media_type": given.document.media_type,
            "added_at": self._now,
        }

    def _source(self, given: _Given, before: RowMapping | None, rows: dict[type, list[dict[str, Any]]]) -> str:
        stored = {
            **given.provenance,
            "current_version_id": given.version_id,
            "fingerprint": given.fingerprint,
            "retrieved_at": _retrieved_at(given.document) or self._now,
        }
        if before is None:
            self.added += 1
            rows[SourceRow].append({"id": given.id, "withdrawn": False, "added_at": self._now, **stored})
            return "added"
        self.changed += 1
        what = "text" if before["current_version_id"] != given.version_id else "provenance"
        differing = [key for key, value in given.provenance.items() if before[key] != value]
        if what == "provenance" and not differing:
            what = "passages"
        reason = {
            "text": "its text changed: a new version is current",
            "provenance": "its text is the same; changed: " + ", ".join(differing),
            "passages": "its text is the same; it was cut into passages anew",
        }[what]
        self.items.append(UpdateItem(name=given.name, outcome=UpdateOutcome.CHANGED, source_id=given.id, reason=reason))
        self._connection.execute(update(SourceRow).where(SourceRow.id == given.id).values(**stored))
        return what

    def _insert(self, rows: dict[type, list[dict[str, Any]]], wanted: dict[str, dict[str, Any]]) -> None:
        hashes = list(wanted)
        there: set[str] = set()
        for start in range(0, len(hashes), _LOOKED_UP):
            some = hashes[start : start + _LOOKED_UP]
            there.update(
                self._connection.execute(select(SnapshotRow.sha256).where(SnapshotRow.sha256.in_(some))).scalars()
            )
        rows[SnapshotRow] = [
            {key: value for key, value in content.items() if key != "locator"} | {"added_at": self._now}
            for hash_, content in wanted.items()
            if hash_ not in there
        ]
        for table, values in rows.items():
            if values:
                self._connection.execute(insert(cast("Table", table.__table__)), values)  # type: ignore[attr-defined]

    def _mark(self, ids: list[str], values: dict[str, Any]) -> None:
        for start in range(0, len(ids), _LOOKED_UP):
            some = ids[start : start + _LOOKED_UP]
            self._connection.execute(update(PassageRow).where(PassageRow.id.in_(some)).values(**values))


_PROVENANCE = (
    "title", "kind", "publisher", "is_primary", "origin", "speakers", "published", "address", "language", "licence",
)  # fmt: skip


def _given(document: Document, name: str, settings: Settings) -> _Given:
    """Return ``document`` as it is to be stored.

    Raises:
        CorpusError: what it says of itself cannot be stored.
    """
    if not document.text.strip():
        message = f"{name}: no text in it"
        raise CorpusError(message)
    if "\x00" in document.text:
        message = f"{name}: holds NUL characters, which no database keeps; clean the text"
        raise CorpusError(message)
    metadata = document.metadata
    kind = metadata.get("kind", SourceKind.DOCUMENT.value).strip().lower()
    if kind not in set(SourceKind):
        message = f"{name}: kind {kind[:40]!r}; accepted are {', '.join(SourceKind)}"
        raise CorpusError(message)
    primary = metadata.get("primary", "false").strip().lower()
    if primary not in {"true", "false"}:
        message = f"{name}: primary {primary[:40]!r}; accepted are true and false"
        raise CorpusError(message)
    provenance: dict[str, Any] = {
        "title": _one_line(document.title or _first_line(document.text) or name),
        "kind": kind,
        "publisher": _one_line(metadata.get("publisher") or _host(document.address) or "not stated"),
        "is_primary": primary == "true",
        "origin": _one_line(metadata.get("origin", "")),
        "speakers": [_one_line(speaker) for speaker in document.speakers],
        "published": document.published,
        "address": document.address,
        "language": (document.language or "en")[:35],
        "licence": _one_line(metadata.get("licence", "")),
    }
    text_sha256 = hashlib.sha256(document.text.encode("utf-8")).hexdigest()
    rule = (RULE, settings.passage_sentences, settings.passage_overlap, settings.passage_max_characters)
    basis = json.dumps([text_sha256, provenance, rule], default=str, sort_keys=True)
    return _Given(
        name=name,
        id=_identity(document, name),
        document=document,
        provenance=provenance,
        text_sha256=text_sha256,
        fingerprint=hashlib.sha256(basis.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _identity(document: Document, name: str) -> str:
    given = document.metadata.get("id", "").strip()
    if given:
        if len(given) > ID_LENGTH or any(unicodedata.category(character)[0] == "C" for character in given):
            message = f"{name}: id {given[:60]!r}; accepted are up to {ID_LENGTH} characters without control characters"
            raise CorpusError(message)
        return given
    if document.address:
        parts = urlsplit(document.address)
        return _slug(f"{parts.hostname or ''}{parts.path}", document.address)
    if path := document.metadata.get("path"):
        return _slug(PurePosixPath(path).stem, path)
    return _slug("text", document.text)


def _slug(readable: str, exact: str) -> str:
    """Return a name that a person can read, made unique by a hash of what it stands for."""
    words = re.sub(r"[^a-z0-9.]+", "-", readable.lower()).strip("-.")[:60].strip("-.")
    return f"{words or 'source'}-{hashlib.sha256(exact.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _name(document: Document) -> str:
    metadata = document.metadata
    return metadata.get("path") or metadata.get("id") or document.address or document.title or "a text without a name"


def _first_line(text: str) -> str:
    line = next(line for line in text.splitlines() if line.strip()).strip()
    if len(line) <= 120:  # noqa: PLR2004  a title's length
        return line
    return line[:117].rsplit(" ", 1)[0] + " …"


def _one_line(value: str) -> str:
    return " ".join(value.replace("\x00", " ").split())


def _host(address: str | None) -> str | None:
    return (urlsplit(address).hostname or "").removeprefix("www.") or None if address else None


def _retrieved_at(document: Document) -> dt.datetime | None:
    given = document.metadata.get("retrieved_at")
    if not given:
        return None
    try:
        moment = dt.datetime.fromisoformat(given)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _contents(document: Document) -> tuple[Content, ...]:
    """Return the bytes to keep; a document that came without its bytes is kept as its text in UTF-8."""
    if isinstance(document, Received) and document.contents:
        return document.contents
    from onrecord.documents import Content  # noqa: PLC0415  at run time only here

    data = document.text.encode("utf-8")
    return (Content(sha256=hashlib.sha256(data).hexdigest(), name="text", media_type="text/plain", data=data),)


def _known(connection: Connection, ids: list[str]) -> dict[str, RowMapping]:
    found: dict[str, RowMapping] = {}
    for start in range(0, len(ids), _LOOKED_UP):
        query = select(SourceRow.__table__).where(SourceRow.id.in_(ids[start : start + _LOOKED_UP]))
        found.update((row["id"], row) for row in connection.execute(query).mappings())
    return found


def _versions_of(connection: Connection, ids: list[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for start in range(0, len(ids), _LOOKED_UP):
        query = select(VersionRow.source_id, VersionRow.id, VersionRow.number).where(
            VersionRow.source_id.in_(ids[start : start + _LOOKED_UP])
        )
        for row in connection.execute(query):
            found.setdefault(row.source_id, {})[row.id] = row.number
    return found


def _current_passages(connection: Connection, ids: list[str]) -> dict[str, dict[str, bool]]:
    """Return for each source all its passages ever, and whether each is current."""
    found: dict[str, dict[str, bool]] = {}
    for start in range(0, len(ids), _LOOKED_UP):
        query = (
            select(VersionRow.source_id, PassageRow.id, PassageRow.removed_state)
            .join(VersionRow, VersionRow.id == PassageRow.version_id)
            .where(VersionRow.source_id.in_(ids[start : start + _LOOKED_UP]))
        )
        for row in connection.execute(query):
            found.setdefault(row.source_id, {})[row.id] = row.removed_state is None
    return found


def _passage_row(id_: str, version_id: str, window: Window, number: int) -> dict[str, Any]:
    return {
        "id": id_,
        "version_id": version_id,
        "start": window.span.start,
        "end": window.span.end,
        "sentences": [[span.start, span.end] for span in window.sentences],
        "speaker": window.speaker,
        "first_state": number,
        "added_state": number,
        "removed_state": None,
    }


def _provenance(row: RowMapping) -> dict[str, Any]:
    values = {key: row[key] for key in _PROVENANCE}
    if values["published"] is not None:
        values["published"] = values["published"].isoformat()
    return {**values, "current_version_id": row["current_version_id"]}


def _source(row: RowMapping) -> Source:
    return Source(
        id=row["id"],
        title=row["title"],
        kind=SourceKind(row["kind"]),
        publisher=row["publisher"],
        primary=row["is_primary"],
        origin=row["origin"],
        speakers=tuple(row["speakers"]),
        published=row["published"],
        retrieved_at=row["retrieved_at"],
        address=row["address"],
        language=row["language"],
        licence=row["licence"],
        current_version_id=row["current_version_id"],
        withdrawn=row["withdrawn"],
    )


def _version(row: RowMapping) -> Version:
    return Version(
        id=row["id"],
        source_id=row["source_id"],
        number=row["number"],
        text=row["text"],
        text_sha256=row["text_sha256"],
        content_sha256=row["content_sha256"],
        media_type=row["media_type"],
        added_at=row["added_at"],
    )


def _passages(connection: Connection, rows: Sequence[RowMapping]) -> list[Passage]:
    """Return the passages in ``rows`` with their sources; each version's text is read once."""
    version_ids = list(dict.fromkeys(row["version_id"] for row in rows))
    texts: dict[str, tuple[str, str]] = {}
    sources: dict[str, Source] = {}
    for start in range(0, len(version_ids), _LOOKED_UP):
        some = version_ids[start : start + _LOOKED_UP]
        for row in connection.execute(
            select(VersionRow.id, VersionRow.source_id, VersionRow.text).where(VersionRow.id.in_(some))
        ):
            texts[row.id] = (row.source_id, row.text)
        wanted = select(VersionRow.source_id).where(VersionRow.id.in_(some))
        for found in connection.execute(select(SourceRow.__table__).where(SourceRow.id.in_(wanted))).mappings():
            sources[found["id"]] = _source(found)
    passages: list[Passage] = []
    for row in rows:
        source_id, text = texts[row["version_id"]]
        passages.append(
            Passage(
                id=row["id"],
                source=sources[source_id],
                version_id=row["version_id"],
                span=Span(start=row["start"], end=row["end"]),
                text=text[row["start"] : row["end"]],
                sentences=tuple(Span(start=start, end=end) for start, end in row["sentences"]),
                speaker=row["speaker"],
            )
        )
    return passages
