"""Whether a duration of the claim is the time between two days of the evidence: "four days after" of 24 and 28 February.

No network here counts days. What is found only says that nothing contradicts the duration; it is ``equal`` or nothing. Each of
the two days must stand in a sentence with most of the words that the claim has on that side of the duration, so that it is the
time between these two events, in this order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dateutil.relativedelta import relativedelta

from onrecord.quantities import Bound, read_dates, read_quantities
from onrecord.stance.checks.pair import MOST_CLAIMED, MOST_GIVEN, Pair, finding, side
from onrecord.text import day

if TYPE_CHECKING:
    import datetime as dt

    from onrecord.quantities import Quantity
    from onrecord.records import Finding, Span

_ORDER: Final = re.compile(r"\s*(?P<word>after|before)\b", re.IGNORECASE)
_SECONDS_OF_A_DAY: Final = 86_400
_SIDE: Final = 0.6
"""Share of the words on one side of a duration that must stand in one sentence with the day."""


def interval(pair: Pair) -> Finding | None:
    """Return a finding for "so long after" or "before": from a day which both name to the other one of the evidence.

    >>> found = interval(Pair.of("They met in Gomel on 28 February 2022, four days after the war began.",
    ...                          "They met in Gomel on 28 February 2022. The war began on 24 February 2022."))
    >>> found.outcome, found.message
    ('equal', 'four days lie between 24 February 2022 and 28 February 2022')
    """
    claimed = _days(pair.claim.text, pair.claim_date, MOST_CLAIMED)
    given = _days(pair.evidence.text, pair.source_date, MOST_GIVEN)
    if len(claimed) != 1 or len(given) != 2:  # noqa: PLR2004  with a third day it may be another event's
        return None
    (one,) = claimed
    other = next(date for date in given if date != one)
    for length in read_quantities(pair.claim.text)[:MOST_CLAIMED]:
        order = _ORDER.match(pair.claim.text, length.span.end)
        if one not in given or order is None or claimed[one].start > length.span.start:
            continue
        first, last = (other, one) if order["word"].casefold() == "after" else (one, other)
        if (
            first < last
            and _lasts(length, first, last)
            and _beside(pair, pair.claim.text[: length.span.start], given[one])
            and _beside(pair, pair.claim.text[order.end() :], given[other])
        ):
            message = f"{length.span.of(pair.claim.text)} lie between {day(first)} and {day(last)}"
            return finding("numbers", "equal", pair, length.span, given[other], message)
    return None


def _days(text: str, written: dt.date | None, most: int) -> dict[dt.date, Span]:
    """Return the single days that a text names, and where."""
    dates = read_dates(text, written)[:most]
    return {date.start: date.span for date in dates if date.start and date.start == date.end}


def _beside(pair: Pair, part: str, date: Span) -> bool:
    """Tell whether the sentence of a date says most of a part of the claim."""
    words = side(part).all_stems
    return bool(words) and len(words & pair.evidence.sentence(date)) >= _SIDE * len(words)


def _lasts(length: Quantity, first: dt.date, last: dt.date) -> bool:
    """Tell whether a plain duration is the time from one day to another."""
    if length.upper is not None or length.vague or length.bound is not Bound.EXACT:
        return False
    if length.dimension == "time":
        return length.base == (last - first).days * _SECONDS_OF_A_DAY
    apart = relativedelta(last, first)
    return length.dimension == "calendar" and apart.days == 0 and length.base == apart.years * 12 + apart.months
