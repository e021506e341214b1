"""The words, icons and short lines that every report uses for the same thing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from onrecord.records import (
    CheckedArticle,
    CheckedClaim,
    Decision,
    Evidence,
    Finding,
    Hit,
    Passage,
    QuotationCheck,
    QuotationOutcome,
    Revision,
    Source,
    Span,
    VerdictLabel,
)
from onrecord.text import day

ICONS: Mapping[VerdictLabel, str] = {
    VerdictLabel.SUPPORTED: "✓",
    VerdictLabel.REFUTED: "✗",
    VerdictLabel.CONFLICTING: "⇄",
    VerdictLabel.NOT_ENOUGH_EVIDENCE: "?",
    VerdictLabel.NOT_CHECKED: "!",
}
"""Distinct shapes, so that a verdict reads in greyscale."""

WORDS: Mapping[VerdictLabel, str] = {
    VerdictLabel.SUPPORTED: "Supported",
    VerdictLabel.REFUTED: "Contradicted",
    VerdictLabel.CONFLICTING: "Conflicting sources",
    VerdictLabel.NOT_ENOUGH_EVIDENCE: "Not enough evidence",
    VerdictLabel.NOT_CHECKED: "Not checked",
}


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> [count(1, "claim"), count(0, "claim"), count(1200, "passage")]
    ['1 claim', '0 claims', '1,200 passages']
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def counts(checked: CheckedArticle) -> dict[VerdictLabel, int]:
    """Return how many claims have each label, in the order of the labels, zeros included."""
    tally = dict.fromkeys(VerdictLabel, 0)
    for item in checked.claims:
        tally[item.verdict.label] += 1
    return tally


def provenance(source: Source, speaker: str | None = None) -> str:
    """Return who published the source, what kind it is, who speaks and when, on one line."""
    parts = [
        source.publisher,
        source.kind.value + ("" if source.primary else ", not a primary source"),
        f"spoken by {speaker}" if speaker else ", ".join(source.speakers),
        day(source.published),
    ]
    return " · ".join(part for part in parts if part)


def where_in(passage: Passage, span: Span) -> str:
    """Return the page or the time in the recording where ``span`` of a passage's version is, or "" for files without either.

    >>> clock(3723.9)
    '01:02:03'
    """
    touched = [item for item in passage.locators if item.span.overlaps(span)]
    pages = [item.page for item in touched if item.page is not None]
    times = [item.seconds for item in touched if item.seconds is not None]
    if pages:
        return f"page {pages[0]}" if pages[0] == pages[-1] else f"pages {pages[0]}–{pages[-1]}"
    return f"at {clock(times[0])}" if times else ""


def clock(seconds: float) -> str:
    """Return a time of a recording as ``hh:mm:ss``."""
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"


def quotation_head(check: QuotationCheck) -> str:
    """Return what became of a quotation, in two or three words with a distinct sign.

    A sign is no verdict: what was not found may have been said.
    """
    return f"{_QUOTATION_SIGNS[check.outcome]} {check.outcome.value[0].upper()}{check.outcome.value[1:]}"


_QUOTATION_SIGNS: Mapping[QuotationOutcome, str] = {
    QuotationOutcome.VERBATIM: "=",
    QuotationOutcome.MINOR: "≈",
    QuotationOutcome.ALTERED: "≠",
    QuotationOutcome.SPLICED: "+",
    QuotationOutcome.OUT_OF_CONTEXT: "↯",
    QuotationOutcome.MISATTRIBUTED: "@",
    QuotationOutcome.WRONGLY_DATED: "#",
    QuotationOutcome.NOT_FOUND: "?",
}


AS_A_WHOLE = "Read as a whole: no sentence of it says this alone. The one that comes nearest is underlined."


def telling(item: Evidence) -> tuple[Finding, ...]:
    """Return the findings that tell a reader something; those that could not be compared are kept in the JSON form only."""
    return tuple(finding for finding in item.findings if finding.outcome != "not_comparable")


def safe_address(address: str | None) -> str | None:
    """Return ``address`` if it may be made a link: http or https with a host; else ``None``."""
    if address is None:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and parts.hostname else None


def who_says(item: CheckedClaim) -> str:
    """Return who is said to say the claim, or that it is the article's own assertion."""
    attribution = item.claim.attribution
    if attribution is None:
        return "the article itself"
    return (
        attribution.speaker if attribution.speaker_resolved else f"{attribution.speaker} (who that is was not resolved)"
    )


# --- what people did -------------------------------------------------------------------------------------------------------


def is_decided(decision: Decision | None) -> bool:
    """Tell whether a person came to a verdict; what needs work is not decided."""
    return decision is not None and decision.label in WORDS


def decision_line(now: Decision, says: VerdictLabel) -> str:
    """Return who decided what and when, and what the software said then where that is, or was, something else.

    Args:
        now: The decision in force about a claim.
        says: What the software says about the claim now; it may have read it anew since.
    """
    when = f"{now.who}, {moment(now.decided_at)}"
    if now.label == "UNDECIDED":
        return f"Not decided yet; last worked on by {when}."
    if now.label == "NEEDS_WORK":
        return f"Needs work ({when})."
    word, then = WORDS[VerdictLabel(now.label)].lower(), WORDS[now.machine_label].lower()
    told = f"Agreed: {word} ({when})." if now.label == now.machine_label else f"Decided: {word} ({when})."
    if now.label != now.machine_label or says is not now.machine_label:
        told += f" The software said then: {then}."
    return told


def decision_facts(now: Decision, says: VerdictLabel) -> list[tuple[str, str]]:
    """Return all that holds about a claim by a person's decision, named, as a report lists it; passages aside."""
    rows = [
        ("Decision", decision_line(now, says)),
        ("Note", now.note),
        ("Tags", ", ".join(now.tags)),
        ("Assigned to", now.assigned_to),
    ]
    return [(name, told) for name, told in rows if told]


def revision_line(revision: Revision) -> str:
    """Return what a person had done to a claim, and against which corpus it was checked then."""
    what = "added" if revision.what == "added" else f"read as “{revision.item.claim.standalone}”"
    who = revision.who or "somebody"
    return f"{what} by {who}, {moment(revision.made_at)}, against {count(revision.corpus.sources, 'source')}"


def people_line(checked: CheckedArticle) -> str:
    """Return how far people have come with the claims, in a sentence or two; nothing where there is no claim."""
    says = {item.claim.id: item.verdict.label for item in checked.claims}
    if not says:
        return ""
    now = {claim_id: decision for claim_id, decision in checked.in_force.items() if claim_id in says}
    decided = {claim_id: decision for claim_id, decision in now.items() if is_decided(decision)}
    otherwise = sum(decision.label != says[claim_id] for claim_id, decision in decided.items())
    work = sum(decision.label == "NEEDS_WORK" for decision in now.values())
    if not decided and not work:
        return "No person has decided about these claims yet."
    told = f"Decided by people: {len(decided)} of {len(says)} claims"
    told += f", {otherwise} of them otherwise than the software." if otherwise else "."
    return told + (f" {work} {'needs' if work == 1 else 'need'} work." if work else "")


def ranked(evidence: Sequence[Evidence], decision: Decision | None) -> list[tuple[Evidence, str]]:
    """Return evidence with what a person made of it: what was pinned comes first, what was rejected last."""
    stands = decision.evidence if decision is not None else {}
    place = {"pinned": 0, "rejected": 2}
    found = [(item, str(stands.get(item.passage.id, ""))) for item in evidence]
    return sorted(found, key=lambda pair: place.get(pair[1], 1))


def how_found(hit: Hit, *, scores: bool = False) -> str:
    """Return how a passage was found, in words, with the retrievers' ``scores`` or without.

    >>> hit = Hit(passage_id="a", query="q", lexical_rank=2, lexical_score=7.31, fused_score=0.4, matched_terms=("wheat",))
    >>> how_found(hit, scores=True)
    'Found by its words (place 2, 7.3: “wheat”).'
    """
    ways = []
    if hit.dense_rank is not None:
        score = f", {hit.dense_score:.2f}" if scores and hit.dense_score is not None else ""
        ways.append(f"by meaning (place {hit.dense_rank}{score})")
    if hit.lexical_rank is not None:
        score = f", {hit.lexical_score:.1f}" if scores and hit.lexical_score is not None else ""
        words = ", ".join(f"“{term}”" for term in hit.matched_terms[:6])
        ways.append(f"by its words (place {hit.lexical_rank}{score}{': ' + words if words else ''})")
    return "Found " + " and ".join(ways) + "." if ways else ""


STANDS: Mapping[str, str] = {"pinned": "Pinned as evidence", "rejected": "Rejected as evidence"}
"""What is written on a passage that a person put forward or ruled out."""


# --- dates -----------------------------------------------------------------------------------------------------------------


def moment(time: dt.datetime) -> str:
    """Return a time as a reader writes it, in UTC.

    >>> moment(dt.datetime(2026, 5, 4, 7, 5, tzinfo=dt.UTC))
    '4 May 2026, 07:05 UTC'
    """
    utc = time.astimezone(dt.UTC)
    return f"{day(utc.date())}, {utc:%H:%M} UTC"
