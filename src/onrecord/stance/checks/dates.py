"""Compare the dates of a claim with those of the evidence: the same event's day, month or year.

Only the evidence's best aligned date is compared: the one whose nearest words are those beside the claim's date.

Measured 2026-11-23 by ``python -m training.stance.measure_checks --pairs ../shared/data/pairs/dev --without-parser`` (12,710
pairs, tuned on these): ``different`` on 3 of 4,736 pairs labelled supports (0.06 %; of those with a date to compare, 3 of
640; in all three the two dates do differ and the label is at fault), and on 87 of 4,033 labelled refutes (of those with a
date to compare, 87 of 601 = 14 %). On ten sets of ``pairs/train`` not looked at before: 5 of 5,986 (0.08 %), true differences
again. 0.2 ms per pair on an idle core.
"""

# ruff: noqa: C901, PLR0911, PLR0912  one branch and one exit per reason not to compare

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from onrecord.quantities import DateMention, read_dates, read_quantities
from onrecord.records import Finding, Span
from onrecord.stance.checks.pair import (
    MOST_CLAIMED,
    MOST_GIVEN,
    CheckName,
    Pair,
    Side,
    are_alternatives,
    finding,
    same_setting,
)

Relation = Literal["equal", "rounded", "different", "open"]

_LIFESPAN: Final = re.compile(r"\([^()]*?(?:\d{4})\s*(?:-|–|—)\s*[^()]*?\d{4}[^()]*\)")
_BORN_AT: Final = re.compile(r"[(;,]\s*(?:born|b\.|née)\b|\(\s*;?\s*born\b", re.IGNORECASE)
_COVERAGE: Final = 0.6
_NOT_ANCHORS: Final = frozenset(
    "year month day time week date mani first second third american british french german english".split()
)
# What the same people do again and again: another date of it contradicts nothing.
_RECURRING: Final = frozenset(
    """visit meet speak call travel attack strike shell say tell announc state report rise fall grow increas decreas declin
    play score warn urg discuss talk pledg repeat reiter condemn test fire launch bomb kill die-toll sell rank sanction vote
    address interview appear host arriv rally protest nomin award receiv""".split()
)
_MARGIN: Final = 1.0
_ALIKE: Final = 0.3
"""Two dates with so much the same words right beside them are of one thing, whatever else their sentences date."""


@dataclass(frozen=True)
class _Candidate:
    mention: DateMention
    relation: Relation
    anchored: bool
    score: float


class Dates:
    """The check of dates."""

    name: CheckName = "dates"

    def compare(self, pair: Pair) -> tuple[Finding, ...]:
        """Return one finding per date of the claim that has a date to stand beside in the evidence."""
        claimed = read_dates(pair.claim.text, pair.claim_date)[:MOST_CLAIMED]
        if not claimed:
            return ()
        given = read_dates(pair.evidence.text, pair.source_date)[:MOST_GIVEN]
        given = [date for date in given if not _is_housekeeping(pair, date)]
        found = (self._one(pair, mention, claimed, given) for mention in claimed)
        return tuple(item for item in found if item is not None)

    def _one(
        self, pair: Pair, claim: DateMention, claimed: list[DateMention], given: list[DateMention]
    ) -> Finding | None:
        if not given:
            return None
        mine = _anchors(pair.claim, claim)
        # A date of the source that another date of the claim agrees with is spoken for.
        others = [other for other in claimed if other is not claim]
        free = [
            date
            for date in given
            if relate(claim, date) in {"equal", "rounded"}
            or not any(relate(other, date) == "equal" for other in others)
        ]
        candidates = sorted(
            (self._candidate(pair, claim, other, mine) for other in free or given), key=lambda item: -item.score
        )
        best = candidates[0]
        agreeing = [item for item in candidates if item.relation in {"equal", "rounded"}]
        text, source = claim.span.of(pair.claim.text), best.mention.span.of(pair.evidence.text)
        if agreeing:
            close = agreeing[0]
            span = close.mention.span
            if best.score - close.score > _MARGIN and best.anchored:
                return finding(
                    "dates", "not_comparable", pair, claim.span, span,
                    f"{span.of(pair.evidence.text)} is in the source, but of something else",
                )  # fmt: skip
            words = span.of(pair.evidence.text)
            if close.relation == "equal":
                message = (
                    f"{text} in claim and source"
                    if text.casefold() == words.casefold()
                    else f"{text} in the claim agrees with {words} in the source"
                )
                return finding("dates", "equal", pair, claim.span, span, message)
            message = f"{text} in the claim agrees with {words} in the source as far as that goes"
            return finding("dates", "rounded", pair, claim.span, span, message)
        why_not = (
            self._why_not(pair, claim, best, candidates, claimed, given)
            if free
            else "the source's date is that of another date of the claim"
        )
        if why_not:
            return finding("dates", "not_comparable", pair, claim.span, best.mention.span, why_not)
        return finding(
            "dates", "different", pair, claim.span, best.mention.span, f"{text} in the claim, {source} in the source"
        )

    def _candidate(self, pair: Pair, claim: DateMention, other: DateMention, mine: tuple[str, ...]) -> _Candidate:
        theirs = _anchors(pair.evidence, other, reach=5)
        shared = [word for word in mine if word in theirs]
        score = sum(1.0 / (1 + theirs.index(word) / 2) for word in shared)
        setting = same_setting(pair, claim.span, other.span)
        anchored = any(word in theirs[:5] for word in mine[:2])
        if claim.role == other.role:
            score += 0.25
        return _Candidate(other, relate(claim, other), anchored, score + (1.0 if anchored else 0.0) + 2 * setting)

    def _why_not(  # noqa: PLR0913, PLR0917  all dates of both sides bear on it
        self,
        pair: Pair,
        claim: DateMention,
        best: _Candidate,
        candidates: list[_Candidate],
        claimed: list[DateMention],
        given: list[DateMention],
    ) -> str:
        """Return why ``different`` must not be said, or an empty string."""
        if best.relation != "different":
            return "the two dates do not exclude each other"
        if not best.anchored:
            return "it is not certain that both dates are of the same event"
        if any(
            best.score - item.score < _MARGIN
            for item in candidates[1:]
            if relate(best.mention, item.mention)
            not in {"equal", "rounded"}  # "(1974-01-10) 10 January 1974" is one date
        ):
            return "the source has several dates that could be meant"
        if same_setting(pair, claim.span, best.mention.span) < _ALIKE and any(
            pair.evidence.in_one_sentence(date.span, best.mention.span) and relate(other, date) in {"equal", "rounded"}
            for other in claimed
            if other is not claim
            for date in given
        ):
            return "the source's sentence is about another date of the claim"
        if _thing(pair.claim, claim) and _thing(pair.claim, claim) != _thing(pair.evidence, best.mention):
            return "the claim's date tells which thing is meant, the source's when something happened"
        if set(_anchors(pair.claim, claim)[:2]) & _RECURRING:
            return "what the date is of may have happened more than once"
        if _measured(pair.claim, claim) or _measured(pair.evidence, best.mention):
            return "the date is the time of a figure, and figures of other times may be right too"
        if _guessed_year(claim, best.mention):
            return "the year of one of the dates is not written"
        if claim.role != best.mention.role and {claim.role, best.mention.role} != {"on", "from"}:
            return "one date limits the time and the other gives it"
        if are_alternatives(pair.claim.text, claim.span, [item.span for item in claimed]):
            return "the claim gives alternatives"
        if _is_part_of_name(pair.claim.text, claim.span) or _is_part_of_name(pair.evidence.text, best.mention.span):
            return "a year is part of the name of an event"
        if len(claimed) > 1 and {claim.role, best.mention.role} & {"from", "until"}:
            return "the claim's date is one end of a period"
        if not pair.claim.is_plain_statement(claim.span) or not pair.evidence.is_plain_statement(best.mention.span):
            return "one of the two sentences is a denial, a condition or a forecast"
        if pair.names_missing(claim.span):
            return "the source does not name all that the claim's sentence names"
        stems = pair.claim.sentence(claim.span)
        shared = stems & (pair.evidence.all_stems | {_life(pair.evidence.text, best.mention.span)})
        if len(shared) < _COVERAGE * len(stems) or not shared:
            return "the two sentences say too little in common"
        return ""


def _thing(text: Side, mention: DateMention) -> tuple[str, ...]:
    """Return the stem of what a date tells from others of its kind, "agreements" of "the agreements of 2022"; else nothing."""
    return text.near(mention.span, reach=1)[0] if text.beside(mention.span, reach=1)[0] == ("of",) else ()


def _measured(text: Side, mention: DateMention) -> bool:
    """Tell whether the date's sentence gives a figure: "inflation was 3 % in 2022" says nothing against one of 2023."""
    return any(
        quantity.dimension not in {"ordinal", "time", "calendar"} and text.in_one_sentence(quantity.span, mention.span)
        and set(quantity.about) & set(mention.about)
        for quantity in read_quantities(text.text)
    )  # fmt: skip


def _guessed_year(claim: DateMention, other: DateMention) -> bool:
    """Tell whether the difference rests on a year that neither text states."""
    if not (claim.relative or other.relative):
        return False
    if not (claim.month and other.month):
        return True
    days_differ = claim.day is not None and other.day is not None and claim.day != other.day
    return claim.month == other.month and not days_differ


def _is_part_of_name(text: str, span: Span) -> bool:
    """Tell whether a year stands before a name: "the 2021 Annual Conference"; next year's is another event."""
    return (
        bool(re.match(r"(?:[–-]\d\d)? [A-Z]", text[span.end : span.end + 5])) and text[span.start : span.end].isdigit()
    )


def _is_housekeeping(pair: Pair, mention: DateMention) -> bool:
    """Tell whether a date is about the page, not the matter: "Retrieved January 15, 2022"."""
    before = pair.evidence.text[max(0, mention.span.start - 16) : mention.span.start].lower()
    return (
        re.search(r"(?:retrieved|archived|accessed|updated|published|posted)(?: on| from)?:?\s*$", before) is not None
    )


def _anchors(text: Side, mention: DateMention, *, reach: int = 3) -> tuple[str, ...]:
    """Return the stems that tell what a date is of, best first: the verb or noun before it, then the one after it."""
    role = _life(text.text, mention.span)
    if role:
        return (role,)
    left, right = text.near(mention.span, reach=reach)
    before = text.text[: mention.span.start].rstrip().lower()
    if re.search(r"\b(?:a|an|the)$", before) and right:
        ordered = [*right, *left]  # "a 1980 American film": the noun behind it
    else:
        ordered = [word for two in _alternate(left, right) for word in two]
    return tuple(dict.fromkeys(word for word in ordered if word not in _NOT_ANCHORS))


def _alternate(left: tuple[str, ...], right: tuple[str, ...]) -> list[tuple[str, ...]]:
    longest = max(len(left), len(right), 0)
    return [left[index : index + 1] + right[index : index + 1] for index in range(longest)]


def _life(text: str, span: Span) -> str:
    """Return ``born`` or ``die`` for a date in a note of a person's life: "(born 5 May 1950)", "(1915 – 1996)"."""
    for match in _LIFESPAN.finditer(text):
        if match.start() < span.start and span.end <= match.end():
            inside = text[match.start() : match.end()]
            dash = re.search(r"\d{4}\s*(?:-|–|—)", inside)
            if dash is None:
                return ""
            return "born" if span.start < match.start() + dash.end() - 1 else "die"
    opening = text.rfind("(", 0, span.start)
    if opening >= 0 and ")" not in text[opening : span.start] and _BORN_AT.search(text[opening : span.start]):
        return "born"
    return ""


def relate(claim: DateMention, other: DateMention) -> Relation:
    """Tell how two dates stand to each other.

    A date inside the claim's ("2022" of 28 February 2022) is equal; a wider one that holds the claim's is rounded; two
    that do not meet are different. Dates without a year are compared by month and day.
    """
    if claim.start and claim.end and other.start and other.end:
        if not claim.resolved or not other.resolved:
            return "rounded" if claim.start <= other.end and other.start <= claim.end else "open"
        if claim.role in {"before", "after"} and other.role == "on":
            satisfied = other.end < claim.start if claim.role == "before" else other.start > claim.end
            if satisfied:
                return "open"
            return "rounded" if claim.start <= other.end and other.start <= claim.end else "open"
        if (
            "season" in {claim.precision, other.precision}
            and other.start.year <= claim.end.year
            and claim.start.year <= other.end.year
        ):
            return (
                "rounded" if claim.start <= other.end and other.start <= claim.end else "open"
            )  # a summer may be a southern one
        if claim.start <= other.start and other.end <= claim.end:
            return "equal"
        if other.start <= claim.start and claim.end <= other.end:
            return "rounded"
        if claim.start <= other.end and other.start <= claim.end:
            return "open"
        if (
            claim.precision in {"decade", "century"}
            and other.precision == "year"
            and abs(claim.start.year - other.start.year) <= 1
        ):
            return "open"
        return "different"
    if claim.month and other.month and claim.month == other.month:
        if claim.day == other.day and claim.day is not None:
            return "equal"
        if claim.day is None or other.day is None:
            return "rounded"
        return "different"
    if claim.month and other.month and claim.precision in {"day", "month"} and other.precision in {"day", "month"}:
        return "different"
    return "open"
