"""What the quotations task counts: known answers for every figure."""

from __future__ import annotations

import pytest

from evals import metrics
from evals.quotations import MadeQuotation
from evals.result import flat
from evals.tasks.quotations import figures_of, majority, shares_of
from onrecord.records import Quotation, QuotationCheck, QuotationOutcome, Span

V, M, A, N = (
    QuotationOutcome.VERBATIM,
    QuotationOutcome.MINOR,
    QuotationOutcome.ALTERED,
    QuotationOutcome.NOT_FOUND,
)


def made(number: int, gold: QuotationOutcome) -> MadeQuotation:
    return MadeQuotation(str(number), gold.value, "words", None, None, gold, frozenset({"s"} if gold is not N else ()))


def answered(outcome: QuotationOutcome) -> QuotationCheck:
    quotation = Quotation(span=Span(start=0, end=5), text="words")
    return QuotationCheck(quotation=quotation, speaker=None, outcome=outcome, wording="not_found", message="")


# Right answer and the one given. Verbatim and minor are one answer.
ROWS = [(V, V), (V, M), (M, A), (A, A), (A, V), (A, N), (N, N), (N, V)]
QUOTATIONS = [made(number, gold) for number, (gold, _) in enumerate(ROWS)]
CHECKS = [answered(given) for _, given in ROWS]


def test_figures_of_a_hand_worked_table() -> None:
    found = dict(flat(figures_of(QUOTATIONS, CHECKS, [1.0] * len(ROWS))))
    assert found["accuracy"] == 0.5  # the first two, one altered, one not found
    # Of verbatim, minor and altered alone: called exact are rows 1, 2 and 5; exact are rows 1 to 3.
    assert found["exact_against_altered.precision"] == found["exact_against_altered.recall"] == 0.6667
    # Called altered are rows 3 and 4; altered are rows 4 to 6.
    assert (found["altered_against_exact.precision"], found["altered_against_exact.recall"]) == (0.5, 0.3333)
    # The invented one that was called verbatim counts here too.
    assert (found["exact_against_all.precision"], found["exact_against_all.recall"]) == (0.5, 0.6667)
    assert found["right_source_first"] == 0.0  # no place was named
    assert found[f"per_kind.{A.value}.accuracy"] == 0.3333


def test_shares_come_to_the_figures_and_every_estimate_has_one() -> None:
    figures = dict(flat(figures_of(QUOTATIONS, CHECKS, [1.0] * len(ROWS))))
    shares = shares_of(QUOTATIONS, CHECKS)
    for name, (part, whole) in shares.items():
        assert sum(part) / sum(whole) == pytest.approx(figures[name], abs=1e-4), name
    other = {name for name in figures if name.startswith(("milliseconds.", "confusion.")) or name.endswith(".n")}
    assert figures.keys() - other == shares.keys()
    bounds = metrics.share_intervals(shares, groups=[str(n) for n in range(len(ROWS))], seed=0)
    assert bounds["accuracy"][0] < 0.5 < bounds["accuracy"][1]


def test_the_majority_takes_verbatim_and_minor_for_one() -> None:
    # Three are verbatim or minor, three altered: the first wins; with one altered more, the other.
    assert majority(QUOTATIONS) == {"label": "verbatim", "accuracy": 0.375}
    assert majority([*QUOTATIONS, made(8, A)]) == {"label": "altered", "accuracy": 0.4444}
