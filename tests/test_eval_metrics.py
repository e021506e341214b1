"""Metrics of evidence, of confidence and of differences: known answers, agreement with a second library, and that they read
what they are given. Those of labels and rankings are in ``test_evals.py``.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import (
    average_precision_score,
    label_ranking_average_precision_score,
    matthews_corrcoef,
    ndcg_score,
    precision_score,
    top_k_accuracy_score,
)
from typer.testing import CliRunner

from evals import baselines, history, metrics, report
from evals.__main__ import app
from evals.data import EvalDataError, Gold, LabelledClaim, askable, without
from evals.result import flat, latency_of
from onrecord.stance.calibrate import expected_calibration_error

if TYPE_CHECKING:
    from pathlib import Path

THREE = ["supports", "refutes", "neutral"]


# ---------------------------------------------------------------- FEVER's score


@pytest.mark.parametrize(
    ("label", "evidence", "right"),
    [
        ("supports", ["a:1", "a:2"], True),  # one complete set
        ("supports", ["b:7"], True),  # the alternative set
        ("supports", ["a:1"], False),  # half a set
        ("supports", [], False),  # nothing to show for it
        ("refutes", ["a:1", "a:2"], False),  # the wrong label with the right evidence
        ("neutral", [], False),  # abstained
        ("supports", ["x", "x2", "x3", "x4", "b:7"], True),  # the last of five
        ("supports", ["x", "x2", "x3", "x4", "x5", "b:7"], False),  # the sixth is not looked at
    ],
)
def test_fever_counts_a_claim_with_a_complete_set_among_five(label: str, evidence: list[str], right: bool) -> None:  # noqa: FBT001
    gold: metrics.Evidenced = {"label": "supports", "evidence": [["a:1", "a:2"], ["b:7"]]}
    assert metrics.fever_right(gold, label, evidence, open_label="neutral") is right


@pytest.mark.parametrize(("label", "right"), [("neutral", True), ("supports", False)])
def test_fever_asks_no_evidence_where_nothing_decides(label: str, right: bool) -> None:  # noqa: FBT001
    assert metrics.fever_right({"label": "neutral", "evidence": []}, label, ["x"], open_label="neutral") is right


# ---------------------------------------------------------------- SciFact's F1

GOLD: metrics.Abstracts = {
    "1": {"a": {"label": "supports", "rationales": [[0, 1], [4]]}, "b": {"label": "supports", "rationales": [[2]]}},
    "2": {"c": {"label": "refutes", "rationales": [[3]]}},
    "3": {},
}


def predicted(**claims: dict[str, tuple[str, list[int]]]) -> metrics.Abstracts:
    return {
        claim[1:]: {document: {"label": label, "rationales": [numbers]} for document, (label, numbers) in found.items()}
        for claim, found in claims.items()
    }


def test_scifact_of_a_hand_worked_table() -> None:
    answer = predicted(
        # a: right, and sentence 4 is a whole rationale, 0 is half of one. d: no gold abstract.
        c1={"a": ("supports", [4, 0]), "d": ("supports", [1])},
        # c: the wrong label; its sentence is a whole rationale all the same.
        c2={"c": ("supports", [3])},
    )
    found = metrics.scifact(GOLD, answer)
    third = {"precision": 0.3333, "recall": 0.3333, "f1": 0.3333}
    assert found["abstract_label"] == third  # 1 of 3 predicted, 1 of 3 gold
    assert found["abstract_rationale"] == third
    assert found["sentence"] == {"precision": 0.5, "recall": 0.4, "f1": 0.4444}  # 4 and 3 of 4; of 5 gold sentences
    assert found["sentence_label"] == {"precision": 0.25, "recall": 0.2, "f1": 0.2222}  # 4 alone


@pytest.mark.parametrize(
    ("numbers", "whole"),
    [
        ([0, 1], True),  # a rationale of two sentences
        ([7, 8, 4], True),  # the third is still looked at
        ([7, 8, 9, 4], False),  # the fourth is not
    ],
)
def test_scifact_looks_at_three_sentences_for_the_rationale(numbers: list[int], whole: bool) -> None:  # noqa: FBT001
    found = metrics.scifact(GOLD, predicted(c1={"a": ("supports", numbers)}))
    assert (found["abstract_rationale"]["precision"] == 1.0) is whole


def test_scifact_of_nothing_predicted_and_of_an_unknown_claim() -> None:
    assert metrics.scifact(GOLD, predicted(c1={}))["sentence"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    with pytest.raises(ValueError, match="not in the gold"):
        metrics.scifact(GOLD, predicted(c9={}))


# ---------------------------------------------------------------- confidence


def test_reliability_of_a_hand_worked_table() -> None:
    # 0.9: two of three right; 0.3: none of one. ECE = 3/4·|0.9-2/3| + 1/4·|0.3-0| = 0.175 + 0.075
    found = metrics.reliability([True, True, False, False], [0.9, 0.9, 0.9, 0.3])
    assert found["ece"] == 0.25
    assert found["brier"] == round((0.01 + 0.01 + 0.81 + 0.09) / 4, 4)
    assert found["bins"] == [
        {"confidence": 0.3, "accuracy": 0.0, "n": 1},
        {"confidence": 0.9, "accuracy": 0.6667, "n": 3},
    ]


def test_calibration_errors_agree_with_the_product_s_own() -> None:
    chance = np.random.default_rng(1)
    sure, right = chance.uniform(size=300), chance.uniform(size=300) < 0.6
    ours = metrics.reliability(right.tolist(), sure.tolist())["ece"]
    assert ours == pytest.approx(expected_calibration_error(sure, right), abs=1e-4)
    table = chance.dirichlet((2, 1, 1), size=300)
    gold = [THREE[n] for n in chance.integers(3, size=300)]
    top = np.array([THREE[n] for n in table.argmax(axis=1)]) == np.array(gold)
    other = expected_calibration_error(table.max(axis=1), top)
    assert metrics.calibration(gold, table, labels=THREE)["ece"] == pytest.approx(other, abs=1e-4)


def test_intervals_of_calibration_and_coverage_hold_the_point_figures() -> None:
    chance = np.random.default_rng(2)
    table = chance.dirichlet((2, 1, 1), size=200)
    gold = [THREE[chance.choice(3, p=row)] for row in table]
    groups = [str(n) for n in range(200)]
    point = metrics.calibration(gold, table, labels=THREE)
    found = metrics.calibration_intervals(gold, table, labels=THREE, groups=groups, seed=0)
    assert found["calibration.brier"][0] < point["brier"] < found["calibration.brier"][1]
    # A resample is less even than the set itself, so that its ECE lies higher.
    assert found["calibration.ece"][1] > point["ece"]
    right, sure = [bool(n) for n in chance.integers(2, size=200)], chance.uniform(size=200).tolist()
    curve = metrics.risk_coverage(right, sure)
    bounds = metrics.risk_coverage_intervals(right, sure, groups=groups, seed=0)
    assert bounds.keys() == {f"selective.{name}" for name in curve if name != "curve"}
    for name in ("accuracy@100", "accuracy@50", "aurc"):
        low, high = bounds[f"selective.{name}"]
        assert low < curve[name] < high
        assert high - low < 0.25
    answers = metrics.reliability(right, sure)
    found = metrics.reliability_intervals(right, sure, groups=groups, seed=0)
    assert found["calibration.brier"][0] < answers["brier"] < found["calibration.brier"][1]
    assert found["calibration.ece"][1] > answers["ece"]
    assert metrics.reliability_intervals(right, [float(r) for r in right], groups=groups, seed=0) == {
        "calibration.ece": (0.0, 0.0),
        "calibration.brier": (0.0, 0.0),
    }


def test_intervals_of_shares_hold_what_they_are_shares_of() -> None:
    groups = [str(n) for n in range(100)]
    # Ten are asked, nine of them right; the other ninety say nothing.
    shares = {"few": ([n < 9 for n in range(100)], [n < 10 for n in range(100)]), "none": ([0.0] * 100, [0.0] * 100)}
    found = metrics.share_intervals(shares, groups=groups, seed=0)
    assert 0.5 < found["few"][0] < 0.9 < found["few"][1] <= 1.0
    assert found["none"] == (0.0, 0.0)
    # Among all, it is the interval of a mean.
    values = np.random.default_rng(6).uniform(size=100)
    assert metrics.share_intervals({"m": (values, np.ones(100))}, groups=groups, seed=0)["m"] == metrics.mean_interval(
        values.tolist(), groups=groups, seed=0
    )
    with pytest.raises(ValueError, match="one length"):
        metrics.share_intervals({"short": ([1.0], [1.0])}, groups=groups, seed=0)
    kinds = metrics.shares_of_kinds(["date", "place", "date"], [True, True, False])
    assert {name: sum(part) / sum(whole) for name, (part, whole) in kinds.items()} == {
        "per_kind.date.accuracy": 0.5,
        "per_kind.place.accuracy": 1.0,
    }


def test_shares_of_evidence_come_to_scifact_s_figures() -> None:
    answer = predicted(c1={"a": ("supports", [0, 4]), "b": ("supports", [1])}, c2={"c": ("refutes", [2])})
    figures = dict(flat(metrics.scifact(GOLD, answer), "scifact."))
    shares = metrics.scifact_shares(GOLD, answer)
    assert shares.keys() == figures.keys()
    for name, (part, whole) in shares.items():
        assert len(part) == len(GOLD)  # claims that nothing was said of count too
        assert sum(part) / max(1, sum(whole)) == pytest.approx(figures[name], abs=1e-4), name


def test_the_curve_ends_at_the_risk_of_answering_all_and_has_few_points() -> None:
    curve = metrics.risk_coverage([True] * 300 + [False] * 100, [1 - n / 400 for n in range(400)])["curve"]
    assert curve[0] == [0.025, 0.0]
    assert curve[-1] == [1.0, 0.25]
    assert len(curve) == metrics.CURVE_POINTS
    assert metrics.risk_coverage([True], [0.5])["curve"] == [[1.0, 0.0]]


def test_latency() -> None:
    found = latency_of([1.0, 2.0, 3.0, 10.0])
    assert (found["n"], found["mean"], found["p50"]) == (4, 4.0, 2.5)
    assert sum(found["histogram"]["counts"]) == 4
    assert latency_of([]) == {}


# ---------------------------------------------------------------- a second library


def test_rankings_agree_with_scikit_learn() -> None:
    chance = np.random.default_rng(3)
    for _ in range(20):
        relevant = chance.uniform(size=10) < 0.4
        relevant[chance.integers(10)] = True
        ranking = chance.permutation(10)
        found, _ = metrics.retrieval(
            {"q": [str(n) for n in np.flatnonzero(relevant)]}, {"q": [str(n) for n in ranking]}
        )
        score = np.empty(10)
        score[ranking] = np.arange(10, 0, -1)
        assert found["map"] == pytest.approx(average_precision_score(relevant, score), abs=1e-4)
        assert found["ndcg@10"] == pytest.approx(ndcg_score([relevant.astype(float)], [score], k=10), abs=1e-4)


def test_labels_agree_with_scipy_and_numpy() -> None:
    chance = np.random.default_rng(7)
    gold, answer = chance.integers(2, size=80), chance.integers(2, size=80)
    answer = np.where(chance.uniform(size=80) < 0.6, gold, answer)
    names = np.array(["no", "yes"])
    found = metrics.classification(names[gold].tolist(), names[answer].tolist(), labels=names.tolist())
    # Of two classes, Matthews correlation is Pearson's.
    assert found["mcc"] == pytest.approx(stats.pearsonr(gold, answer).statistic, abs=1e-4)
    table = stats.contingency.crosstab(gold, answer).count
    assert found["confusion"]["rows"] == table.tolist()
    assert found["accuracy"] == pytest.approx(np.trace(table) / table.sum(), abs=1e-4)
    recall, precision = np.diag(table) / table.sum(axis=1), np.diag(table) / table.sum(axis=0)
    assert found["balanced_accuracy"] == pytest.approx(recall.mean(), abs=1e-4)
    assert found["macro_f1"] == pytest.approx(stats.hmean([precision, recall]).mean(), abs=1e-4)


def test_matthews_correlation_of_resamples_is_scikit_learn_s() -> None:
    chance = np.random.default_rng(8)
    gold = [THREE[n] for n in chance.integers(3, size=60)]
    answer = [
        g if keep else THREE[n]
        for g, keep, n in zip(gold, chance.uniform(size=60) < 0.5, chance.integers(3, size=60), strict=True)
    ]
    weights = metrics.resample_weights([str(n) for n in range(60)], seed=0, resamples=5)
    for row, value in zip(weights, metrics.weighted_mcc(gold, answer, weights), strict=True):
        assert value == pytest.approx(matthews_corrcoef(gold, answer, sample_weight=row))
    assert metrics.weighted_mcc(["a"], ["a"], np.ones((1, 1))) == [0.0]  # undefined


def test_the_area_of_risk_agrees_with_scikit_learn() -> None:
    chance = np.random.default_rng(9)
    right, sure = chance.uniform(size=50) < 0.7, chance.permutation(50) / 50
    order = np.argsort(-sure)
    # The share of wrong ones among the first k is 1 - precision at k.
    risks = [1 - precision_score(right[order[:k]], np.ones(k)) for k in range(1, 51)]
    found = metrics.risk_coverage(right.tolist(), sure.tolist())
    assert found["aurc"] == pytest.approx(np.mean(risks), abs=1e-4)
    assert found["accuracy@50"] == pytest.approx(1 - risks[24], abs=1e-4)


def test_reciprocal_rank_agrees_with_scikit_learn() -> None:
    # With one relevant document, the precision at its rank is the reciprocal of that rank.
    chance = np.random.default_rng(10)
    for _ in range(10):
        ranking, relevant = chance.permutation(8), int(chance.integers(8))
        found, _ = metrics.retrieval({"q": [str(relevant)]}, {"q": [str(n) for n in ranking]})
        score = np.empty(8)
        score[ranking] = np.arange(8, 0, -1)
        one = np.eye(8)[relevant]
        assert found["mrr"] == pytest.approx(label_ranking_average_precision_score([one], [score]), abs=1e-4)
        assert found["recall@5"] == float(top_k_accuracy_score([relevant], [score], k=5, labels=range(8)))


def test_intervals_agree_with_scipy() -> None:
    values = np.random.default_rng(4).uniform(size=150)
    ours = metrics.mean_interval(values.tolist(), seed=0)
    other = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=5000, rng=0).confidence_interval
    assert ours == pytest.approx((other.low, other.high), abs=0.01)


def test_the_paired_p_value_agrees_with_a_permutation_test() -> None:
    chance = np.random.default_rng(5)
    before = (chance.uniform(size=120) < 0.5).astype(float)
    after = np.where(chance.uniform(size=120) < 0.2, (chance.uniform(size=120) < 0.75).astype(float), before)
    groups = [str(n) for n in range(120)]
    ours = metrics.paired_p_value(before, after, groups, seed=0)
    other = stats.permutation_test(
        (before, after), lambda a, b: np.mean(b - a), permutation_type="samples", n_resamples=5000, rng=0
    ).pvalue
    assert ours == pytest.approx(other, abs=0.03)


def test_the_paired_p_value_minds_claims_that_items_share() -> None:
    before, after = np.zeros(12), np.array([1.0] * 6 + [0.0] * 6)
    alone = metrics.paired_p_value(before, after, [str(n) for n in range(12)], seed=0)
    # All gains are of one claim: that is one piece of luck, not six.
    shared = metrics.paired_p_value(before, after, ["a"] * 6 + [str(n) for n in range(6)], seed=0)
    assert alone < 0.02
    assert shared > 0.2
    assert metrics.paired_p_value(before, before, ["a"] * 12, seed=0) == 1.0
    with pytest.raises(ValueError, match="one length"):
        metrics.paired_p_value(before, after[:3], ["a"] * 12, seed=0)


# ---------------------------------------------------------------- they read their input

RIGHT = predicted(c2={"c": ("refutes", [3])})


@pytest.mark.parametrize(
    ("measure", "good", "bad"),
    [
        (lambda p: metrics.reliability([True, False], p)["brier"], [1.0, 0.0], [0.0, 1.0]),
        (lambda p: metrics.reliability([True, False], p)["ece"], [1.0, 0.0], [0.0, 1.0]),
        (lambda p: metrics.risk_coverage(p, [0.9, 0.1])["aurc"], [True, True], [False, False]),
        (
            lambda p: metrics.calibration(["a", "b"], np.asarray(p), labels=["a", "b"])["brier"] / 2,
            np.eye(2),
            1 - np.eye(2),
        ),
        *[
            (lambda p, name=name: 1 - metrics.scifact(GOLD, p)[name]["precision"], RIGHT, wrong)
            for name, wrong in (
                ("abstract_label", predicted(c2={"c": ("supports", [3])})),  # another label
                ("abstract_rationale", predicted(c2={"c": ("refutes", [2])})),  # another sentence
                ("sentence", predicted(c2={"c": ("refutes", [2])})),
                ("sentence_label", predicted(c2={"c": ("supports", [3])})),
            )
        ],
        (lambda p: 1 - metrics.fever_right({"label": "s", "evidence": [["a"]]}, "s", p, open_label="n"), ["a"], ["b"]),
        (lambda p: 1 - metrics.classification(["a", "b"], p, labels=["a", "b"])["mcc"], ["a", "b"], ["a", "a"]),
    ],
)
def test_an_error_falls_from_the_worst_answer_to_the_best(measure: object, good: object, bad: object) -> None:
    assert measure(good) == 0.0
    assert measure(bad) == 1.0


def test_the_similarity_baseline_reads_the_cosines() -> None:
    claims = [f"claim {n}" for n in range(60)]
    gold = ["supports", "neutral"] * 30
    telling = baselines.similarity(claims, [0.9, 0.1] * 30, gold, labels=THREE, seed=0)
    silent = baselines.similarity(claims, [0.5] * 60, gold, labels=THREE, seed=0)
    assert telling["accuracy"] == 1.0
    assert silent["accuracy"] <= 0.6
    assert baselines.similarity(claims[:3], [0.5] * 3, gold[:3], labels=THREE, seed=0) is None


# ---------------------------------------------------------------- claims that can be measured


def labelled(claim: str, gold: Gold) -> LabelledClaim:
    return LabelledClaim(id=f"{claim}{gold}", claim=claim, gold=gold)


@pytest.mark.parametrize(
    ("golds", "kept"),
    [
        ([Gold.SUPPORTS, Gold.NEUTRAL], [Gold.SUPPORTS]),  # another sentence decides it
        ([Gold.SUPPORTS, Gold.REFUTES], []),  # no answer is right for both
        ([Gold.NEUTRAL, Gold.NEUTRAL], [Gold.NEUTRAL, Gold.NEUTRAL]),
        ([Gold.REFUTES], [Gold.REFUTES]),
    ],
)
def test_a_wording_has_one_answer(golds: list[Gold], kept: list[Gold]) -> None:
    claims = [labelled("It  rained." if number else "it rained.", gold) for number, gold in enumerate(golds)]
    found, left_out = askable([*claims, labelled("Other.", Gold.SUPPORTS)])
    assert [claim.gold for claim in found] == [*kept, Gold.SUPPORTS]
    assert left_out == len(golds) - len(kept)


def test_what_a_model_learnt_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps({"claim": "It RAINED.", "evidence": "x", "label": "supports"}) + "\n")
    claims = [labelled("It  rained.", Gold.SUPPORTS), labelled("It snowed.", Gold.REFUTES)]
    assert [claim.claim for claim in without(claims, [path])] == ["It snowed."]
    assert without(claims, []) == claims
    with pytest.raises(EvalDataError, match="none is left to measure"):
        without(claims[:1], [path])


# ---------------------------------------------------------------- history and report


def summary(name: str, **changes: object) -> dict[str, object]:
    gold, answer = ["supports", "refutes", "neutral", "supports"], ["supports", "refutes", "supports", "supports"]
    figures = metrics.classification(gold, answer, labels=THREE)
    figures["selective"] = metrics.risk_coverage([True, True, False, True], [0.9, 0.8, 0.7, 0.6])
    figures["calibration"] = metrics.reliability([True, True, False, True], [0.9, 0.8, 0.7, 0.6])
    figures["retrieval"] = {"recall@5": 0.5, "recall@10": 0.7}
    values: dict[str, object] = {
        "name": name,
        "date": "2026-11-25",
        "identity": "i",
        "task": "end-to-end",
        "metrics": figures,
        "intervals": {"accuracy": [0.5, 1.0]},
        "baselines": {"majority": {"label": "supports", "accuracy": 0.5}, "claim_only": None},
        "n": 4,
        "seconds": 2.5,
        "models": [{"role": "stance", "name": "fast", "sha256": "a" * 64}],
        "settings": {},
        "data": {"path": "claims <b>.jsonl", "sha256": "d" * 64, "n": 4},
        "seed": 0,
        "code_sha256": "c" * 64,
        "package_version": "0.1.0",
        "peak_memory_mb": 5,
        "latency": latency_of([0.5, 0.6, 2.0]),
        "notes": ["a note"],
    }
    return {**values, **changes}


def point(**changes: object) -> str:
    values: dict[str, object] = {
        "time": dt.datetime(2026, 11, 25, tzinfo=dt.UTC).isoformat(),
        "name": "end-to-end-x",
        "task": "end-to-end",
        "identity": "i",
        "n": 4,
        "data_sha256": "d" * 64,
        "code_sha256": "c" * 64,
        "package_version": "0.1.0",
        "models": {},
        "metrics": {"accuracy": 0.75},
        "seconds": 1.0,
    }
    return json.dumps({**values, **changes}) + "\n"


def test_a_report_is_one_page_with_every_picture_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "end-to-end-x.json").write_text(json.dumps(summary("end-to-end-x")))
    (tmp_path / history.FILE).write_text(point() + point(metrics={"accuracy": 0.8}, time="2026-11-26T00:00:00+00:00"))
    out = tmp_path / "report.html"
    answer = CliRunner().invoke(app, ["report", "--results", str(tmp_path), "--out", str(out)])
    assert answer.exit_code == 0, answer.stderr
    page = out.read_text()
    for shown in (
        "Confusion matrix",
        "Reliability diagram",
        "Risk-coverage curve",
        "Recall by depth",
        "Seconds for a claim",
    ):
        assert f'aria-label="{shown}' in page
    assert 'aria-label="accuracy of end-to-end over time"' in page
    assert page.count("<svg") == 6
    assert "claims &lt;b&gt;.jsonl" in page  # names are text, not markup
    # Nothing is loaded from anywhere: every link stays within the page, pictures are in it.
    assert all(
        target.startswith(("#", "data:image/png;base64,")) for target in re.findall(r'(?:href|src)="([^"]*)', page)
    )
    assert not re.findall(r"url\((?!#)", page)
    assert "<script" not in page
    # The same numbers give the same page.
    date = dt.date(2026, 11, 25)
    assert report.render(tmp_path, date=date) == report.render(tmp_path, date=date)
    # Baselines stand beside the product, the better one marked.
    row = page[page.index("<td>accuracy</td>") :].split("</tr>")[0]
    assert re.findall(r"<td[^>]*>([^<]*)", row) == ["accuracy", "0.750", "0.500"]
    assert 'class="best">0.750' in row
    # A baseline that has none of these figures has no column, and other work's figures stand below the table.
    assert "claim only" not in page[page.index("Beside the baselines") :].split("</thead>")[0]
    assert "34.3 % at 75 % abstention" in page


def test_a_report_without_numbers_for_a_picture_leaves_it_out(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(
        json.dumps(summary("r", task="retrieval", metrics={"recall@5": 0.5}, baselines={}, latency={}))
    )
    page = report.render(tmp_path)
    assert page.count("<svg") == 1
    assert "Recall by depth" in page


@pytest.mark.parametrize(
    ("files", "names", "message"),
    [
        ({}, [], "holds no measurement at all"),
        ({"a.json": json.dumps(summary("a"))}, ["b"], "holds no measurement b"),
        ({"a.json": "{"}, [], "a.json cannot be read"),
        ({"a.json": json.dumps(summary("a")), "history.jsonl": point() + "{}\n"}, [], "line 2 is no measurement"),
    ],
)
def test_a_report_of_nothing_says_so(tmp_path: Path, files: dict[str, str], names: list[str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(EvalDataError, match=message):
        report.render(tmp_path, names=names)


def test_a_history_is_only_ever_appended_to(tmp_path: Path) -> None:
    assert history.read(tmp_path) == []
    (tmp_path / history.FILE).write_text(point())
    before = (tmp_path / history.FILE).read_bytes()
    from evals.result import Result

    fields = {key: value for key, value in summary("x").items() if key not in {"name", "date", "identity"}}
    kept = history.append(Result.model_validate(fields), name="x", identity="j", folder=tmp_path)
    assert (tmp_path / history.FILE).read_bytes().startswith(before)
    assert [item.name for item in history.read(tmp_path)] == ["end-to-end-x", "x"]
    assert kept.metrics["selective.accuracy@50"] == 1.0
    assert kept.models == {"fast": "a" * 12}
