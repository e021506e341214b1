"""Whether a duration of the claim is the time between two days of the evidence: "four days after" of 24 and 28 February.

No network here counts days. What is found only says that nothing contradicts the duration; it is ``equal`` or nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dateutil.relativedelta import relativedelta

from onrecord.quantities import read_dates, read_quantities
from onrecord.stance.checks.pair import Pair, finding
from onrecord.text import day

if TYPE_CHECKING:
    import datetime as dt

    from onrecord.quantities import Quantity
    from onrecord.records import Finding, Span

_ORDER: Final = re.compile(r"\s*(?:after|before|later|earlier|since|following)\b", re.IGNORECASE)
_SECONDS_OF_A_DAY: Final = 86_400


def interval(pair: Pair) -> Finding | None:
    """Return a finding for a duration of the claim that lies between a day which both name and another of the evidence.

    >>> found = interval(Pair.of("They met on 28 February 2022, four days after the war began.",
    ...                          "They met on 28 February 2022. The war had begun on 24 February 2022."))
    >>> found.outcome, found.message
    ('equal', 'four days lie between 24 February 2022 and 28 February 2022')
    """
    claimed = _days(pair.claim.text, pair.claim_date)
    given = _days(pair.evidence.text, pair.source_date)
    for length in read_quantities(pair.claim.text):
        if length.dimension not in {"time", "calendar"} or not _ORDER.match(pair.claim.text, length.span.end):
            continue
        for one in sorted(claimed.keys() & given.keys()):
            for other, span in sorted(given.items()):
                first, last = sorted((one, other))
                if first < last and _lasts(length, first, last):
                    message = f"{length.span.of(pair.claim.text)} lie between {day(first)} and {day(last)}"
                    return finding("numbers", "equal", pair, length.span, span, message)
    return None


def _days(text: str, written: dt.date | None) -> dict[dt.date, Span]:
    """Return the single days that a text names, and where."""
    return {date.start: date.span for date in read_dates(text, written) if date.start and date.start == date.end}


def _lasts(length: Quantity, first: dt.date, last: dt.date) -> bool:
    """Tell whether a duration is the time from one day to another."""
    if length.upper is not None or length.vague:
        return False
    if length.dimension == "time":
        return length.base == (last - first).days * _SECONDS_OF_A_DAY
    apart = relativedelta(last, first)
    return apart.days == 0 and length.base == apart.years * 12 + apart.months
