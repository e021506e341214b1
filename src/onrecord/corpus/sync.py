"""Keep the corpus current by ``sources.toml``: read what changed at the source, and nothing else."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from onrecord import __version__, documents
from onrecord.corpus import history, sync_rows
from onrecord.corpus.incoming import accept, name_of
from onrecord.corpus.windows import RULE
from onrecord.documents import ReadFailure, Received
from onrecord.errors import CorpusError, DocumentError, FetchError
from onrecord.records import Document, Record, SourceKind, UpdateItem, UpdateOutcome, UpdateReport

if TYPE_CHECKING:
    from onrecord.corpus.store import Store
    from onrecord.documents.fetch import Fetched, Validators
    from onrecord.settings import Settings

GONE = frozenset({404, 410})
"""HTTP answers that say that a page is gone, as against failing to answer."""
_DIFFS, _LONGEST_DIFF = 200, 20_000
_WHOLE_UNIT = "."
_FEW = 5

Fetch = Callable[..., "Fetched"]


class Provenance(Record):
    """What is true of all documents of an entry that do not say otherwise themselves."""

    kind: SourceKind | None = None
    publisher: str = ""
    primary: bool | None = None
    licence: str = ""
    collection: str = ""
    """Empty: the entry's name."""
    language: str = ""
    origin: str = ""
    speakers: tuple[str, ...] = ()


class Entry(Record):
    """One thing to keep current: exactly one of ``path``, ``addresses``, ``list``, ``feed`` and ``sitemap``."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    path: str | None = None
    """A folder, file, zip or table; from the registry's folder where it is not absolute."""
    mapping: str | None = None
    """For a table: its mapping file, from the registry's folder."""
    addresses: tuple[str, ...] | None = None
    list: str | None = None
    """A file or address that holds one address on each line."""
    feed: str | None = None
    """An RSS or Atom feed. What leaves a feed is old, not gone, and stays in the corpus."""
    sitemap: str | None = None
    only: str | None = None
    """A regular expression that an address must match somewhere."""
    trust_tier: Annotated[int, Field(ge=1, le=3)] | None = None
    provenance: Provenance = Provenance()

    @field_validator("only")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                message = f"no regular expression ({error})"
                raise ValueError(message) from error
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [name for name in ("path", "addresses", "list", "feed", "sitemap") if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"{len(given)} of path, addresses, list, feed and sitemap are given; give exactly one"
            raise ValueError(message)
        if self.mapping is not None and self.path is None:
            message = "a mapping goes with a path to a table"
            raise ValueError(message)
        if self.only is not None and self.path is not None:
            message = "only selects addresses; a path has none"
            raise ValueError(message)
        return self


class _File(Record):
    entries: tuple[Entry, ...]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        twice = [name for name, count in Counter(entry.name for entry in self.entries).items() if count > 1]
        if twice:
            message = f"the name {twice[0]!r} is given to more than one entry"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True)
class Registry:
    """The entries of a ``sources.toml``, and the folder that its paths start from."""

    path: Path
    entries: tuple[Entry, ...]

    def below(self, given: str) -> Path:
        """Return a path of the registry."""
        return self.path.parent / Path(given).expanduser()


def load_registry(path: Path) -> Registry:
    """Load a ``sources.toml``.

    Raises:
        CorpusError: it cannot be read, or says something that is not accepted; the message names the entry and the field.
    """
    from onrecord.documents.mapping import load_toml  # noqa: PLC0415  PyYAML and others are not needed for anything else

    try:
        return Registry(path, _File.model_validate(load_toml(path)).entries)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()[:5]
        )
        message = f"registry {path}: {problems}; docs/corpus.md describes it"
        raise CorpusError(message) from error
    except DocumentError as error:
        message = f"registry: {error}"
        raise CorpusError(message) from error


@dataclass
class _Unit:
    """A file, table or address on its way: what is to be remembered once all of it is stored."""

    locator: str
    sha256: str = ""
    validators: Validators | None = None
    ids: list[str] = field(default_factory=list)
    failed: bool = False


@dataclass
class _Tally:
    counts: Counter[str] = field(default_factory=Counter)
    items: list[UpdateItem] = field(default_factory=list)

    def note(self, name: str, outcome: UpdateOutcome, reason: str, source_id: str | None = None) -> None:
        self.counts[outcome.name.lower()] += 1
        self.items.append(UpdateItem(name=name, outcome=outcome, reason=reason, source_id=source_id))


def sync_registry(  # noqa: PLR0913
    store: Store,
    registry: Registry,
    *,
    only: tuple[str, ...] = (),
    again: bool = False,
    accept_withdrawals: bool = False,
    progress: Callable[[int], None] | None = None,
    fetch: Fetch | None = None,
) -> UpdateReport:
    """Bring the corpus up to date with the registry, and return what happened; the report is kept in the corpus.

    What has the same bytes as last time is not read. A changed text becomes a new version. What is not found any more is
    withdrawn, and restored when it is found again; where that would be more than half of an entry, the entry fails instead,
    because a folder that is not mounted looks the same. What fails stays as it was.

    Args:
        store: The corpus.
        registry: What to keep current.
        only: Names of entries; empty: all.
        again: Read everything, whether its bytes changed or not.
        accept_withdrawals: Withdraw more than half of an entry too.
        progress: Called with the number of files, tables and addresses seen so far.
        fetch: In place of ``documents.polite.Fetcher(settings).fetch``, for tests.

    Raises:
        CorpusError: no entry has a name in ``only``; the database refused.
        CorpusBusyError: another process is writing.
    """
    unknown = sorted(set(only) - {entry.name for entry in registry.entries})
    if unknown:
        names = ", ".join(entry.name for entry in registry.entries)
        message = f"no entry {unknown[0]!r} in {registry.path}; there are {names or 'none'}"
        raise CorpusError(message)
    if fetch is None:
        from onrecord.documents.polite import Fetcher  # noqa: PLC0415  httpx takes 0.1 s, and files need none

        fetch = Fetcher(store.settings).fetch
    started = time.perf_counter()
    tally = _Tally()
    passages = 0
    with store.writing("bringing the corpus up to date"), store.refusals("what an update found"):
        run = sync_rows.begin(store.database, who=store.settings.editor)
        seen = 0

        def tick() -> None:
            nonlocal seen
            seen += 1
            if progress is not None:
                progress(seen)

        for position, entry in enumerate(registry.entries):
            if only and entry.name not in only:
                continue
            work = _Work(store, registry, entry, run, tally, fetch, tick, again=again)
            passages += work.bring_up_to_date(accept_withdrawals=accept_withdrawals)
            # Where two entries keep a source, the first one in the file says how far it is trusted.
            earlier = [other.name for other in registry.entries[:position]]
            sync_rows.set_trust_tiers(store.database, entry.name, earlier, entry.trust_tier, who=store.settings.editor)
        tally.counts["near_duplicate"] += note_copies(store, tally.items)
        report = UpdateReport(
            added=tally.counts["added"],
            changed=tally.counts["changed"],
            unchanged=tally.counts["unchanged"],
            failed=tally.counts["failed"],
            withdrawn=tally.counts["withdrawn"],
            restored=tally.counts["restored"],
            near_duplicates=tally.counts["near_duplicate"],
            passages=passages,
            items=tuple(tally.items),
            state=store.state(),
            seconds=time.perf_counter() - started,
        )
        sync_rows.end(store.database, run, report)
    return report


def note_copies(store: Store, items: list[UpdateItem]) -> int:
    """Find copies, put those of this update among the items of its report, and return their number."""
    copies = store.find_copies()
    for copy in copies:
        others = ", ".join(copy.others[:3]) + (f" and {len(copy.others) - 3} more" if len(copy.others) > 3 else "")  # noqa: PLR2004
        if copy.story == copy.source_id:
            reason = f"it stands for its copies {others}; they count as one source"
        else:
            reason = f"a copy of {copy.story}, which stands for it; they count as one source"
        items.append(
            UpdateItem(
                name=copy.source_id, outcome=UpdateOutcome.NEAR_DUPLICATE, source_id=copy.source_id, reason=reason
            )
        )
    return len(copies)


class _Work:
    """One entry of one run."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        store: Store,
        registry: Registry,
        entry: Entry,
        run: int,
        tally: _Tally,
        fetch: Fetch,
        tick: Callable[[], None],
        *,
        again: bool,
    ) -> None:
        self.store, self.registry, self.entry, self.run = store, registry, entry, run
        self.tally, self.fetch, self.tick = tally, fetch, tick
        self.settings: Settings = store.settings
        self.reading = _reading(registry, entry, store.settings)
        self.known = {} if again else sync_rows.units(store.database, entry.name, self.reading)
        self.read: list[_Unit] = []
        self.unchanged: list[str] = []
        self.held: set[str] = set()
        """Locators of units that still hold the sources they held."""
        self.gone: list[tuple[str, str]] = []
        """Locators of addresses that say of themselves that they are gone, and what they say."""

    def bring_up_to_date(self, *, accept_withdrawals: bool) -> int:
        """Do all of the entry; return how many passages were made."""
        try:
            incoming = self._incoming()
            report = self.store.add_documents(incoming)
        except DocumentError as error:  # nothing can be listed, so nothing can be missing
            self.tally.note(self.entry.name, UpdateOutcome.FAILED, f"{self.entry.name}: {error}")
            return 0
        self.tally.counts.update(
            added=report.added, changed=report.changed, unchanged=report.unchanged, failed=report.failed
        )
        self.tally.items.extend(self._with_diffs(report.items))
        refused = {item.source_id for item in report.items if item.outcome is UpdateOutcome.FAILED and item.source_id}
        for unit in self.read:
            unit.failed = unit.failed or not refused.isdisjoint(unit.ids)
        database = self.store.database
        self.tally.counts["unchanged"] += sync_rows.seen_again(database, self.entry.name, self.unchanged, self.run)
        for unit in self.read:
            sync_rows.remember(
                database,
                self.entry.name,
                unit.locator,
                run=self.run,
                ids=[id_ for id_ in unit.ids if id_ not in refused],
                # What was not read well is not to be passed over next time.
                state=None if unit.failed else (unit.sha256, self.reading, unit.validators),
            )
        self._withdraw_and_restore(accept_withdrawals=accept_withdrawals)
        return report.passages

    def _withdraw_and_restore(self, *, accept_withdrawals: bool) -> None:
        database, name = self.store.database, self.entry.name
        back = sync_rows.found_again(database, name, self.run)
        for id_ in self.store.restore(back, reason=f"found again by the entry {name!r} of the registry"):
            self.tally.note(id_, UpdateOutcome.RESTORED, "found again", id_)
        sync_rows.set_gone(database, name, back, gone=False)
        told = dict(self.gone)
        failed = [unit.locator for unit in self.read if unit.failed]
        missing = sync_rows.not_found(database, name, self.run, failed, told, told_only=self.entry.feed is not None)
        kept = sync_rows.count(database, name)
        if len(missing) > max(_FEW, kept // 2) and not accept_withdrawals:
            reason = (
                f"{name}: {len(missing)} of its {kept} sources are not found any more, which looks like a mistake; none was"
                " withdrawn. If it is right, run 'onrecord corpus sync --accept-withdrawals'"
            )
            self.tally.note(name, UpdateOutcome.FAILED, reason)
            return
        for reason in sorted(set(missing.values())):
            ids = sorted(id_ for id_, said in missing.items() if said == reason)
            line = reason or f"not found any more by the entry {name!r} of the registry"
            for id_ in self.store.withdraw(sync_rows.kept_by_no_other(database, name, ids), reason=line):
                self.tally.note(id_, UpdateOutcome.WITHDRAWN, line, id_)
        sync_rows.set_gone(database, name, sorted(missing), gone=True)
        if self.entry.feed is None:
            sync_rows.forget_units(database, name, self.run, failed)

    def _incoming(self) -> Iterator[Document | ReadFailure]:
        if self.entry.path is None:
            return self._from_addresses(self._listed())
        path = self.registry.below(self.entry.path)
        if not path.exists():
            message = f"there is no {path}; mount it, or correct the entry"
            raise DocumentError(message)
        return self._from_table(path) if self.entry.mapping is not None else self._from_files(path)

    def _from_table(self, path: Path) -> Iterator[Document | ReadFailure]:
        mapping = documents.load_mapping(self.registry.below(self.entry.mapping or ""))
        digest = hashlib.sha256()
        for file in _files(path):
            digest.update(f"{file.relative_to(path).as_posix()}\n{_sha256(file)}\n".encode())
        unit = _Unit(_WHOLE_UNIT, digest.hexdigest())
        self.tick()
        if self._known(unit):
            return iter(())
        return self._taken(unit, documents.iter_documents([path], mapping=mapping, settings=self.settings))

    def _from_files(self, path: Path) -> Iterator[Document | ReadFailure]:
        # All of them are looked at before one is read: a changed file must not take the id of one that is as it was.
        changed: list[tuple[Path, _Unit]] = []
        empty = True
        for file in _files(path):
            empty = False
            unit = _Unit(file.relative_to(path).as_posix() if file != path else _WHOLE_UNIT)
            self.tick()
            try:
                unit.sha256 = _sha256(file)
            except OSError as error:
                unit.failed = True
                self.read.append(unit)
                yield ReadFailure(name=str(file), reason=f"{file}: cannot be read ({error.strerror}); check its rights")
                continue
            if not self._known(unit):
                changed.append((file, unit))
        if empty:
            yield ReadFailure(name=self.entry.name, reason=f"{path}: an empty folder; give one that holds documents")
        self.held = set(self.unchanged)
        for file, unit in changed:
            yield from self._taken(unit, documents.iter_documents([file], settings=self.settings))

    def _listed(self) -> list[documents.Listed]:
        entry = self.entry
        if entry.addresses is not None:
            listed = [documents.Listed(address) for address in dict.fromkeys(entry.addresses)]
        else:
            given = entry.list or entry.feed or entry.sitemap or ""
            source = given if given.lower().startswith(("http://", "https://")) else self.registry.below(given)
            listing = documents.read_listing(source, settings=self.settings, fetch=self.fetch)
            listed = list(listing.entries)
        return [item for item in listed if entry.only is None or re.search(entry.only, item.address)]

    def _from_addresses(self, listed: list[documents.Listed]) -> Iterator[Document | ReadFailure]:
        self.held = {item.address for item in listed} & self.known.keys()
        for item in listed:
            unit = _Unit(item.address)
            self.tick()
            before = self.known.get(item.address)
            try:
                fetched = self.fetch(item.address, known=before.validators if before is not None else None)
                if before is not None and not fetched.modified:
                    self.unchanged.append(item.address)
                    continue
                unit.sha256, unit.validators = hashlib.sha256(fetched.data).hexdigest(), fetched.validators
                if self._known(unit):
                    continue
                document = documents.read_fetched(fetched, settings=self.settings)
            except DocumentError as error:
                if isinstance(error, FetchError) and error.status in GONE:
                    self.gone.append((item.address, f"gone at the source: HTTP {error.status}"))
                    continue
                unit.failed = True
                self.read.append(unit)
                yield ReadFailure(name=item.address, reason=str(error))
                continue
            listed_as = {"title": document.title or item.title, "published": document.published or item.published}
            yield from self._taken(unit, [Received.of(document.model_copy(update=listed_as), document.contents)])

    def _known(self, unit: _Unit) -> bool:
        before = self.known.get(unit.locator)
        if before is None or before.sha256 != unit.sha256:
            return False
        self.unchanged.append(unit.locator)
        return True

    def _taken(
        self, unit: _Unit, found: Iterator[Document | ReadFailure] | list[Received]
    ) -> Iterator[Document | ReadFailure]:
        self.read.append(unit)
        for document in found:
            if isinstance(document, ReadFailure):
                unit.failed = True
                yield document
                continue
            complete = _completed(document, self.entry.provenance, self.entry.name)
            try:
                given = accept(complete, name_of(complete), self.settings)
            except CorpusError:
                unit.failed = True
                yield complete  # the store says why
                continue
            owner = self._owners.get(given.id)
            if owner is not None and owner != unit.locator and owner in self.held:
                # Under two names, but the same: to be stored once. Otherwise each sync would turn one into the other.
                if self.store.fingerprint(given.id) != given.fingerprint:
                    unit.failed = True
                    reason = (
                        f"{given.name}: its identity {given.id!r} is that of {owner}; give each document its own id"
                    )
                    yield ReadFailure(name=given.name, reason=reason)
                else:
                    self.tally.counts["unchanged"] += 1
                continue
            unit.ids.append(given.id)
            yield complete

    @functools.cached_property
    def _owners(self) -> dict[str, str]:
        """The locators of the units by the identities of the sources that they hold, as of the last run."""
        return sync_rows.owners(self.store.database, self.entry.name)

    def _with_diffs(self, items: tuple[UpdateItem, ...]) -> Iterator[UpdateItem]:
        """Yield the items, the first changed texts among them with what changed; ``corpus diff`` tells it of all."""
        left = _DIFFS
        for item in items:
            if item.outcome is not UpdateOutcome.CHANGED or not item.source_id or not left:
                yield item
                continue
            *_, before, last = self.store.history(item.source_id)
            if last.what != "text":
                yield item
                continue
            left -= 1
            told = history.diff(self.store.version(before.version_id), self.store.version(last.version_id))
            yield item.model_copy(update={"diff": told[:_LONGEST_DIFF]})


def _reading(registry: Registry, entry: Entry, settings: Settings) -> str:
    """Return the hash of everything but the bytes that bears on what an entry reads."""
    mapping = registry.below(entry.mapping) if entry.mapping is not None else None
    basis = [
        __version__,
        entry.model_dump(mode="json", exclude={"trust_tier"}),
        _sha256(mapping) if mapping is not None and mapping.is_file() else "",
        [RULE, settings.passage_sentences, settings.passage_overlap, settings.passage_max_characters],
    ]
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()


def _completed(document: Document, given: Provenance, entry: str) -> Document:
    """Return a document with what its entry says where it says nothing itself."""
    said = {
        "kind": given.kind.value if given.kind is not None else "",
        "publisher": given.publisher,
        "primary": "" if given.primary is None else str(given.primary).lower(),
        "licence": given.licence,
        "collection": given.collection or entry,
        "origin": given.origin,
    }
    metadata = {**{key: value for key, value in said.items() if value}, **document.metadata}
    changes = {
        "metadata": metadata,
        "language": document.language or given.language or None,
        "speakers": document.speakers or given.speakers,
    }
    complete = document.model_copy(update=changes)
    return Received.of(complete, document.contents) if isinstance(document, Received) else complete


def _files(path: Path) -> Iterator[Path]:
    """Yield a file, or all files below a folder in the order of their names, without hidden ones."""
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
            yield file


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
