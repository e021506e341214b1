"""The words, icons and short lines that every report uses for the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from onrecord.records import (
    CheckedArticle,
    CheckedClaim,
    Evidence,
    Finding,
    Passage,
    QuotationCheck,
    QuotationOutcome,
    Source,
    Span,
    VerdictLabel,
)

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
        source.published.isoformat() if source.published else "undated",
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
