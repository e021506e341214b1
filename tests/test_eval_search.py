"""Measuring the search: variants replayed, the bench at sizes of its own, and the lists that a network learns from."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from evals import bench_search
from evals.ablation import Found, Replay, keywords, normalised, with_diversity, with_document
from evals.data import CorpusDocument, Gold, LabelledClaim
from training.rerank import lists
from training.rerank.measure import with_reading
from training.rerank.train import drawn_pairs

TOPICS = ("harvest", "tariff", "vaccine", "railway", "election", "glacier", "harbour", "pension")


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A retrieval set and pairs of the same claims, each topic with a document of its own."""
    folder = tmp_path / "data"
    documents, claims, pairs = [], [], []
    for number, topic in enumerate(TOPICS):
        sentences = [
            f"The {topic} of the north was described in a long report.",
            f"It says that the {topic} grew by {number + 3} per cent in a year.",
            f"Nobody in the south had a {topic} to speak of.",
            "The weather was fair.",
            f"The {topic} will be looked at again next spring.",
        ]
        documents.append({"id": f"d{number}", "title": f"On the {topic}", "sentences": sentences})
        claim = f"The {topic} grew by {number + 3} per cent."
        claims.append(
            {"id": f"c{number}", "claim": claim, "label": "supports", "gold_docs": [f"d{number}"]}
            | {"gold_sentences": {f"d{number}": [1]}}
        )
        evidence = f"A {topic} man from {topic}ville told {topic} fans it grew by {number + 3} per cent: {topic}ology."
        pairs.append({"id": f"p{number}", "claim": claim, "evidence": evidence, "label": "supports"})
    write(folder / "retrieval" / "scifact" / "corpus.jsonl.gz", documents)
    write(folder / "retrieval" / "scifact" / "claims.jsonl.gz", claims)
    write(folder / "pairs" / "train" / "scifact.jsonl.gz", pairs[:6])
    write(folder / "pairs" / "train" / "fever_dev.jsonl.gz", pairs[:6])
    write(folder / "pairs" / "dev" / "fever_dev.jsonl.gz", pairs[5:7])
    write(folder / "pairs" / "measure_only" / "anli.jsonl.gz", pairs[7:])
    return folder


def replay(dense: Found, places: list[tuple[int, int, int]]) -> Replay:
    vectors = np.eye(len(places), 4, dtype=np.float32)
    return Replay("set", [], [], places, vectors, vectors[:1], [dense], [[]], [[]], [[]], [[]], [[]])


def given(scores: list[float]) -> list[tuple[int, float]]:
    return list(enumerate(scores))


@pytest.mark.parametrize(
    ("share", "depth", "order"),
    [
        (1.0, 3, [2, 1, 0, 3]),  # what was read alone, among the three that were read
        (0.0, 3, [0, 1, 2, 3]),  # the order before
        (0.5, 2, [1, 0, 2, 3]),  # both: equal halves, and the lower number does not win by itself
        (1.0, 4, [3, 2, 1, 0]),  # all are read
    ],
)
def test_what_is_read_is_put_in_order_anew_and_nothing_else(share: float, depth: int, order: list[int]) -> None:
    read = {0: {0: -4.0, 1: 3.0, 2: 5.0, 3: 9.0}}
    scores = [0.9, 0.9, 0.5, 0.1] if share == 0.5 else [0.9, 0.7, 0.5, 0.1]
    ranked = with_reading(lambda _, __: given(scores), read, share, depth)(replay([], []), 0)
    assert [place for place, _ in ranked] == order
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)


def test_variants_of_the_search() -> None:
    assert normalised([(4, 0.8), (2, 0.4), (9, 0.0)], "range") == {4: 1.0, 2: 0.5, 9: 0.0}
    assert normalised([(4, 0.8), (2, 0.4)], "top") == {4: 1.0, 2: 0.5}
    assert normalised([], "range") == {}
    assert normalised([(1, 0.3)], "range") == {1: 1.0}  # a list of one
    assert keywords("Nothing here") == "Nothing here"  # neither names nor figures
    places = [(0, 0, 9), (1, 0, 9), (1, 9, 18), (1, 18, 27)]
    found = [(0, 0.6), (1, 0.55), (2, 0.5), (3, 0.1)]
    supported = with_document(lambda _, __: found, 0.5)(replay(found, places), 0)
    assert supported[0][0] == 1  # its document has other good passages
    diverse = with_diversity(lambda _, __: found, 0.3)(replay(found, places), 0)
    assert sorted(place for place, _ in diverse) == [0, 1, 2, 3]


def run_bench(data: Path, tmp_path: Path, *more: str) -> str:
    arguments = ["--data", str(data / "retrieval"), "--cache", str(tmp_path / "vectors.db"), "--set", "scifact"]
    places = ["--home", str(tmp_path / "bench"), "--out", str(tmp_path / "bench.json")]
    done = CliRunner().invoke(bench_search.app, [*arguments, *places, *more], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("values", "exponent"),
    [
        ([2.0, 20.0], 1.0),
        ([5.0, 5.0], 0.0),
        ([0.0, 0.0], 0.0),  # rounded to nothing at both sizes
        ([0.0, 0.5], 1.0),
    ],
)
def test_slopes_are_exponents(values: list[float], exponent: float) -> None:
    assert bench_search.slope([10, 100], values) == pytest.approx(exponent)


def test_the_bench_runs_through(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_search, "COLLECTION_MOST", 100)
    monkeypatch.setattr(bench_search, "UPDATED", 5)
    monkeypatch.setattr("onrecord.index.vectors.SEGMENT_ROWS", 40)
    monkeypatch.setattr("onrecord.index.search.WRITE_BATCH", 20)
    monkeypatch.setattr(bench_search, "IMAGE", tmp_path / "growth.png")
    run_bench(data, tmp_path, "--sizes", "60", "--claims", "8")
    told = run_bench(data, tmp_path, "--sizes", "150", "--claims", "8", "--plot")
    sizes = json.loads((tmp_path / "bench.json").read_text())["sizes"]
    # at the larger size the files are searched without a collection, and find the same
    assert [sizes[size]["build"]["collection"] for size in ("60", "150")] == [True, False]
    for part in sizes.values():
        assert part["product"]["recall_of_exact_search"] == 1.0
        assert part["product"]["quality"]["recall@5"] == 1.0
        assert part["product"]["during_an_update_ms"]["searches"] >= 1
    assert "Growth, fitted over these sizes: one claim, p95 n^" in told
    assert (tmp_path / "bench.md").read_text() == told.removesuffix("\n")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert not any((tmp_path / "bench").iterdir()), "what was built is cleared away"


def test_peers_are_left_out_where_they_cannot_be_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench_search, "PEERS_MOST", 10)
    vectors = np.ones((1, 4), dtype=np.float32)
    grown = bench_search.Grown(["A text."], ["T"], vectors, ["d"], 11)
    found = bench_search.peers(grown, tmp_path, None, [])  # type: ignore[arg-type]
    assert set(found.values()) == {"not measured above 10 passages"}


# The lists that a network learns from


def test_gold_windows_hold_half_of_a_gold_sentence() -> None:
    document = CorpusDocument(id="d", title="", sentences=("One is here.", "Two is here.", "Three is here."))
    spans = document.sentence_spans
    places = [(0, spans[0][0], spans[1][1]), (0, spans[1][0], spans[2][1]), (0, spans[2][0], spans[2][1])]
    claim = LabelledClaim(id="c", claim="x", gold=Gold.SUPPORTS, gold_documents=("d",), rationales={"d": ((1,),)})
    assert list(lists.gold_windows([document], places, claim)) == [0, 1]
    whole = claim.model_copy(update={"rationales": {}})  # a gold document without gold sentences
    assert list(lists.gold_windows([document], places, whole)) == [0, 1, 2]


def test_lists_leave_out_what_says_the_same_and_begin_with_what_people_called_neutral() -> None:
    texts = ["The dam was finished in 1952.", "The dam was finished in 1952, he said.", "A dam broke.", "Rain fell."]
    (made,) = lists.listed("set", "A claim.", texts[:1], ("Said to be neutral.",), [1, 2, 0, 3], {0: None}, texts)
    assert made.positives == ("The dam was finished in 1952.",)
    assert made.negatives == ("Said to be neutral.", "A dam broke.", "Rain fell.")
    assert list(lists.listed("set", "A claim.", [], (), [2], {}, texts)) == []  # nothing decides it
    assert list(lists.listed("set", "A claim.", texts[:1], (), [0, 1], {0: None}, texts)) == []  # nothing beside it


def test_no_development_claim_is_learnt_from(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "lists.jsonl"
    monkeypatch.setattr("sys.argv", ["lists", "--data", str(data), "--output", str(target)])
    lists.main()
    rows = [json.loads(line) for line in target.read_text().splitlines()]
    learnt = {(row["dataset"], row["claim"].split()[1]) for row in rows}
    # the sixth topic is a development claim of one set, and therefore of none; the eighth may only be measured
    assert learnt == {(name, topic) for name in ("fever_dev", "scifact") for topic in TOPICS[:5]}
    windows = next(row for row in rows if row["dataset"] == "scifact")
    assert all("per cent" in text for text in windows["positives"])
    assert not any(text in windows["positives"] for text in windows["negatives"])


def test_a_run_goes_on_where_it_was_and_its_network_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.rerank import measure, train

    rows = [
        {
            "dataset": name,
            "claim": f"The {topic} grew.",
            "positives": [f"The {topic} grew by half."],
            "negatives": ["No."],
        }
        for name, topic in zip(("fever_dev", "scifact") * 4, TOPICS, strict=True)
    ]
    (tmp_path / "lists.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    folder = tmp_path / "run"
    given = [
        "train",
        "--lists",
        str(tmp_path / "lists.jsonl"),
        "--dev",
        str(tmp_path / "lists.jsonl"),
        "--run",
        str(folder),
    ]
    for minutes in ("0.02", "0.04"):
        monkeypatch.setattr(
            "sys.argv", [*given, "--minutes", minutes, "--batch", "2", "--pool", "2", "--dev-lists", "2"]
        )
        train.main()
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    starts = [row for row in log if row["event"] == "start"]
    ends = [row for row in log if row["event"] == "end"]
    assert starts[0]["step"] == 0 < ends[0]["step"] == starts[1]["step"] < ends[1]["step"]
    assert all(0 < row["mrr"] <= 1 for row in log if row["event"] == "dev")
    network = measure.trained(folder / "checkpoint.pt")
    assert len(network.scores([("The harvest grew by half.", "The harvest grew."), ("No.", "The harvest grew.")])) == 2
    base, _ = train.load_network(warm=False)
    frozen = "bert.encoder.layer.1.output.dense.weight"
    assert (network.model.state_dict()[frozen] == base.state_dict()[frozen]).all(), "the lower layers stay as they are"


def test_a_list_gives_one_passage_that_decides_and_others() -> None:
    import random

    one = lists.ClaimList("set", "A claim.", ("yes",), tuple(f"no {number}" for number in range(9)))
    pairs = drawn_pairs(one, 5, random.Random(1))  # noqa: S311  repeatable
    assert [pair.evidence == "yes" for pair in pairs] == [True, *[False] * 5]
    assert len({pair.evidence for pair in pairs}) == 6
    short = lists.ClaimList("set", "A claim.", ("yes",), ("no",))
    assert len(drawn_pairs(short, 5, random.Random(1))) == 2  # noqa: S311
