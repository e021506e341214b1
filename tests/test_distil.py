"""The fast network learns from the accurate one: which pairs that labels, how they are kept, what is learnt from them."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from evals.data import CorpusDocument
from onrecord.settings import load_settings
from onrecord.stance.calibrate import NEUTRAL, REFUTES, SUPPORTS, Floats
from training.stance import distil, reliability
from training.stance.mixture import LABELS, Label, Pair
from training.stance.train import loss_of

SETTINGS = load_settings()


class Teacher:
    """A teacher that finds every claim supported, more so the longer it is; counts what it is asked."""

    sha256 = "a" * 64

    def __init__(self) -> None:
        self.asked = 0

    def logits(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        self.asked += len(pairs)
        return np.array([[len(claim) / 10, -1.0, 0.0] for _, claim in pairs])  # supports, refutes, neutral


def pairs(n: int) -> list[Pair]:
    return [Pair(f"Claim {'x' * i}", f"Evidence {i}.", "neutral", "s", pair_id=f"{i:03}") for i in range(n)]


def document(title: str, text: str) -> CorpusDocument:
    return CorpusDocument(id="", title=title, sentences=(text,))


def test_claims_stand_beside_other_words_than_their_own_half_under_a_heading() -> None:
    texts = [f"The mayor opened harbour number {n} of the old town." for n in range(30)]
    passages = distil.passages_of([(document("Harbours", text), None) for text in texts], SETTINGS)
    claims = [texts[0], "The mayor opened a harbour."]
    known = frozenset({("the mayor opened a harbour", "the mayor opened harbour number 7 of the old town")})
    found = list(distil.beside("ports", claims, passages, places=4, known=known))
    assert [pair.claim for pair in found] == [claims[0]] * 4 + [claims[1]] * 4
    assert not any(pair.claim == pair.evidence.removeprefix("Harbours. ") for pair in found)
    assert not any("number 7" in pair.evidence for pair in found if pair.claim == claims[1])  # a labelled pair
    everything = list(distil.beside("ports", texts, passages, places=4, known=frozenset()))
    headed = sum(pair.evidence.startswith("Harbours. ") for pair in everything)
    assert 0.3 < headed / len(everything) < 0.7


def test_no_claim_that_figures_are_reported_on_is_used(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(
        json.dumps({"claim": "The Dam broke!", "evidence": "It gave way."}) + "\n", encoding="utf-8"
    )
    forbidden = distil.evaluated(tmp_path)
    assert forbidden == {"the dam broke", "it gave way"}
    assert distil.most(["the dam  broke", "The dam held.", "The dam held."], forbidden) == ["The dam held."]


def test_claims_of_retrieval_sets_come_from_the_training_pairs_alone(tmp_path: Path) -> None:
    def write(path: Path, rows: list[dict[str, object]]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)

    for name in {*distil.WITH_CORPUS, *distil.EVIDENCE_ONLY}:
        row = {"id": "1", "claim": f"Cells of {name} divide.", "evidence": "Cells divide.", "label": "supports"}
        write(tmp_path / "pairs" / "train" / f"{name}.jsonl.gz", [row, {**row, "id": "2", "claim": "Cells held out."}])
    for name in distil.WITH_CORPUS:
        corpus = [{"id": "d", "title": "", "sentences": ["Most cells of the skin divide daily."]}]
        write(tmp_path / "retrieval" / name / "corpus.jsonl.gz", corpus)
        write(tmp_path / "retrieval" / name / "claims.jsonl.gz", [{"id": "c", "claim": "Cells unseen.", "label": "x"}])
    found = list(distil.of_training_sets(tmp_path, frozenset({"cells held out"}), SETTINGS))
    assert {pair.claim for pair in found} == {f"Cells of {name} divide." for name in distil.WITH_CORPUS}


def test_labelling_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    output, teacher, asked = tmp_path / "labelled.jsonl", Teacher(), pairs(distil.CHUNK + 5)
    assert distil.label(asked[:7], teacher, output, seconds=60) == 7  # type: ignore[arg-type]  only logits and hash are used
    with output.open("a", encoding="utf-8") as out:
        out.write('{"id": "007", "claim": "cut off by a cr')
    assert distil.label(asked, teacher, output, seconds=60) == len(asked)  # type: ignore[arg-type]
    assert teacher.asked == len(asked)
    found = distil.read_distilled(output)
    assert [pair.pair_id for pair in found] == [pair.pair_id for pair in asked]
    assert found[0].teacher == (0.6, 0.0, -1.0)  # in the order of LABELS
    assert found[0].label == "supports"


def test_no_time_is_no_label(tmp_path: Path) -> None:
    assert distil.label(pairs(3), Teacher(), tmp_path / "labelled.jsonl", seconds=-1) == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("changed", [{"teacher": "b" * 64}, {"id": "elsewhere"}])
def test_labels_of_another_teacher_or_of_other_pairs_are_refused(tmp_path: Path, changed: dict[str, str]) -> None:
    output, asked = tmp_path / "labelled.jsonl", pairs(2)
    distil.label(asked, Teacher(), output, seconds=60)  # type: ignore[arg-type]
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    output.write_text(json.dumps(rows[0] | changed) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="holds 1 rows of another teacher or other pairs"):
        distil.label(asked, Teacher(), output, seconds=60)  # type: ignore[arg-type]


def test_nothing_is_drawn_twice_before_all_were() -> None:
    stream = distil.Distilled(pairs(10), seed=1)
    assert {pair.pair_id for pair in stream.draw(10)} == {pair.pair_id for pair in pairs(10)}
    assert len(stream.draw(25)) == 25
    assert distil.Distilled([], seed=1).draw(5) == []


@pytest.mark.parametrize(
    ("teacher", "temperature", "least"),
    [
        (None, 2.0, (30.0, 0.0, 0.0)),  # a label: sure of it
        ((2.0, 0.0, -2.0), 1.0, (2.0, 0.0, -2.0)),  # a teacher: as sure as it is
        ((2.0, 0.0, -2.0), 3.0, (2.0, 0.0, -2.0)),  # … at any temperature
    ],
)
def test_the_loss_is_least_where_the_student_says_the_same(
    teacher: tuple[float, float, float] | None, temperature: float, least: tuple[float, float, float]
) -> None:
    pair = Pair("c", "e", "supports", "s", teacher=teacher)

    def loss(logits: Sequence[float]) -> float:
        return float(loss_of(torch.tensor([list(logits)]), [pair], smoothing=0.0, temperature=temperature))

    for column in range(len(LABELS)):
        for change in (-0.5, 0.5):
            moved = [value + change * (place == column) for place, value in enumerate(least)]
            assert loss(moved) > loss(least) - 1e-7
    if teacher is None:
        assert loss(least) == pytest.approx(0.0, abs=1e-6)


def test_labels_are_smoothed_as_torch_does_and_a_teachers_gradient_does_not_shrink() -> None:
    labelled = [Pair("c", "e", label, "s") for label in LABELS]
    logits = torch.tensor([[0.3, -1.0, 2.0], [0.1, 0.2, 0.3], [-2.0, 0.0, 1.0]])
    ours = loss_of(logits, labelled, smoothing=0.05, temperature=2.0)
    theirs = torch.nn.functional.cross_entropy(logits, torch.arange(3), label_smoothing=0.05)
    assert float(ours) == pytest.approx(float(theirs), abs=1e-6)
    taught = [replace(pair, teacher=(1.0, 0.0, -1.0)) for pair in labelled]
    sizes = []
    for temperature in (4.0, 8.0):
        student = (logits * 0.1).requires_grad_()
        loss_of(student, taught, smoothing=0.05, temperature=temperature).backward()  # type: ignore[no-untyped-call]
        assert student.grad is not None
        sizes.append(float(student.grad.norm()))
    assert sizes[1] == pytest.approx(sizes[0], rel=0.15)


def sample(n: int, *, sharpen: float, seed: int) -> reliability.Sample:
    """Return pairs whose stance is drawn from the softmax of their logits, which are then multiplied."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 3)) * 2
    chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    gold = np.array([rng.choice(3, p=row) for row in chance])
    return reliability.Sample(logits * sharpen, gold, np.full(n, "s"), np.full(n, 1 / n))


@pytest.mark.parametrize("form", sorted({*reliability.FORMS, *reliability.EXPLAINING} - {"none"}))
def test_every_form_mends_a_network_that_is_too_sure(form: str) -> None:
    fitted, asked = (sample(1500, sharpen=3.0, seed=seed) for seed in (1, 2))
    chosen = {**reliability.FORMS, **reliability.EXPLAINING}[form]
    table = chosen(fitted, asked)
    assert table.sum(axis=1) == pytest.approx(np.ones(len(table)))
    rows = reliability.by_set(fitted, asked)["s"]
    assert rows["none"] > 0.1
    assert rows[form] < 0.05
    assert rows["perfect"] < rows["perfect, 95 %"] < 0.05


@pytest.mark.parametrize("form", [reliability.own_prior, reliability.own_prior_unlabelled])
def test_a_prior_of_its_own_knows_how_much_of_a_set_is_neutral(form: reliability.Form) -> None:
    def few(seed: int) -> reliability.Sample:
        """Return pairs of which nine in ten neutral ones were taken away, with nothing to fit a calibration on."""
        one = sample(1000, sharpen=1.0, seed=seed)
        kept = one.part((one.gold != NEUTRAL) | (np.random.default_rng(3).random(len(one.gold)) < 0.1))
        return replace(kept, sets=np.full(len(kept.gold), "few"), weights=np.full(len(kept.gold), 1e-9))

    def both(seed: int) -> reliability.Sample:
        one, other = sample(1000, sharpen=1.0, seed=seed), few(seed + 9)
        return reliability.Sample(
            np.concatenate([one.logits, other.logits]),
            np.concatenate([one.gold, other.gold]),
            np.concatenate([one.sets, other.sets]),
            np.concatenate([one.weights, other.weights]),
        )

    fitted, asked = both(1), both(2)
    rows = asked.sets == "few"
    true = float((asked.gold[rows] == NEUTRAL).mean())
    assert reliability.shipped(fitted, asked)[rows, NEUTRAL].mean() > true + 0.08
    assert form(fitted, asked)[rows, NEUTRAL].mean() == pytest.approx(true, abs=0.04)


def test_what_nobody_is_sure_of_shows_no_error_by_certainty() -> None:
    mean, high = reliability.floor(np.ones(50), np.random.default_rng(1))
    assert mean == high == 0.0
    few, many = (reliability.floor(np.full(n, 0.7), np.random.default_rng(1))[0] for n in (50, 5000))
    assert few > 0.03
    assert many < 0.01


def test_a_set_without_neutral_pairs_is_scored_two_way() -> None:
    table = np.array([[0.3, 0.1, 0.6], [0.1, 0.3, 0.6]])
    confidence, right = reliability.sure(table, np.array([SUPPORTS, REFUTES]))
    assert confidence == pytest.approx([0.75, 0.75])
    assert right.all()


def test_contradictions_are_called_at_the_precision_asked_for() -> None:
    found = reliability.contradictions(*(sample(3000, sharpen=1.5, seed=seed) for seed in (5, 6)))
    assert "sets aimed at" not in found  # there are none
    for row in found.values():
        assert row["precision"] == pytest.approx(reliability.PRECISION, abs=0.05)
        assert row["recall_95"][0] < row["recall"] < row["recall_95"][1]
    assert math.isclose(found["all sets"]["recall"], found["three-class sets"]["recall"], abs_tol=0.02)


def test_labels_and_columns_are_what_the_file_says() -> None:
    order: tuple[Label, ...] = ("supports", "neutral", "refutes")
    assert order == LABELS
