"""Rules beside the network: figures, dates, names and quotations of a claim against a window of evidence.

Each check says ``equal``, ``rounded``, ``different`` or ``not_comparable`` and shows the words of both sides. A check never
makes a support: it can only hold one back (``interval`` is no check: it counts days for the judge). A new check is one file
with a class that has ``name`` and ``compare``, and one line in ``CHECKS``; the contract test runs over the catalogue.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Protocol

from onrecord.records import Finding
from onrecord.stance.checks.dates import Dates
from onrecord.stance.checks.intervals import interval
from onrecord.stance.checks.names import Names
from onrecord.stance.checks.numbers import Numbers
from onrecord.stance.checks.pair import CheckName, Pair, shifted
from onrecord.stance.checks.quotes import Quotes
from onrecord.stance.checks.votes import Votes, tally

__all__ = ["CHECKS", "DATES", "VOTES", "Check", "Pair", "interval", "run_checks", "shifted", "tally"]


class Check(Protocol):
    """One kind of comparison."""

    name: CheckName

    def compare(self, pair: Pair) -> tuple[Finding, ...]:
        """Compare the claim of ``pair`` with its evidence; spans are local to the two texts."""
        ...


DATES: Final = Dates()
CHECKS: Final[tuple[Check, ...]] = (Numbers(), DATES, Names(), Quotes())
"""The catalogue, in the order in which findings are shown."""
VOTES: Final = Votes()
"""Held against a whole passage, because the sentence that names what was voted on is seldom the one with the outcome."""


def run_checks(  # noqa: PLR0913  two texts, and when and under what they were written
    hypothesis: str,
    evidence_text: str,
    *,
    evidence_offset: int,
    claim_date: dt.date | None,
    source_date: dt.date | None,
    heading: str = "",
) -> tuple[Finding, ...]:
    """Run every check on one claim and one window of evidence.

    Args:
        hypothesis: The wording of the claim that is judged; ``claim_span`` points into it.
        evidence_text: The window of evidence.
        evidence_offset: Where the window begins in the version's text, into which ``evidence_span`` points.
        claim_date: The day of the article, for "last week" and dates without a year.
        source_date: The day of the source, likewise.
        heading: The source's title: what it names, the evidence need not name again.

    Returns:
        The findings in the order of the catalogue; none when there is nothing to compare.

    >>> for found in run_checks("Prices rose 40 % in 2021.", "In 2021 prices rose by 14 %.", evidence_offset=100,
    ...                         claim_date=None, source_date=None):
    ...     print(found.check, found.outcome, found.claim_value, found.evidence_value, found.evidence_span.start)
    numbers different 40 % 14 % 123
    dates equal 2021 2021 103
    """
    pair = Pair.of(hypothesis, evidence_text, claim_date=claim_date, source_date=source_date, heading=heading)
    return tuple(shifted(found, evidence_offset) for check in CHECKS for found in check.compare(pair))
