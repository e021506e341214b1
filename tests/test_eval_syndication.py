"""The measurement of copies: what the rules do to a text, and what is counted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from evals.copies import RULES, Original, make_copies, originals
from evals.result import flat
from evals.run import Options, run_task
from evals.tasks import catalogue, syndication
from onrecord.records import Document

if TYPE_CHECKING:
    from pathlib import Path

BODY = (
    "The ministers of 6 countries agreed on Monday to keep a common store of grain. The store will hold 4 million tonnes by"
    " the end of 2027. Each country pays a share of the cost. Storage begins in spring at the port of Odessa."
)


def original(number: int = 0, title: str = "Ministers agree on a store — Jane Roe", body: str = BODY) -> Original:
    return Original(f"s{number}", "extract", title, body, "Wire", dt.date(2026, 3, 2), "coverage")


def test_copies_are_repeatable_and_differ() -> None:
    made = [copy for number in range(60) for copy in make_copies(original(number), 2, seed=3)]
    assert made == [copy for number in range(60) for copy in make_copies(original(number), 2, seed=3)]
    assert made != [copy for number in range(60) for copy in make_copies(original(number), 2, seed=4)]
    assert {rule for copy in made for rule in copy.rules} == set(RULES)
    assert {len(copy.rules) for copy in made} == {1, 2, 3, 4}
    for copy in made:
        assert copy.publisher != "Wire"
        assert 0 <= (copy.published - dt.date(2026, 3, 2)).days <= 1  # type: ignore[operator]
        assert copy.text != original().text


def test_no_figure_or_name_becomes_another() -> None:
    known = set(re.findall(r"\d+", original().text))
    for number in range(60):
        for copy in make_copies(original(number), 2, seed=3):
            figures = set(re.findall(r"\d+", copy.text)) - {"1", "5"}  # "UPDATE 1-"
            assert figures <= known
            if "cut" not in copy.rules:
                assert "Odessa" in copy.text
            else:
                assert len(copy.text) < len(original().text) + 120


@pytest.mark.parametrize("body", ["", "The ministers met…"])
def test_a_headline_alone(body: str) -> None:
    for number in range(30):
        for copy in make_copies(original(number, body=body), 2, seed=3):
            assert copy.text.strip()


def wire(number: int, day: int, words: str) -> Document:
    return Document(
        text=words,
        media_type="text/plain",
        content_sha256="0" * 64,
        title=words.partition("\n")[0],
        published=dt.date(2026, 3, day),
        metadata={"id": f"w{number}", "kind": "coverage", "publisher": "Wire"},
    )


def test_the_same_bulletin_of_the_same_days_is_taken_once() -> None:
    made = originals([wire(number, 2 + number, "Stocks are up as trading opens\nStocks are…") for number in range(20)])
    days = sorted(item.published.day for item in made if item.family == "headline" and item.published)
    assert len(days) in {1, 2, 3}
    assert all(later - earlier > 7 for earlier, later in pairwise(days))


def test_what_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    towns = [
        f"{first}{last}" for first in ("Nor", "Sud", "Ost", "Wes", "Mit") for last in ("ham", "berg", "ville", "ford")
    ]
    verbs = ("builds a bridge over the", "closes the school on the", "sells the mill by the")

    def real(*_: object) -> Iterator[Document]:
        for number, (town, verb) in enumerate((town, verb) for verb in verbs for town in towns):
            river = f"{town[::-1].capitalize()} river"
            yield wire(
                number, 1 + number % 20, f"{town} {verb} {river}, mayor tells the press\nThe mayor of {town} said on…"
            )

    monkeypatch.setattr(syndication, "_real", real)
    (tmp_path / "speech").mkdir()
    (tmp_path / "coverage").mkdir()
    task = catalogue()["syndication"]
    result, items = run_task(task, {"data": tmp_path}, options=Options(limit=40, seed=1), home=tmp_path / "home")
    copies = [item for item in items if item.claim != "wrong pair"]
    assert result.metrics["pairs"] == 3 * len(copies) // 2  # an original and two copies make three pairs
    assert result.n == len(copies) > 20
    found = result.metrics["recall"]
    assert isinstance(found, float)
    assert found > 0.5  # eighteen words each: the figures of real texts are those that count
    assert result.baselines["same_text"]["recall"] < 0.5  # type: ignore[index]
    assert 0 <= result.intervals["recall"][0] <= found <= result.intervals["recall"][1] <= 1
    counts = {"pairs", "pairs_found", "wrong", "wrong_among_real_texts"}
    estimates = [name for name, value in flat(result.metrics) if name not in counts and value is not None]
    assert [name for name in estimates if name not in result.intervals] == []
