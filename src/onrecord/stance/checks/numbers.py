"""Compare the figures of a claim with those of the evidence: value, unit, bound, rounding, and what is counted.

``different`` is said only when the one figure in the evidence that can be meant measures the same thing of the same
subject at the same time; everything short of that is ``not_comparable``.

Measured 2026-11-23 by ``python -m training.stance.measure_checks --pairs ../shared/data/pairs/dev --without-parser`` (12,710
pairs of 17 sets, up to 1,500 each; the rules were tuned on these): ``different`` on 1 of 4,736 pairs labelled supports
(0.02 %; of those with a figure to compare, 1 of 558), and on 62 of 4,033 labelled refutes (of those with a figure to
compare, 62 of 520 = 12 %). On ten sets of ``pairs/train`` that were not looked at before: 16 of 5,986 (0.27 %), of which 14 are
news paraphrases (MRPC) that nearly all do carry different figures. 0.3 ms per pair on an idle core.
"""

# ruff: noqa: C901, PLR0911, PLR0912  one branch and one exit per reason not to compare

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from onrecord.quantities import Bound, DateMention, Quantity, read_dates, read_quantities
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
    side,
)

Relation = Literal["equal", "rounded", "close", "different", "open"]
"""How two figures of one dimension stand to each other; ``open``: they exclude nothing of each other."""

_TIME_FREE: Final = frozenset({"time", "calendar"})
_EXACT_RATIO: Final = Decimal("0.005")
_ROUNDED_RATIO: Final = Decimal("0.1")
_CLOSE_RATIO: Final = Decimal("0.25")
_COVERAGE: Final = 0.6
"""Share of the claim's content words that the evidence's sentence must have before ``different`` is said."""
_SHARED_WORDS: Final = 2
_RUNNING_DAYS: Final = 3
# Counts that grow from day to day: two reports of different days may both be right.
_RUNNING: Final = frozenset(
    "die case infect toll confirm record current refuge displac casualti wound injur vaccin subscrib arrest destroy".split()
)
_RUNNING_PRECISION: Final = frozenset({"day", "week", "month"})
# Who may be counted as "people".
_PERSONS: Final = frozenset(
    """worker employe soldier civilian resid citizen refuge patient voter student member troop victim passeng adult child woman
    man migrant pilot polic prison hostag protest peopl fighter personnel staff servicemen user custom viewer teacher
    offic detaine die wound injur""".split()
)
_TRENDS: Final = frozenset(
    "rise fall increas decreas grow declin drop climb jump surg cut rais reduc soar plung slip shrink lower".split()
)
_TROOPS: Final = frozenset({"soldier", "troop", "fighter", "servicemen", "man", "personnel"})
# A figure of a part, of a step or of a mean is not the figure of the whole.
_PART_WORDS: Final = frozenset(
    """another additional further extra remaining each every per average mean median initial initially originally
    previous previously last final next rest half including included include includes annual
    annually monthly weekly daily yearly total altogether combined overall cumulative respectively other others""".split()
)


@dataclass(frozen=True)
class _Candidate:
    quantity: Quantity
    relation: Relation
    same_subject: bool
    other_subject: bool
    score: float


class Numbers:
    """The check of figures."""

    name: CheckName = "numbers"

    def compare(self, pair: Pair) -> tuple[Finding, ...]:
        """Return one finding per figure of the claim that has a figure to stand beside in the evidence."""
        claimed = read_quantities(pair.claim.text)[:MOST_CLAIMED]
        if not claimed:
            return ()
        given = read_quantities(pair.evidence.text)[:MOST_GIVEN]
        found = (self._one(pair, quantity, claimed, given) for quantity in claimed)
        return tuple(item for item in found if item is not None)

    def _one(self, pair: Pair, claim: Quantity, claimed: list[Quantity], given: list[Quantity]) -> Finding | None:
        claim, given = _settle_pounds(claim, given)
        candidates = [self._candidate(pair, claim, other) for other in given if same_dimension(claim, other)]
        if not candidates:
            return self._without_candidate(pair, claim, given)
        if claim.dimension == "count" and claim.noun:
            named = [item for item in candidates if item.quantity.noun and claim.noun[-1] == item.quantity.noun[-1]]
            if named:  # the source counts the very thing: its other counts are of other things
                candidates = [
                    item
                    if item in named or not item.quantity.noun
                    else replace(item, same_subject=False, other_subject=True)
                    for item in candidates
                ]
        candidates.sort(key=lambda candidate: -candidate.score)
        for relation in ("equal", "rounded"):
            for candidate in candidates:
                if candidate.relation == relation and not candidate.other_subject:
                    return self._say(pair, relation, claim, candidate.quantity)
        wrong_subject = next((item for item in candidates if item.relation == "equal"), None)
        if wrong_subject is not None:
            return finding(
                "numbers", "not_comparable", pair, claim.span, wrong_subject.quantity.span,
                f"the source has the same figure, {wrong_subject.quantity.span.of(pair.evidence.text)}, "
                "but of something else",
            )  # fmt: skip
        # A figure of the source that another figure of the claim agrees with is spoken for.
        others = [other for other in claimed if other is not claim]
        free = [
            item
            for item in candidates
            if not any(
                same_dimension(other, item.quantity) and relate(other, item.quantity) == "equal" for other in others
            )
        ]
        best = (free or candidates)[0]
        if not free:
            why_not = "the source's figure is that of another figure of the claim"
        else:
            why_not = self._why_not(pair, claim, best, free, claimed)
        if why_not:
            return finding("numbers", "not_comparable", pair, claim.span, best.quantity.span, why_not)
        return self._say(pair, "different", claim, best.quantity)

    def _candidate(self, pair: Pair, claim: Quantity, other: Quantity) -> _Candidate:
        same, different = _subjects(pair, claim, other)
        near_claim = {item for part in pair.claim.near(claim.span, reach=6) for item in part}
        near_other = {item for part in pair.evidence.near(other.span, reach=8) for item in part}
        shared = len(near_claim & near_other) / max(1, len(near_claim))
        score = shared + (0.5 if same else 0.0) + same_setting(pair, claim.span, other.span)
        if claim.noun and claim.noun == other.noun:
            score += 0.5
        return _Candidate(other, relate(claim, other), same, different, score)

    def _why_not(
        self, pair: Pair, claim: Quantity, best: _Candidate, candidates: list[_Candidate], claimed: list[Quantity]
    ) -> str:
        """Return why ``different`` must not be said, or an empty string."""
        if best.relation != "different":
            return "the two figures do not exclude each other"
        if claim.vague or best.quantity.vague:
            return "a magnitude in words is not a figure to compare with"
        if not best.same_subject:
            return "it is not certain that both figures are of the same thing"
        if _stands_bare(pair.evidence, claim):
            return "the source has this figure too, without saying of what"
        if claim.dimension == "money" and _FRACTION.search(pair.evidence.text):
            return "the source gives a part of its amount; working it out is left to a person"
        rivals = [
            item
            for item in candidates
            if item is not best
            and not item.other_subject
            and relate(best.quantity, item.quantity) not in {"equal", "rounded"}  # "404 ft (123 m)" is one figure
        ]
        if rivals:
            total = sum((item.quantity.base for item in candidates if item.same_subject), Decimal(0))
            if total == claim.base:
                return "the source gives parts that add up to the figure; adding them is left to a person"
            if any(best.score - item.score < 0.3 for item in rivals):  # noqa: PLR2004  tuned on pairs/dev, 2026-11-23
                return "the source has several figures that could be meant"
        if not pair.claim.is_plain_statement(claim.span) or not pair.evidence.is_plain_statement(best.quantity.span):
            return "one of the two sentences is a denial, a condition or a forecast"
        if _is_article(pair.claim, claim) or _is_article(pair.evidence, best.quantity):
            return '"one" is as often an article as a count'
        if are_alternatives(pair.claim.text, claim.span, [item.span for item in claimed]):
            return "the claim gives alternatives"
        if claim.dimension in _TIME_FREE and _is_compound(pair, claim, claimed):
            return "the claim's duration has several parts"
        mine = _near_words(pair.claim, claim) & _PART_WORDS
        theirs = _near_words(pair.evidence, best.quantity) & _PART_WORDS
        more = [
            text.beside(quantity.span, reach=1)[1] in {("more",), ("other",), ("further",)}
            for text, quantity in ((pair.claim, claim), (pair.evidence, best.quantity))
        ]
        if mine != theirs or more[0] != more[1]:
            return "one of the two figures may be a part, a step or a mean of the other"
        levels = {_is_level(pair.claim, claim), _is_level(pair.evidence, best.quantity)}
        if False in levels and len(levels) > 1:
            return "one figure is a change and the other a level"
        if pair.names_missing(claim.span):
            return "the source does not name all that the claim's sentence names"
        if place := elsewhere(pair, best.quantity):
            return f"the source's figure is of {place}"
        if claim.dimension != "ordinal" and not _same_time(pair, claim, best.quantity):
            return "the two figures are of different times"
        stems = pair.claim.sentence(claim.span)
        shared = stems & pair.evidence.all_stems
        needed = _SHARED_WORDS if not _states_time(pair, claim, best.quantity) else 1
        if len(shared) < needed or len(shared) < _COVERAGE * len(stems):
            return "the two sentences say too little in common"
        return ""

    def _without_candidate(self, pair: Pair, claim: Quantity, given: list[Quantity]) -> Finding | None:
        pair_of = {"share", "points"}
        for other in given:
            if {claim.dimension, other.dimension} == pair_of:
                return finding(
                    "numbers", "not_comparable", pair, claim.span, other.span,
                    "a share in per cent and a change in percentage points cannot be compared",
                )  # fmt: skip
        listed = _listed(pair.evidence.text) if claim.dimension == "count" else None
        if listed is not None and not given:
            return finding(
                "numbers", "not_comparable", pair, claim.span, listed,
                "the source lists and gives no figure; counting is left to a person",
            )  # fmt: skip
        for other in given:
            if claim.dimension == other.dimension == "money":
                return finding(
                    "numbers",
                    "not_comparable",
                    pair,
                    claim.span,
                    other.span,
                    "the two amounts are in different currencies",
                )
        return None

    def _say(self, pair: Pair, outcome: Relation, claim: Quantity, other: Quantity) -> Finding:
        mine, theirs = _shown(claim, pair.claim.text), _shown(other, pair.evidence.text)
        if outcome == "equal":
            bounded = {claim.bound, other.bound} & (_LOWER | _UPPER) and claim.bound != other.bound
            message = f"{mine} in the claim and {theirs} in the source are the same"
            if bounded:
                message = f"{theirs} in the source bears out {mine} in the claim"
            elif mine.casefold() == theirs.casefold():
                message = f"{mine} in claim and source"
            return finding("numbers", "equal", pair, claim.span, other.span, message)
        if outcome == "rounded":
            message = f"{mine} in the claim is {theirs} in the source, rounded"
            return finding("numbers", "rounded", pair, claim.span, other.span, message)
        return finding(
            "numbers", "different", pair, claim.span, other.span, f"{mine} in the claim, {theirs} in the source"
        )


_BOUND_WORDS: Final = {
    Bound.EXACT: "", Bound.ABOUT: "about ", Bound.AT_LEAST: "at least ", Bound.AT_MOST: "at most ",
    Bound.MORE_THAN: "more than ", Bound.LESS_THAN: "less than ",
}  # fmt: skip


def _shown(quantity: Quantity, text: str) -> str:
    """Return a figure in words for a reader, its limit included."""
    written = quantity.span.of(text)
    between = "between " if quantity.upper is not None and re.search(r"\band\b", written) else ""
    return f"{_BOUND_WORDS[quantity.bound]}{between}{written}"


_NUMERAL: Final = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\w)|(?<![\w.,])\d+(?:\.\d+)?(?!\w)")
_FRACTION: Final = re.compile(
    r"\b(?:half|third|quarter|fifth|tenth|[\d.]+ ?%|per cent|percent)\b(?: \w+)? of "
    r"(?:it|that|this|them|which|the (?:sum|price|amount|total|money))\b",
    re.IGNORECASE,
)


def _stands_bare(text: Side, claim: Quantity) -> bool:
    """Tell whether a text holds the claim's figure with what it is of left out: "180 tanks and Romania 54"."""
    read = [quantity.span for quantity in read_quantities(text.text)]
    return claim.upper is None and any(
        Decimal(match.group().replace(",", "")) == claim.value
        and not any(span.start <= match.start() < span.end for span in read)
        for match in _NUMERAL.finditer(text.text)
    )


_ITEM: Final = r"[A-Z][\w’'-]*(?: (?:[A-Z][\w’'-]*|of|the))*"
_LIST: Final = re.compile(rf"{_ITEM}(?:, (?:the )?{_ITEM})+,? and (?:the )?{_ITEM}")


def _listed(text: str) -> Span | None:
    """Return the first list of three or more names, which a total may be drawn from."""
    match = _LIST.search(text)
    return Span(start=match.start(), end=match.end()) if match else None


def _near_words(text: Side, quantity: Quantity) -> set[str]:
    return {word for words in text.beside(quantity.span, reach=4) for word in words}


def _is_article(text: Side, quantity: Quantity) -> bool:
    """Tell "one player touches the wall" from "only one player"."""
    if quantity.span.of(text.text).lower() != "one":
        return False
    return text.beside(quantity.span, reach=1)[0] not in {("only",), ("just",), ("exactly",)}


_PLACE: Final = re.compile(r"\b(?:[Ii]n|[Ff]or|[Aa]mong|[Aa]cross|[Oo]f) (?:the )?([A-Z][\w’-]+(?: [A-Z][\w’-]+)*)")


def elsewhere(pair: Pair, quantity: Quantity) -> str:
    """Return what the figure's sentence begins with and the claim does not name: "In the Americas it fell by three years"."""
    numbers = pair.evidence.sentence_of
    first, _ = pair.evidence.range_of(quantity.span)
    start = pair.evidence.starts[numbers.index(numbers[first])] if first < len(numbers) else 0
    match = _PLACE.match(pair.evidence.text, start)
    if match is None or match.start(1) > quantity.span.start:
        return ""
    named = side(match[1]).all_stems
    return "" if not named or named & pair.claim.all_stems else match[1]


def _is_level(text: Side, quantity: Quantity) -> bool | None:
    """Tell whether a figure beside a verb of change is what was reached: "rose to 5 %" against "rose by 5 %".

    None: there is no such verb; it is of what was.
    """
    if not set(quantity.about) & _TRENDS:
        return None
    return text.beside(quantity.span, reach=1)[0] == ("to",)


def _is_compound(pair: Pair, claim: Quantity, claimed: list[Quantity]) -> bool:
    """Tell whether a duration is a part of another: "15 years and 232 days"."""
    for other in claimed:
        if other is claim or other.dimension not in _TIME_FREE:
            continue
        first, second = sorted((claim.span, other.span), key=lambda span: span.start)
        if pair.claim.text[first.end : second.start].replace("and", "").strip(" ,") == "":
            return True
    return False


def _settle_pounds(claim: Quantity, given: list[Quantity]) -> tuple[Quantity, list[Quantity]]:
    """Read "pounds" as money where the other text has pounds sterling."""
    sterling = {"unit": "GBP", "dimension": "money"}
    if claim.dimension == "pound" and any(other.unit == "GBP" for other in given):
        return claim.model_copy(update=sterling), given
    if claim.unit == "GBP":
        return claim, [other.model_copy(update=sterling) if other.dimension == "pound" else other for other in given]
    return claim, given


def same_dimension(claim: Quantity, other: Quantity) -> bool:
    """Tell whether two figures measure alike: durations all do, and amounts of one currency."""
    if claim.dimension in _TIME_FREE and other.dimension in _TIME_FREE:
        return True
    if claim.dimension != other.dimension:
        return False
    return claim.dimension != "money" or claim.unit == other.unit


def _bases(claim: Quantity, other: Quantity) -> tuple[tuple[Decimal, Decimal], tuple[Decimal, Decimal], bool]:
    """Return both ranges in one unit, and whether the conversion is exact."""
    mine, theirs = (claim.base, claim.base_upper), (other.base, other.base_upper)
    if claim.dimension == other.dimension == "temperature" and claim.unit != other.unit:
        return _celsius(claim), _celsius(other), True
    if claim.dimension == other.dimension:
        return mine, theirs, True
    month = Decimal(2629746)  # seconds in a mean Gregorian month
    if claim.dimension == "calendar":
        mine = (mine[0] * month, mine[1] * month)
    if other.dimension == "calendar":
        theirs = (theirs[0] * month, theirs[1] * month)
    return mine, theirs, False


def _celsius(quantity: Quantity) -> tuple[Decimal, Decimal]:
    ends = (quantity.value, quantity.value if quantity.upper is None else quantity.upper)
    if quantity.unit.endswith("Fahrenheit"):
        return ((ends[0] - 32) * 5 / 9, (ends[1] - 32) * 5 / 9)
    return ends


_LOWER: Final = frozenset({Bound.AT_LEAST, Bound.MORE_THAN})
_UPPER: Final = frozenset({Bound.AT_MOST, Bound.LESS_THAN})


def relate(claim: Quantity, other: Quantity) -> Relation:
    """Tell how two figures of one dimension stand to each other, whatever they are of.

    "more than 10" and 12 are equal (12 bears it out), "more than 10" and 9 are different; "about 1.3 million" and 1.27
    million are rounded; 12 and "more than 10" are open.
    """
    (low, high), (other_low, other_high), exact_conversion = _bases(claim, other)
    if claim.vague or other.vague:
        return "rounded" if low <= other_high and other_low <= high and claim.vague == other.vague else "open"
    mine_open, theirs_open = claim.bound in _LOWER | _UPPER, other.bound in _LOWER | _UPPER
    if mine_open or theirs_open:
        return _relate_bounds(claim, other, (low, high), (other_low, other_high))
    if claim.upper is not None or other.upper is not None:
        if (low, high) == (other_low, other_high):
            return "equal"
        if low <= other_low and other_high <= high:
            return "equal" if claim.upper is not None else "rounded"
        if other_low <= low and high <= other_high:
            return "rounded"
        return "open" if low <= other_high and other_low <= high else _far(low, high, other_low, other_high)
    if claim.dimension == "ordinal":
        return "equal" if low == other_low else "different"
    difference = abs(low - other_low)
    larger = max(abs(low), abs(other_low))
    if difference == 0:
        return "equal"
    converted = claim.unit != other.unit and claim.dimension != "count"
    coarse = max(claim.step * claim.factor, other.step * other.factor)
    fine = min(claim.step * claim.factor, other.step * other.factor)
    approximate = Bound.ABOUT in {claim.bound, other.bound} or claim.fraction or other.fraction
    if not exact_conversion:
        return (
            "rounded"
            if difference <= larger * _ROUNDED_RATIO / 2
            else "different"
            if difference > larger * _CLOSE_RATIO
            else "close"
        )
    written_alike = coarse == fine and not approximate and not converted
    if not written_alike and difference <= coarse / 2 and difference <= larger * _ROUNDED_RATIO:
        # A figure written to a coarser place is the finer one rounded: 1.3 million of 1,270,000. Small whole counts are
        # not roundings of each other: 40 people are not 42.
        near = coarse <= 1 and difference <= larger * _EXACT_RATIO  # 185 % of 185.34 %, but not 5 % of 5.25 %
        if approximate or converted or coarse >= 1000 or coarse < 1 or near:  # noqa: PLR2004
            return "rounded"
        return "close" if coarse >= 100 else "different"  # noqa: PLR2004
    if approximate:
        if difference <= larger * _ROUNDED_RATIO:
            return "rounded"
        return "close" if difference <= larger * _CLOSE_RATIO else "different"
    if converted and difference <= larger * _ROUNDED_RATIO / 2:
        return "rounded"
    if difference <= larger * _EXACT_RATIO and not (written_alike and claim.step < 1):
        return "close"  # but 76.1 is not 76.4
    return "different"


def _far(low: Decimal, high: Decimal, other_low: Decimal, other_high: Decimal) -> Relation:
    """Two ranges that do not meet differ, unless they nearly touch."""
    gap = other_low - high if other_low > high else low - other_high
    return "different" if gap > max(abs(high), abs(other_high)) * Decimal("0.05") else "close"


def _relate_bounds(
    claim: Quantity, other: Quantity, mine: tuple[Decimal, Decimal], theirs: tuple[Decimal, Decimal]
) -> Relation:
    if claim.bound == other.bound and mine == theirs:
        return "equal"
    infinite = Decimal("Infinity")
    low = -infinite if claim.bound in _UPPER else mine[0]
    high = infinite if claim.bound in _LOWER else mine[1]
    other_low = -infinite if other.bound in _UPPER else theirs[0]
    other_high = infinite if other.bound in _LOWER else theirs[1]
    strict_touch = low == other_high or other_low == high
    if (
        strict_touch
        and Bound.MORE_THAN not in {claim.bound, other.bound}
        and Bound.LESS_THAN not in {claim.bound, other.bound}
    ):
        return "equal" if claim.bound in _LOWER | _UPPER else "open"
    opposite = {claim.bound, other.bound} & _LOWER and {claim.bound, other.bound} & _UPPER
    if strict_touch and opposite:
        return "different"  # "less than 1,000" of "over 1,000"
    if strict_touch:
        return "close"  # "more than 10" of exactly 10: loose speech more often than a false claim
    if low > other_high or high < other_low:
        gap = low - other_high if low > other_high else other_low - high
        slack = Bound.ABOUT in {claim.bound, other.bound}
        size = max(abs(mine[0]), abs(theirs[0]))
        return "close" if slack and gap <= size * _ROUNDED_RATIO else "different"
    if low <= other_low and other_high <= high and claim.bound in _LOWER | _UPPER:
        return "equal"
    return "open"


def countable_alike(one: str, other: str) -> bool:
    """Tell whether two nouns, as stems, may name the same things: "people" and "employees"."""
    return one == other or _are_people({one, other})


def _are_people(nouns: set[str]) -> bool:
    return "people" in nouns and nouns <= _PERSONS | {"people"}


def _subjects(pair: Pair, claim: Quantity, other: Quantity) -> tuple[bool, bool]:
    """Return (surely the same subject, surely another subject)."""
    if claim.dimension == "ordinal":
        same = bool(claim.noun) and claim.noun == other.noun
        return same, not (set(claim.noun) & set(other.noun))
    mine, theirs = set(claim.noun), set(other.noun)
    if claim.dimension == "count":
        if claim.noun and other.noun:
            if claim.noun[-1] in theirs or other.noun[-1] in mine:
                extra = mine - theirs
                return not (extra - pair.evidence.all_stems), False
            if claim.noun[-1] in _TROOPS and other.noun[-1] in _TROOPS:
                return False, False
            if _are_people(mine | theirs):
                return False, False
            linked = claim.noun[-1] in other.about or other.noun[-1] in claim.about
            return False, not linked
        if not claim.noun and not other.noun:  # "the age of 70"
            left, other_left = pair.claim.near(claim.span, reach=1)[0], pair.evidence.near(other.span, reach=1)[0]
            return bool(left) and left == other_left, False
        return False, False
    if mine and theirs and claim.dimension == "share":
        return bool(mine & theirs), not (mine & theirs or mine & set(other.about) or theirs & set(claim.about))
    near_claim = {item for part in pair.claim.near(claim.span, reach=2) for item in part}
    near_other = {item for part in pair.evidence.near(other.span, reach=3) for item in part}
    return bool(near_claim & near_other), _other_topic(pair, claim, other)


def _other_topic(pair: Pair, claim: Quantity, other: Quantity) -> bool:
    """Tell whether each sentence has a topic before its figure that the other text lacks: "exports fell 4 %", "imports"."""
    if not set(claim.about) & pair.evidence.all_stems:
        return bool(claim.about)
    before = set(pair.claim.near(claim.span, reach=4)[0])
    there = set(pair.evidence.near(other.span, reach=4)[0])
    return bool(before - pair.evidence.all_stems and there - pair.claim.all_stems and len(before & there) <= 1)


def _same_time(pair: Pair, claim: Quantity, other: Quantity) -> bool:
    """Tell whether nothing in the texts or their dates says that the two figures are of different times."""
    claimed = _dates_beside(pair.claim, claim, pair.claim_date)
    given = _dates_beside(pair.evidence, other, pair.source_date)
    running = bool((set(claim.about) | set(other.about) | set(claim.noun) | set(other.noun)) & _RUNNING)
    if claimed or given:
        return any(
            _overlap(one, two) and (not running or {one.precision, two.precision} <= _RUNNING_PRECISION)
            for one in claimed
            for two in given
        )
    if running:
        known = pair.claim_date and pair.source_date
        return bool(known) and abs((pair.claim_date - pair.source_date).days) <= _RUNNING_DAYS  # type: ignore[operator]
    return True


def _states_time(pair: Pair, claim: Quantity, other: Quantity) -> bool:
    """Tell whether both figures' sentences name a time."""
    return bool(
        _dates_beside(pair.claim, claim, pair.claim_date) and _dates_beside(pair.evidence, other, pair.source_date)
    )


def _dates_beside(text: Side, quantity: Quantity, reference: dt.date | None) -> list[DateMention]:
    """Return the dates in the figure's sentence, but for those in brackets, which are of persons and works."""
    found = []
    for date in read_dates(text.text, reference):
        if not date.start or not text.in_one_sentence(date.span, quantity.span):
            continue
        opening = text.text.rfind("(", 0, date.span.start)
        if opening >= 0 and ")" not in text.text[opening : date.span.start]:
            continue
        found.append(date)
    return found


def _overlap(one: DateMention, two: DateMention) -> bool:
    if not (one.start and one.end and two.start and two.end):
        return False
    return one.start <= two.end and two.start <= one.end
