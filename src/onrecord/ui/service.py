"""The pages' one door to the library: a corpus, an index and models opened once per process and shared by all sessions.

Nothing here knows Streamlit, so a check can run in a thread that no session owns. The library's rooms are imported when
they are first needed: the first page is on screen before a neural network is loaded.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from onrecord.errors import DocumentError, NotFoundError, OnRecordError

if TYPE_CHECKING:
    from onrecord.corpus import Snapshot
    from onrecord.documents import ReadFailure
    from onrecord.records import (
        CheckedArticle,
        CheckedClaim,
        CheckSummary,
        Comparison,
        CorpusState,
        Decision,
        Document,
        Evidence,
        Hit,
        ModelUsed,
        Passage,
        Review,
        Revision,
        SearchFilters,
        Source,
        SourceChange,
        SourceKind,
        Span,
        UpdateReport,
        Verification,
        Version,
    )
    from onrecord.settings import Settings
    from onrecord.stance import Calibration
    from onrecord.workflow import Checker, Progress, SourceContext

    Report = Callable[[Progress], None]

Role = Literal["viewer", "checker", "maintainer"]

_CHECK_ID = re.compile(r"[0-9a-f]{32}")


class Service(Protocol):
    """What the pages ask of the library."""

    settings: Settings

    def paste(self, text: str) -> Document:
        """Return pasted text as a document."""

    def read(self, data: bytes, name: str) -> Document:
        """Return an uploaded file as a document."""

    def fetch(self, address: str) -> Document:
        """Return the page at a web address as a document."""

    def check(
        self,
        document: Document,
        *,
        filters: SearchFilters,
        passages: int,
        progress: Callable[[Progress], None],
        on_claim: Callable[[CheckedClaim], None],
    ) -> CheckedArticle:
        """Check an article; nothing is kept."""

    def save(self, checked: CheckedArticle) -> None:
        """Keep a finished check."""

    def load(self, check_id: str) -> Review:
        """Return a kept check as it stands."""

    def decisions(self, check_id: str) -> Sequence[Decision]:
        """Return all decisions about a check, the earliest first."""

    def last_revision(self, check_id: str) -> int:
        """Return the number of the newest revision of a check, 0 for none."""

    def decide(self, decision: Decision, seen: int) -> Decision:
        """Keep a decision, unless somebody decided after number ``seen``."""

    def undo(self, check_id: str, claim_id: str, seen: int) -> Decision:
        """Take back the decision in force about a claim."""

    def add_claims(self, checked: CheckedArticle, span: Span) -> Sequence[Revision]:
        """Check and keep words of an article that were not taken as a claim."""

    def reword(self, checked: CheckedArticle, claim_id: str, standalone: str, proposition: str) -> Revision:
        """Check a claim in other words, and keep that."""

    def acting(self, name: str, role: Role) -> Service:
        """Return the same library for one person: every call is made in this name and refused beyond this role."""

    def publishers(self) -> Sequence[str]:
        """Return the publishers of the corpus, in the order of the alphabet."""

    def collections(self) -> Sequence[str]:
        """Return the parts of the corpus by their names, in the order of the alphabet."""

    def find(self, query: str, filters: SearchFilters, most: int) -> Sequence[tuple[Hit, Passage]]:
        """Search the record; words in quotation marks must stand in the passage."""

    def sources(self, filters: SearchFilters, most: int) -> Sequence[Source]:
        """Return sources of the corpus, the latest first."""

    def source(self, source_id: str) -> Held:
        """Return all that is kept of a source."""

    def diff(self, source_id: str, before: int, after: int) -> str:
        """Return what changed from one version of a source to another."""

    def checks(self) -> Sequence[CheckSummary]:
        """Return the kept checks, the latest first."""

    def compare(self, before: CheckedArticle, after: CheckedArticle) -> Comparison:
        """Say what changed between two checks, and why."""

    def configuration(self) -> Configuration:
        """Return what decides a verdict in this process: models, thresholds, settings."""

    def holdings(self) -> Holdings:
        """Return what the corpus holds, and what was done to it last."""

    def stories(self) -> Mapping[str, Sequence[Source]]:
        """Return the groups of sources that carry one story, by the source that stands for each."""

    def add(self, given: Sequence[NewSource], details: Mapping[str, str], progress: Report) -> UpdateReport:
        """Add sources, with what a person knows of them."""

    def sync(self, registry: Path, *, accept_withdrawals: bool, progress: Report) -> UpdateReport:
        """Bring the corpus up to date with a registry."""

    def verify(self, *, repair: bool, progress: Report) -> Verification:
        """Compare the parts of the corpus with each other."""

    def context(self, evidence: Evidence, characters: int) -> SourceContext:
        """Return the source's text around a piece of evidence."""

    def state(self) -> CorpusState:
        """Return what the corpus holds."""

    def warm(self) -> None:
        """Open corpus, index and models, so that the first check need not wait for them."""


class Library:
    """The service over the real library."""

    def __init__(self, settings: Settings, shared: Shared | None = None) -> None:
        """Keep the settings; nothing is opened yet. ``shared`` is what another library of this process has open."""
        self.settings = settings
        self._shared = shared or Shared()

    def paste(self, text: str) -> Document:
        """Return pasted text as a document; empty text is refused when it is checked."""
        from onrecord import workflow  # noqa: PLC0415  heavy

        return workflow.pasted(text)

    def read(self, data: bytes, name: str) -> Document:
        """Return an uploaded file as a document, by its content and the ending of its name.

        Raises:
            DocumentError: it cannot be read as text; the message says what can.
        """
        from onrecord import documents  # noqa: PLC0415  heavy

        return documents.read_bytes(data, name=name, settings=self.settings)

    def fetch(self, address: str) -> Document:
        """Return the page at a web address as a document, with its address.

        Raises:
            DocumentError: it may not be fetched, does not answer, or holds no text; the message says why.
        """
        from onrecord import documents  # noqa: PLC0415  heavy

        return documents.read(web_address(address), settings=self.settings)

    def check(
        self,
        document: Document,
        *,
        filters: SearchFilters,
        passages: int,
        progress: Callable[[Progress], None],
        on_claim: Callable[[CheckedClaim], None],
    ) -> CheckedArticle:
        """Check an article with ``passages`` judged for each claim."""
        checker = self._mine({"top_k": passages}, progress)
        return checker.check_article(document, filters=filters, progress=progress, on_claim=on_claim)

    def save(self, checked: CheckedArticle) -> None:
        """Keep a finished check in the database."""
        from onrecord import review  # noqa: PLC0415  heavy

        review.save_check(checked, settings=self.settings)

    def load(self, check_id: str) -> Review:
        """Return a kept check as it stands.

        Raises:
            NotFoundError: no check has this identity, or it is not one.
        """
        from onrecord import review  # noqa: PLC0415  heavy

        return review.load(valid_check_id(check_id), settings=self.settings)

    def decisions(self, check_id: str) -> Sequence[Decision]:
        """Return all decisions about a check, the earliest first."""
        from onrecord import review  # noqa: PLC0415  heavy

        return review.decisions(check_id, settings=self.settings)

    def last_revision(self, check_id: str) -> int:
        """Return the number of the newest revision of a check, 0 for none."""
        from onrecord import review  # noqa: PLC0415  heavy

        return review.last_revision(check_id, settings=self.settings)

    def decide(self, decision: Decision, seen: int) -> Decision:
        """Keep a decision, unless somebody decided after number ``seen``."""
        from onrecord import review  # noqa: PLC0415  heavy

        return review.append_decision(decision, settings=self.settings, seen=seen)

    def undo(self, check_id: str, claim_id: str, seen: int) -> Decision:
        """Take back the decision in force about a claim."""
        from onrecord import review  # noqa: PLC0415  heavy

        return review.undo(check_id, claim_id, settings=self.settings, seen=seen)

    def add_claims(self, checked: CheckedArticle, span: Span) -> Sequence[Revision]:
        """Check and keep words of an article that were not taken as a claim."""
        from onrecord import review  # noqa: PLC0415  heavy

        made = self._mine().add_claims(checked, span)
        return [review.append_revision(revision, settings=self.settings) for revision in made]

    def reword(self, checked: CheckedArticle, claim_id: str, standalone: str, proposition: str) -> Revision:
        """Check a claim in other words, and keep that."""
        from onrecord import review  # noqa: PLC0415  heavy

        made = self._mine().reword_claim(checked, claim_id, standalone, proposition)
        return review.append_revision(made, settings=self.settings)

    def acting(self, name: str, role: Role) -> Library:
        """Return the same library for one person: every call is made in this name and refused beyond this role."""
        return Library(self.settings.model_copy(update={"user": name, "role": role}), self._shared)

    def publishers(self) -> Sequence[str]:
        """Return the publishers of the corpus, in the order of the alphabet."""
        from onrecord import corpus  # noqa: PLC0415  heavy

        with corpus.Store.open(self.settings) as store:
            return store.publishers()

    def collections(self) -> Sequence[str]:
        """Return the parts of the corpus by their names, in the order of the alphabet."""
        from onrecord import corpus  # noqa: PLC0415  heavy

        with corpus.Store.open(self.settings) as store:
            return store.collections()

    def find(self, query: str, filters: SearchFilters, most: int) -> Sequence[tuple[Hit, Passage]]:
        """Search the record; words in quotation marks must stand in the passage."""
        return self._mine().find(query, filters=filters, top_k=most)

    def sources(self, filters: SearchFilters, most: int) -> Sequence[Source]:
        """Return sources of the corpus, the latest first; those without a date last."""
        from onrecord import corpus  # noqa: PLC0415  heavy

        with corpus.Store.open(self.settings) as store:
            found = store.sources(kinds=filters.kinds, publishers=filters.publishers, collections=filters.collections)
        spoken = {name.casefold() for name in filters.speakers}
        kept = [
            source
            for source in found
            if (source.primary or not filters.primary_only)
            and (filters.as_of is None or (source.published is not None and source.published <= filters.as_of))
            and (not spoken or spoken & {name.casefold() for name in source.speakers})
        ]
        return sorted(kept, key=lambda source: source.published or dt.date.min, reverse=True)[:most]

    def source(self, source_id: str) -> Held:
        """Return all that is kept of a source.

        Raises:
            NotFoundError: there is no such source.
        """
        from onrecord import corpus, review  # noqa: PLC0415  heavy

        with corpus.Store.open(self.settings) as store:
            source = store.source(source_id)
            versions = store.versions(source_id)
            return Held(
                source=source,
                versions=tuple(versions),
                changes=tuple(store.history(source_id)),
                files={version.id: tuple(_file(kept) for kept in store.snapshot(version.id)) for version in versions},
                copies=tuple(
                    other
                    for group in store.stories(story=source.story).values()
                    for other in group
                    if source.story and other.id != source.id
                ),
                used=tuple(review.checks_that_used(source_id, settings=self.settings)),
            )

    def diff(self, source_id: str, before: int, after: int) -> str:
        """Return what changed from one version of a source to another."""
        from onrecord import corpus  # noqa: PLC0415  heavy

        with corpus.Store.open(self.settings) as store:
            return store.diff(source_id, before, after)

    def checks(self) -> Sequence[CheckSummary]:
        """Return the kept checks, the latest first."""
        from onrecord import review  # noqa: PLC0415  heavy

        return review.list_checks(settings=self.settings)

    def compare(self, before: CheckedArticle, after: CheckedArticle) -> Comparison:
        """Say what changed between two checks, and why."""
        from onrecord import review  # noqa: PLC0415  heavy

        return review.compare(before, after)

    def configuration(self) -> Configuration:
        """Return what decides a verdict in this process: models, thresholds, settings."""
        from onrecord import claims, stance, workflow  # noqa: PLC0415  heavy

        checker = self._open(lambda _: None)
        return Configuration(
            models=checker.models(),
            settings=workflow.recorded_settings(self.settings),
            thresholds=stance.calibrations(self.settings),
            worthiness=claims.threshold(self.settings),
            corpus=checker.state(),
        )

    def holdings(self) -> Holdings:
        """Return what the corpus holds, and what was done to it last."""
        from onrecord import corpus, index  # noqa: PLC0415  heavy

        with corpus.Store.open(self.settings) as store:
            state = store.state()
            writer = corpus.holder(self.settings)
            return Holdings(
                state=state,
                kinds=store.counts_by_kind(),
                withdrawn=store.count_withdrawn(),
                indexed=index.applied_state(self.settings),
                writer=str(writer) if writer else "",
                judgements=corpus.Judgements(self.settings).count(),
                updates=tuple(corpus.reports(store.database, 10)),
            )

    def stories(self) -> Mapping[str, Sequence[Source]]:
        """Return the groups of sources that carry one story, by the source that stands for each."""
        from onrecord import corpus  # noqa: PLC0415  heavy

        with corpus.Store.open(self.settings) as store:
            return store.stories()

    def add(self, given: Sequence[NewSource], details: Mapping[str, str], progress: Report) -> UpdateReport:
        """Add sources, with what a person knows of them; one that cannot be read is told in the report.

        Raises:
            NotAllowedError, CorpusBusyError, CorpusError: nothing was added.
        """
        from onrecord import workflow  # noqa: PLC0415  heavy
        from onrecord.settings import require  # noqa: PLC0415  beside it

        # Before anything is fetched.
        require("maintainer", "adding documents", settings=self.settings)
        incoming = [self._described(one, details) for one in given]
        return workflow.add_documents(incoming, settings=self.settings, progress=progress, total=len(incoming))

    def _described(self, given: NewSource, details: Mapping[str, str]) -> Document | ReadFailure:
        from onrecord import documents  # noqa: PLC0415  heavy

        try:
            if given.address:
                read, content = documents.receive(web_address(given.address), settings=self.settings)
                named = {}
            else:
                read = documents.read_bytes(given.data, name=given.name, settings=self.settings)
                sha256 = hashlib.sha256(given.data).hexdigest()
                content = documents.Content(sha256, given.name, read.media_type, data=given.data)
                stem = re.sub(r"[^a-z0-9]+", "-", Path(given.name).stem.lower()).strip("-")[:60]
                named = {"id": f"{stem or 'text'}-{sha256[:8]}", "origin": f"uploaded as {given.name}"}
        except OnRecordError as error:
            return documents.ReadFailure(name=given.name, reason=str(error))
        said = {key: details[key] for key in ("kind", "publisher", "primary", "licence") if details.get(key)}
        speakers = tuple(name.strip() for name in details.get("speakers", "").split(",") if name.strip())
        published = details.get("published")
        described = read.model_copy(
            update={
                "title": details.get("title") or read.title,
                "published": dt.date.fromisoformat(published) if published else read.published,
                "speakers": speakers or read.speakers,
                "metadata": {**named, **read.metadata, **said},
            }
        )
        return documents.Received.of(described, (content,))

    def sync(self, registry: Path, *, accept_withdrawals: bool, progress: Report) -> UpdateReport:
        """Bring the corpus up to date with a registry."""
        from onrecord import workflow  # noqa: PLC0415  heavy

        return workflow.sync_corpus(
            registry, settings=self.settings, accept_withdrawals=accept_withdrawals, progress=progress
        )

    def verify(self, *, repair: bool, progress: Report) -> Verification:
        """Compare the parts of the corpus with each other."""
        from onrecord import workflow  # noqa: PLC0415  heavy

        return workflow.verify_corpus(settings=self.settings, repair=repair, progress=progress)

    def context(self, evidence: Evidence, characters: int) -> SourceContext:
        """Return the source's text around a piece of evidence, ``characters`` to each side."""
        from onrecord import workflow  # noqa: PLC0415  heavy

        return workflow.context(evidence, settings=self.settings, characters=characters)

    def state(self) -> CorpusState:
        """Return the corpus' number and counts, without opening an index."""
        from onrecord import corpus  # noqa: PLC0415  heavy

        with corpus.Store.open(self.settings) as store:
            return store.state()

    def warm(self) -> None:
        """Open everything that a check needs."""
        self._open(lambda _: None)

    def _open(self, progress: Callable[[Progress], None]) -> Checker:
        from onrecord import workflow  # noqa: PLC0415  heavy

        with self._shared.lock:
            if self._shared.checker is None:
                self._shared.checker = workflow.Checker.open(self.settings, progress=progress)
            return self._shared.checker

    def _mine(
        self, changed: Mapping[str, object] | None = None, progress: Callable[[Progress], None] = lambda _: None
    ) -> Checker:
        """Return a checker with this person's settings over the one corpus and index that are open."""
        from onrecord import workflow  # noqa: PLC0415  heavy

        shared = self._open(progress)
        return workflow.Checker(self.settings.model_copy(update=changed or {}), shared.store, shared.index)


@dataclass
class Shared:
    """What is opened once per process."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    checker: Checker | None = None


@dataclass(frozen=True, slots=True)
class NewSource:
    """Something to be added: bytes with their name, or an address."""

    name: str
    data: bytes = b""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the corpus holds, and what was done to it last."""

    state: CorpusState
    kinds: Mapping[SourceKind, int]
    withdrawn: int
    indexed: int | None
    """The state that both indexes have reached."""
    writer: str
    """Who is writing now; empty: nobody."""
    judgements: int
    updates: tuple[tuple[dt.datetime, str, UpdateReport | None], ...]
    """The last runs over a registry, the newest first: when it began, by whom, its report."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What decides a verdict in this process."""

    models: tuple[ModelUsed, ...]
    settings: Mapping[str, str]
    thresholds: Sequence[tuple[str, Calibration]]
    """Each stance network with its calibration."""
    worthiness: float
    corpus: CorpusState


@dataclass(frozen=True, slots=True)
class File:
    """Bytes as they came, of which a version was read."""

    name: str
    sha256: str
    size: int
    fetched: str
    """From which address and when; empty for files that were given."""


def _file(kept: Snapshot) -> File:
    told = kept.fetched or {}
    where = f"{told.get('address', '')}, {str(told.get('retrieved_at', ''))[:16]}" if told else ""
    return File(name=kept.name, sha256=kept.sha256, size=kept.size, fetched=where)


@dataclass(frozen=True, slots=True)
class Held:
    """All that is kept of a source."""

    source: Source
    versions: tuple[Version, ...]
    """The first one first."""
    changes: tuple[SourceChange, ...]
    files: Mapping[str, tuple[File, ...]]
    """By version."""
    copies: tuple[Source, ...]
    """Other sources that carry the same story."""
    used: tuple[CheckSummary, ...]
    """Kept checks that judged a passage of it."""


def valid_check_id(check_id: str) -> str:
    """Return ``check_id`` if it has the form of one; it may come from an address typed by anybody.

    Raises:
        NotFoundError: it has another form.
    """
    if not _CHECK_ID.fullmatch(check_id):
        message = (
            "This address names no check: a check's identity has 32 hexadecimal digits. Open the check from History."
        )
        raise NotFoundError(message)
    return check_id


def examples(folder: Path) -> list[Path]:
    """Return the example articles of ``folder`` in the order of their names; none when there is no such folder."""
    return sorted(path for path in folder.glob("*.md") if path.is_file() and path.stem.upper() != "README")


def web_address(given: str) -> str:
    """Return an address that was typed, if it is one of the web: the library would read a path from the server's disk.

    >>> web_address(" https://example.org/a ")
    'https://example.org/a'

    Raises:
        DocumentError: it is none.
    """
    address = given.strip()
    if not address.lower().startswith(("http://", "https://")):
        message = f"“{address[:200]}” is no address of a page: copy it whole from the browser, with https:// before it."
        raise DocumentError(message)
    return address


def described(document: Document, published: dt.date | None, publisher: str, address: str) -> Document:
    """Return ``document`` with what a person says of it; what was left empty stays as the file has it.

    Raises:
        DocumentError: ``address`` is none of the web.
    """
    changes: dict[str, object] = {}
    if published:
        changes["published"] = published
    if publisher.strip():
        changes["metadata"] = {**document.metadata, "publisher": " ".join(publisher.split())}
    if address.strip():
        changes["address"] = web_address(address)
    return document.model_copy(update=changes) if changes else document
