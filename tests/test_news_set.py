"""The news-style pairs: what may be counted on them must stay true when pairs are added or mended."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from rapidfuzz import fuzz

from evals.data import read_pairs, read_rows

ROOT = Path(__file__).resolve().parents[1]
NEWS = ROOT / "evals" / "claims" / "news.jsonl"
TRAINING = ROOT.parent / "shared" / "data" / "pairs" / "train"
LABELS = {"supports", "refutes", "neutral"}
KINDS = (
    ("reworded", LABELS),
    ("polarity", LABELS),
    ("number", LABELS),
    ("duration", LABELS),
    ("date", LABELS),
    ("role", LABELS),
    ("denial", LABELS),
    ("total_over_list", LABELS),
    ("wrong_subject", LABELS),
    ("unrelated", {"neutral"}),  # another matter neither supports nor refutes
    ("quantifier", LABELS),
    ("reported", LABELS),
    ("modality", LABELS),
    ("place", LABELS),
)
SPLITS = ("dev", "report")
NEAR = 75
"""Similarity in [0, 100] above which two texts are taken for twins; the closest pair of strangers is at 71."""

ROWS = [{name: str(value) for name, value in row.items()} for _, row in read_rows(NEWS)]


def plain(text: str) -> str:
    """Return the words alone, in lower case."""
    return " ".join(re.findall(r"\w+", text.lower()))


def test_every_row_has_the_same_fields_and_an_id_of_its_own() -> None:
    assert {tuple(row) for row in ROWS} == {("id", "claim", "evidence", "label", "kind", "split", "dataset")}
    assert (
        len(read_pairs(NEWS)) == len(ROWS) >= 360
    )  # the reader refuses an id used twice, an empty text, an unknown label
    assert all(row["id"].startswith(f"news-{row['kind'].replace('_', '-')}-") for row in ROWS)
    assert {row["dataset"] for row in ROWS} == {"news"}


@pytest.mark.parametrize(("kind", "labels"), KINDS, ids=[kind for kind, _ in KINDS])
def test_a_kind_is_large_enough_has_all_its_labels_and_is_cut_in_half(kind: str, labels: set[str]) -> None:
    rows = [row for row in ROWS if row["kind"] == kind]
    assert len(rows) >= 22
    halves = Counter(row["split"] for row in rows)
    assert set(halves) == set(SPLITS)
    assert abs(halves["dev"] - halves["report"]) <= 2
    for split in SPLITS:
        assert {row["label"] for row in rows if row["split"] == split} == labels


def test_no_other_kinds() -> None:
    assert {row["kind"] for row in ROWS} == {kind for kind, _ in KINDS}


@pytest.mark.parametrize("split", SPLITS)
def test_each_label_is_about_a_third(split: str) -> None:
    labels = Counter(row["label"] for row in ROWS if row["split"] == split)
    assert set(labels) == LABELS
    assert all(0.3 <= count / labels.total() <= 0.37 for count in labels.values())


def test_claims_and_evidence_have_the_length_of_news() -> None:
    assert all(6 <= len(row["claim"].split()) <= 30 for row in ROWS)
    assert all(5 <= len(row["evidence"].split()) <= 60 for row in ROWS)


def test_no_pair_stands_twice_and_no_text_more_than_once_for_a_label() -> None:
    for fields in (("claim", "evidence"), ("claim", "label"), ("evidence", "label")):
        counts = Counter(tuple(plain(row[field]) for field in fields) for row in ROWS)
        assert [key for key, count in counts.items() if count > 1] == [], fields


@pytest.mark.parametrize("field", ["claim", "evidence"])
def test_nothing_in_one_half_has_a_near_twin_in_the_other(field: str) -> None:
    dev, report = ({plain(row[field]) for row in ROWS if row["split"] == split} for split in SPLITS)
    assert [(a, b) for a in dev for b in report if fuzz.ratio(a, b) > NEAR] == []


@pytest.mark.skipif(not TRAINING.exists(), reason="the training data are not on this machine")
def test_no_claim_and_no_evidence_is_in_the_training_data() -> None:
    texts = {plain(row[field]) for row in ROWS for field in ("claim", "evidence")}
    files = sorted(TRAINING.glob("*.jsonl.gz"))
    assert files
    for path in files:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                assert plain(row["claim"]) not in texts, path.name
                assert plain(row["evidence"]) not in texts, path.name
