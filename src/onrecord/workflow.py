"""The order of the steps, and nothing else: ``check_article`` and ``update_corpus``.

This is the only room that knows several rooms. ``Checker`` keeps a corpus, its index and the models open, so that a server
loads them once; the two functions open one for a single use. A step that fails turns the claims it concerns into
``NOT_CHECKED`` with the reason; it never shortens the list and never becomes a verdict.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from onrecord import __version__, claims, corpus, documents, index, stance, verdict
from onrecord.claims.quotations import find_quotations
from onrecord.corpus.journal import Journal
from onrecord.errors import DocumentError, EmptyDocumentError, NotFoundError, OnRecordError
from onrecord.records import (
    Archive,
    CheckedArticle,
    CheckedClaim,
    Claim,
    ClaimSet,
    CorpusState,
    Difference,
    Document,
    Evidence,
    Hit,
    ModelUsed,
    Passage,
    QuotationCheck,
    Revision,
    SearchFilters,
    Source,
    Span,
    Stage,
    Stance,
    UpdateReport,
    VerdictLabel,
    Verification,
    Version,
)
from onrecord.settings import Settings, require

CLAIMS_PER_BATCH = 4
"""Claims judged together: enough to fill the network's batches, few enough that a reader sees them come."""


INDEX_WAIT_SECONDS = 60.0
"""How long a command that changed the corpus waits for a reader that is mending the indexes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a long work stands. ``total`` is 0 where it is not known."""

    stage: str
    done: int
    total: int
    seconds_left: float | None = None


Report = Callable[[Progress], None]


def _silent(_: Progress) -> None:
    """Report nothing."""


@dataclass
class _Clock:
    """Measures stages and estimates what is left of one."""

    report: Report
    stages: dict[str, float] = field(default_factory=dict)
    _stage: str = ""
    _started: float = 0.0

    def start(self, stage: str, total: int = 0) -> None:
        self.stop()
        self._stage, self._started = stage, time.perf_counter()
        self.report(Progress(stage, 0, total))

    def stop(self) -> None:
        if self._stage:
            self.stages[self._stage] = self.stages.get(self._stage, 0.0) + time.perf_counter() - self._started
            self._stage = ""

    def step(self, done: int, total: int) -> None:
        spent = time.perf_counter() - self._started
        left = spent / done * (total - done) if done and total else None
        self.report(Progress(self._stage, done, total, left))

    def record(self) -> tuple[Stage, ...]:
        self.stop()
        return tuple(Stage(name=name, seconds=round(seconds, 4)) for name, seconds in self.stages.items())


@dataclass(frozen=True, slots=True)
class _Article:
    """What a claim takes from the article around it."""

    date: dt.date | None
    title: str


@dataclass(frozen=True, slots=True)
class SourceContext:
    """A passage inside its source: the text around it, and where the pieces lie in the version's text."""

    source: Source
    version: Version
    before: str
    passage: str
    after: str
    span: Span
    """The range of ``before + passage + after`` in the version's text."""
    cut_before: bool
    cut_after: bool


class Checker:
    """A corpus with its index and models, opened once and used for many checks.

    Safe to share between threads for checking; the corpus is read anew for each check, so a change by another process is
    seen by the next one.
    """

    def __init__(self, settings: Settings, store: corpus.Store, search_index: index.Index) -> None:
        """Use an open store and index; ``Checker.open`` is the usual way in."""
        self.settings = settings
        self.store = store
        self.index = search_index
        self.judgements: stance.Cache = corpus.Judgements(settings)
        self._stack = ExitStack()

    @classmethod
    def open(cls, settings: Settings, *, progress: Report = _silent) -> Self:
        """Open the corpus and its index, bringing the index up to date with the corpus where it is not.

        Raises:
            CorpusError, SearchIndexError, ModelError: what could not be opened, and what to do.
        """
        with ExitStack() as stack:
            store = stack.enter_context(corpus.Store.open(settings))
            clock = _Clock(progress)
            clock.start("opening the corpus")
            # Reports only where something is to be brought into step, mended or built.
            opened = index.Index.open(store, settings, progress=clock.step)
            stack.callback(opened.close)
            checker = cls(settings, store, opened)
            checker._stack = stack.pop_all()
        return checker

    def close(self) -> None:
        """Close the corpus and its index."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def find_claims(self, document: Document, *, promoted: Collection[Span] = ()) -> ClaimSet:
        """Return the claims of ``document`` and the sentences left out.

        Args:
            document: The article.
            promoted: Skipped sentences, by their spans, that a person takes as claims.

        Raises:
            EmptyDocumentError: there is no text.
            LanguageError: the text is not English.
            DocumentError: the text is longer than ``settings.max_article_characters``, or ``promoted`` names no sentence.
        """
        if not document.text.strip():
            message = "The article is empty: give a file, an address or text that holds at least one sentence."
            raise EmptyDocumentError(message)
        if len(document.text) > self.settings.max_article_characters:
            message = (
                f"The article has {len(document.text):,} characters; at most {self.settings.max_article_characters:,} are "
                "accepted. Split it, or raise ONRECORD_MAX_ARTICLE_CHARACTERS."
            )
            raise DocumentError(message)
        return claims.find_claims(
            document, settings=self.settings, encode=self.index.embedder.encode, promoted=promoted
        )

    def check_claims(
        self,
        found: Sequence[Claim],
        *,
        filters: SearchFilters,
        article_date: dt.date | None = None,
        article_title: str = "",
        progress: Report = _silent,
    ) -> list[CheckedClaim]:
        """Search, judge and decide for each of ``found``, in their order.

        Args:
            found: The claims.
            filters: What may be found.
            article_date: Day of the article they stand in.
            article_title: Its title, with which claims are searched that do not stand alone.
            progress: Called at every stage and step.
        """
        article = _Article(article_date, article_title)
        return list(self._checked(found, article, filters=filters, clock=_Clock(progress)))

    def check_article(
        self,
        document: Document,
        *,
        filters: SearchFilters,
        progress: Report = _silent,
        on_claim: Callable[[CheckedClaim], None] | None = None,
        promoted: Collection[Span] = (),
    ) -> CheckedArticle:
        """Check a whole article.

        Args:
            document: The article.
            filters: What may be found.
            progress: Called at every stage and step.
            on_claim: Called with each claim as soon as it is decided, in the article's order.
            promoted: Skipped sentences of an earlier check, by their spans, that a person takes as claims.

        Raises:
            DocumentError, LanguageError: the article cannot be checked at all.
            NotAllowedError: this person may only read.
        """
        require("checker", "checking an article", settings=self.settings)
        clock = _Clock(progress)
        clock.start("finding claims")
        found = self.find_claims(document, promoted=promoted)
        checked: list[CheckedClaim] = []
        article = _Article(document.published, claims.title_of(document))
        for item in self._checked(found.claims, article, filters=filters, clock=clock):
            checked.append(item)
            if on_claim is not None:
                on_claim(item)
        clock.start("verifying quotations")
        elsewhere = self._verified_elsewhere(document, found.claims, filters=filters)
        return CheckedArticle(
            id=uuid.uuid4().hex,
            created_at=dt.datetime.now(dt.UTC),
            article=document,
            claims=tuple(checked),
            skipped=found.skipped,
            quotations=elsewhere,
            rejected=found.rejected,
            notes=found.notes,
            filters=filters,
            corpus=self.state(),
            models=self.models(),
            settings=recorded_settings(self.settings),
            stages=clock.record(),
            package_version=__version__,
            complete=all(item.verdict.label is not VerdictLabel.NOT_CHECKED for item in checked),
        )

    def add_claims(self, checked: CheckedArticle, span: Span) -> list[Revision]:
        """Check words of a checked article that were not taken as a claim, as its claims; nothing is kept.

        Whole sentences are worded and attributed by the claims room; other words are taken as they stand.

        Raises:
            NotFoundError: the range lies outside the text, or holds no words.
            DocumentError: the sentences that were left out are none of the article's, as this version cuts it.
            NotAllowedError: this person may only read.
        """
        require("checker", "adding a claim", settings=self.settings)
        span = _trimmed(span, checked.article.text)
        taken = {item.claim.span for item in checked.claims}
        left_out = [sentence.span for sentence in checked.skipped if span.contains(sentence.span)]
        found = self.find_claims(checked.article, promoted=left_out).claims if left_out else ()
        inside = [claim for claim in found if span.contains(claim.span) and claim.span not in taken]
        if not inside:
            words = span.of(checked.article.text)
            inside = [
                Claim(
                    id="",
                    span=span,
                    text=words,
                    standalone=" ".join(words.split()),
                    proposition=" ".join(words.split()),
                    quotations=tuple(q for q in find_quotations(checked.article.text) if span.contains(q.span)),
                    check_worthiness_probability=0.0,
                    why="",
                )
            ]
        named = [
            claim.model_copy(
                update={"id": f"a{uuid.uuid4().hex[:6]}-{claim.span.start}", "why": "A person asked for it."}
            )
            for claim in inside
        ]
        return self._revisions(checked, named, "added")

    def reword_claim(self, checked: CheckedArticle, claim_id: str, standalone: str, proposition: str = "") -> Revision:
        """Check one claim of a checked article again, read in other words; nothing is kept.

        Args:
            checked: The check.
            claim_id: The claim.
            standalone: The claim in words that stand alone.
            proposition: For reported speech, what is asserted; empty: as it was.

        Raises:
            NotFoundError: the check has no such claim, or there are no words.
            NotAllowedError: this person may only read.
        """
        require("checker", "wording a claim", settings=self.settings)
        claim = next((item.claim for item in checked.claims if item.claim.id == claim_id), None)
        words = " ".join(standalone.split())
        if claim is None or not words:
            message = "There is no such claim, or no words for it: say the claim in a sentence that stands alone."
            raise NotFoundError(message)
        asserted = (" ".join(proposition.split()) or claim.proposition) if claim.attribution else words
        unresolved = claim.unresolved if words == claim.standalone else ()  # in the same words, as unclear as before
        again = claim.model_copy(update={"standalone": words, "proposition": asserted, "unresolved": unresolved})
        return self._revisions(checked, [again], "reworded")[0]

    def _revisions(
        self, checked: CheckedArticle, wanted: Sequence[Claim], what: Literal["added", "reworded"]
    ) -> list[Revision]:
        article = checked.article
        items = self.check_claims(
            wanted, filters=checked.filters, article_date=article.published, article_title=claims.title_of(article)
        )
        state, models = self.state(), self.models()
        return [
            Revision(
                check_id=checked.id,
                what=what,
                item=item,
                corpus=state,
                models=models,
                settings=recorded_settings(self.settings),
                package_version=__version__,
                who=self.settings.editor,
                made_at=dt.datetime.now(dt.UTC),
            )
            for item in items
        ]

    def state(self) -> CorpusState:
        """Return the corpus' number and counts."""
        return self.store.state()

    def models(self) -> tuple[ModelUsed, ...]:
        """Return every model that takes part, with the hash of its weights."""
        return (
            *self.index.embedder.models,
            *claims.models(self.settings),
            *stance.models(self.settings),
        )

    def search(self, query: str, *, filters: SearchFilters, top_k: int) -> list[tuple[Hit, Passage]]:
        """Return the passages nearest to a free-text query, best first."""
        hits = self.index.search([query], filters=filters, top_k=top_k)[0]
        return list(zip(hits, self.store.passages([hit.passage_id for hit in hits]), strict=True))

    def find(self, query: str, *, filters: SearchFilters, top_k: int) -> list[tuple[Hit, Passage]]:
        """Search as a person does: words in double quotation marks must stand in the passage, in their order.

        Raises:
            SearchIndexError: there are no words to search for.
        """
        wanted = [" ".join(one.split()) for one in _PHRASE.findall(query)]
        if not any(character.isalnum() for phrase in wanted for character in phrase):
            return self.search(query, filters=filters, top_k=top_k)
        found = dict.fromkeys(
            passage.id for near in self.index.search_quotations(wanted, filters=filters) for passage in near
        )
        hits = {
            hit.passage_id: hit for hit in self.index.search([_PHRASE.sub(r"\1", query)], filters=filters, top_k=100)[0]
        }
        ids = [*hits, *(id_ for id_ in found if id_ not in hits)]
        folded = [_folded(phrase) for phrase in wanted]
        kept = [p for p in self.store.passages(ids) if all(phrase in _folded(p.text) for phrase in folded)]
        plain = {
            id_: Hit(passage_id=id_, query=query, lexical_rank=place, fused_score=0.0)
            for place, id_ in enumerate(found, 1)
        }
        return [(hits.get(passage.id) or plain[passage.id], passage) for passage in kept[:top_k]]

    def _checked(
        self, found: Sequence[Claim], article: _Article, *, filters: SearchFilters, clock: _Clock
    ) -> Iterator[CheckedClaim]:
        done = 0
        # The first claim goes alone: a reader waits for it.
        starts = [0, *range(1, len(found), CLAIMS_PER_BATCH)] if found else []
        for start, end in zip(starts, [*starts[1:], len(found)], strict=True):
            batch = found[start:end]
            try:
                clock.start("verifying quotations", len(batch))
                quotations = self._verified(batch, filters=filters, article_date=article.date)
                evidence = self._evidence(batch, quotations, article, filters=filters, clock=clock)
            except OnRecordError as error:
                failure: str | None = str(error)
                evidence = [() for _ in batch]
                quotations = [() for _ in batch]
            else:
                failure = None
            for claim, judged, quoted in zip(batch, evidence, quotations, strict=True):
                decided = verdict.decide(claim, judged, settings=self.settings, failure=failure)
                done += 1
                clock.report(Progress("claims decided", done, len(found)))
                yield CheckedClaim(claim=claim, verdict=decided, evidence=judged, quotations=quoted)

    def _verified(
        self, batch: Sequence[Claim], *, filters: SearchFilters, article_date: dt.date | None
    ) -> list[tuple[QuotationCheck, ...]]:
        """Look for the quotations of each claim in the whole corpus."""
        wanted = [[quotation for quotation in claim.quotations if stance.long_enough(quotation)] for claim in batch]
        found = iter(
            self.index.search_quotations([quotation.text for some in wanted for quotation in some], filters=filters)
        )
        return [
            tuple(
                stance.verify_quotation(
                    quotation,
                    next(found),
                    speaker=stance.speaker_of(claim, quotation),
                    said=stance.said_when(claim, article_date=article_date),
                )
                for quotation in some
            )
            for claim, some in zip(batch, wanted, strict=True)
        ]

    def _verified_elsewhere(
        self, document: Document, found: Sequence[Claim], *, filters: SearchFilters
    ) -> tuple[QuotationCheck, ...]:
        """Look for the quotations that stand in no claim; who says them is not known."""
        taken = {quotation.span for claim in found for quotation in claim.quotations}
        wanted = [q for q in find_quotations(document.text) if q.span not in taken and stance.long_enough(q)]
        passages = self.index.search_quotations([quotation.text for quotation in wanted], filters=filters)
        return tuple(
            stance.verify_quotation(quotation, near, speaker=None)
            for quotation, near in zip(wanted, passages, strict=True)
        )

    def _evidence(
        self,
        batch: Sequence[Claim],
        quotations: Sequence[tuple[QuotationCheck, ...]],
        article: _Article,
        *,
        filters: SearchFilters,
        clock: _Clock,
    ) -> list[tuple[Evidence, ...]]:
        clock.start("searching", len(batch))
        searched, copies = self._search(batch, article.title, filters=filters)
        hits = [_with_quoted(found, checks) for found, checks in zip(searched, quotations, strict=True)]
        wanted = list(dict.fromkeys(hit.passage_id for found in hits for hit in found))
        passages = dict(zip(wanted, self.store.passages(wanted), strict=True))
        clock.start("judging", len(batch))
        items: list[stance.JudgeItem] = []
        owners: list[int] = []
        for number, (claim, found, checks) in enumerate(zip(batch, hits, quotations, strict=True)):
            for hit in found:
                passage = passages[hit.passage_id]
                asked = stance.questions(claim, passage, hit, article_date=article.date, quotations=checks)
                items.extend(asked)
                owners.extend([number] * len(asked))
        judged = stance.judge(items, settings=self.settings, cache=self.judgements)
        clock.start("deciding", len(batch))
        grouped: list[list[Evidence]] = [[] for _ in batch]
        for owner, item in zip(owners, judged, strict=True):
            carried = copies[owner].get(item.passage.id, ())
            grouped[owner].append(item.model_copy(update={"copies": carried}) if carried else item)
        return [tuple(sorted(group, key=strength)) for group in grouped]

    def _search(
        self, batch: Sequence[Claim], title: str, *, filters: SearchFilters
    ) -> tuple[list[list[Hit]], list[dict[str, tuple[str, ...]]]]:
        """Search each claim by its wordings (see ``wordings``).

        What the speaker of a reported claim says in his own words comes first, others' accounts after it. Copies of one story
        are found once; with each claim's hits come the sources that carry copies of their passages.
        """
        asked = [wordings(claim, title) for claim in batch]
        top_k = self.settings.top_k
        copied = self.store.has_copies()
        # Twice as many, so that what copies leave free is filled.
        found = iter(
            self.index.search(
                [query for some in asked for query in (*some.own, *some.titled)],
                filters=filters,
                top_k=2 * top_k if copied else top_k,
            )
        )
        ranked = [merged([next(found) for _ in some.own], [next(found) for _ in some.titled]) for some in asked]
        known = [{hit.passage_id: hit for hit in hits} for hits in ranked]
        own = self._own_words(batch, filters=filters)
        ranked = [
            [
                *(by_id.get(hit.passage_id, hit) for hit in first),
                *(hit for hit in hits if hit.passage_id not in uttered),
            ]
            for first, hits, by_id, uttered in zip(
                own, ranked, known, [{hit.passage_id for hit in hits} for hits in own], strict=True
            )
        ]
        if not copied:
            return [hits[:top_k] for hits in ranked], [{} for _ in batch]
        kept = [corpus.without_copies(self.store.passages([hit.passage_id for hit in hits])) for hits in ranked]
        chosen = [[hit for hit in hits if hit.passage_id in of][:top_k] for hits, of in zip(ranked, kept, strict=True)]
        return chosen, kept

    def _own_words(self, batch: Sequence[Claim], *, filters: SearchFilters) -> list[list[Hit]]:
        """Find what the speakers of reported claims say themselves; nothing for other claims.

        A speech is outnumbered by what is written about it, which repeats the words of the claim more closely.
        """
        by_speaker: dict[str, list[int]] = {}
        for number, claim in enumerate(batch):
            if claim.attribution is not None and claim.attribution.speaker_resolved and not filters.speakers:
                by_speaker.setdefault(claim.attribution.speaker, []).append(number)
        own: list[list[Hit]] = [[] for _ in batch]
        for speaker, numbers in by_speaker.items():
            his = filters.model_copy(update={"speakers": (speaker,)})
            wordings = [batch[number].proposition for number in numbers]
            found = self.index.search(wordings, filters=his, top_k=self.settings.own_words)
            for number, hits in zip(numbers, found, strict=True):
                own[number] = hits
        return own


@dataclass(frozen=True, slots=True)
class Wordings:
    """What a claim is searched by."""

    own: tuple[str, ...]
    """Standing alone; for reported speech, also without who said it."""
    titled: tuple[str, ...]
    """With its article's title, which tells what the article is about; none where there is no title."""


def wordings(claim: Claim, title: str = "") -> Wordings:
    """Return what a claim is searched by."""
    own = dict.fromkeys((claim.standalone, claim.proposition))
    return Wordings(tuple(own), (f"{claim.standalone} {title}",) if title else ())


def merged(own: Sequence[Sequence[Hit]], titled: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Return what a claim's wordings found, best first: by the mean of the best score of its own and of the titled ones.

    Claims of WiCE in their articles, gold sentences among ten passages: 0.837 without the title, 0.892 with it by the best
    score of all wordings, 0.901 by this mean (of 300 passages of each wording; 0.892 of twelve of each, as a check has
    them). Under the title of another article PolitiHop loses 0.014, Check-COVID 0.002 and FoolMeTwice nothing, where the best
    score lost 0.02 to 0.05 (27 November 2026).

    How near a passage is to the claim is told by the claim's own wordings alone: what only the wording with the title found
    counts no nearer than the farthest passage of theirs.
    """
    mine, theirs = (
        {hit.passage_id: hit for hit in reversed(_ranked(itertools.chain.from_iterable(some)))}
        for some in (own, titled)
    )
    if not titled:
        return _ranked(mine.values())
    farthest = min((hit.dense_score for hit in mine.values() if hit.dense_score is not None), default=None)
    found: list[Hit] = []
    for name in {**mine, **theirs}:
        hit = mine.get(name) or theirs[name]
        near = hit.dense_score
        if name not in mine and near is not None and farthest is not None:
            near = min(near, farthest)
        score = sum(some[name].fused_score for some in (mine, theirs) if name in some) / 2
        found.append(hit.model_copy(update={"dense_score": near, "fused_score": score}))
    return _ranked(found)


def _ranked(hits: Iterable[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.fused_score, hit.passage_id))


_PHRASE = re.compile('["“„«]([^"”“»]+)["”“»]')
_MARKS = str.maketrans({"’": "'", "‘": "'", "–": "-", "—": "-"})


_WORD = re.compile(r"[^\W_]+(?:[-'.,][^\W_]+)*")


def _folded(text: str) -> str:
    """Return a text as phrases are compared: case, white space and the shape of marks aside."""
    return f" {' '.join(_WORD.findall(text.casefold().translate(_MARKS)))} "


def _trimmed(span: Span, text: str) -> Span:
    """Return a range without the white space at its ends.

    Raises:
        NotFoundError: it lies outside the text, or holds no words.
    """
    words = span.of(text)
    if span.end > len(text) or not any(character.isalnum() for character in words):
        message = f"There are no words at {span.start} to {span.end} of this article: select a sentence of it."
        raise NotFoundError(message)
    start = span.start + len(words) - len(words.lstrip())
    return Span(start=start, end=start + len(words.strip()))


def _with_quoted(hits: Sequence[Hit], checks: Sequence[QuotationCheck]) -> list[Hit]:
    """Add the passages in which the claim's quotations stand, where search did not bring them, and number what there is."""
    known = {hit.passage_id for hit in hits}
    added = {
        place.passage.id: Hit(passage_id=place.passage.id, query=check.quotation.text, lexical_rank=1, fused_score=0.0)
        for check in checks
        for place in check.places[:2]
        if place.passage.id not in known
    }
    return [hit.model_copy(update={"place": place}) for place, hit in enumerate((*hits, *added.values()), start=1)]


def strength(item: Evidence) -> tuple[int, float, str]:
    """Order evidence: stances first, then the strongest, then a stable tie-break."""
    if item.stance is Stance.SUPPORTS:
        return (0, -item.probabilities.supports, item.passage.id)
    if item.stance is Stance.REFUTES:
        return (1, -item.probabilities.refutes, item.passage.id)
    return (2, -item.hit.fused_score, item.passage.id)


def recorded_settings(settings: Settings) -> dict[str, str]:
    """Return the settings that bear on a verdict, as text, without folders and addresses of this machine."""
    private = {"home", "database_url", "chroma_url", "log_level", "judgement_cache", "user", "role"}
    return {name: str(value) for name, value in settings.model_dump(mode="json").items() if name not in private}


def check_article(
    document: Document,
    *,
    settings: Settings,
    filters: SearchFilters | None = None,
    progress: Report = _silent,
    on_claim: Callable[[CheckedClaim], None] | None = None,
) -> CheckedArticle:
    """Check one article with a ``Checker`` of its own; see ``Checker.check_article``."""
    with Checker.open(settings, progress=progress) as checker:
        return checker.check_article(document, filters=filters or SearchFilters(), progress=progress, on_claim=on_claim)


def update_corpus(
    paths: Sequence[Path],
    *,
    settings: Settings,
    mapping: Path | None = None,
    collection: str = "",
    progress: Report | None = None,
) -> UpdateReport:
    """Add files, folders or a mapped table to the corpus, then bring the indexes up to date.

    The store is the truth and is written first; should the work end in between, the next opening finishes the indexes.

    Args:
        paths: Files and folders; with ``mapping``, tables; with a file as ``collection``, the one base folder.
        settings: The settings in force.
        mapping: A mapping file that says which field of a table is what.
        collection: The part of the corpus that documents belong to which do not say it themselves; or the ``.toml`` file that
            lists mappings and the tables they are for, whose name it then is.
        progress: Called while it goes on. The documents are counted first, for the time left, only when it is given.

    Raises:
        DocumentError: nothing could be read; single bad files are counted in the report instead.
        CorpusBusyError: another process is writing.
    """
    total = 0
    if collection.endswith(".toml"):
        if len(paths) != 1:
            message = f"A collection takes one base folder, and {len(paths)} paths came: give the folder its paths start from."
            raise DocumentError(message)
        parts = documents.load_collection(Path(collection), paths[0])
        incoming = documents.iter_collection(parts, settings=settings)
        if progress is not None:
            total = documents.count_collection(parts, settings=settings)
    else:
        loaded = documents.load_mapping(mapping) if mapping is not None else None
        name = collection or (loaded.name if loaded is not None else "")
        incoming = documents.belonging(documents.iter_documents(paths, mapping=loaded, settings=settings), name)
        if progress is not None:
            total = documents.count_documents(paths, mapping=loaded, settings=settings)
    return add_documents(incoming, settings=settings, progress=progress or _silent, total=total)


def add_documents(
    incoming: Iterable[Document | documents.ReadFailure],
    *,
    settings: Settings,
    progress: Report = _silent,
    total: int = 0,
) -> UpdateReport:
    """Add documents that were read already, as ``update_corpus`` does; ``total`` is how many come, where that is known.

    Raises:
        CorpusBusyError: another process is writing.
        NotAllowedError: this person is no maintainer.
    """
    clock = _Clock(progress)
    clock.start("reading and storing")
    # One lock for all, so that the indexes are in step when the next writer is let in.
    with corpus.Store.open(settings) as store, store.writing("adding documents") as journal:
        report = store.add_documents(incoming, progress=lambda done: clock.step(done, total))
        clock.start("finding copies")
        items = list(report.items)
        copies = corpus.note_copies(store, items)
        _index(store, journal, clock)
    clock.stop()
    seconds = round(sum(clock.stages.values()), 3)
    return report.model_copy(update={"items": tuple(items), "near_duplicates": copies, "seconds": seconds})


def sync_corpus(  # noqa: PLR0913
    registry: Path,
    *,
    settings: Settings,
    only: Sequence[str] = (),
    again: bool = False,
    accept_withdrawals: bool = False,
    progress: Report = _silent,
) -> UpdateReport:
    """Bring the corpus up to date with a ``sources.toml``, then the indexes; see ``corpus.sync_registry``.

    Args:
        registry: The ``sources.toml``.
        settings: The settings in force.
        only: Names of entries; empty: all.
        again: Read also what has the same bytes as last time.
        accept_withdrawals: Withdraw even more than half of an entry.
        progress: Called while it goes on.

    Raises:
        CorpusError: the registry cannot be used, or the database refused.
        CorpusBusyError: another process is writing.
    """
    clock = _Clock(progress)
    loaded = corpus.load_registry(registry)
    clock.start("reading and storing")
    with corpus.Store.open(settings) as store, store.writing("bringing the corpus up to date") as journal:
        report = corpus.sync_registry(
            store,
            loaded,
            only=tuple(only),
            again=again,
            accept_withdrawals=accept_withdrawals,
            progress=lambda done: clock.step(done, 0),
        )
        _index(store, journal, clock)
    clock.stop()
    return report.model_copy(update={"seconds": round(sum(clock.stages.values()), 3)})


def withdraw_sources(
    ids: Sequence[str], *, reason: str, settings: Settings, back: bool = False, progress: Report = _silent
) -> list[str]:
    """Take sources out of the search, or put them ``back``; return those that were not so already.

    Raises:
        NotFoundError: there is no such source; nothing is changed then.
        CorpusError: no reason is given.
        CorpusBusyError: another process is writing.
    """
    clock = _Clock(progress)
    what = "restoring sources" if back else "withdrawing sources"
    with corpus.Store.open(settings) as store, store.writing(what) as journal:
        done = (store.restore if back else store.withdraw)(ids, reason=reason)
        store.find_copies()
        _index(store, journal, clock)
    clock.stop()
    return done


def _index(store: corpus.Store, journal: Journal, clock: _Clock) -> None:
    """Bring the indexes into step with the store."""
    # Their own notes tell whether anything is left to do, without loading a model or opening an engine.
    if index.applied_state(store.settings) != store.state().number:
        journal.step("indexing")
        clock.start("indexing")
        index.Index.open(store, store.settings, progress=clock.step, wait=INDEX_WAIT_SECONDS).close()


def verify_corpus(
    *, settings: Settings, repair: bool = False, backup: Path | None = None, progress: Report = _silent
) -> Verification:
    """Compare the store, the snapshots and both indexes with each other; finish first what an interrupted command left.

    Args:
        settings: The settings in force.
        repair: Mend what can be mended, and look again.
        backup: A backup to take lost bytes from.
        progress: Called at every stage.

    Raises:
        CorpusBusyError: another process is writing.
        CorpusError: the database cannot be read.
    """
    clock = _Clock(progress)
    finished = [f"{entry.operation} was interrupted at {entry.step!r}" for entry in corpus.interrupted(settings)]
    clock.start("opening the corpus")
    with corpus.Store.open(settings) as store, store.writing("verifying the corpus") as journal:
        applied, state = index.applied_state(settings), store.state()
        _index(store, journal, clock)
        if applied != state.number:
            finished.append(f"the indexes were at state {applied}, and were brought to {state.number}")
        found = _differences(store, settings, clock)
        left = found
        if repair and found:
            clock.start("mending")
            corpus.mend(store, found, backup)
            index.mend(store, settings, found)
            left = _differences(store, settings, clock)
        state, snapshots = store.state(), corpus.snapshot_count(store)
    clock.stop()
    return Verification(
        state=state,
        snapshots=snapshots,
        finished=tuple(finished),
        differences=tuple(left),
        mended=tuple(difference for difference in found if difference not in left),
        seconds=round(sum(clock.stages.values()), 3),
    )


def _differences(store: corpus.Store, settings: Settings, clock: _Clock) -> list[Difference]:
    clock.start("comparing the store and the snapshots")
    found = list(corpus.differences(store))
    clock.start("comparing the indexes")
    return [*found, *index.differences(store, settings)]


def rebuild_indexes(*, settings: Settings, progress: Report = _silent) -> CorpusState:
    """Build both indexes anew from the store, while searches go on in the old ones.

    Raises:
        CorpusBusyError: another process is writing.
        SearchIndexError, ModelError: they cannot be built.
    """
    clock = _Clock(progress)
    with corpus.Store.open(settings) as store, store.writing("rebuilding the indexes") as journal:
        clock.start("indexing")
        return index.rebuild(store, settings, journal=journal, progress=clock.step).state


def restore_backup(file: Path, *, settings: Settings, replace: bool = False, progress: Report = _silent) -> Archive:
    """Put the corpus of a backup in the place of this one, then bring the indexes into step; see ``corpus.restore_backup``."""
    return _replaced(
        lambda store: corpus.restore_backup(store, file, replace=replace), "restoring a backup", settings, progress
    )


def import_corpus(folder: Path, *, settings: Settings, progress: Report = _silent) -> Archive:
    """Read an exported corpus into an empty one, then build the indexes; see ``corpus.import_corpus``."""
    return _replaced(lambda store: corpus.import_corpus(store, folder), "importing a corpus", settings, progress)


def _replaced(read: Callable[[corpus.Store], Archive], purpose: str, settings: Settings, progress: Report) -> Archive:
    clock = _Clock(progress)
    clock.start("reading and storing")
    with corpus.Store.open(settings) as store, store.writing(purpose) as journal:
        # Nobody may find the indexes in step with a state of the same number that held something else.
        with index.distrusted(settings):
            archive = read(store)
        _index(store, journal, clock)
    return archive


def context(evidence: Evidence, *, settings: Settings, characters: int = 600) -> SourceContext:
    """Return the text of the source around a piece of evidence, from the very version that was judged.

    Raises:
        NotFoundError: the version is not in this corpus.
        CorpusDamagedError: the stored text is not the text that was judged.
    """
    with corpus.Store.open(settings) as store:
        version = store.version(evidence.passage.version_id)
        source = store.source(version.source_id)
    span = evidence.passage.span
    if span.of(version.text) != evidence.passage.text:
        message = (
            f"The passage {evidence.passage.id} is not at {span.start}-{span.end} of its stored version: the check was made "
            "with another corpus. Check the article again."
        )
        raise NotFoundError(message)
    start = max(0, span.start - characters)
    end = min(len(version.text), span.end + characters)
    return SourceContext(
        source=source,
        version=version,
        before=version.text[start : span.start],
        passage=version.text[span.start : span.end],
        after=version.text[span.end : end],
        span=Span(start=start, end=end),
        cut_before=start > 0,
        cut_after=end < len(version.text),
    )


def pasted(text: str, *, published: dt.date | None = None, title: str | None = None) -> Document:
    """Return pasted text as a document, hashed like the bytes of a file."""
    return Document(
        text=text,
        media_type="text/plain",
        content_sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        title=title,
        published=published,
    )
