"""Labelled data, metrics with known answers, and the tasks of ``python -m evals``."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from evals import baselines, compare, metrics, run, suite
from evals.__main__ import app
from evals.data import (
    EvalDataError,
    Gold,
    LabelledClaim,
    check_gold_documents,
    fingerprint,
    read_claims,
    read_corpus,
    read_pairs,
    read_sentences,
    read_starter,
    sample,
)
from evals.result import flat, forget_peak_memory, peak_memory_mb
from evals.run import Options, run_task
from evals.tasks import catalogue
from evals.tasks.end_to_end import cause
from evals.tasks.starter import merged
from evals.workspace import Places, bare_claim, passages_of
from onrecord import claims
from onrecord.records import (
    CheckedClaim,
    Evidence,
    Hit,
    Passage,
    Reason,
    Source,
    SourceKind,
    Span,
    Stance,
    StanceProbabilities,
    Verdict,
    VerdictLabel,
)
from onrecord.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from evals.result import Result

THREE = ["supports", "refutes", "neutral"]


# ---------------------------------------------------------------- metrics: hand-worked tables


def test_classification_of_a_hand_worked_table() -> None:
    # gold      s s s s r r n n n n
    # predicted s s r n r s n n n r
    gold = ["supports"] * 4 + ["refutes"] * 2 + ["neutral"] * 4
    predicted = ["supports", "supports", "refutes", "neutral", "refutes", "supports", *["neutral"] * 3, "refutes"]
    scores = metrics.classification(gold, predicted, labels=THREE)
    assert scores["accuracy"] == 0.6
    assert scores["confusion"] == {"labels": THREE, "rows": [[2, 1, 1], [1, 1, 0], [0, 1, 3]]}
    assert scores["per_class"] == {
        "supports": {"precision": 0.6667, "recall": 0.5, "f1": 0.5714, "support": 4},  # 2/3, 2/4
        "refutes": {"precision": 0.3333, "recall": 0.5, "f1": 0.4, "support": 2},  # 1/3, 1/2
        "neutral": {"precision": 0.75, "recall": 0.75, "f1": 0.75, "support": 4},  # 3/4, 3/4
    }
    assert scores["macro_f1"] == round((4 / 7 + 0.4 + 0.75) / 3, 4)
    assert scores["balanced_accuracy"] == round((0.5 + 0.5 + 0.75) / 3, 4)


def test_macro_f1_is_over_the_classes_of_the_gold() -> None:
    # No neutral in the gold: the neutral prediction costs recall, but its own F1 of 0 is not averaged in.
    scores = metrics.classification(
        ["supports", "supports", "refutes"], ["supports", "neutral", "refutes"], labels=THREE
    )
    assert scores["macro_f1"] == round((2 / 3 + 1) / 2, 4)
    assert scores["balanced_accuracy"] == 0.75


@pytest.mark.parametrize(
    ("gold", "predicted"),
    [
        ([], []),  # nothing to score
        (["supports"], ["supports", "refutes"]),  # different lengths
        (["supports"], ["perhaps"]),  # a label nobody declared
    ],
)
def test_classification_refuses(gold: list[str], predicted: list[str]) -> None:
    with pytest.raises(ValueError, match=r"length|not in"):
        metrics.classification(gold, predicted, labels=THREE)


def test_binary_of_a_hand_worked_table() -> None:
    # tp 2, fp 1, fn 2, tn 3
    scores = metrics.binary([1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 1, 0, 0, 0])
    assert (scores["precision"], scores["recall"], scores["f1"], scores["accuracy"]) == (0.6667, 0.5, 0.5714, 0.625)


def test_retrieval_of_a_hand_worked_table() -> None:
    relevant = {"q1": ["a", "b"], "q2": ["c"], "q3": ["d"]}
    rankings = {"q1": ["x", "a", "y", "b"], "q2": ["c"]}  # q3 found nothing
    means, per_query = metrics.retrieval(relevant, rankings)
    ideal = 1 + 1 / math.log2(3)
    first = (1 / math.log2(3) + 1 / math.log2(5)) / ideal
    assert per_query["q1"]["ndcg@10"] == pytest.approx(first)
    assert per_query["q1"]["map"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert per_query["q1"]["mrr"] == 0.5
    assert per_query["q3"] == dict.fromkeys(metrics.RETRIEVAL_MEASURES, 0.0)
    assert means["ndcg@10"] == round((first + 1 + 0) / 3, 4)
    assert means["recall@5"] == round(2 / 3, 4)


def test_retrieval_depths_cut_where_they_say() -> None:
    ranking = [f"d{n}" for n in range(1, 121)]
    for place, expected in [
        (5, (1, 1, 1)),  # the last within 5
        (6, (0, 1, 1)),  # just outside 5
        (10, (0, 1, 1)),  # the last within 10
        (11, (0, 0, 1)),  # just outside 10
        (100, (0, 0, 1)),  # the last within 100
        (101, (0, 0, 0)),  # just outside 100
    ]:
        means, _ = metrics.retrieval({"q": [f"d{place}"]}, {"q": ranking})
        assert (means["recall@5"], means["recall@10"], means["recall@100"]) == expected


@pytest.mark.parametrize(
    ("relevant", "rankings"),
    [
        ({}, {}),  # no query
        ({"q": []}, {}),  # nothing is relevant: undefined
        ({"q": ["a"]}, {"q": ["a", "a"]}),  # a document twice would count twice
        ({"q": ["a"]}, {"p": ["a"]}),  # a ranking for no query
    ],
)
def test_retrieval_refuses(relevant: dict[str, list[str]], rankings: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match=r"quer|holds a document twice"):
        metrics.retrieval(relevant, rankings)


@pytest.mark.parametrize(
    ("passages", "expected"),
    [
        ([("d", 0, 10)], None),  # one of the rationale's two sentences
        ([("d", 0, 10), ("d", 20, 30)], 2),  # both, from two passages
        ([("e", 0, 30)], None),  # the right characters of another document
        ([("d", 0, 30)], 1),  # both in one passage
        ([("e", 0, 5), ("d", 38, 50)], 2),  # the second alternative, 12 of whose 15 characters lie inside
        ([("d", 46, 60)], None),  # 4 of 15 characters are not a sentence
        ([], None),  # nothing was found
    ],
)
def test_rationale_ranks(passages: list[tuple[str, int, int]], expected: int | None) -> None:
    rationales = {"d": [[(0, 10), (20, 30)], [(35, 50)]]}
    assert metrics.rationale_ranks(passages, rationales) == expected


def test_rationale_recall() -> None:
    assert metrics.rationale_recall([1, 5, 6, None], depths=(1, 5, 12)) == {
        "rationale_recall@1": 0.25,
        "rationale_recall@5": 0.5,
        "rationale_recall@12": 0.75,
    }


def test_calibration_of_a_hand_worked_table() -> None:
    # Two items at 0.9, one of them right; two at 0.6, both right: ECE = 0.5·|0.5-0.9| + 0.5·|1-0.6| = 0.4
    probabilities = np.asarray([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    result = metrics.calibration(["s", "r", "s", "s"], probabilities, labels=["s", "r"])
    assert result["ece"] == 0.4
    # Brier: (0.1²+0.1²), (0.9²+0.9²), 2·(0.4²+0.4²), over 4
    assert result["brier"] == round((0.02 + 1.62 + 0.32 + 0.32) / 4, 4)


def test_calibration_does_not_depend_on_the_order_of_the_classes() -> None:
    gold = ["supports", "refutes", "neutral", "refutes"]
    probabilities = np.asarray([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.2, 0.6], [0.5, 0.4, 0.1]])
    turned = metrics.calibration(gold, probabilities[:, [2, 0, 1]], labels=["neutral", "supports", "refutes"])
    assert metrics.calibration(gold, probabilities, labels=THREE) == turned


def test_risk_coverage_of_a_hand_worked_table() -> None:
    # By confidence: right right wrong wrong → 1, 1, 2/3, 1/2
    result = metrics.risk_coverage([False, True, True, False], [0.2, 0.9, 0.8, 0.1])
    assert result["accuracy@100"] == 0.5
    assert result["accuracy@50"] == 1.0
    assert result["accuracy@75"] == 0.6667
    # The mean of the risks 0, 0, 1/3, 1/2
    assert result["aurc"] == round((1 / 3 + 1 / 2) / 4, 4)


def test_risk_coverage_of_equal_confidences_ignores_the_order_of_the_file() -> None:
    # All equally sure: every coverage has the overall accuracy, whichever came first.
    for right in ([True, True, False, False], [False, False, True, True]):
        assert metrics.risk_coverage(right, [0.5] * 4)["accuracy@25"] == 0.5


def test_per_kind_counts_each_kind_apart_in_the_order_of_names() -> None:
    found = metrics.per_kind(["place", "date", "date", "date"], [True, True, False, False])
    assert list(found.items()) == [("date", {"accuracy": 0.3333, "n": 3}), ("place", {"accuracy": 1.0, "n": 1})]


# ---------------------------------------------------------------- metrics: they read their input


@pytest.mark.parametrize(
    ("measure", "good", "bad"),
    [
        *[
            (
                lambda p, name=name: metrics.classification(["a", "b"], p, labels=["a", "b"])[name],
                ["a", "b"],
                ["b", "a"],
            )
            for name in ("accuracy", "macro_f1", "balanced_accuracy")
        ],
        (lambda p: metrics.binary([1, 0], p)["f1"], [1, 0], [0, 1]),
        *[
            (lambda p, name=name: metrics.retrieval({"q": ["a"]}, {"q": p})[0][name], ["a", "b"], ["b"])
            for name in metrics.RETRIEVAL_MEASURES
        ],
        (lambda p: metrics.risk_coverage([True, False], p)["accuracy@50"], [0.9, 0.1], [0.1, 0.9]),
        (lambda p: metrics.per_kind(["date", "place"], p)["date"]["accuracy"], [True, False], [False, True]),
    ],
)
def test_every_score_rises_from_the_worst_answer_to_the_best(
    measure: Callable[[object], float], good: object, bad: object
) -> None:
    assert measure(good) == 1.0
    assert measure(bad) == 0.0


def test_calibration_reads_the_probabilities() -> None:
    gold = ["supports", "refutes", "neutral"]
    assert metrics.calibration(gold, np.eye(3), labels=THREE)["ece"] == 0.0
    assert metrics.calibration(gold, np.eye(3)[[1, 2, 0]], labels=THREE)["ece"] == 1.0


@given(
    st.lists(st.tuples(st.sampled_from(THREE), st.sampled_from(THREE), st.sampled_from("abc")), min_size=1, max_size=40)
)
def test_bootstrap_weights_of_one_give_the_point_figures(rows: list[tuple[str, str, str]]) -> None:
    # The weighted F1 that makes the intervals must be scikit-learn's when every item is drawn once.
    gold, predicted = [row[0] for row in rows], [row[1] for row in rows]
    ones = np.ones((1, len(rows)))
    per_class = metrics.classification(gold, predicted, labels=THREE)["per_class"]
    for label in THREE:
        f1 = metrics.weighted_f1(gold, predicted, ones, label=label)[0]
        assert round(f1, 4) == pytest.approx(per_class[label]["f1"], abs=1e-4)


def test_intervals_hold_the_point_figure_and_shrink_with_more_data() -> None:
    gold = ["supports", "refutes", "neutral", "supports", "refutes", "neutral"]
    predicted = ["supports", "refutes", "neutral", "supports", "neutral", "refutes"]
    widths = []
    for times in (5, 50):
        many = range(len(gold) * times)
        found = metrics.classification_intervals(gold * times, predicted * times, groups=[str(n) for n in many], seed=0)
        low, high = found["accuracy"]
        assert low < 4 / 6 < high
        # Both of the rest have one of two right in this direction and that.
        for figure in ("precision:refutes", "recall:neutral", "f1:refutes"):
            assert found[figure][0] < 0.5 < found[figure][1]
        assert found["recall:supports"] == (1.0, 1.0)
        widths.append(high - low)
    # Ten times the data: √10 narrower.
    assert widths[0] / widths[1] == pytest.approx(math.sqrt(10), rel=0.2)


def test_items_of_one_group_are_drawn_together() -> None:
    # Ten copies of each item in one group say no more than one copy: the interval must not shrink.
    gold, predicted = ["supports", "refutes"] * 10, ["supports", "supports"] * 10
    alone = metrics.classification_intervals(gold, predicted, groups=[str(n) for n in range(20)], seed=0)
    copied = metrics.classification_intervals(
        gold * 10, predicted * 10, groups=[str(n) for _ in range(10) for n in range(20)], seed=0
    )
    assert copied["accuracy"] == alone["accuracy"]


def test_intervals_depend_on_the_seed_only() -> None:
    values = [0.0, 1.0, 0.5, 0.25, 1.0]
    assert metrics.mean_interval(values, seed=3) == metrics.mean_interval(values, seed=3)
    assert metrics.mean_interval(values, seed=3) != metrics.mean_interval([0.0, 0.0, 0.5, 0.25, 1.0], seed=3)


# ---------------------------------------------------------------- baselines


def test_majority() -> None:
    result = baselines.majority(["neutral", "neutral", "supports"], labels=THREE)
    assert result == {"label": "neutral", "accuracy": 0.6667, "macro_f1": 0.4}  # F1 0.8 and 0, over two classes


def test_claim_only_finds_a_leak_in_the_wording_and_nothing_where_there_is_none() -> None:
    leaking = [f"it is {word} that number {n} came" for n in range(40) for word in ("true", "false")]
    gold = ["supports", "refutes"] * 40
    assert baselines.claim_only(leaking, gold, labels=THREE, seed=0)["accuracy"] == 1.0
    # The same claim with both labels: nothing to learn, and no fold may hold its twin.
    twins = [f"claim about thing {n}" for n in range(40) for _ in range(2)]
    assert baselines.claim_only(twins, gold, labels=THREE, seed=0)["accuracy"] == pytest.approx(0.5, abs=0.15)


def test_claim_only_of_a_tiny_set_is_absent_rather_than_noise() -> None:
    assert baselines.claim_only(["a", "b"], ["supports", "refutes"], labels=THREE, seed=0) is None


@pytest.mark.parametrize(
    ("claim", "evidence", "share"),
    [
        ("the dog barked", "A DOG barked loudly", 2 / 3),  # case is ignored
        ("dog dog dog", "dog", 1.0),  # repeated words count once
        ("dog", "cat", 0.0),  # nothing shared
        ("?!", "dog", 0.0),  # no words at all
    ],
)
def test_overlap_share(claim: str, evidence: str, share: float) -> None:
    assert baselines.overlap_share(claim, evidence) == pytest.approx(share)


# ---------------------------------------------------------------- labelled data


def write(path: Path, *rows: object) -> Path:
    text = "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


PAIR = {"id": "p1", "claim": "It rained.", "evidence": "Rain fell.", "label": "supports"}


@pytest.mark.parametrize("name", ["pairs.jsonl", "pairs.jsonl.gz"])
def test_pairs_are_read_gzipped_or_not(tmp_path: Path, name: str) -> None:
    (pair,) = read_pairs(write(tmp_path / name, PAIR))
    assert (pair.id, pair.claim, pair.evidence, pair.gold) == ("p1", "It rained.", "Rain fell.", Gold.SUPPORTS)


@pytest.mark.parametrize(
    ("split", "ids"),
    [
        ("", ["p1", "p2"]),  # all
        ("dev", ["p2"]),
    ],
)
def test_pairs_of_a_split(tmp_path: Path, split: str, ids: list[str]) -> None:
    path = write(tmp_path / "p.jsonl", {**PAIR, "split": "report"}, {**PAIR, "id": "p2", "split": "dev"})
    assert [pair.id for pair in read_pairs(path, split=split)] == ids


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**PAIR, "split": "dev"}, "no row of the split 'report'; there are: dev"),
        (PAIR, "row 1: field 'split' is missing"),
        ({**PAIR, "split": ""}, "row 1: field 'split' must be a non-empty text"),
    ],
)
def test_a_split_that_is_not_there(tmp_path: Path, row: object, message: str) -> None:
    with pytest.raises(EvalDataError, match=message):
        read_pairs(write(tmp_path / "p.jsonl", row), split="report")


@pytest.mark.parametrize(
    ("label", "gold"),
    [
        ("supports", Gold.SUPPORTS),
        ("SUPPORTED", Gold.SUPPORTS),  # FEVER's and the product's spelling
        ("NOT ENOUGH INFO", Gold.NEUTRAL),  # FEVER's, with spaces
        ("half-true", Gold.DISPUTED),  # PolitiHop's
        ("partially_supports", Gold.NOT_SUPPORTS),  # WiCE's
    ],
)
def test_labels(tmp_path: Path, label: str, gold: Gold) -> None:
    assert read_claims(write(tmp_path / "c.jsonl", {"claim": "x", "label": label}))[0].gold is gold


def test_a_line_separator_inside_a_text_does_not_cut_the_row(tmp_path: Path) -> None:
    row = json.dumps({**PAIR, "evidence": "one\u2028two"}, ensure_ascii=False) + "\n"
    assert read_pairs(write(tmp_path / "p.jsonl", row))[0].evidence == "one\u2028two"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),  # empty file
        (["\n\n"], "no rows"),  # only blank lines
        ([PAIR, {**PAIR, "id": "p2", "label": "maybe"}], "row 2: unknown label 'maybe'"),
        ([{**PAIR, "label": "disputed"}], "row 1: unknown label 'disputed'; accepted: supports"),  # claims only
        ([{**PAIR, "label": None}], "row 1: unknown label None"),
        ([{"id": "p1", "claim": "x", "label": "neutral"}], "row 1: field 'evidence' is missing"),
        ([{"id": "p1", "claim": "x", "evidence": "y"}], "row 1: field 'label' is missing"),
        ([{**PAIR, "claim": "  "}], "row 1: field 'claim' must be a non-empty text"),
        ([{**PAIR, "claim": 7}], "row 1: field 'claim' must be a non-empty text, got 7"),
        ([PAIR, PAIR], "row 2: id 'p1' was already used in row 1"),  # twice the same row
        (['{"id": "p1", "cl\n'], "row 1: not JSON"),  # a file cut short
        (["[1, 2]\n"], "row 1: a JSON object is needed, got list"),
        ([{**PAIR, "id": ["x"]}], "row 1: field 'id'"),
    ],
)
def test_unusable_pairs_name_their_row(tmp_path: Path, rows: list[object], message: str) -> None:
    with pytest.raises(EvalDataError, match=message):
        read_pairs(write(tmp_path / "p.jsonl", *rows))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),  # no such file
        (b"\x1f\x8b\x08\x00broken", "not readable"),  # a damaged gzip stream
        (gzip.compress(json.dumps(PAIR).encode())[:-12], "not readable"),  # a download cut short
        (b"\xff\xfe\x00", "not readable"),  # not UTF-8
    ],
)
def test_unreadable_files(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "p.jsonl.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EvalDataError, match=message):
        read_pairs(path)


@pytest.mark.parametrize(
    ("gold_sentences", "rationales"),
    [
        ({"d": [0, 2]}, {"d": ((0, 2),)}),  # one flat list is one rationale
        ({"d": [[0], [1, 2]]}, {"d": ((0,), (1, 2))}),  # alternatives
        ({"d": [[]]}, {}),  # an empty alternative decides nothing
        ({}, {}),
    ],
)
def test_rationales(tmp_path: Path, gold_sentences: object, rationales: object) -> None:
    row = {"claim": "x", "label": "supports", "gold_docs": ["d"], "gold_sentences": gold_sentences}
    assert read_claims(write(tmp_path / "c.jsonl", row))[0].rationales == rationales


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"gold_sentences": [1]}, "row 1: field 'gold_sentences' must map"),
        ({"gold_sentences": {"d": "1"}}, "row 1: 'gold_sentences' of 'd' must be a list"),
        ({"gold_sentences": {"d": [-1]}}, "row 1: 'gold_sentences' of 'd' must hold sentence numbers"),
        ({"gold_sentences": {"d": [True]}}, "row 1: 'gold_sentences' of 'd' must hold sentence numbers"),
        ({"gold_docs": "d"}, "row 1: field 'gold_docs' must be a list"),
    ],
)
def test_unusable_claims_name_their_row(tmp_path: Path, extra: dict[str, object], message: str) -> None:
    with pytest.raises(EvalDataError, match=message):
        read_claims(write(tmp_path / "c.jsonl", {"claim": "x", "label": "supports", **extra}))


def test_gold_that_the_corpus_does_not_have_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    row = {"claim": "x", "label": "supports", "gold_docs": ["d"], "gold_sentences": {"d": [3]}}
    claims = read_claims(write(path, row))
    check_gold_documents(claims, {"d": 4}, path=path)
    with pytest.raises(EvalDataError, match="claim '1': gold document 'd' is not in the corpus"):
        check_gold_documents(claims, {"e": 4}, path=path)
    with pytest.raises(EvalDataError, match="gold sentence 3 of 'd' does not exist; it has 3"):
        check_gold_documents(claims, {"d": 3}, path=path)


def test_sentence_spans_point_at_the_sentences(tmp_path: Path) -> None:
    rows = [{"id": "d", "title": "", "sentences": ["One.", "Two – längst.", "Three."]}]
    (document,) = read_corpus(write(tmp_path / "k.jsonl", *rows))
    assert [document.text[start:end] for start, end in document.sentence_spans] == list(document.sentences)


@pytest.mark.parametrize(
    ("title", "first", "expected"),
    [
        ("Given", "(meta data) TITLE: Stated", "Given"),
        ("", "(meta data) TITLE: Mission & History | Museum", "Mission & History | Museum"),  # as WiCE has it
        ("", "The senator said so.", "The senator said so. More."),  # the first line, as the corpus calls it
    ],
)
def test_a_document_without_a_title_has_the_one_it_states(
    tmp_path: Path, title: str, first: str, expected: str
) -> None:
    (document,) = read_corpus(write(tmp_path / "k.jsonl", {"id": "d", "title": title, "sentences": [first, "More."]}))
    assert document.title == expected
    assert document.sentences == (first, "More.")  # the numbers of gold sentences stay


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "d", "title": "t"}, "row 1: field 'text' is missing"),
        ({"id": "d", "sentences": ["", " "]}, "row 1: the document holds no text"),
        ({"id": "d", "title": 3, "text": "x"}, "row 1: field 'title'"),
    ],
)
def test_unusable_documents_name_their_row(tmp_path: Path, row: object, message: str) -> None:
    with pytest.raises(EvalDataError, match=message):
        read_corpus(write(tmp_path / "k.jsonl", row))


@pytest.mark.parametrize(("label", "gold"), [(1, 1), (0, 0), ("1", 1), ("0", 0)])
def test_sentences(tmp_path: Path, label: object, gold: int) -> None:
    assert read_sentences(write(tmp_path / "s.jsonl", {"text": "x", "label": label}))[0].gold == gold


@pytest.mark.parametrize("label", [2, "yes", None, True, [1], 1.0])
def test_unusable_sentence_labels_name_their_row(tmp_path: Path, label: object) -> None:
    with pytest.raises(EvalDataError, match="row 1: unknown label"):
        read_sentences(write(tmp_path / "s.jsonl", {"text": "x", "label": label}))


def test_a_sample_is_drawn_by_seed_in_the_order_of_the_file() -> None:
    rows = list(range(100))
    drawn = sample(rows, 10, seed=1)
    assert drawn == sorted(drawn) == sample(rows, 10, seed=1)
    assert drawn != sample(rows, 10, seed=2)
    assert drawn != rows[:10]
    assert sample(rows, None, seed=1) == sample(rows, 500, seed=1) == rows


def test_a_fingerprint_changes_with_bytes_and_with_names(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    first = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == first
    (tmp_path / "a.md").rename(tmp_path / "b.md")
    assert fingerprint(tmp_path) != first


STARTER = {
    "id": "s1",
    "article": "a",
    "span": [0, 9],
    "claim": "It rained.",
    "label": "REFUTED",
    "kind": "false",
    "records": ["r"],
}


def test_starter_claims_and_sentences_that_are_none(tmp_path: Path) -> None:
    other = {**STARTER, "id": "s2", "label": "NOT_A_CLAIM", "article": None, "span": None, "records": []}
    first, second = read_starter(write(tmp_path / "s.jsonl", STARTER, other))
    assert first.labelled is not None
    assert (first.span, first.labelled.gold, first.labelled.gold_documents) == ((0, 9), Gold.REFUTES, ("r",))
    assert (second.labelled, second.span) == (None, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"span": None}, "row 1: field 'span'"),  # an article, but no place in it
        ({"span": [5, 5]}, "row 1: field 'span'"),  # nothing between
        ({"span": [True, 5]}, "row 1: field 'span'"),  # not a number
        ({"label": "NOT_SUPPORTED"}, "row 1: unknown label"),  # the starter set knows four labels
        ({"records": "r"}, "row 1: field 'records' must be a list"),
    ],
)
def test_unusable_starter_claims_name_their_row(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(EvalDataError, match=message):
        read_starter(write(tmp_path / "s.jsonl", {**STARTER, **change}))


# ---------------------------------------------------------------- the product's records around bare texts


def test_a_bare_claim_is_its_own_article() -> None:
    claim = bare_claim("It rained – a lot.", 3)
    assert claim.span.of("It rained – a lot.") == claim.text == claim.standalone == claim.proposition


def test_evidence_is_cut_into_passages_as_the_corpus_cuts() -> None:
    text = " ".join(f"Sentence number {n} says something of its own." for n in range(12))
    settings = load_settings()
    passages = passages_of(text, settings=settings)
    assert len(passages) > 1
    assert all(passage.span.of(text) == passage.text for passage in passages)
    assert max(len(passage.sentences) for passage in passages) == settings.passage_sentences
    # Together they hold every sentence.
    assert {span.start for passage in passages for span in passage.sentences} == {
        text.index(f"Sentence number {n} ") for n in range(12)
    }


def test_evidence_of_marks_alone_is_judged_whole_rather_than_left_out() -> None:
    assert [passage.text for passage in passages_of("[…]", settings=load_settings())] == ["[…]"]


# ---------------------------------------------------------------- tasks


def test_the_catalogue_holds_the_promised_tasks() -> None:
    assert set(catalogue()) >= {"stance", "retrieval", "end-to-end", "claims", "starter"}
    assert all(name == task.name and task.summary and task.inputs for name, task in catalogue().items())


DOCUMENTS = [
    {
        "id": "Rain: 2021/7",  # an id with marks that a store might refuse
        "title": "Weather",
        "sentences": ["The station measured 40 mm of rain in July.", "June was dry.", "August was cool and windy."],
    },
    {"id": "bank", "title": "", "text": "The central bank raised its rate to 5 per cent in March."},
    {"id": "zoo", "title": "Zoo", "text": "The zoo in Antwerp has a new elephant, born in spring."},
]
CLAIMS = [
    {
        "id": "1",
        "claim": "In July 40 mm of rain were measured at the station.",
        "label": "supports",
        "gold_docs": ["Rain: 2021/7"],
        "gold_sentences": {"Rain: 2021/7": [[0]]},
    },
    {"id": "2", "claim": "The central bank cut its rate in March.", "label": "refutes", "gold_docs": ["bank"]},
    {
        "id": "3",
        "claim": "The new library has three floors.",
        "label": "neutral",
        "gold_docs": [],
        "cited_docs": ["zoo"],  # it decides nothing
    },
]


COUNTS = frozenset({
    "n", "queries", "documents_found", "support", "not_checked", "predicted", "paragraphs", "threshold", "n_where_changed",
    "not_taken_as_claims", "passed_over_by_claim_finding", "claims_found", "claims_unresolved",
})  # fmt: skip
"""Figures that say how many there were, or what was set: no estimate, so no interval."""


def without_interval(result: Result) -> list[str]:
    """Return the figures of a run that are estimates and have no interval."""
    shown = [
        (name, name.split("."))
        for name, value in flat(result.metrics)
        if isinstance(value, int | float) and not name.startswith("mistakes.")
    ]
    # Precision and recall of a class that the gold does not have say nothing.
    known = [
        (f"{parts[2]}:{parts[1]}" if parts[0] == "per_class" else name, parts)
        for name, parts in shown
        if parts[-1] not in COUNTS
        and not (parts[0] == "per_class" and not result.metrics["per_class"][parts[1]]["support"])
    ]
    return [name for name, _ in known if name not in result.intervals]


def test_retrieval_ranks_documents_and_rationales(tmp_path: Path) -> None:
    inputs = {
        "corpus": write(tmp_path / "k.jsonl.gz", *DOCUMENTS),
        "claims": write(tmp_path / "c.jsonl", *CLAIMS),
    }
    result, items = run_task(catalogue()["retrieval"], inputs, options=Options(), home=tmp_path / "home")
    assert (result.n, result.metrics["queries"]) == (2, 2)  # the neutral claim has nothing to find
    assert result.metrics["mrr"] == result.metrics["recall@5"] == result.metrics["rationale_recall@5"] == 1.0
    assert result.metrics["gold_sentences@10"] == result.baselines["lexical_alone"]["gold_sentences@10"] == 1.0
    assert [item.predicted.split()[0] for item in items] == ["Rain:", "bank"]
    assert (result.metrics["cited"]["queries"], result.metrics["cited"]["recall@5"]) == (1, 1.0)
    assert [model.name for model in result.models] == ["all-MiniLM-L6-v2", "onrecord-claims"]
    assert (result.data.n, result.corpus.n) == (2, 3)
    assert without_interval(result) == []
    # One list for everybody: one document decides each claim, so that the second claim finds its own in the second place.
    assert set(result.baselines) == {"majority", "dense_alone", "lexical_alone"}
    assert result.baselines["majority"]["mrr"] == 0.75
    # The same folder again is used as it is; with another corpus it is refused.
    again, _ = run_task(catalogue()["retrieval"], inputs, options=Options(), home=tmp_path / "home")
    assert (again.metrics, again.intervals, again.baselines) == (result.metrics, result.intervals, result.baselines)
    other = {**inputs, "corpus": write(tmp_path / "other.jsonl", *DOCUMENTS[:2])}
    with pytest.raises(EvalDataError, match="holds another evaluation corpus"):
        run_task(catalogue()["retrieval"], other, options=Options(), home=tmp_path / "home")


def test_a_claim_is_searched_in_the_words_that_its_article_gives_it(tmp_path: Path) -> None:
    other = {"id": "mint", "title": "Mint", "sentences": ["It was opened in 1890 by the king."]}
    zoo = {"id": "harbour", "title": "Harbour of Kelm", "sentences": ["The harbour was opened in 1890 by a guild."]}
    claim = {
        "id": "1",
        "claim": "It was opened in 1890.",
        "label": "supports",
        "gold_docs": ["harbour"],
        "claim_title": "The harbour of Kelm",
        "claim_context": "Ships leave the quay at dawn and the market at noon.",
    }
    inputs = {
        "corpus": write(tmp_path / "k.jsonl", *DOCUMENTS, other, zoo),
        "claims": write(tmp_path / "c.jsonl", claim, CLAIMS[1]),
    }
    result, _ = run_task(catalogue()["retrieval"], inputs, options=Options())
    assert result.metrics["mrr"] == 0.75
    assert (result.metrics["in_article"]["queries"], result.metrics["in_article"]["mrr"]) == (1, 1.0)
    assert without_interval(result) == []


def test_articles_that_stop_the_claims_room_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    german = "Der Präsident erklärte am Montag in Berlin, dass die Verhandlungen über den Haushalt fortgesetzt werden."
    stone = {"id": "stone", "title": "Stone", "text": "The bank said that a stone fell in May. It weighed 5 tonnes."}
    inputs = {"corpus": write(tmp_path / "k.jsonl", *DOCUMENTS, stone, {"id": "g", "title": "", "text": german})}
    result, items = run_task(catalogue()["articles"], inputs, options=Options())
    assert (result.metrics["read"], result.metrics["refused"], result.metrics["failed"]) == (0.8, 0.2, 0.0)
    assert result.metrics["claims_found"] >= 5
    assert [item.id for item in items if not item.right] == ["g"]
    assert without_interval(result) == []
    whole = claims.require_english

    def stumbling(text: str) -> str:
        if "stone" in text:
            message = "no such stone"
            raise ValueError(message)
        return whole(text)

    monkeypatch.setattr(claims, "require_english", stumbling)
    result, items = run_task(catalogue()["articles"], inputs, options=Options())
    assert (result.metrics["read"], result.metrics["failed"]) == (0.6, 0.2)
    assert list(result.metrics["failures_by_place"].values()) == [1]
    assert next(iter(result.metrics["failures_by_place"])).startswith("claims/__init__.py:")
    assert next(item for item in items if item.id == "stone").details["why"].endswith("ValueError: no such stone")


def test_a_folder_with_something_else_in_it_is_not_built_into(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    inputs = {"corpus": write(tmp_path / "k.jsonl", *DOCUMENTS), "claims": write(tmp_path / "c.jsonl", *CLAIMS)}
    with pytest.raises(EvalDataError, match="not empty and holds no evaluation corpus"):
        run_task(catalogue()["retrieval"], inputs, options=Options(), home=tmp_path)


def test_end_to_end_reports_verdicts_with_retrieval_beside_them(tmp_path: Path) -> None:
    inputs = {"corpus": write(tmp_path / "k.jsonl", *DOCUMENTS), "claims": write(tmp_path / "c.jsonl", *CLAIMS)}
    result, items = run_task(catalogue()["end-to-end"], inputs, options=Options())
    assert result.n == len(items) == 3
    right = sum(item.right for item in items)
    assert result.metrics["accuracy"] == result.metrics["selective"]["accuracy@100"] == round(right / 3, 4)
    assert sum(result.metrics["mistakes"].values()) == 3 - right
    assert result.metrics["retrieval"]["recall@5"] == 1.0
    assert result.metrics["retrieval"]["judged"] == {"gold_document": 1.0, "whole_rationale": 1.0}
    assert {model.role for model in result.models} >= {"embedding", "stance"}
    assert result.metrics["not_checked"] == 0
    assert without_interval(result) == []
    assert {"majority", "claim_only", "lexical_overlap", "similarity"} <= result.baselines.keys()
    assert result.baselines["majority"]["label"] in set(Gold)  # of the verdicts, not of the search


def evidence_of(document: str, stance: Stance) -> Evidence:
    """Return a piece of evidence of a whole document of three words."""
    span = Span(start=0, end=13)
    source = Source(
        id=document,
        title="",
        kind=SourceKind.DOCUMENT,
        publisher="",
        primary=True,
        retrieved_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        current_version_id=f"{document}@1",
    )
    passage = Passage(
        id=f"{document}@1:0-13",
        source=source,
        version_id=f"{document}@1",
        span=span,
        text="One two three",
        sentences=(span,),
    )
    return Evidence(
        passage=passage,
        hit=Hit(passage_id=passage.id, query="q", fused_score=1.0),
        question="true",
        hypothesis="q",
        own_words=False,
        stance=stance,
        probabilities=StanceProbabilities(supports=0.2, refutes=0.2, neutral=0.6),
        rationale=span,
        rationale_text="One two three",
        window=span,
    )


@pytest.mark.parametrize(
    ("gold", "label", "evidence", "expected"),
    [
        (Gold.SUPPORTS, "NOT_CHECKED", [], "not checked"),
        (Gold.SUPPORTS, "NOT_ENOUGH_EVIDENCE", [("b", Stance.SUPPORTS)], "retrieval miss"),  # only another document
        (Gold.SUPPORTS, "NOT_ENOUGH_EVIDENCE", [("a", Stance.NEUTRAL)], "abstained"),
        (Gold.SUPPORTS, "REFUTED", [("a", Stance.REFUTES)], "stance wrong"),
        (Gold.SUPPORTS, "REFUTED", [("a", Stance.NEUTRAL), ("b", Stance.SUPPORTS)], "stance wrong"),  # right by another
        (Gold.SUPPORTS, "REFUTED", [("a", Stance.SUPPORTS), ("b", Stance.REFUTES)], "verdict rule"),
        (Gold.DISPUTED, "SUPPORTED", [("a", Stance.SUPPORTS)], "stance wrong"),  # one side only
        (
            Gold.DISPUTED,
            "SUPPORTED",
            [("a", Stance.SUPPORTS), ("a", Stance.REFUTES)],
            "verdict rule",
        ),  # both, outweighed
        (Gold.NEUTRAL, "REFUTED", [("b", Stance.REFUTES)], "unfounded"),
        (Gold.NOT_SUPPORTS, "SUPPORTED", [("b", Stance.SUPPORTS)], "unfounded"),
    ],
)
def test_a_mistake_is_put_down_to_the_first_step_that_went_wrong(
    gold: Gold, label: str, evidence: list[tuple[str, Stance]], expected: str
) -> None:
    claim = LabelledClaim(id="1", claim="q", gold=gold, gold_documents=() if gold is Gold.NEUTRAL else ("a",))
    verdict = Verdict(label=VerdictLabel(label), confidence=0.5, reasons=(Reason(code="x", text="x"),))
    pieces = tuple(evidence_of(document, stance) for document, stance in evidence)
    checked = CheckedClaim(claim=bare_claim("q", 0), verdict=verdict, evidence=pieces)
    space = Places(sentences={}, names={})
    assert cause(claim, checked, space) == expected


def test_a_wording_that_lost_a_word_is_the_first_thing_that_went_wrong() -> None:
    verdict = Verdict(label=VerdictLabel.REFUTED, confidence=0.5, reasons=(Reason(code="x", text="x"),))
    labelled = LabelledClaim(id="1", claim="Exports rose in Belgium.", gold=Gold.SUPPORTS, gold_documents=("a",))
    places = Places(sentences={}, names={})
    for wording, expected in [
        ("Exports rose.", "claim rewriting"),
        ("In Belgium, exports rose again.", "retrieval miss"),
    ]:
        checked = CheckedClaim(claim=bare_claim(wording, 0), verdict=verdict)
        assert cause(labelled, checked, places) == expected


def test_a_sentence_of_several_claims_is_as_good_as_the_worst_of_them() -> None:
    def part(label: str, confidence: float) -> CheckedClaim:
        reasons = (Reason(code=label, text=label),)
        verdict = Verdict(label=VerdictLabel(label), confidence=confidence, reasons=reasons)
        return CheckedClaim(claim=bare_claim(label, 0), verdict=verdict)

    both = merged([part("SUPPORTED", 0.9), part("REFUTED", 0.7), part("NOT_ENOUGH_EVIDENCE", 0.8)])
    assert (both.verdict.label, both.verdict.confidence, len(both.verdict.reasons)) == (VerdictLabel.REFUTED, 0.7, 3)
    assert merged([part("SUPPORTED", 0.9), part("NOT_ENOUGH_EVIDENCE", 0.9)]).verdict.label == "NOT_ENOUGH_EVIDENCE"
    assert merged([part("NOT_CHECKED", 0.0), part("REFUTED", 0.9)]).verdict.label == "NOT_CHECKED"


def test_stance_of_two_way_sets_folds_refutes_and_neutral(tmp_path: Path) -> None:
    evidence = "The committee rejected the proposal on Friday."
    rows = [
        {"id": "1", "claim": "The committee rejected the proposal.", "evidence": evidence, "label": "supports"},
        {"id": "2", "claim": "The committee accepted the proposal.", "evidence": evidence, "label": "not_supports"},
        {"id": "3", "claim": "Whales feed on krill.", "evidence": evidence, "label": "refutes"},
    ]
    result, items = run_task(catalogue()["stance"], {"data": write(tmp_path / "p.jsonl", *rows)}, options=Options())
    assert [item.gold for item in items] == ["supports", "not_supports", "not_supports"]
    assert set(result.metrics["per_class"]) == {"supports", "not_supports"}
    assert [item.predicted for item in items][1:] == ["not_supports", "not_supports"]
    assert any("two classes" in note for note in result.notes)
    assert without_interval(result) == []
    assert result.metrics["accuracy"] == round(sum(item.right for item in items) / 3, 4)


def test_stance_of_one_split_says_so_and_scores_every_kind(tmp_path: Path) -> None:
    rows = [
        {**PAIR, "id": "1", "kind": "weather", "split": "report"},
        {**PAIR, "id": "2", "kind": "sport", "split": "dev", "label": "refutes"},
        {**PAIR, "id": "3", "kind": "sport", "split": "report", "label": "refutes"},
    ]
    data = {"data": write(tmp_path / "p.jsonl", *rows)}
    result, items = run_task(catalogue()["stance"], data, options=Options(split="report"))
    assert [item.id for item in items] == ["1", "3"]
    assert result.n == 2
    assert result.notes[0] == "the rows of the split 'report' only"
    # One answer to two labels: one kind is right, the other wrong, or both are wrong.
    assert result.metrics["per_kind"] == {
        "sport": {"accuracy": float(items[1].right), "n": 1},
        "weather": {"accuracy": float(items[0].right), "n": 1},
    }
    assert without_interval(result) == []


def test_stance_without_neutral_gold_says_what_a_forced_choice_gives(tmp_path: Path) -> None:
    rows = [{**PAIR, "id": str(n), "label": label} for n, label in enumerate(["supports", "refutes"])]
    result, _ = run_task(catalogue()["stance"], {"data": write(tmp_path / "p.jsonl", *rows)}, options=Options())
    assert result.metrics["forced_two_way"]["accuracy"] == 0.5  # one answer, both labels
    assert without_interval(result) == []


def test_check_worthiness_has_intervals_and_baselines_and_answers_to_the_seed_alone(tmp_path: Path) -> None:
    texts = [
        f"Exports rose by {n} percent in {1990 + n}." if n % 2 else f"What a lovely day, number {n}!" for n in range(24)
    ]
    rows = [{"id": str(n), "text": text, "label": n % 2} for n, text in enumerate(texts)]
    data = {"data": write(tmp_path / "s.jsonl", *rows)}
    first, again, other = (
        run_task(catalogue()["claims"], data, options=Options(limit=20, seed=seed)) for seed in (1, 1, 2)
    )
    assert without_interval(first[0]) == []
    # The wording alone tells them apart, and yes is what is asked for.
    assert first[0].baselines["claim_only"]["f1"] == 1.0
    assert first[0].baselines["always_1"]["recall"] == 1.0
    assert set(first[0].baselines["majority"]) == {"label", "accuracy", "macro_f1", "f1"}
    same = {"metrics", "intervals", "baselines", "data", "models", "n", "notes"}
    assert first[0].model_dump(include=same) == again[0].model_dump(include=same)
    assert first[1] == again[1]
    assert [item.id for item in first[1]] != [item.id for item in other[1]]  # another sample


def test_the_claims_room_has_an_interval_for_every_share() -> None:
    result, _ = run_task(catalogue()["claim-room"], {}, options=Options(limit=3))
    assert without_interval(result) == []
    halves = {name.split(".")[0] for name in result.intervals}
    assert halves == set(result.metrics) == set(result.baselines["every_sentence_as_it_is"])
    for name, value in flat(result.metrics):
        if name in result.intervals:
            assert result.intervals[name][0] <= value <= result.intervals[name][1], name


def test_a_change_of_the_product_during_a_run_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = {"corpus": write(tmp_path / "k.jsonl", *DOCUMENTS), "claims": write(tmp_path / "c.jsonl", *CLAIMS)}
    hashes = iter(["before", "after"])
    monkeypatch.setattr(run, "code_sha256", lambda: next(hashes))
    result, _ = run_task(catalogue()["retrieval"], inputs, options=Options())
    assert result.code_sha256 == "before"
    assert any("changed on disk during the run" in note for note in result.notes)


# ---------------------------------------------------------------- the command line


def test_stdout_is_one_json_object_and_progress_goes_to_stderr(tmp_path: Path) -> None:
    inputs = [
        "--corpus",
        str(write(tmp_path / "k.jsonl", *DOCUMENTS)),
        "--claims",
        str(write(tmp_path / "c.jsonl", *CLAIMS)),
    ]
    out = tmp_path / "out"
    answer = CliRunner().invoke(
        app, ["run", "retrieval", *inputs, "--json", "--set", "top_k=3", "--out", str(out), "--seed", "5"]
    )
    assert answer.exit_code == 0, answer.stderr
    result = json.loads(answer.stdout)
    assert (result["task"], result["n"], result["seed"], result["settings"]["top_k"]) == ("retrieval", 2, 5, "3")
    assert {"metrics", "intervals", "baselines", "seconds", "models", "data", "package_version"} <= set(result)
    assert len(result["data"]["sha256"]) == len(result["models"][0]["sha256"]) == 64
    assert "searching" in answer.stderr
    assert json.loads((out / "result.json").read_text()) == result
    assert [json.loads(line)["id"] for line in (out / "items.jsonl").read_text().splitlines()] == ["1", "2"]


def test_without_json_a_table_is_shown(tmp_path: Path) -> None:
    inputs = [
        "--corpus",
        str(write(tmp_path / "k.jsonl", *DOCUMENTS)),
        "--claims",
        str(write(tmp_path / "c.jsonl", *CLAIMS)),
    ]
    answer = CliRunner().invoke(app, ["run", "retrieval", *inputs])
    assert answer.exit_code == 0, answer.stderr
    assert "ndcg@10" in answer.stdout
    assert "dense_alone" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "guess"], 2, "no task 'guess'; there are: stance"),
        (["run", "suite"], 2, "all of them: python -m evals suite"),
        (["run", "stance-scifact", "--split", "dev"], 2, "names its own files"),
        (["run", "stance-scifact", "--data", "no/such"], 1, "needs no/such/pairs/dev/scifact.jsonl.gz"),
        (["run", "stance", "--data", "DATA", "--set", "top_k=5,12"], 2, "python -m evals grid"),
        (["run", "stance"], 2, "task 'stance' needs --data"),
        (["run", "stance", "--data", "DATA", "--corpus", "DATA"], 2, "takes --data, not --corpus"),
        (["run", "stance", "--data", "DATA", "--set", "top_k"], 2, "give NAME=VALUE"),
        (["run", "stance", "--data", "DATA", "--set", "topk=3"], 2, "topk"),  # no such setting
        (["run", "stance", "--data", "DATA", "--set", "top_k=0"], 2, "top_k"),  # out of range
        (["run", "stance", "--data", "DATA", "--set", "home=/x"], 2, "use --home"),
        (["run", "stance", "--data", "DATA", "--limit", "0"], 2, "limit"),
        (["run", "claims", "--data", "DATA", "--split", "dev"], 2, "task 'claims' does not take --split"),
        (["run", "stance", "--data", "no/such.jsonl"], 1, "cannot be read"),
        (["run", "stance", "--data", "DATA"], 1, "row 1: unknown label"),
    ],
)  # fmt: skip
def test_exit_codes_and_reasons(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    data = str(write(tmp_path / "p.jsonl", {**PAIR, "label": "perhaps"}))
    answer = CliRunner().invoke(app, [data if item == "DATA" else item for item in arguments])
    assert answer.exit_code == code
    assert message in answer.stderr
    assert answer.stdout == ""


# ---------------------------------------------------------------- the suite


def test_the_suite_names_what_it_skipped_and_writes_a_table(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "retrieval" / "scifact").mkdir(parents=True)
    write(data / "retrieval" / "scifact" / "corpus.jsonl.gz", *DOCUMENTS)
    write(data / "retrieval" / "scifact" / "claims.jsonl.gz", *CLAIMS)
    (data / "pairs" / "train").mkdir(parents=True)
    learnt = {"id": "1", "claim": "Another claim.", "evidence": "Some evidence.", "label": "supports"}
    write(data / "pairs" / "train" / "scifact.jsonl.gz", learnt)
    results = tmp_path / "results"
    report = suite.run(data=data, results=results, only=["retrieval-"], options=Options())
    assert report.done == ["retrieval-scifact"]
    assert len(report.skipped) == len(suite.RETRIEVAL) - 1
    assert "retrieval-wice: retrieval/wice/corpus.jsonl.gz" in report.text
    summary = json.loads((results / "retrieval-scifact.json").read_text())
    assert summary["data"]["path"] == "retrieval/scifact/claims.jsonl.gz"
    page = (results / "README.md").read_text()
    assert "| scifact | 2 | 1.000 (1.00–1.00) |" in page
    assert str(tmp_path) not in page + json.dumps(summary)  # nothing about this machine
    # A second run measures nothing anew; other settings are another measurement.
    again = suite.run(data=data, results=results, only=["retrieval-scifact"], options=Options())
    assert (again.done, again.current) == ([], ["retrieval-scifact"])
    other = suite.run(data=data, results=results, only=["retrieval-scifact"], options=Options({"dense_weight": "0.4"}))
    assert other.done == ["retrieval-scifact"]


def test_the_suite_measures_the_news_pairs_without_a_data_folder_and_on_the_report_half(tmp_path: Path) -> None:
    options = Options(limit=2)
    report = suite.run(data=tmp_path / "none", results=tmp_path, only=["stance-"], options=options)
    assert report.done == ["stance-news"]
    summary = json.loads((tmp_path / "stance-news.json").read_text())
    assert summary["data"]["path"] == "evals/claims/news.jsonl"
    assert "the rows of the split 'report' only" in summary["notes"]
    assert sum(kind["n"] for kind in summary["metrics"]["per_kind"].values()) == 2


def test_one_entry_of_the_suite_is_run_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "claim_detection"
    folder.mkdir()
    rows = [{"text": f"Exports rose by {n} percent.", "label": n % 2} for n in range(4)]
    write(folder / "checkthat24.dev.jsonl.gz", *rows)
    answer = CliRunner().invoke(
        app, ["run", "claims-checkthat24-dev", "--data", str(tmp_path), "--limit", "3", "--json"]
    )
    assert answer.exit_code == 0, answer.stderr
    result = json.loads(answer.stdout)
    assert (result["task"], result["n"]) == ("claims", 3)
    assert Path(result["data"]["path"]) == folder / "checkthat24.dev.jsonl.gz"


def test_an_entry_measured_again_sets_its_last_run_aside(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "claim_detection"
    folder.mkdir(parents=True)
    write(folder / "checkthat24.dev.jsonl.gz", *[{"text": f"Exports rose by {n}.", "label": n % 2} for n in range(4)])
    for _ in range(2):
        done = suite.run(
            data=tmp_path / "data", results=tmp_path / "r", only=["claims-"], options=Options(), again=True
        )
        assert done.done == ["claims-checkthat24-dev"]
    last = tmp_path / "r" / suite.ITEMS / "claims-checkthat24-dev"
    (earlier,) = (last / "earlier").iterdir()
    assert compare.compare(compare.read_run(earlier), compare.read_run(last)).n == 4


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux can forget a peak")
def test_a_run_has_a_peak_of_its_own() -> None:
    filled = bytearray(b"x" * (96 * 1024 * 1024))
    high = peak_memory_mb()
    del filled
    forget_peak_memory()
    assert peak_memory_mb() < high - 60
    assert peak_memory_mb() > 10


def test_the_suite_goes_on_after_a_failure_and_reports_it(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "claim_detection"
    folder.mkdir(parents=True)
    write(folder / "checkthat24.dev.jsonl.gz", {"text": "x", "label": 7})
    answer = CliRunner().invoke(
        app, ["suite", "--data", str(tmp_path / "data"), "--results", str(tmp_path / "r"), "--only", "claims"]
    )
    assert answer.exit_code == 1
    assert "1 failed:" in answer.stdout
    assert "unknown label 7" in answer.stdout
    assert "claims-checkthat24-devtest" in answer.stdout  # the other, skipped
