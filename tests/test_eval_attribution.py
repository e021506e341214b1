"""The attribution task: hand-worked paragraphs, unusable rows, and a whole run on paragraphs of our own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evals.data import EvalDataError, read_attributions
from evals.run import Options, run_task
from evals.tasks import catalogue
from evals.tasks.attribution import NAMES, Parts, figures, located, predict, same_head, score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PARAGRAPH = "The bridge will reopen in May, Mayor Ann Lee said. Critics doubt that the money is there."
GOLD = [
    {"source": "Mayor Ann Lee", "cue": "said", "content": "The bridge will reopen in May"},
    {"source": "Critics", "cue": "doubt", "content": "that the money is there"},
]


def parts(content: str, source: str = "", cue: str = "", text: str = PARAGRAPH) -> Parts:
    return Parts(located(text, content), located(text, source), located(text, cue), source)


PERFECT = [parts(row["content"], row["source"], row["cue"]) for row in GOLD]


def metrics_of(gold: Sequence[Parts], predicted: Sequence[Parts]) -> dict[str, float]:
    sums, _ = score(gold, predicted)
    columns = {name: np.asarray([getattr(sums, name)], dtype=np.float64) for name in NAMES}
    return {name: round(float(value[0]), 4) for name, value in figures(columns).items()}


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        # everything right
        (PERFECT, {"content.partial.f1": 1, "content.exact.f1": 1, "source.exact.f1": 1, "cue.exact.f1": 1}),
        # the order of predictions is no matter
        (PERFECT[::-1], {"content.exact.f1": 1, "source.exact.f1": 1, "source_head_accuracy": 1}),
        # nothing predicted: 0, and not an error
        ([], {"content.partial.f1": 0, "content.exact.recall": 0, "source_head_accuracy": 0, "source_head_recall": 0}),
        # one of two: precision 1, recall 1/2
        (PERFECT[:1], {"content.partial.precision": 1, "content.partial.recall": 0.5, "content.partial.f1": 0.6667}),
        # "The bridge will" has 3 of 6 words: a half of one of two, found by half, so its source is asked for and right
        (
            [parts("The bridge will", "Ann Lee", "said")],
            {"content.partial.recall": 0.25, "content.exact.f1": 0, "source_head_accuracy": 1, "source.exact.f1": 0},
        ),
        # … "Ann Lee" is 2 of the 3 words of one source of two: precision 1, recall 1/3
        ([parts("The bridge will", "Ann Lee")], {"source.partial.precision": 1, "source.partial.recall": 0.3333}),
        # the sources exchanged: contents as they should be, no head right
        (
            [replace(PERFECT[0], source_words="Critics"), replace(PERFECT[1], source_words="Mayor Ann Lee")],
            {"content.exact.f1": 1, "source_head_accuracy": 0, "source_head_recall": 0},
        ),
        # one prediction over both: each gold is whole in it, but it is paired with one only
        (
            [parts(PARAGRAPH, "Critics")],
            {"content.partial.recall": 1, "content.exact.f1": 0, "source_head_recall": 0},
        ),
        # a prediction twice: the second is not right a second time
        ([*PERFECT, PERFECT[0]], {"content.exact.precision": 0.6667, "content.exact.recall": 1}),
    ],
)
def test_a_hand_worked_paragraph(predicted: list[Parts], expected: dict[str, float]) -> None:
    found = metrics_of(PERFECT, predicted)
    assert {name: found[name] for name in expected} == expected


def test_a_source_that_is_not_named_is_not_asked_for() -> None:
    unnamed = [parts("The bridge will reopen in May", cue="said")]
    sums, _ = score(unnamed, [PERFECT[0]])
    assert (sums.asked_heads, sums.source_gold, sums.source_predicted) == (0, 0, 1)


@pytest.mark.parametrize(
    ("gold", "predicted", "same"),
    [
        ("Mayor Ann Lee", "Lee", True),  # the family name
        ("the head of the union", "the head", True),  # a postmodifier left out
        ("Lee’s", "Lee", True),  # a possessive
        ("Ann Lee", "Ann Roe", False),  # another family name
        ("Ann Lee", "", False),  # nobody predicted
        ("", "Lee", False),  # nobody annotated
    ],
)
def test_heads(gold: str, predicted: str, same: bool) -> None:  # noqa: FBT001  a column of the table
    assert same_head(gold, predicted) is same


def test_words_are_found_at_the_place_nearest_to_their_content() -> None:
    text = "He left. He said he was ill."
    content = located(text, "he was ill")
    assert located(text, "He", near=content) == {text.index("He said")}
    assert located(text, "purple") == frozenset()  # words that do not stand there


def rows(**change: object) -> list[dict[str, object]]:
    return [{"id": f"r{n}", "paragraph": PARAGRAPH, "article": "a1", **row, **change} for n, row in enumerate(GOLD)]


def write(path: Path, given: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paragraph": ""}, "'paragraph' must be a non-empty text"),  # empty
        ({"content": None}, "'content' must be a non-empty text"),  # missing
        ({"source": "Nobody Here"}, "'Nobody Here' does not stand in the paragraph"),  # from somewhere else
        ({"cue": 7}, "'cue' must be a non-empty text"),  # another type
        ({"id": "same"}, "already used"),  # a duplicate
    ],
)
def test_unusable_rows_are_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(EvalDataError, match=message):
        read_attributions(write(tmp_path / "rows.jsonl", rows(**change)))


def test_a_row_without_source_cue_and_article_can_be_used(tmp_path: Path) -> None:
    bare = {"paragraph": PARAGRAPH, "content": "the money is there"}
    (row,) = read_attributions(write(tmp_path / "rows.jsonl", [bare]))
    assert (row.source, row.cue, row.group) == ("", "", PARAGRAPH)


def test_the_product_is_asked_and_the_figures_have_intervals(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", rows())
    result, items = run_task(catalogue()["attribution"], {"data": path}, options=Options())
    assert result.n == len(items) == 2
    assert result.metrics["paragraphs"] == 1
    content = result.metrics["content"]
    assert isinstance(content, dict)
    assert content["partial"]["recall"] == 1.0
    assert result.metrics["source_head_accuracy"] == 1.0
    assert (
        result.intervals["content.partial.f1"][0]
        <= content["partial"]["f1"]
        <= result.intervals["content.partial.f1"][1]
    )
    # Twelve words of the paragraph's seventeen are content: the baseline has them all, among too many.
    assert result.baselines["whole_paragraph"] == pytest.approx(
        {"content.partial.precision": 6 / 17, "content.partial.recall": 1.0, "content.partial.f1": 12 / 23}, abs=1e-4
    )
    assert [model.role for model in result.models] == ["linguistics"]
    assert {item.predicted for item in items} == {"Mayor Ann Lee", "Critics"}


def test_what_the_product_finds_lies_in_the_paragraph() -> None:
    for item in predict(PARAGRAPH):
        assert item.content
        assert all(PARAGRAPH[place : place + 1].isalnum() for place in item.content | item.source | item.cue)
        assert item.source_words in PARAGRAPH
    assert predict("") == []
