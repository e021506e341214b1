# ruff: noqa: S311  seeds make the rules repeatable; nothing here is secret
"""The making of the stance model: what may be trained on, how pairs are mixed, mined and changed by rule."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from training.stance import contrast, mixture, neutrals
from training.stance.mixture import PLAN, Pair, Stream

NEWS = Path(__file__).parents[1] / "evals" / "claims" / "news.jsonl"


def write_set(folder: Path, name: str, rows: list[tuple[str, str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as out:
        for number, (claim, evidence, label) in enumerate(rows):
            out.write(json.dumps({"id": str(number), "claim": claim, "evidence": evidence, "label": label}) + "\n")


@pytest.fixture
def pairs_folder(tmp_path: Path) -> Path:
    for name, plan in PLAN.items():
        if plan.stage not in {"neutrals", "contrast"}:
            write_set(tmp_path / "train", name, [(f"Claim of {name}.", "Evidence.", "supports")])
    write_set(tmp_path / "dev", "fever_dev", [("The  Earth is FLAT!", "It is round.", "refutes")])
    write_set(tmp_path / "measure_only", "anli", [("Never train on this.", "No.", "neutral")])
    return tmp_path


def test_nothing_of_development_or_measurement_is_trained_on(pairs_folder: Path) -> None:
    write_set(
        pairs_folder / "train",
        "fever_dev",
        [
            ("the earth is flat", "Other evidence.", "refutes"),  # a development claim in other type
            ("Never train on this", "Other evidence.", "supports"),  # a claim whose licence forbids training
            ("Water is wet.", "Water is wet.", "supports"),  # may be used
            ("Water is  wet.", "Water is wet.", "supports"),  # a duplicate of it
        ],
    )
    sets = mixture.load_sets(pairs_folder, seed=1)
    assert [pair.claim for pair in sets["fever_dev"]] == ["Water is wet."]


def test_a_missing_set_is_an_error(pairs_folder: Path) -> None:
    (pairs_folder / "train" / "scifact.jsonl.gz").unlink()
    with pytest.raises(FileNotFoundError, match="scifact"):
        mixture.load_sets(pairs_folder, seed=1)


def test_an_unknown_label_is_an_error(tmp_path: Path) -> None:
    write_set(tmp_path, "x", [("A.", "B.", "maybe")])
    with pytest.raises(ValueError, match="maybe"):
        list(mixture.read_pairs(tmp_path / "x.jsonl.gz"))


def test_the_stream_repeats_nothing_before_a_set_is_through() -> None:
    pairs = [Pair(f"c{number}", "e", "supports", "scifact") for number in range(50)]
    drawn = Stream({"scifact": pairs}, seed=1).draw(50, 0.5)
    assert {pair.claim for pair in drawn} == {pair.claim for pair in pairs}


def test_a_run_may_weigh_a_set_otherwise() -> None:
    sets = {name: [Pair("c", "e", "supports", name)] for name in ("scifact", "written")}
    usual, other = (Stream(sets, seed=1, weights=weights).shares(1.0) for weights in (None, {"written": 8000}))
    assert other["written"] == pytest.approx(8000 * 1.5 / (8000 * 1.5 + 8000 * 1.6))
    assert usual["written"] > other["written"]
    with pytest.raises(ValueError, match="writen"):
        Stream(sets, seed=1, weights={"writen": 1.0})


def test_verification_is_denser_at_the_end() -> None:
    stream = Stream({name: [Pair("c", "e", "supports", name)] for name in PLAN}, seed=1)
    start, end = stream.shares(0.0), stream.shares(1.0)
    assert sum(start.values()) == pytest.approx(1.0)
    assert sum(end.values()) == pytest.approx(1.0)
    assert start["multinli_more"] > end["multinli_more"]
    assert start["scifact"] < end["scifact"]
    neutrals_share = [sum(share[name] for name in ("mined_near", "mined_random")) for share in (start, end)]
    assert all(0.05 < share < 0.2 for share in neutrals_share)


@pytest.mark.parametrize(
    ("rule", "sentence", "label"),
    [
        ("number_changed", "The army lost 40 tanks.", "refutes"),  # digits
        ("number_changed", "The army lost three tanks.", "refutes"),  # words
        ("numbers_exchanged", "The crash killed 12 people and left 30 wounded.", "refutes"),  # right number, wrong noun
        ("number_reworded", "Exports reached 5 million tons.", "supports"),  # another format
        ("unit_changed", "The truce lasted three days.", "refutes"),  # a duration
        ("date_changed", "The talks opened on Monday in Istanbul.", "refutes"),  # a weekday
        ("opposite", "Exports rose in the spring.", "refutes"),  # opposite verb
        ("negated", "The treaty was signed by both sides.", "refutes"),  # negation
        ("reworded", "The talks began in Ankara.", "supports"),  # synonyms
        ("shortened", "The port (built in 1960) handles coal.", "supports"),  # the evidence says more
        ("detail_added", "The port handles coal and grain.", "neutral"),  # the claim says more
        ("roles_swapped", "Russia accuses Ukraine of shelling.", "refutes"),  # who did it to whom
    ],
)
def test_a_rule_changes_one_thing_and_knows_the_label(rule: str, sentence: str, label: str) -> None:
    for seed in range(20):
        triple = contrast.RULES[rule][0](sentence, random.Random(seed))
        assert triple is not None
        evidence, claim, found = triple
        assert found == label
        assert evidence != claim
        assert sentence in {evidence, claim}


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("number_changed", "Nobody was hurt."),  # no number
        ("numbers_exchanged", "It took 3 to 5 days."),  # a range is one fact
        ("opposite", "Ministers spoke."),  # nothing listed
        ("roles_swapped", "Russia meets Ukraine in Istanbul."),  # symmetric
        ("reported", "Why did he go?"),  # a question is no clause
        ("date_changed", "He may go."),  # not a month
    ],
)
def test_a_rule_that_does_not_apply_makes_nothing(rule: str, sentence: str) -> None:
    assert all(contrast.RULES[rule][0](sentence, random.Random(seed)) is None for seed in range(20))


def test_reported_speech_knows_denials_and_rumours() -> None:
    made = [contrast.reported("The port was closed on Friday.", random.Random(seed)) for seed in range(300)]
    plain = "The port was closed on Friday."
    for triple in made:
        assert triple is not None
        evidence, claim, label = triple
        if claim == plain and ("denie" in evidence or "dismissed" in evidence or "untrue" in evidence):
            assert label == "refutes"
        if claim == plain and ("unconfirmed" in evidence or "whether" in evidence):
            assert label == "neutral"
    assert {triple[2] for triple in made if triple} == {"supports", "refutes", "neutral"}


def test_mined_neutrals_come_from_other_documents(pairs_folder: Path) -> None:
    pytest.importorskip("sklearn")
    rows = [
        (f"Town {n} has {n} old bridges over the river.", f"Town {n} built {n} old mills.", "supports")
        for n in range(60)
    ]
    write_set(pairs_folder / "train", "fever_dev", rows)
    sets = mixture.load_sets(pairs_folder, seed=1)
    own = {(pair.claim, pair.evidence) for pair in sets["fever_dev"]}
    mined = [pair for pair in neutrals.mine(sets, seed=1) if pair.pair_id.split(":")[1].isdigit()]
    assert mined
    assert all(pair.label == "neutral" and (pair.claim, pair.evidence) not in own for pair in mined)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"kind": "date", "evidence": "E.", "supports": ["A."], "neutral": ["a"]}, "both"),  # one claim, two labels
        ({"kind": "date", "evidence": "E."}, "no claim"),  # nothing to learn from
    ],
)
def test_a_written_group_that_contradicts_itself_is_an_error(tmp_path: Path, row: dict[str, object], said: str) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        mixture.read_written(tmp_path)


def test_written_pairs_are_apart_from_those_that_news_accuracy_is_reported_on() -> None:
    written = mixture.read_written(mixture.WRITTEN)
    assert {pair.label for pair in written} == set(mixture.LABELS)
    rows = [json.loads(line) for line in NEWS.read_text(encoding="utf-8").splitlines()]
    claims, evidence = ({mixture.normalised(row[key]) for row in rows} for key in ("claim", "evidence"))
    assert not [
        p for p in written if mixture.normalised(p.claim) in claims or mixture.normalised(p.evidence) in evidence
    ]
