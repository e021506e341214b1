"""Labelled data, metrics with known answers, and the tasks of ``python -m evals``."""

from __future__ import annotations

import gzip
import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import baselines, metrics
from evals.data import (
    EvalDataError,
    Gold,
    check_gold_documents,
    fingerprint,
    read_claims,
    read_corpus,
    read_pairs,
    read_sentences,
    sample,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    # Trapezoids of risk 0, 0, 1/3, 1/2 at coverage 1/4 … 1
    assert result["aurc"] == round(0.25 * (0 + (0 + 1 / 3) / 2 + (1 / 3 + 1 / 2) / 2), 4)


def test_risk_coverage_of_equal_confidences_ignores_the_order_of_the_file() -> None:
    # All equally sure: every coverage has the overall accuracy, whichever came first.
    for right in ([True, True, False, False], [False, False, True, True]):
        assert metrics.risk_coverage(right, [0.5] * 4)["accuracy@25"] == 0.5


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
