"""The records that rooms hand to each other: frozen, small, without I/O.

All offsets are counted in Unicode code points, half open, into the text named by the field's docstring. A result that
selects keeps what it left out and why. ``CheckedArticle`` is the documented JSON form (``SCHEMA_VERSION``); every record
round-trips through ``model_dump_json`` and ``model_validate_json``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA_VERSION = "1.5"
"""Version of the JSON form of ``CheckedArticle``; the first number changes when a reader must change."""

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Record(BaseModel):
    """Base of all records: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Record):
    """A half-open range of code points in a named text.

    >>> Span(start=0, end=5).of("Hello, world")
    'Hello'
    """

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            message = f"a span ends ({self.end}) before it starts ({self.start})"
            raise ValueError(message)
        return self

    def of(self, text: str) -> str:
        """Return the characters of ``text`` in this range."""
        return text[self.start : self.end]

    def shifted(self, by: int) -> Span:
        """Return this range moved by ``by`` code points."""
        return Span(start=self.start + by, end=self.end + by)

    def contains(self, other: Span) -> bool:
        """Tell whether ``other`` lies wholly inside this range."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two ranges share at least one code point."""
        return self.start < other.end and other.start < self.end


class SourceKind(StrEnum):
    """What a source is; ``coverage`` and ``summary`` are accounts, not primary sources."""

    TRANSCRIPT = "transcript"
    DOCUMENT = "document"
    DATA = "data"
    COVERAGE = "coverage"
    SUMMARY = "summary"


class Stance(StrEnum):
    """What a passage does to a proposition."""

    SUPPORTS = "supports"
    REFUTES = "refutes"
    NEUTRAL = "neutral"


class VerdictLabel(StrEnum):
    """The five honest states of a claim. A failure can only ever be ``NOT_CHECKED``."""

    SUPPORTED = "SUPPORTED"
    REFUTED = "REFUTED"
    CONFLICTING = "CONFLICTING"
    NOT_ENOUGH_EVIDENCE = "NOT_ENOUGH_EVIDENCE"
    NOT_CHECKED = "NOT_CHECKED"


class Locator(Record):
    """Where a range of a text stands in what it was read from: on a page, or at a moment of a recording."""

    span: Span
    """In the text of the document or version that holds this."""
    page: Annotated[int, Field(ge=1)] | None = None
    """Counted from 1 in the file, whatever is printed on the page."""
    seconds: Annotated[float, Field(ge=0)] | None = None
    """From the beginning of the recording to the first of these words."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.page is None) == (self.seconds is None):
            message = "a locator gives either a page or seconds"
            raise ValueError(message)
        return self


class Document(Record):
    """Anything that was read: an article to check, or a source on its way into the corpus.

    ``text`` is what all spans point into. ``content_sha256`` is the hash of the bytes as they came. ``metadata`` holds what
    the file said of itself under the names of a source's fields (``id``, ``kind``, ``publisher``, ``primary``, ``licence``
    …), as strings.
    """

    text: str
    media_type: str
    content_sha256: str
    title: str | None = None
    published: dt.date | None = None
    address: str | None = None
    speakers: tuple[str, ...] = ()
    language: str | None = None
    metadata: Mapping[str, str] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    locators: tuple[Locator, ...] = ()
    """Pages or times, in the order of the text, for files that have them; what is between two of them is on neither."""


class Source(Record):
    """One source of the corpus with its provenance; its text lives in its versions."""

    id: str
    title: str
    kind: SourceKind
    publisher: str
    primary: bool
    origin: str = ""
    """How the text came here, in words: "summary written for this project", the mapping or file it was read from."""
    speakers: tuple[str, ...] = ()
    published: dt.date | None = None
    retrieved_at: dt.datetime
    address: str | None = None
    language: str = "en"
    licence: str = ""
    collection: str = ""
    """The part of the corpus that it belongs to: as it says itself, or as its mapping, its entry in ``sources.toml`` or
    ``corpus add --collection`` name it; empty: none."""
    current_version_id: str
    withdrawn: bool = False
    trust_tier: Annotated[int, Field(ge=1, le=3)] | None = None
    """How near to its origin the text came to us, as ``sources.toml`` says; no judgement of what it says: 1 from the publisher
    itself, 2 as a copy by somebody else, 3 as somebody's account of it. ``None``: not said."""
    added_by: str = ""
    added_at: dt.datetime | None = None
    story: str | None = None
    """The id of the source that stands for all copies of this one; ``None`` where the corpus holds none."""

    @property
    def origin_id(self) -> str:
        """What is counted when independent sources are counted: all copies of one story have the same."""
        return self.story or self.id


class Version(Record):
    """One state of a source's text. Versions are never deleted."""

    id: str
    """The source's id, ``@`` and the first 12 hex digits of ``text_sha256``."""
    source_id: str
    number: Annotated[int, Field(ge=1)]
    text: str
    text_sha256: str
    content_sha256: str
    """Hash of the bytes as they came; the name of the snapshot. For a row of a table or a member of an archive, the hash of
    that row (as canonical JSON) or member alone: the store names the snapshot of the whole file beside it."""
    media_type: str
    added_at: dt.datetime
    locators: tuple[Locator, ...] = ()
    """The pages or times of ``text``, for files that have them."""


class Passage(Record):
    """A window of whole sentences in one version, the unit of search. ``text == version.text[span]``."""

    id: str
    """The version's id, ``:``, start and end: ``<source>@<sha>:<start>-<end>``."""
    source: Source
    version_id: str
    span: Span
    text: str
    sentences: tuple[Span, ...]
    """The passage's sentences, as ranges in the version's text."""
    speaker: str | None = None
    """Who utters the words of the passage, where known (a transcript's speaker); not who is mentioned."""
    locators: tuple[Locator, ...] = ()
    """The pages or times that the passage touches, as ranges in the version's text."""

    def text_in(self, span: Span) -> str:
        """Return the passage's characters in a range of the version's text."""
        return span.shifted(-self.span.start).of(self.text)


class Quotation(Record):
    """Words between quotation marks in the article; ``span`` is inside the marks, in the article's text."""

    span: Span
    text: str


class Attribution(Record):
    """Reported speech: who says it, by which cue, and what. Spans point into the article's text."""

    speaker: str
    """The speaker's name as resolved from the article ("Vladimir Putin"), or the words of the article ("He")."""
    speaker_resolved: bool
    source_span: Span | None = None
    cue_span: Span | None = None
    content_spans: tuple[Span, ...] = ()


class Unresolved(Record):
    """Words of a claim that could not be made to stand alone, and why; never guessed."""

    span: Span
    text: str
    reason: str


class Claim(Record):
    """A checkable claim. ``article.text[span]`` is ``text``, always."""

    id: str
    """``c`` and the claim's ordinal in the article, with its start: ``c3-412``. Two equal sentences have two ids."""
    span: Span
    text: str
    standalone: str
    """The claim in words that stand alone, attribution included."""
    proposition: str
    """What is asserted, without its attribution: equal to ``standalone`` when nobody is said to say it."""
    attribution: Attribution | None = None
    quotations: tuple[Quotation, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    check_worthiness_probability: Probability
    why: str
    """Why this was taken as a claim, in words."""
    worded_by: str = ""
    """The language model that cut and worded the claim (``provider:model``); empty: the rules did."""


class Skipped(Record):
    """A sentence that was not taken as a claim, and why."""

    span: Span
    text: str
    reason: str
    check_worthiness_probability: Probability


class Rejected(Record):
    """A claim that a language model proposed and that was dropped. Its words, cut after 300 characters, are no claim."""

    quote: str
    """What it gave as the article's words."""
    standalone: str
    reason: str


class ClaimSet(Record):
    """All sentences of an article: those taken, and those left out with their reason."""

    claims: tuple[Claim, ...]
    skipped: tuple[Skipped, ...]
    language: str
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    """What a language model did, or why the rules did it instead, in sentences for a reader."""


class SearchFilters(Record):
    """What may be found; applied inside the query and shown with the results."""

    kinds: tuple[SourceKind, ...] = ()
    """Empty: every kind."""
    primary_only: bool = False
    as_of: dt.date | None = None
    """Nothing published after this day; undated sources are left out when it is set."""
    since: dt.date | None = None
    """Nothing published before this day; undated sources are left out when it is set."""
    publishers: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """Of the sources, as they are declared: ``en``."""
    collections: tuple[str, ...] = ()
    """Parts of the corpus, by their names."""


class Hit(Record):
    """One passage found, and how. Ranks count from 1; ``None`` where that retriever did not find it."""

    passage_id: str
    query: str
    dense_rank: int | None = None
    dense_score: float | None = None
    """Cosine similarity in [-1, 1]."""
    lexical_rank: int | None = None
    lexical_score: float | None = None
    """BM25, not comparable between queries."""
    fused_score: float
    """Weighted sum of both scores, each between the last and the first of its list, and a share of its source's next ones; in
    an article with a title, the mean of this and of the same for the wording with the title."""
    matched_terms: tuple[str, ...] = ()
    place: Annotated[int, Field(ge=1)] | None = None
    """Place among the passages that the claim was held against, from 1; ``None`` outside a check."""


class Finding(Record):
    """What a rule beside the network found when it compared a claim with a window of evidence."""

    check: Literal["numbers", "dates", "names", "quotes"]
    outcome: Literal["equal", "rounded", "different", "not_comparable"]
    claim_value: str
    evidence_value: str
    claim_span: Span
    """In the wording of the claim that was judged."""
    evidence_span: Span
    """In the version's text."""
    message: str
    """One sentence for a reader: "40 % in the article, 14 % in the source"."""


class StanceProbabilities(Record):
    """Calibrated probabilities; they sum to one."""

    supports: Probability
    refutes: Probability
    neutral: Probability


class QuotationOutcome(StrEnum):
    """What became of a quotation that was looked for in the whole corpus."""

    VERBATIM = "verbatim"
    MINOR = "minor"
    """The same words; case, punctuation, an ellipsis, bracketed words, spelling or a transcript's fillers differ."""
    ALTERED = "altered"
    SPLICED = "spliced"
    """Two separate utterances joined as if they were one."""
    OUT_OF_CONTEXT = "out of context"
    """The words are there, and the words beside them negate them or set a condition."""
    MISATTRIBUTED = "misattributed"
    """On record, but as said by somebody else."""
    WRONGLY_DATED = "wrongly dated"
    """On record, but not as said at the time that the article gives."""
    NOT_FOUND = "not found in this corpus"
    """Says nothing about whether it was ever said."""


class WordChange(Record):
    """One step of a word-level diff from a source to a quotation, in the words of both as written."""

    kind: Literal["equal", "replace", "insert", "delete"]
    """``insert``: in the quotation only; ``delete``: in the source only."""
    quotation: str
    source: str


class QuotationPlace(Record):
    """Where the words of a quotation stand on record."""

    passage: Passage
    span: Span
    """In the version's text; it may run over the end of the passage into the next."""
    text: str
    """The source's own words at ``span``."""
    before: str = ""
    """What stands before them in their sentence."""
    after: str = ""
    """What stands after them in their sentence."""


class QuotationCheck(Record):
    """A quotation of the article, looked for in the whole corpus, whoever the passages are attributed to."""

    quotation: Quotation
    speaker: str | None
    """Who says it, as the article has it; ``None`` where that is not clear."""
    outcome: QuotationOutcome
    places: tuple[QuotationPlace, ...] = ()
    """The best place first; the two joined utterances in the quotation's order; none when not found."""
    wording: Literal["verbatim", "minor", "altered", "spliced", "not_found"]
    """The words alone, apart from who said them, when, and what stood beside them."""
    differences: tuple[str, ...] = ()
    """What a minor wording differs in: ``case``, ``punctuation``, ``ellipsis``, ``brackets``, ``spelling``, ``filler``."""
    changes: tuple[WordChange, ...] = ()
    """The diff of an altered wording, equal stretches included."""
    message: str
    """One sentence for a reader."""


class Evidence(Record):
    """A passage judged against a claim."""

    passage: Passage
    hit: Hit
    question: Literal["said", "true"]
    """``said``: does it show that the speaker said so? ``true``: does it bear on what is asserted?"""
    hypothesis: str
    """The wording that was judged: the claim as a whole or its proposition."""
    own_words: bool
    """The passage is spoken by the very speaker of a reported claim."""
    stance: Stance
    probabilities: StanceProbabilities
    rationale: Span
    """The sentence or sentences that decide, in the version's text."""
    rationale_text: str
    nearest: Span | None = None
    """Where no sentence says it alone and the rationale is the whole passage: the sentence that comes nearest to it."""
    window: Span
    """The window that was judged, in the version's text."""
    findings: tuple[Finding, ...] = ()
    later_than_article: bool = False
    note: str = ""
    """Why the network's stance was changed or held back, if it was."""
    given_differently: bool = False
    """It gives another figure than the claim, which another source bears out: two figures of one thing are on record."""
    copies: tuple[str, ...] = ()
    """Sources that carry a copy of this passage. They were found too, and count with it as one source."""


class Reason(Record):
    """Why a verdict came out as it did: a stable code and a sentence."""

    code: str
    text: str


class Verdict(Record):
    """The state of one claim, with its reasons."""

    label: VerdictLabel
    confidence: Probability
    """Calibrated probability of the label given the evidence; 0 for ``NOT_CHECKED``."""
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1)]
    proposition_label: VerdictLabel | None = None
    """For reported speech: the state of what is asserted, apart from whether it was said."""


class CheckedClaim(Record):
    """A claim with its verdict and all evidence that was judged, strongest first within each stance."""

    claim: Claim
    verdict: Verdict
    evidence: tuple[Evidence, ...] = ()
    quotations: tuple[QuotationCheck, ...] = ()
    """The claim's quotations of three words or more, in the order of the text."""

    @property
    def supporting(self) -> tuple[Evidence, ...]:
        """The evidence that supports the claim, strongest first."""
        return tuple(item for item in self.evidence if item.stance is Stance.SUPPORTS)

    @property
    def conflicting(self) -> tuple[Evidence, ...]:
        """The evidence that conflicts with the claim, strongest first."""
        return tuple(item for item in self.evidence if item.stance is Stance.REFUTES)

    @property
    def related(self) -> tuple[Evidence, ...]:
        """The evidence that was found and judged neutral."""
        return tuple(item for item in self.evidence if item.stance is Stance.NEUTRAL)


class ModelUsed(Record):
    """A model that took part, by role, name and hash of its weights."""

    role: Literal["embedding", "stance", "check-worthiness", "linguistics", "llm"]
    name: str
    sha256: str
    """Empty for a language model (``llm``): its weights are not at hand."""


class CorpusState(Record):
    """The corpus that was searched: a number that grows with every change, and counts."""

    number: int
    sources: int
    passages: int


class Stage(Record):
    """How long one stage of a check took."""

    name: str
    seconds: float


class Decision(Record):
    """Where the work on one claim of one check stands after a person did something about it.

    Decisions are appended; none is changed. Each one says all that holds from then on, so that the last of a claim is the one
    in force, whatever came before it.
    """

    check_id: str
    claim_id: str
    number: int = 0
    """Given when it is kept; it grows with every decision of the database."""
    label: VerdictLabel | Literal["NEEDS_WORK", "UNDECIDED"] = "UNDECIDED"
    machine_label: VerdictLabel
    """What the software said when this was decided."""
    note: str = ""
    tags: tuple[str, ...] = ()
    assigned_to: str = ""
    evidence: Mapping[str, Literal["pinned", "rejected"]] = Field(default_factory=dict)
    """Passages that a person put forward or ruled out, by their ids."""
    who: str
    decided_at: dt.datetime
    undoes: int | None = None
    """The number of the decision that this one takes back."""


class Revision(Record):
    """A claim that was checked by itself after its article: added by a person, or read in other words. Appended only."""

    check_id: str
    number: int = 0
    """Given when it is kept."""
    what: Literal["added", "reworded"]
    item: CheckedClaim
    corpus: CorpusState
    models: tuple[ModelUsed, ...]
    settings: Mapping[str, str]
    package_version: str
    who: str
    made_at: dt.datetime


class CheckedArticle(Record):
    """A finished check: everything needed to show it and to replay it."""

    schema_version: str = SCHEMA_VERSION
    id: str
    created_at: dt.datetime
    article: Document
    claims: tuple[CheckedClaim, ...]
    skipped: tuple[Skipped, ...]
    quotations: tuple[QuotationCheck, ...] = ()
    """The quotations of three words or more that stand in no claim; who says them is not known."""
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[str, ...] = ()
    """As in ``ClaimSet``: what a language model did, or why the rules did it instead."""
    filters: SearchFilters
    corpus: CorpusState
    models: tuple[ModelUsed, ...]
    settings: Mapping[str, str]
    stages: tuple[Stage, ...]
    package_version: str
    complete: bool
    """False when any claim could not be checked."""
    revisions: tuple[Revision, ...] = ()
    decisions: tuple[Decision, ...] = ()
    """What people did about it, the earliest first, where it was taken out of the desk; empty as the software made it."""

    @property
    def in_force(self) -> dict[str, Decision]:
        """The last decision about each claim."""
        return {decision.claim_id: decision for decision in self.decisions}


class Review(Record):
    """A check as it stands: what the software found, and what people did about it."""

    checked: CheckedArticle
    """With the claims that were added, and with the newest reading of each."""
    revisions: tuple[Revision, ...] = ()
    decisions: tuple[Decision, ...] = ()
    """All that were made, the earliest first."""

    @property
    def exported(self) -> CheckedArticle:
        """The check with what people did about it in it, as reports give it."""
        return self.checked.model_copy(update={"revisions": self.revisions, "decisions": self.decisions})

    @property
    def in_force(self) -> dict[str, Decision]:
        """The last decision about each claim."""
        return self.exported.in_force


class CheckSummary(Record):
    """One kept check in a list."""

    id: str
    created_at: dt.datetime
    title: str
    complete: bool
    counts: Mapping[VerdictLabel, int]
    """Claims per label, zeros included."""
    article_sha256: str = ""
    """The same for all checks of one article."""
    decided: int = 0
    """Claims that a person decided; those that need work are not."""


class ClaimChange(Record):
    """What became of one claim between two checks, and why."""

    before: CheckedClaim | None
    """``None``: the claim is new."""
    after: CheckedClaim | None
    """``None``: the claim is gone."""
    reasons: tuple[str, ...]
    """Why, in sentences for a reader; empty where nothing changed."""

    @property
    def turned(self) -> bool:
        """Whether the verdict became another one, or the claim came or went."""
        if self.before is None or self.after is None:
            return True
        one, other = self.before.verdict, self.after.verdict
        return (one.label, one.proposition_label) != (other.label, other.proposition_label)


class Comparison(Record):
    """Two checks of one article, side by side."""

    before: str
    after: str
    """The ids of the two."""
    circumstances: tuple[str, ...]
    """What was different about the whole check: article, corpus, filters, models, settings."""
    changes: tuple[ClaimChange, ...]
    """Every claim of either, in the order of the later article; those that are gone come last."""


class UpdateOutcome(StrEnum):
    """What adding one document did."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    """It was not found at the source any more, and is no longer searched."""
    RESTORED = "restored"
    """It was withdrawn because it was not found, and was found again."""
    NEAR_DUPLICATE = "near duplicate"
    """It is a copy of another source; they count as one."""


class UpdateItem(Record):
    """What happened to one document: ``reason`` says why it failed."""

    name: str
    outcome: UpdateOutcome
    source_id: str | None = None
    reason: str = ""
    diff: str = ""
    """For a changed text: what changed, sentence by sentence, as a unified diff; the beginning of it where it is long."""


class UpdateReport(Record):
    """Counts of an update, and every item that is not merely unchanged or added."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    withdrawn: int = 0
    restored: int = 0
    near_duplicates: int = 0
    """Sources of this update that were found to be copies; they are counted among the added or changed too."""
    passages: int = 0
    items: tuple[UpdateItem, ...] = ()
    """All but the added and the unchanged."""
    state: CorpusState
    seconds: float


class SourceChange(Record):
    """One thing that happened to a source, as the corpus remembers it."""

    state: int
    """The corpus' number from which on it held."""
    what: Literal["added", "text", "provenance", "passages", "withdrawn", "restored", "trust tier"]
    version_id: str
    """The version that was current from then on."""
    changed_at: dt.datetime
    who: str = ""
    """Empty for what happened before this was recorded."""
    reason: str = ""
    before: Mapping[str, object] = Field(default_factory=dict)
    """The fields of the provenance that became others, with what they were."""


class Archive(Record):
    """A backup or an export of the corpus that was written or read."""

    path: str
    created_at: dt.datetime
    state: CorpusState
    """What it holds."""
    snapshots: int
    size: int
    """Bytes, not counting what a file system or an archive adds."""


class Difference(Record):
    """One thing in which two parts of the corpus do not agree."""

    part: Literal["store", "snapshots", "words", "vectors"]
    """``words`` is the Tantivy index, ``vectors`` the Chroma collection."""
    subject: str
    """What it is about: an id, a hash, a table, a file."""
    what: str
    """What is wrong with it, in words."""
    mendable: bool
    """Whether ``corpus verify --repair`` mends it without a backup."""


class Verification(Record):
    """What ``corpus verify`` found."""

    state: CorpusState
    snapshots: int
    """Snapshot files whose bytes were read and hashed."""
    finished: tuple[str, ...] = ()
    """What an interrupted command had left to do, and was done first."""
    differences: tuple[Difference, ...] = ()
    mended: tuple[Difference, ...] = ()
    """Differences that were found and are no more."""
    seconds: float
