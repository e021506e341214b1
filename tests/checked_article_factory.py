"""Finished checks made of the real records, for tests that need no models: every verdict, every kind of finding."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from onrecord import review
from onrecord.errors import DecidedMeanwhileError, FetchError, NotFoundError
from onrecord.records import (
    Attribution,
    CheckedArticle,
    CheckedClaim,
    CheckSummary,
    Claim,
    Comparison,
    CorpusState,
    Decision,
    Difference,
    Document,
    Evidence,
    Finding,
    Hit,
    ModelUsed,
    Passage,
    Quotation,
    Reason,
    Review,
    Revision,
    SearchFilters,
    Skipped,
    Source,
    SourceChange,
    SourceKind,
    Span,
    Stage,
    Stance,
    StanceProbabilities,
    Unresolved,
    UpdateItem,
    UpdateOutcome,
    UpdateReport,
    Verdict,
    VerdictLabel,
    Verification,
    Version,
)
from onrecord.settings import Settings, require
from onrecord.stance.calibrate import Calibration
from onrecord.text import sentences
from onrecord.ui.service import Configuration, File, Held, Holdings, NewSource, web_address
from onrecord.workflow import recorded_settings

NOW = dt.datetime(2026, 5, 4, 9, 30, tzinfo=dt.UTC)

ARTICLE = """\
Harbour town counts the cost of its new terminal

The terminal at Northport opened on 3 June 2024 after five years of work. According to the council's budget report, it cost \
40 million euros, twice what had been planned. Residents were promised a swimming pool too.

“We have never taken a loan for this terminal,” mayor Ada Lind told the council in March. She added that the ferry line would \
carry 900,000 passengers a year. Unemployment in the town fell to 4.1 percent in 2025, the lowest figure in two decades.

The opposition calls the project a monument. The old quay was closed in 2021. It is a beautiful building all the same.

The national audit office opened an inquiry into the contract in January. The old quay was closed in 2021."""
"""An article about a town that does not exist, so that nothing in it can be wrong about a real one."""

PUBLISHED = dt.date(2026, 2, 10)


def span_of(text: str, words: str, occurrence: int = 0) -> Span:
    """Return where ``words`` stand in ``text``."""
    start = -1
    for _ in range(occurrence + 1):
        start = text.index(words, start + 1)
    return Span(start=start, end=start + len(words))


def document(
    text: str = ARTICLE, *, title: str | None = "Harbour town counts the cost of its new terminal"
) -> Document:
    """Return an article."""
    return Document(
        text=text,
        media_type="text/markdown",
        content_sha256=hashlib.sha256(text.encode()).hexdigest(),
        title=title,
        published=PUBLISHED,
    )


@dataclass
class Shelf:
    """The versions behind the evidence, for the context view."""

    versions: dict[str, tuple[Source, Version]] = field(default_factory=dict)

    def source(self, number: int, text: str, **given: object) -> tuple[Source, Version]:
        """Put a source on the shelf."""
        sha = hashlib.sha256(text.encode()).hexdigest()
        identity = f"source-{number}"
        source = Source.model_validate(
            {
                "id": identity,
                "title": f"Source {number}",
                "kind": SourceKind.DOCUMENT,
                "publisher": "Northport council",
                "primary": True,
                "published": dt.date(2025, 3, 14),
                "retrieved_at": NOW,
                "address": f"https://records.example/{number}",
                "current_version_id": f"{identity}@{sha[:12]}",
                "origin": "made for the tests",
            }
            | given
        )
        version = Version(
            id=f"{identity}@{sha[:12]}",
            source_id=identity,
            number=1,
            text=text,
            text_sha256=sha,
            content_sha256=sha,
            media_type="text/plain",
            added_at=NOW,
        )
        self.versions[version.id] = (source, version)
        return source, version


def evidence(  # noqa: PLR0913  a record of many parts, named in every call
    shelved: tuple[Source, Version],
    passage_words: str,
    rationale_words: str,
    stance: Stance,
    hypothesis: str,
    *,
    probability: float = 0.93,
    question: str = "true",
    findings: tuple[Finding, ...] = (),
    own_words: bool = False,
    later: bool = False,
    speaker: str | None = None,
    note: str = "",
    terms: tuple[str, ...] = (),
) -> Evidence:
    """Return a judged passage of a shelved source."""
    source, version = shelved
    span = span_of(version.text, passage_words)
    rationale = span_of(version.text, rationale_words)
    rest = (1 - probability) / 2
    values = {
        Stance.SUPPORTS: (probability, rest, rest),
        Stance.REFUTES: (rest, probability, rest),
        Stance.NEUTRAL: (rest, rest, probability),
    }[stance]
    identity = f"{version.id}:{span.start}-{span.end}"
    return Evidence(
        passage=Passage(
            id=identity,
            source=source,
            version_id=version.id,
            span=span,
            text=span.of(version.text),
            sentences=(rationale,),
            speaker=speaker,
        ),
        hit=Hit(
            passage_id=identity,
            query=hypothesis,
            dense_rank=1,
            dense_score=0.7,
            lexical_rank=2 if terms else None,
            lexical_score=9.1 if terms else None,
            fused_score=0.03,
            matched_terms=terms,
        ),
        question=question,  # type: ignore[arg-type]
        hypothesis=hypothesis,
        own_words=own_words,
        stance=stance,
        probabilities=StanceProbabilities(supports=values[0], refutes=values[1], neutral=values[2]),
        rationale=rationale,
        rationale_text=rationale.of(version.text),
        window=span,
        findings=findings,
        later_than_article=later,
        note=note,
    )


def claim(text: str, words: str, number: int, *, occurrence: int = 0, **given: object) -> Claim:
    """Return a claim at ``words``."""
    span = span_of(text, words, occurrence)
    return Claim.model_validate(
        {
            "id": f"c{number}-{span.start}",
            "span": span,
            "text": words,
            "standalone": words,
            "proposition": words,
            "check_worthiness_probability": 0.9,
            "why": "States a figure and a date.",
        }
        | given
    )


def verdict(label: VerdictLabel, *reasons: str, proposition: VerdictLabel | None = None) -> Verdict:
    """Return a verdict with its reasons."""
    return Verdict(
        label=label,
        confidence=0.0 if label is VerdictLabel.NOT_CHECKED else 0.9,
        reasons=tuple(Reason(code="test", text=text) for text in reasons),
        proposition_label=proposition,
    )


def checked_article(shelf: Shelf | None = None, *, check_id: str | None = None) -> CheckedArticle:
    """Return a finished check with every verdict, a repeated sentence, reported speech and a claim that failed."""
    shelf = shelf or Shelf()
    article = document()
    text = article.text
    budget = shelf.source(
        1,
        "Budget report for the year 2024.\n\nThe terminal was opened to the public on 3 June 2024. The council approved the "
        "final account on 12 December. The terminal cost 14 million euros in all, two million more than planned. The "
        "difference was met from the reserve.\n\nThe pool was not part of the programme.",
        title="Budget report 2024, chapter 7: harbour works",
    )
    minutes = shelf.source(
        2,
        "Minutes of the council, 14 March 2025.\n\nMayor Lind: We have never taken a loan for this terminal. We paid for it "
        "from the reserve and from the regional fund. I expect the ferry line to carry 600,000 passengers a year once the "
        "second ship is here.\n\nThe minutes were approved.",
        title="Minutes of the council, session of 14 March 2025",
        kind=SourceKind.TRANSCRIPT,
        speakers=("Ada Lind",),
    )
    loan = shelf.source(
        3,
        "Register of public loans, entry 2022/118. Borrower: Northport harbour company. Purpose: construction of the passenger "
        "terminal. Amount: 6 million euros. Granted on 9 May 2022.",
        title="Register of public loans, entry 2022/118",
        kind=SourceKind.DATA,
        publisher="Regional treasury",
    )
    paper = shelf.source(
        4,
        "The jobless rate in Northport stood at 4.1 percent at the end of 2025, the statistics office said. It had been lower "
        "only once, in 2008, when the shipyard was still open.",
        title="Jobless rate steady along the coast",
        kind=SourceKind.COVERAGE,
        publisher="Coast Courier",
        primary=False,
        published=dt.date(2026, 3, 2),
    )
    office = shelf.source(
        5,
        "Labour market 2025. In Northport 4.1 percent of the workforce were unemployed in the yearly mean, the lowest figure "
        "since the series began in 2003.",
        title="Labour market 2025: tables by municipality",
        kind=SourceKind.DATA,
        publisher="Statistics office",
        published=dt.date(2026, 1, 20),
    )
    quay = shelf.source(
        6,
        "Notice to mariners. The old quay of Northport is closed to all traffic from 1 September 2021 until further notice.",
        title="Notice to mariners 2021/34",
        published=dt.date(2021, 8, 20),
        publisher="Harbour authority",
        address="javascript:alert(1)",
    )
    opened = "The terminal at Northport opened on 3 June 2024 after five years of work."
    cost = "According to the council's budget report, it cost 40 million euros, twice what had been planned."
    lind = "“We have never taken a loan for this terminal,” mayor Ada Lind told the council in March."
    ferry = "She added that the ferry line would carry 900,000 passengers a year."
    jobs = "Unemployment in the town fell to 4.1 percent in 2025, the lowest figure in two decades."
    closed = "The old quay was closed in 2021."
    inquiry = "The national audit office opened an inquiry into the contract in January."
    cost_standalone = "According to the council's budget report, the terminal at Northport cost 40 million euros."
    cost_values = span_of(budget[1].text, "14 million euros")
    ferry_values = span_of(minutes[1].text, "600,000 passengers")
    items = (
        CheckedClaim(
            claim=claim(text, opened, 1),
            verdict=verdict(
                VerdictLabel.SUPPORTED,
                "Supported by “Budget report 2024, chapter 7: harbour works” (Northport council, 2025-03-14).",
            ),
            evidence=(
                evidence(
                    budget,
                    "The terminal was opened to the public on 3 June 2024. "
                    "The council approved the final account on 12 December.",
                    "The terminal was opened to the public on 3 June 2024.",
                    Stance.SUPPORTS,
                    opened,
                    terms=("terminal", "opened", "june", "2024"),
                    findings=(
                        Finding(
                            check="dates",
                            outcome="equal",
                            claim_value="3 June 2024",
                            evidence_value="3 June 2024",
                            claim_span=span_of(opened, "3 June 2024"),
                            evidence_span=span_of(budget[1].text, "3 June 2024"),
                            message="3 June 2024 in both.",
                        ),
                    ),
                ),
                evidence(
                    minutes,
                    "We paid for it from the reserve and from the regional fund.",
                    "We paid for it from the reserve and from the regional fund.",
                    Stance.NEUTRAL,
                    opened,
                    speaker="Ada Lind",
                ),
            ),
        ),
        CheckedClaim(
            claim=claim(
                text,
                cost,
                2,
                standalone=cost_standalone,
                proposition="The terminal at Northport cost 40 million euros, twice what had been planned.",
            ),
            verdict=verdict(
                VerdictLabel.REFUTED,
                "Contradicted by “Budget report 2024, chapter 7: harbour works” (Northport council, 2025-03-14). "
                "40 million euros in the article, 14 million euros in the source.",
            ),
            evidence=(
                evidence(
                    budget,
                    "The council approved the final account on 12 December. "
                    "The terminal cost 14 million euros in all, two million more than planned. "
                    "The difference was met from the reserve.",
                    "The terminal cost 14 million euros in all, two million more than planned.",
                    Stance.REFUTES,
                    cost_standalone,
                    terms=("terminal", "cost", "planned"),
                    findings=(
                        Finding(
                            check="numbers",
                            outcome="different",
                            claim_value="40 million euros",
                            evidence_value="14 million euros",
                            claim_span=span_of(cost_standalone, "40 million euros"),
                            evidence_span=cost_values,
                            message="40 million euros in the article, 14 million euros in the source.",
                        ),
                    ),
                ),
            ),
        ),
        CheckedClaim(
            claim=claim(
                text,
                lind,
                3,
                standalone="Mayor Ada Lind told the council in March that the council has never taken a loan for the terminal.",
                proposition="The council of Northport has never taken a loan for the terminal.",
                attribution=Attribution(speaker="Ada Lind", speaker_resolved=True),
                quotations=(
                    Quotation(
                        span=span_of(text, "We have never taken a loan for this terminal"),
                        text="We have never taken a loan for this terminal",
                    ),
                ),
                unresolved=(
                    Unresolved(
                        span=span_of(text, "in March"), text="in March", reason="the article does not say of which year"
                    ),
                ),
            ),
            verdict=verdict(
                VerdictLabel.SUPPORTED,
                "That it was said is supported by “Minutes of the council, session of 14 March 2025” (Northport council, "
                "2025-03-14) (the speaker's own words).",
                "Contradicted by “Register of public loans, entry 2022/118” (Regional treasury, 2025-03-14).",
                proposition=VerdictLabel.REFUTED,
            ),
            evidence=(
                evidence(
                    minutes,
                    "We have never taken a loan for this terminal. We paid for it from the reserve and from the regional fund.",
                    "We have never taken a loan for this terminal.",
                    Stance.SUPPORTS,
                    "Ada Lind says that the council has never taken a loan for the terminal.",
                    question="said",
                    own_words=True,
                    speaker="Ada Lind",
                    findings=(
                        Finding(
                            check="quotes",
                            outcome="equal",
                            claim_value="We have never taken a loan for this terminal",
                            evidence_value="We have never taken a loan for this terminal",
                            claim_span=Span(start=0, end=8),
                            evidence_span=span_of(minutes[1].text, "We have never taken a loan for this terminal"),
                            message="The quotation is in the transcript word for word.",
                        ),
                    ),
                ),
                evidence(
                    loan,
                    "Purpose: construction of the passenger terminal. Amount: 6 million euros. Granted on 9 May 2022.",
                    "Purpose: construction of the passenger terminal. Amount: 6 million euros.",
                    Stance.REFUTES,
                    "The council of Northport has never taken a loan for the terminal.",
                ),
            ),
        ),
        CheckedClaim(
            claim=claim(
                text,
                ferry,
                4,
                standalone="Ada Lind added that the ferry line would carry 900,000 passengers a year.",
                proposition="The ferry line will carry 900,000 passengers a year.",
                attribution=Attribution(speaker="She", speaker_resolved=False),
            ),
            verdict=verdict(
                VerdictLabel.REFUTED,
                "That it was said is contradicted by “Minutes of the council, session of 14 March 2025”. "
                "900,000 passengers in the article, 600,000 passengers in the source.",
                proposition=VerdictLabel.NOT_ENOUGH_EVIDENCE,
            ),
            evidence=(
                evidence(
                    minutes,
                    "I expect the ferry line to carry 600,000 passengers a year once the second ship is here.",
                    "I expect the ferry line to carry 600,000 passengers a year once the second ship is here.",
                    Stance.REFUTES,
                    "Ada Lind says that the ferry line will carry 900,000 passengers a year.",
                    question="said",
                    own_words=True,
                    speaker="Ada Lind",
                    findings=(
                        Finding(
                            check="numbers",
                            outcome="different",
                            claim_value="900,000 passengers",
                            evidence_value="600,000 passengers",
                            claim_span=Span(start=0, end=3),
                            evidence_span=ferry_values,
                            message="900,000 passengers in the article, 600,000 passengers in the source.",
                        ),
                    ),
                ),
            ),
        ),
        CheckedClaim(
            claim=claim(text, jobs, 5, standalone=jobs.replace("the town", "Northport")),
            verdict=verdict(
                VerdictLabel.CONFLICTING,
                "Contradicted by “Jobless rate steady along the coast” (Coast Courier, 2026-03-02, not a primary source).",
                "Supported by “Labour market 2025: tables by municipality” (Statistics office, 2026-01-20).",
            ),
            evidence=(
                evidence(
                    office,
                    "In Northport 4.1 percent of the workforce were unemployed in the yearly mean, "
                    "the lowest figure since the series began in 2003.",
                    "In Northport 4.1 percent of the workforce were unemployed in the yearly mean, "
                    "the lowest figure since the series began in 2003.",
                    Stance.SUPPORTS,
                    jobs,
                    probability=0.88,
                ),
                evidence(
                    paper,
                    "The jobless rate in Northport stood at 4.1 percent at the end of 2025, the statistics office said. "
                    "It had been lower only once, in 2008, when the shipyard was still open.",
                    "It had been lower only once, in 2008, when the shipyard was still open.",
                    Stance.REFUTES,
                    jobs,
                    probability=0.81,
                    later=True,
                    note="An account of what the statistics office said, not the office's own words.",
                ),
            ),
        ),
        CheckedClaim(
            claim=claim(text, closed, 6),
            verdict=verdict(
                VerdictLabel.NOT_ENOUGH_EVIDENCE,
                "Of 1 passages that come nearest, none supports or contradicts this clearly enough.",
            ),
            evidence=(
                evidence(
                    quay,
                    "The old quay of Northport is closed to all traffic from 1 September 2021 until further notice.",
                    "The old quay of Northport is closed to all traffic from 1 September 2021 until further notice.",
                    Stance.NEUTRAL,
                    closed,
                ),
            ),
        ),
        CheckedClaim(
            claim=claim(text, inquiry, 7),
            verdict=verdict(
                VerdictLabel.NOT_CHECKED,
                "This claim was not checked: the index is being rebuilt by another process. Try again.",
            ),
        ),
        CheckedClaim(
            claim=claim(text, closed, 8, occurrence=1),
            verdict=verdict(VerdictLabel.NOT_ENOUGH_EVIDENCE, "The corpus holds nothing near this claim."),
        ),
    )
    taken = [item.claim.span for item in items]
    left_out = {
        "Residents were promised": "States no time, figure or source that could be compared.",
        "The opposition calls": "An opinion.",
        "It is a beautiful": "An opinion.",
        "Harbour town counts": "A headline.",
    }
    skipped = tuple(
        Skipped(
            span=span,
            text=span.of(text),
            reason=next(
                (why for start, why in left_out.items() if span.of(text).startswith(start)), "Not a statement of fact."
            ),
            check_worthiness_probability=0.1,
        )
        for span in sentences(text)
        if not any(span.overlaps(other) for other in taken)
    )
    return CheckedArticle(
        id=check_id or uuid.uuid4().hex,
        created_at=NOW,
        article=article,
        claims=items,
        skipped=skipped,
        filters=SearchFilters(),
        corpus=CorpusState(number=3, sources=57, passages=812),
        models=(
            ModelUsed(role="embedding", name="all-MiniLM-L6-v2", sha256="53aa5117" + "0" * 56),
            ModelUsed(role="stance", name="fast", sha256="ab12" + "0" * 60),
        ),
        settings={"top_k": "12", "decision_margin": "0.15"},
        stages=(
            Stage(name="finding claims", seconds=0.8),
            Stage(name="searching", seconds=0.4),
            Stage(name="judging", seconds=9.1),
            Stage(name="deciding", seconds=0.01),
        ),
        package_version="0.1.0",
        complete=False,
    )


HOSTILE = (
    "<script>window.hacked = 1</script>",
    "<img src='http://evil.example/x.png' onerror='window.hacked = 1'>",
    "![picture](http://evil.example/y.png) [link](javascript:window.hacked=1)",
    "**bold** :red[colour] $$\\frac{1}{2}$$ `code` :material/home:",
    "</style><style>body { display: none }</style>{{ 7 * 7 }} &amp; &lt;b&gt;",
)
"""Each must come out on the page as these very characters."""


def hostile_article(shelf: Shelf | None = None, *, check_id: str | None = None) -> CheckedArticle:
    """Return a finished check in which every text that comes from outside is an attack."""
    shelf = shelf or Shelf()
    attack = " ".join(HOSTILE)
    text = "\n\n".join(
        [f"Claim {number}: {words} is said." for number, words in enumerate(HOSTILE)] + [f"Skipped: {attack}"]
    )
    shelved = shelf.source(
        9,
        f"Before {attack}\n\n{attack} is on record. It stands here.\n\nAfter {attack}",
        title=attack,
        publisher=attack,
        speakers=(attack,),
        origin=attack,
        address="javascript:window.hacked=1//https://evil.example/",
    )
    items = []
    for number, words in enumerate(HOSTILE):
        sentence = f"Claim {number}: {words} is said."
        found = evidence(
            shelved,
            f"{attack} is on record. It stands here.",
            f"{attack} is on record.",
            Stance.REFUTES if number % 2 else Stance.SUPPORTS,
            attack,
            speaker=attack,
            note=attack,
            terms=(attack,),
            findings=(
                Finding(
                    check="numbers",
                    outcome="different",
                    claim_value=attack,
                    evidence_value=attack,
                    claim_span=Span(start=0, end=1),
                    evidence_span=span_of(shelved[1].text, "is on record"),
                    message=attack,
                ),
            ),
        )
        items.append(
            CheckedClaim(
                claim=claim(
                    text,
                    sentence,
                    number + 1,
                    standalone=attack,
                    proposition=attack,
                    why=attack,
                    attribution=Attribution(speaker=attack, speaker_resolved=False),
                    unresolved=(Unresolved(span=Span(start=0, end=1), text=attack, reason=attack),),
                ),
                verdict=verdict(
                    VerdictLabel.REFUTED if number % 2 else VerdictLabel.SUPPORTED,
                    attack,
                    proposition=VerdictLabel.REFUTED,
                ),
                evidence=(found,),
            )
        )
    skipped_span = span_of(text, f"Skipped: {attack}")
    base = checked_article()
    return base.model_copy(
        update={
            "id": check_id or uuid.uuid4().hex,
            "article": document(text, title=attack).model_copy(
                update={"address": "javascript:window.hacked=1", "warnings": (attack,)}
            ),
            "claims": tuple(items),
            "skipped": (
                Skipped(span=skipped_span, text=skipped_span.of(text), reason=attack, check_worthiness_probability=0.1),
            ),
            "models": (ModelUsed(role="stance", name=attack, sha256=""),),
            "settings": {"llm": attack},
        }
    )


def long_article(shelf: Shelf | None = None, *, check_id: str | None = None, times: int = 40) -> CheckedArticle:
    """Return a check of an article of some 5,000 words: the usual one again and again, every claim with its own place."""
    one = checked_article(shelf, check_id=check_id)
    gap = "\n\n"
    step = len(one.article.text) + len(gap)
    claims = tuple(
        item.model_copy(
            update={
                "claim": item.claim.model_copy(
                    update={
                        "id": f"c{round_ * len(one.claims) + number}-{item.claim.span.start + round_ * step}",
                        "span": item.claim.span.shifted(round_ * step),
                        "quotations": tuple(
                            quotation.model_copy(update={"span": quotation.span.shifted(round_ * step)})
                            for quotation in item.claim.quotations
                        ),
                    }
                )
            }
        )
        for round_ in range(times)
        for number, item in enumerate(one.claims, start=1)
    )
    article = document(gap.join([one.article.text] * times), title="A very long article")
    return one.model_copy(update={"article": article, "claims": claims})


@dataclass
class ShelfService:
    """The pages' service over made records: in place of the library where a test is about the pages alone."""

    settings: Settings
    shelf: Shelf = field(default_factory=Shelf)
    kept: dict[str, CheckedArticle] = field(default_factory=dict)
    corpus: CorpusState = field(default_factory=lambda: CorpusState(number=3, sources=57, passages=812))
    failure: Exception | None = None
    pause: Callable[[], None] = lambda: None
    asked: list[tuple[Document, SearchFilters, int]] = field(default_factory=list)
    decided: list[Decision] = field(default_factory=list)
    revised: list[Revision] = field(default_factory=list)
    added: list[tuple[Sequence[NewSource], Mapping[str, str]]] = field(default_factory=list)
    fetched: list[Document] = field(default_factory=list)

    def acting(self, name: str, role: str) -> ShelfService:
        """Return the same shelf for one person."""
        return replace(self, settings=self.settings.model_copy(update={"user": name, "role": role}))

    def paste(self, text: str) -> Document:
        return document(text, title=None).model_copy(update={"published": None})

    def read(self, data: bytes, name: str) -> Document:
        return document(data.decode(), title=name)

    def fetch(self, address: str) -> Document:
        if address.endswith("/gone"):
            message = f"{address}: answered HTTP 404; open it in a browser to see why"
            raise FetchError(message)
        page = document().model_copy(
            update={"address": web_address(address), "metadata": {"publisher": "Coast Courier"}}
        )
        self.fetched.append(page)
        return page

    def check(
        self,
        document: Document,
        *,
        filters: SearchFilters,
        passages: int,
        progress: Callable[[object], None],
        on_claim: Callable[[CheckedClaim], None],
    ) -> CheckedArticle:
        self.asked.append((document, filters, passages))
        step = Step("finding claims", 0, 0)
        progress(step)
        self.pause()
        if self.failure is not None:
            raise self.failure
        make = hostile_article if "<script>" in document.text else checked_article
        checked = make(self.shelf).model_copy(update={"filters": filters})
        for number, item in enumerate(checked.claims, start=1):
            for stage in ("searching", "judging", "deciding"):
                progress(replace(step, stage=stage))
            progress(Step("claims decided", number, len(checked.claims)))
            on_claim(item)
            self.pause()
        return checked

    def save(self, checked: CheckedArticle) -> None:
        self.kept[checked.id] = checked

    def load(self, check_id: str) -> Review:
        if check_id not in self.kept:
            message = f"There is no check {check_id!r}. Open one from History."
            raise NotFoundError(message)
        made = tuple(revision for revision in self.revised if revision.check_id == check_id)
        return Review(
            checked=review.revised(self.kept[check_id], made), revisions=made, decisions=tuple(self.decisions(check_id))
        )

    def decisions(self, check_id: str) -> Sequence[Decision]:
        return [decision for decision in self.decided if decision.check_id == check_id]

    def last_revision(self, check_id: str) -> int:
        return max((revision.number for revision in self.revised if revision.check_id == check_id), default=0)

    def decide(self, decision: Decision, seen: int) -> Decision:
        require("checker", "deciding about claims", settings=self.settings)
        made = [one for one in self.decided if (one.check_id, one.claim_id) == (decision.check_id, decision.claim_id)]
        if (made[-1].number if made else 0) != seen:
            message = f"{made[-1].who} decided about this claim meanwhile."
            raise DecidedMeanwhileError(message)
        kept = decision.model_copy(update={"number": len(self.decided) + 1})
        self.decided.append(kept)
        return kept

    def undo(self, check_id: str, claim_id: str, seen: int) -> Decision:
        made = review.undoable([one for one in self.decisions(check_id) if one.claim_id == claim_id])
        before = made[-2] if len(made) > 1 else made[-1].model_copy(update={"label": "UNDECIDED"})
        return self.decide(before.model_copy(update={"undoes": made[-1].number, "number": 0}), seen)

    def add_claims(self, checked: CheckedArticle, span: Span) -> Sequence[Revision]:
        words = span.of(checked.article.text)
        made = claim(checked.article.text, words, 90).model_copy(update={"id": f"a1-{span.start}", "span": span})
        return [
            self._revision(checked, "added", CheckedClaim(claim=made, verdict=verdict(VerdictLabel.SUPPORTED, "Yes.")))
        ]

    def reword(self, checked: CheckedArticle, claim_id: str, standalone: str, proposition: str) -> Revision:
        item = next(item for item in checked.claims if item.claim.id == claim_id)
        made = item.claim.model_copy(update={"standalone": standalone, "proposition": proposition or standalone})
        new = item.model_copy(update={"claim": made, "verdict": verdict(VerdictLabel.CONFLICTING, "Read otherwise.")})
        return self._revision(checked, "reworded", new)

    def _revision(self, checked: CheckedArticle, what: str, item: CheckedClaim) -> Revision:
        made = Revision.model_validate(
            {
                "check_id": checked.id,
                "number": len(self.revised) + 1,
                "what": what,
                "item": item,
                "corpus": self.corpus,
                "models": checked.models,
                "settings": {},
                "package_version": "0",
                "who": self.settings.user,
                "made_at": NOW,
            }
        )
        self.revised.append(made)
        return made

    def publishers(self) -> Sequence[str]:
        return sorted({source.publisher for source, _ in self.shelf.versions.values()})

    def collections(self) -> Sequence[str]:
        return sorted({source.collection for source, _ in self.shelf.versions.values() if source.collection})

    def find(self, query: str, filters: SearchFilters, most: int) -> Sequence[tuple[Hit, Passage]]:  # noqa: ARG002  the door's own parameters
        words = query.replace('"', "").casefold()
        found = {item.passage.id: item for made in self.kept.values() for one in made.claims for item in one.evidence}
        return [(item.hit, item.passage) for item in found.values() if words in item.passage.text.casefold()][:most]

    def sources(self, filters: SearchFilters, most: int) -> Sequence[Source]:  # noqa: ARG002  the door's own parameters
        return [source for source, _ in self.shelf.versions.values()][:most]

    def source(self, source_id: str) -> Held:
        versions = tuple(version for source, version in self.shelf.versions.values() if source.id == source_id)
        if not versions:
            message = f"no source {source_id!r} in the corpus"
            raise NotFoundError(message)
        source = next(source for source, _ in self.shelf.versions.values() if source.id == source_id)
        return Held(
            source=source,
            versions=versions,
            changes=(SourceChange(state=1, what="added", version_id=versions[0].id, changed_at=NOW, who="Ada"),),
            files={versions[0].id: (File(name="minutes.md", sha256=versions[0].text_sha256, size=812, fetched=""),)},
            copies=(),
            used=tuple(self.checks()),
        )

    def diff(self, source_id: str, before: int, after: int) -> str:  # noqa: ARG002  the door's own parameters
        return "--- a\n+++ b\n-The pool is open.\n+The pool is closed.\n"

    def checks(self) -> Sequence[CheckSummary]:
        return [
            CheckSummary(
                id=checked.id,
                created_at=checked.created_at,
                title=checked.article.title or "",
                complete=checked.complete,
                counts=dict(Counter(item.verdict.label for item in checked.claims)),
            )
            for checked in reversed(self.kept.values())
        ]

    def compare(self, before: CheckedArticle, after: CheckedArticle) -> Comparison:
        return review.compare(before, after)

    def configuration(self) -> Configuration:
        return Configuration(
            models=checked_article().models,
            settings=recorded_settings(Settings()),  # a page that names a setting which is gone fails here
            thresholds=[
                (
                    "fast",
                    Calibration(support_threshold=0.71, pairs=400, date="2026-11-20", ece_before=0.1, ece_after=0.02),
                )
            ],
            worthiness=0.4,
            corpus=self.corpus,
        )

    def holdings(self) -> Holdings:
        failed = UpdateItem(name="page.pdf", outcome=UpdateOutcome.FAILED, reason="<b>no text</b> in it")
        report = UpdateReport(added=3, failed=1, items=(failed,), state=self.corpus, seconds=2.5)
        return Holdings(
            state=self.corpus,
            kinds={SourceKind.TRANSCRIPT: 20, SourceKind.DOCUMENT: 37},
            withdrawn=2,
            indexed=self.corpus.number,
            writer="",
            judgements=1234,
            updates=((NOW, "Ada", report), (NOW, "Ada", None)),
        )

    def stories(self) -> Mapping[str, Sequence[Source]]:
        group = [source for source, _ in self.shelf.versions.values()][:2]
        return {group[0].id: group} if group else {}

    def add(
        self, given: Sequence[NewSource], details: Mapping[str, str], progress: Callable[[object], None]
    ) -> UpdateReport:
        require("maintainer", "adding documents", settings=self.settings)
        progress(Step("reading and storing", 0, len(given)))
        self.pause()
        if self.failure is not None:
            raise self.failure
        self.added.append((given, details))
        return UpdateReport(added=len(given), state=self.corpus, seconds=0.1)

    def sync(self, registry: Path, *, accept_withdrawals: bool, progress: Callable[[object], None]) -> UpdateReport:  # noqa: ARG002  the door's own parameters
        return UpdateReport(unchanged=57, state=self.corpus, seconds=0.1)

    def verify(self, *, repair: bool, progress: Callable[[object], None]) -> Verification:  # noqa: ARG002  the door's own parameters
        wrong = Difference(part="words", subject="p1", what="is not in the index", mendable=True)
        return Verification(state=self.corpus, snapshots=57, differences=() if repair else (wrong,), seconds=1.0)

    def context(self, evidence: Evidence, characters: int) -> Surroundings:
        source, version = self.shelf.versions[evidence.passage.version_id]
        span = evidence.passage.span
        start, end = max(0, span.start - characters), min(len(version.text), span.end + characters)
        return Surroundings(
            source=source,
            version=version,
            before=version.text[start : span.start],
            passage=span.of(version.text),
            after=version.text[span.end : end],
            span=Span(start=start, end=end),
            cut_before=start > 0,
            cut_after=end < len(version.text),
        )

    def state(self) -> CorpusState:
        return self.corpus

    def warm(self) -> None:
        return


@dataclass(frozen=True)
class Step:
    """``workflow.Progress``, without importing what loads the networks."""

    stage: str
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True)
class Surroundings:
    """``workflow.SourceContext``, without importing what loads the networks."""

    source: Source
    version: Version
    before: str
    passage: str
    after: str
    span: Span
    cut_before: bool
    cut_after: bool
