"""The starter corpus, its example articles and its labelled claims: complete, consistent, and traceable to each other.

Plain Python and yaml on purpose: this data must be readable without the program.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCUMENTS = ROOT / "corpus" / "documents"
EXAMPLES = ROOT / "corpus" / "examples"
CLAIMS = ROOT / "evals" / "claims" / "starter.jsonl"
BLIND = [ROOT / "evals" / "claims" / name for name in ("blind.jsonl", "develop.jsonl", "unseen.jsonl")]

FIELDS = ("economy", "public-health", "speeches-and-charters", "ukraine-talks")
PREFIXES = {
    "economy": "economy",
    "public-health": "health",
    "speeches-and-charters": "speech",
    "ukraine-talks": "ukraine",
}
KEYS = [
    "id",
    "title",
    "kind",
    "publisher",
    "origin",
    "primary",
    "published",
    "address",
    "speakers",
    "language",
    "licence",
    "topics",
]
LABELS = {"SUPPORTED", "REFUTED", "CONFLICTING", "NOT_ENOUGH_EVIDENCE", "NOT_A_CLAIM"}
# Which labels a kind of claim may carry. A "date" claim may be true (a date to be worked out) or false (a date changed).
KINDS = {
    "true": {"SUPPORTED"},
    "false": {"REFUTED"},
    "altered_number": {"REFUTED"},
    "altered_quotation": {"REFUTED"},
    "misattributed": {"REFUTED"},
    "polarity": {"REFUTED"},
    "date": {"SUPPORTED", "REFUTED"},
    "conflicting": {"CONFLICTING"},
    "not_on_record": {"NOT_ENOUGH_EVIDENCE"},
    "uncheckable": {"NOT_A_CLAIM"},
}
QUOTED = re.compile(r'"([^"]{12,})"')


def split_front_matter(path: Path) -> tuple[dict[str, Any], str]:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("---\n"), path
    head, fence, body = text[4:].partition("\n---\n")
    assert fence, path
    front = yaml.safe_load(head)
    assert isinstance(front, dict), path
    return front, body


def load_claims() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CLAIMS.read_text(encoding="utf-8").split("\n") if line]


RECORD_PATHS = sorted(DOCUMENTS.rglob("*.md"))
EXAMPLE_PATHS = sorted(EXAMPLES.glob("*.md"))
RECORDS = {split_front_matter(path)[0]["id"]: split_front_matter(path) for path in RECORD_PATHS}
ARTICLES = {path.stem: split_front_matter(path) for path in EXAMPLE_PATHS}
ROWS = load_claims()


def named(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", RECORD_PATHS, ids=named)
def test_a_record_says_what_it_is_and_where_it_comes_from(path: Path) -> None:
    front, body = split_front_matter(path)
    assert list(front) == KEYS  # exactly these, in this order
    for key in ("id", "title", "publisher", "address"):
        assert isinstance(front[key], str), key
        assert front[key].strip() == front[key] != "", key
    # The plain mark: nobody may take a summary for the source itself.
    assert front["kind"] == "summary"
    assert front["origin"] == "summary written for this project"
    assert front["primary"] is False
    assert front["language"] == "en"
    assert front["licence"] == "Apache-2.0 (this summary)"
    for key in ("speakers", "topics"):
        assert isinstance(front[key], list), key
        assert all(isinstance(item, str) and item.strip() for item in front[key]), key
        assert len(set(front[key])) == len(front[key]), key
    assert front["topics"]
    assert 120 <= len(body.split()) <= 320
    assert "\n\n" in body.strip()  # several paragraphs


@pytest.mark.parametrize("path", RECORD_PATHS, ids=named)
def test_a_records_name_date_and_id_agree(path: Path) -> None:
    front, _ = split_front_matter(path)
    assert path.parent.name in FIELDS
    assert path.parent.parent == DOCUMENTS
    assert isinstance(front["published"], dt.date)
    assert path.stem[:11] == f"{front['published'].isoformat()}-"
    assert front["id"] == f"{PREFIXES[path.parent.name]}-{path.stem}"
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", front["id"])
    # No record comes from the future of the youngest source used.
    assert dt.date(1800, 1, 1) < front["published"] <= dt.date(2026, 3, 31)


@pytest.mark.parametrize("path", RECORD_PATHS, ids=named)
def test_a_records_address_is_a_web_address(path: Path) -> None:
    address = urlsplit(split_front_matter(path)[0]["address"])
    assert address.scheme == "https"
    assert address.hostname is not None
    assert "." in address.hostname
    assert not address.username
    assert " " not in address.geturl()


@pytest.mark.parametrize("path", RECORD_PATHS, ids=named)
def test_a_record_is_plain_prose(path: Path) -> None:
    _, body = split_front_matter(path)
    # One kind of quotation mark, so that quotations are found.
    assert not re.search(r"[\u201c\u201d\u2018\u2019]", body)
    assert body.count('"') % 2 == 0
    assert not re.search(r"^\s*(#|[-*>|]|\d+\.)\s", body, re.MULTILINE)  # no headings, lists or tables
    assert "http" not in body
    assert body.strip()[-1] in '."'


def test_the_corpus_is_large_enough_and_covers_its_fields() -> None:
    # Two files with one id would collapse into one entry here.
    assert len(RECORDS) == len(RECORD_PATHS) >= 48
    per_field = Counter(path.parent.name for path in RECORD_PATHS)
    assert per_field.keys() == set(FIELDS)
    assert per_field["ukraine-talks"] >= 25
    assert per_field["public-health"] >= 15
    assert per_field["economy"] >= 15
    bodies = [body for _, body in RECORDS.values()]
    assert len(set(bodies)) == len(bodies)


@pytest.mark.parametrize("path", EXAMPLE_PATHS, ids=named)
def test_an_example_article_is_marked_as_one(path: Path) -> None:
    front, body = split_front_matter(path)
    assert list(front) == ["title", "published", "byline", "origin"]
    assert isinstance(front["title"], str)
    assert isinstance(front["published"], dt.date)
    assert front["byline"] == "On Record examples"
    assert front["origin"] == "example article written for this project"
    assert 350 <= len(body.split()) <= 600


def test_there_are_three_example_articles() -> None:
    assert set(ARTICLES) == {"ukraine-talks", "public-health", "economy"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["id"]))
def test_a_claim_is_complete_and_its_records_exist(row: dict[str, Any]) -> None:
    assert list(row) == ["id", "article", "span", "claim", "label", "kind", "records", "note"]
    assert row["claim"].strip() == row["claim"] != ""
    assert row["note"].strip()
    assert row["label"] in LABELS
    assert row["label"] in KINDS[row["kind"]]
    assert len(set(row["records"])) == len(row["records"])
    assert set(row["records"]) <= set(RECORDS)
    # What is decided names what decides it; what is not decided names nothing.
    assert bool(row["records"]) == (row["label"] in {"SUPPORTED", "REFUTED", "CONFLICTING"})


@pytest.mark.parametrize("row", [row for row in ROWS if row["article"]], ids=lambda row: str(row["id"]))
def test_a_span_holds_one_whole_sentence_of_its_article(row: dict[str, Any]) -> None:
    _, body = ARTICLES[row["article"]]
    start, end = row["span"]
    assert 0 <= start < end <= len(body)
    sentence = body[start:end]
    assert sentence == sentence.strip()
    assert sentence[-1] in '.?!"'
    assert "\n" not in sentence
    # The standalone wording is made of the sentence: they share half of the sentence's longer words.
    words = set(re.findall(r"\w{4,}", sentence.lower()))
    kept = words & set(re.findall(r"\w{4,}", row["claim"].lower()))
    assert len(kept) >= 0.5 * len(words)


def test_a_free_claim_has_no_span_and_an_article_claim_has_one() -> None:
    for row in ROWS:
        assert (row["article"] is None) == (row["span"] is None)


@pytest.mark.parametrize("stem", sorted(ARTICLES))
def test_every_sentence_of_an_article_is_labelled_once(stem: str) -> None:
    _, body = ARTICLES[stem]
    spans = sorted(row["span"] for row in ROWS if row["article"] == stem)
    left = ""
    position = 0
    for start, end in spans:
        assert start >= position  # no two spans overlap
        left += body[position:start]
        position = end
    assert not (left + body[position:]).strip()


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r["kind"] != "uncheckable" and '"' in r["claim"]], ids=lambda r: r["id"]
)
def test_a_quotation_is_verbatim_exactly_when_its_label_says_so(row: dict[str, Any]) -> None:
    (words,) = QUOTED.findall(row["claim"])
    on_record = any(words.rstrip(".") in RECORDS[record][1] for record in row["records"])
    altered = row["kind"] == "altered_quotation"
    assert on_record != altered


def test_there_are_enough_claims_of_every_label_and_kind() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS) >= 110
    assert len({row["claim"] for row in ROWS}) == len(ROWS)
    labels = Counter(row["label"] for row in ROWS)
    kinds = Counter(row["kind"] for row in ROWS)
    least = {"SUPPORTED": 50, "REFUTED": 40, "NOT_ENOUGH_EVIDENCE": 20, "CONFLICTING": 10, "NOT_A_CLAIM": 8}
    assert all(labels[label] >= count for label, count in least.items()), labels
    assert kinds.keys() == KINDS.keys()
    assert min(kinds.values()) >= 5, kinds
    # Claims of the articles alone must hold every difficulty, for the demonstration.
    assert {row["kind"] for row in ROWS if row["article"]} == KINDS.keys()
    # No label is so frequent that always answering it looks good.
    assert max(labels.values()) < 0.5 * len(ROWS)


def test_conflicting_claims_rest_on_more_than_one_account() -> None:
    for row in ROWS:
        if row["kind"] == "conflicting" and len(row["records"]) == 1:
            # One record that itself reports both accounts.
            _, body = RECORDS[row["records"][0]]
            assert re.search(r"opposite accounts|different accounts", body), row["id"]


@pytest.mark.parametrize("path", BLIND, ids=lambda path: path.stem)
def test_the_claims_written_blind_keep_the_same_rules(path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len({row["claim"] for row in rows}) == len(rows) >= 150
    assert not {row["claim"] for row in rows} & {row["claim"] for row in ROWS}
    for row in rows:
        assert list(row) == list(ROWS[0])
        assert row["article"] is None
        assert row["label"] in KINDS[row["kind"]], row["id"]
        assert set(row["records"]) <= RECORDS.keys(), row["id"]
        assert bool(row["records"]) == (row["label"] != "NOT_ENOUGH_EVIDENCE"), row["id"]
