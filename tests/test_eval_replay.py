"""Keeping a run, going on with it, judging it anew without the networks, and grids."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from evals import grid, replay
from evals.__main__ import app
from evals.data import EvalDataError
from evals.keep import KeptLogits
from evals.run import Options, run_task
from evals.tasks import catalogue
from onrecord.errors import SettingsError
from onrecord.stance import nli

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onrecord.records import Evidence
    from onrecord.stance import JudgeItem

DOCUMENTS = [
    {"id": "rain", "title": "Weather", "sentences": ["In July 40 mm of rain fell in Antwerp.", "June was dry."]},
    {"id": "bank", "title": "", "text": "The central bank raised its rate to 5 per cent in March."},
    {"id": "zoo", "title": "Zoo", "text": "The zoo in Antwerp has a new elephant, born in spring."},
]
CLAIMS = [
    {
        "id": "1",
        "claim": "In July 40 mm of rain fell in Antwerp.",
        "label": "supports",
        "gold_docs": ["rain"],
        "gold_sentences": {"rain": [[0]]},
    },
    {"id": "2", "claim": "The central bank cut its rate in March.", "label": "refutes", "gold_docs": ["bank"]},
    {"id": "3", "claim": "The new library has three floors.", "label": "neutral", "gold_docs": []},
]


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def kept_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], Path, Path]:
    """Return the inputs of a small run, its home and its folder."""
    place = tmp_path_factory.mktemp("kept")
    inputs = {"corpus": write(place / "k.jsonl", DOCUMENTS), "claims": write(place / "c.jsonl", CLAIMS)}
    run_task(catalogue()["end-to-end"], inputs, options=Options(out=place / "run"), home=place / "home")
    return inputs, place / "home", place / "run"


@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("", 1),  # whole
        ('["0b", 1.0, 2', 1),  # cut short by the end of the process: left out
        ('["0b", 1.0, 2.0, 3.0]\n', 2),
    ],
)
def test_answers_are_kept_and_a_line_cut_short_is_left_out(tmp_path: Path, line: str, held: int) -> None:
    path = tmp_path / "run" / "logits.jsonl"
    KeptLogits(path).keep({b"\x0a": (0.1, 0.2, 0.3)})
    path.write_text(path.read_text() + line)
    again = KeptLogits(path)
    assert len(again) == held
    assert again.known([b"\x0a", b"\xff"]) == {b"\x0a": (0.1, 0.2, 0.3)}
    again.keep({b"\x0c": (1.0, 1.0, 1.0)})
    assert len(KeptLogits(path)) == held + 1


@pytest.mark.parametrize("line", ["no json\n", '["0a", 1.0]\n', '["zz", 1, 2, 3]\n', '["0a", 1, 2, 3]\nbroken\n'])
def test_a_broken_file_of_answers_is_an_error_that_names_the_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "logits.jsonl"
    path.write_text(line)
    with pytest.raises(EvalDataError, match=r"line \d holds no answer"):
        KeptLogits(path)


def test_a_run_started_again_reads_only_what_is_missing(
    kept_run: tuple[dict[str, Path], Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, home, folder = kept_run
    lines = (folder / "logits.jsonl").read_text().splitlines(keepends=True)
    out = tmp_path / "again"
    out.mkdir()
    # Interrupted: the last answer was not written, there is no result.
    (out / "logits.jsonl").write_text("".join(lines[:-1]))
    asked: list[int] = []
    real = nli.CrossEncoder.logits
    monkeypatch.setattr(
        nli.CrossEncoder, "logits", lambda self, pairs: (asked.append(len(pairs)), real(self, pairs))[1]
    )
    result, _ = run_task(catalogue()["end-to-end"], inputs, options=Options(out=out), home=home)
    assert sum(asked) == 1
    first = json.loads((folder / "result.json").read_text())
    assert json.loads(result.model_dump_json())["metrics"] == first["metrics"]
    assert (out / "items.jsonl").read_text() == (folder / "items.jsonl").read_text()
    assert result.latency["n"] == 3


def test_a_replay_gives_the_verdicts_of_the_run_and_answers_to_thresholds(
    kept_run: tuple[dict[str, Path], Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, folder = kept_run
    monkeypatch.setattr(nli, "load_tier", lambda *_: pytest.fail("a replay must load no network"))
    kept = replay.read_kept(folder)
    figures, items = replay.replay(kept, overrides={}, thresholds={})
    recorded = [json.loads(line) for line in (folder / "items.jsonl").read_text().splitlines()]
    assert [json.loads(item.model_dump_json()) for item in items] == recorded
    metrics = json.loads((folder / "result.json").read_text())["metrics"]
    assert all(json.loads(json.dumps(figures[name])) == metrics[name] for name in figures)
    # Nothing reaches a threshold of 1: no side is taken by the network.
    nothing, _ = replay.replay(kept, overrides={}, thresholds={"support_threshold": 1.0, "refute_threshold": 1.0})
    assert nothing["coverage"] <= figures["coverage"]
    # Fewer passages, fewer pieces of evidence.
    _, narrow = replay.replay(kept, overrides={"top_k": "1"}, thresholds={})
    assert [len(item.details["evidence"]) for item in narrow] == [1, 1, 1]
    with pytest.raises(SettingsError):
        replay.replay(kept, overrides={"top_k": "0"}, thresholds={})


def test_a_replay_judges_in_the_order_of_the_run(
    kept_run: tuple[dict[str, Path], Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a speaker says himself comes first, whatever its score: the order of scores is not that of the run."""
    kept = replay.read_kept(kept_run[2])
    part = kept.claims[0].parts[0]
    by_score = sorted(part.evidence, key=lambda item: -item.hit.fused_score)
    assert sorted(item.hit.place for item in part.evidence) == [1, 2, 3]
    assert [item.hit.place for item in by_score] == [1, 2, 3]
    turned = tuple(
        item.model_copy(update={"hit": item.hit.model_copy(update={"place": 4 - item.hit.place})})
        for item in part.evidence
    )
    claim = kept.claims[0].model_copy(update={"parts": (part.model_copy(update={"evidence": turned}),)})
    judged: list[list[str]] = []

    def judge(_: object, items: Sequence[JudgeItem], **__: object) -> list[Evidence]:
        judged.append([item.passage.id for item in items])
        return [next(e for e in turned if e.passage.id == item.passage.id) for item in items]

    monkeypatch.setattr(replay, "judge_with", judge)
    replay.replay(replace(kept, claims=[claim]), overrides={}, thresholds={})
    assert judged == [[item.passage.id for item in reversed(by_score)]]


def test_a_replay_stops_where_an_answer_is_missing(
    kept_run: tuple[dict[str, Path], Path, Path], tmp_path: Path
) -> None:
    *_, folder = kept_run
    for name in ("result.json", "checked.jsonl", "networks.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(EvalDataError, match="were not read by fast in the kept run"):
        replay.replay(replay.read_kept(tmp_path), overrides={}, thresholds={})


def test_halves_part_the_claims(kept_run: tuple[dict[str, Path], Path, Path]) -> None:
    kept = replay.read_kept(kept_run[2])
    halves = [{c.labelled.id for c in replay.half_of(kept, name).claims} for name in ("choose", "report")]
    assert halves[0] | halves[1] == {"1", "2", "3"}
    assert not halves[0] & halves[1]


def test_replay_on_the_command_line(kept_run: tuple[dict[str, Path], Path, Path]) -> None:
    *_, folder = kept_run
    answer = CliRunner().invoke(
        app, ["replay", str(folder), "--set", "support_threshold=0.3,0.9", "--set", "decision_margin=0.1", "--errors"]
    )
    assert answer.exit_code == 0, answer.stderr
    assert "accuracy" in answer.stdout
    assert "0.3" in answer.stdout
    assert "0.9" in answer.stdout
    for arguments, code, message in [
        (["--set", "support_threshold=2"], 2, "a threshold is a number"),
        (["--set", "top_k=none"], 2, "top_k"),
        (["--half", "left"], 2, "give choose or report"),
    ]:
        failed = CliRunner().invoke(app, ["replay", str(folder), *arguments])
        assert (failed.exit_code, message in failed.stderr) == (code, True), failed.stderr
    assert CliRunner().invoke(app, ["replay", str(folder.parent)]).exit_code == 1


# ---------------------------------------------------------------- grids


@pytest.mark.parametrize(
    ("varied", "expected"),
    [
        ({"top_k": ["5", "12"]}, [{"top_k": "5"}, {"top_k": "12"}]),
        (
            {"top_k": ["5", "12"], "candidates": ["30", "60"]},  # the last varies fastest
            [
                {"top_k": "5", "candidates": "30"},
                {"top_k": "5", "candidates": "60"},
                {"top_k": "12", "candidates": "30"},
                {"top_k": "12", "candidates": "60"},
            ],
        ),
    ],
)
def test_combinations(varied: dict[str, list[str]], expected: list[dict[str, str]]) -> None:
    assert grid.combinations(varied, {}) == expected


@pytest.mark.parametrize(
    ("varied", "error"),
    [
        ({}, EvalDataError),  # nothing to vary
        ({"top_k": ["5", "5"]}, EvalDataError),  # twice the same run
        ({"top_k": ["5", "0"]}, SettingsError),  # found before anything has run
        ({"topk": ["5", "6"]}, SettingsError),
    ],
)
def test_combinations_refuse(varied: dict[str, list[str]], error: type[Exception]) -> None:
    with pytest.raises(error):
        grid.combinations(varied, {})


def test_a_grid_measures_every_combination_and_writes_one_table(tmp_path: Path) -> None:
    inputs = {"corpus": write(tmp_path / "k.jsonl", DOCUMENTS), "claims": write(tmp_path / "c.jsonl", CLAIMS)}
    answer = CliRunner().invoke(
        app,
        [
            "grid",
            "retrieval",
            *(f"--{name}={path}" for name, path in inputs.items()),
            "--set=candidates=1,20",
            "--set=top_k=3",
            f"--results={tmp_path / 'results'}",
            "--name=narrow",
        ],
    )
    assert answer.exit_code == 0, answer.stderr
    summary = json.loads((tmp_path / "results" / "grid-narrow.json").read_text())
    assert [row["settings"] for row in summary["rows"]] == [{"candidates": "1"}, {"candidates": "20"}]
    assert [row["result"]["settings"]["candidates"] for row in summary["rows"]] == ["1", "20"]
    assert all(row["result"]["settings"]["top_k"] == "3" for row in summary["rows"])
    assert all((tmp_path / "results" / row["folder"] / "items.jsonl").exists() for row in summary["rows"])
    assert str(tmp_path) not in json.dumps(summary)
    assert "candidates" in answer.stdout


def test_a_grid_says_which_combination_failed(tmp_path: Path) -> None:
    data = write(tmp_path / "p.jsonl", [{"text": "x", "label": 7}])
    answer = CliRunner().invoke(
        app, ["grid", "claims", f"--data={data}", "--set=top_k=3,4", f"--results={tmp_path / 'results'}"]
    )
    assert answer.exit_code == 1
    assert "2 of 2 runs failed: top_k=3:" in answer.stderr
    assert "unknown label 7" in answer.stderr
