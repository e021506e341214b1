"""Quotations word by word: whether a passage shows that the speaker said just these words.

A network reads a changed word as a paraphrase; here the words are compared (``checks.quotes``). It answers only the question
whether something was *said*, only for quotations of at least ``MINIMUM_WORDS`` words, and only where the passage tells whose
words they are:

* verbatim or nearly so, and the speaker is the one of the claim: support;
* found with other words, and the speaker is the one of the claim: a conflict, with the changed words;
* verbatim or nearly so, but on record as somebody else's: a conflict, with that name.

Anything else leaves the network's stance as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from onrecord.records import Finding, Quotation, Span, Stance
from onrecord.stance.questions import JudgeItem, names_speaker, other_speakers

MINIMUM_WORDS = 5
"""Fewer words are often said by many."""
PROBABILITY = 0.98
"""Of a stance given here. On quotations made by rule from real addresses the comparison was right in 99.4 % of 13,500 (see
``checks.quotes``); the rest is for what such a set does not hold."""

_WORD = re.compile(r"\w+(?:['’-]\w+)*")


@dataclass(frozen=True, slots=True)
class Quoted:
    """What the words show, where they stand in the version's text, and the finding for the reader."""

    stance: Stance
    span: Span
    finding: Finding


def verify(item: JudgeItem) -> Quoted | None:
    """Return what the passage shows about the claim's quotations; ``None`` where it shows nothing."""
    from onrecord.stance.checks.quotes import find_quotation  # noqa: PLC0415  its libraries are heavy

    attribution = item.claim.attribution
    if item.question != "said" or attribution is None:
        return None
    long_enough = [quote for quote in item.claim.quotations if len(_WORD.findall(quote.text)) >= MINIMUM_WORDS]
    if not long_enough:
        return None
    named = names_speaker(item.passage, attribution.speaker)
    others = other_speakers(item.passage, attribution.speaker)
    results: list[Quoted] = []
    for quote in long_enough:
        match = find_quotation(quote.text, item.passage.text)
        if match.span is None or match.outcome == "not_found":
            return None
        span = match.span.shifted(item.passage.span.start)
        exact = match.outcome in {"verbatim", "minor"}
        if exact and named:
            results.append(_result(item, quote, span, Stance.SUPPORTS, "The quoted words stand in the source."))
        elif exact and others:
            message = f"The quoted words are on record as those of {others}, not of {attribution.speaker}."
            results.append(_result(item, quote, span, Stance.REFUTES, message))
        elif match.outcome == "altered" and named:
            message = f"The quotation differs from the source: {match.diff}"
            results.append(_result(item, quote, span, Stance.REFUTES, message))
        else:
            return None
    return next((result for result in results if result.stance is Stance.REFUTES), results[0])


def _result(item: JudgeItem, quote: Quotation, span: Span, stance: Stance, message: str) -> Quoted:
    start = max(0, item.hypothesis.find(quote.text))
    in_claim = Span(start=start, end=min(len(item.hypothesis), start + len(quote.text)))
    words = span.shifted(-item.passage.span.start).of(item.passage.text)
    finding = Finding(
        check="quotes",
        outcome="equal" if stance is Stance.SUPPORTS else "different",
        claim_value=quote.text,
        evidence_value=words,
        claim_span=in_claim,
        evidence_span=span,
        message=message,
    )
    return Quoted(stance, span, finding)
