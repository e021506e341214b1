"""Comparing runs, sampling their mistakes, and the gate that keeps them from getting worse."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from evals import history, suite
from evals.__main__ import app
from evals.compare import Run, compare, errors, read_run, show_comparison, show_errors
from evals.data import DataFile, EvalDataError
from evals.gate import Baseline, Floor, measured, problems, read_baseline, read_summaries, updated, write_baseline
from evals.result import Item, Result
from evals.run import Options

Row = tuple[str, str, str, str]


def result(**changes: object) -> Result:
    values: dict[str, object] = {
        "task": "stance",
        "metrics": {"accuracy": 0.5},
        "intervals": {},
        "baselines": {},
        "n": 4,
        "seconds": 1.0,
        "models": (),
        "settings": {"top_k": "12"},
        "data": DataFile(path="pairs.jsonl", sha256="d" * 64, n=4),
        "seed": 0,
        "code_sha256": "c" * 64,
        "peak_memory_mb": 1,
    }
    return Result.model_validate({**values, **changes})


def run_of(rows: list[Row], *, kind: str = "", **changes: object) -> Run:
    """Rows: id, gold, answer, cause."""
    items = {
        name: Item(
            id=name,
            claim=f"Claim {name}.",
            gold=gold,
            predicted=answer,
            right=gold == answer,
            details={"cause": cause, "kind": kind},
        )
        for name, gold, answer, cause in rows
    }
    return Run(Path("run"), result(**changes), items)


BEFORE: list[Row] = [("a", "s", "s", ""), ("b", "s", "r", ""), ("c", "r", "s", ""), ("d", "r", "r", "")]
AFTER: list[Row] = [("a", "s", "s", ""), ("b", "s", "s", ""), ("c", "r", "r", ""), ("d", "r", "s", "")]


def test_gains_and_losses_by_hand() -> None:
    found = compare(run_of(BEFORE), run_of(AFTER, settings={"top_k": "20"}))
    assert (found.before, found.after, found.difference) == (0.5, 0.75, 0.25)
    assert (found.gains, found.losses) == (("b", "c"), ("d",))
    assert found.p_value == 1.0  # two against one: as even as three changes can be
    assert found.interval[0] <= 0.25 <= found.interval[1]
    assert {name: (share.n, share.before, share.after) for name, share in found.per_class.items()} == {
        "s": (2, 0.5, 1.0),
        "r": (2, 0.5, 0.5),
    }
    assert found.per_kind == {}
    assert found.changed == {"top_k": ("12", "20")}


def test_mcnemar_by_hand() -> None:
    # Ten gains and no loss: 2 · (1/2)^10.
    before = run_of([(str(n), "s", "r", "") for n in range(10)])
    after = run_of([(str(n), "s", "s", "") for n in range(10)])
    assert compare(before, after).p_value == pytest.approx(2 / 2**10, abs=1e-4)
    assert compare(after, before).difference == -1.0
    assert compare(before, before).p_value == 1.0


def test_kinds_are_counted_apart() -> None:
    found = compare(run_of(BEFORE, kind="date"), run_of(AFTER, kind="date"))
    assert found.per_kind["date"].n == 4


def test_every_class_and_kind_has_its_own_gains_losses_and_p_value() -> None:
    # Six of s are gained and none lost: 2 · (1/2)^6. One of r is gained and one lost.
    gold = "sssssssrrr"
    before = run_of([(str(n), g, answer, "") for n, (g, answer) in enumerate(zip(gold, "rrrrrrsrsr", strict=True))])
    after = run_of([(str(n), g, answer, "") for n, (g, answer) in enumerate(zip(gold, "ssssssssrr", strict=True))])
    found = compare(before, after).per_class
    assert (found["s"].gained, found["s"].lost, found["s"].p_value) == (6, 0, round(2 / 2**6, 4))
    assert (found["r"].gained, found["r"].lost, found["r"].p_value) == (1, 1, 1.0)
    console = Console(record=True, width=160)
    show_comparison(compare(before, after), before, after, console)
    assert "0.031" in console.export_text()


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (run_of(AFTER, task="claims"), "tasks differ"),
        (run_of(AFTER, data=DataFile(path="x", sha256="e" * 64, n=4)), "data differ"),
        (run_of(AFTER[:3]), "'d' is in one only"),  # another sample
        (run_of([("a", "r", "r", ""), *AFTER[1:]]), "gold label of 'a'"),  # relabelled in between
    ],
)
def test_what_cannot_be_compared_is_refused(second: Run, message: str) -> None:
    with pytest.raises(EvalDataError, match=message):
        compare(run_of(BEFORE), second)


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(EvalDataError, match="there are none"):
        compare(run_of([]), run_of([]))


def test_mistakes_are_grouped_by_cause_and_sampled_by_seed() -> None:
    rows: list[Row] = [(str(n), "s", "r", "stance wrong") for n in range(8)]
    rows += [("x", "s", "n", "retrieval miss"), ("y", "s", "s", ""), ("z", "n", "s", "")]
    groups = errors(run_of(rows), examples=3, seed=1)
    assert [(group.cause, group.n, group.share) for group in groups] == [
        ("stance wrong", 8, 0.8),
        ("n taken for s", 1, 0.1),  # a task without causes
        ("retrieval miss", 1, 0.1),
    ]
    assert len(groups[0].examples) == 3
    assert groups == errors(run_of(rows), examples=3, seed=1)
    assert groups[0].examples != errors(run_of(rows), examples=3, seed=2)[0].examples
    assert errors(run_of([("y", "s", "s", "")])) == []


def write_run(folder: Path, rows: list[Row]) -> Path:
    run = run_of(rows)
    folder.mkdir()
    (folder / "result.json").write_text(run.result.model_dump_json(), encoding="utf-8")
    text = "".join(item.model_dump_json() + "\n" for item in run.items.values())
    (folder / "items.jsonl").write_text(text, encoding="utf-8")
    return folder


def test_a_run_is_read_back_and_shown(tmp_path: Path) -> None:
    first, second = read_run(write_run(tmp_path / "1", BEFORE)), read_run(write_run(tmp_path / "2", AFTER))
    console = Console(record=True, width=160)
    show_comparison(compare(first, second), first, second, console)
    show_errors(errors(first), first, console)
    text = console.export_text()
    assert "0.500 → 0.750" in text
    assert "Claim d." in text
    assert "2 wrong of 4" in text


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "items.jsonl").unlink(), "no run"),  # missing
        (lambda folder: (folder / "result.json").write_text("{}", encoding="utf-8"), "no run"),  # not a result
        (lambda folder: (folder / "items.jsonl").write_text("{", encoding="utf-8"), "no run"),  # cut off
        (
            lambda folder: (folder / "items.jsonl").write_text(
                (folder / "items.jsonl").read_text(encoding="utf-8") * 2, encoding="utf-8"
            ),
            "occurs twice",
        ),
    ],
)
def test_an_unreadable_run_is_one_clear_error(tmp_path: Path, damage: Callable[[Path], object], message: str) -> None:
    folder = write_run(tmp_path / "run", BEFORE)
    damage(folder)
    with pytest.raises(EvalDataError, match=message):
        read_run(folder)


# --- the gate ---------------------------------------------------------------------------------------------------------


def summary(value: float = 0.8, *, sha256: str = "d" * 64, n: int = 10, **figures: float) -> Mapping[str, object]:
    metrics = {"accuracy": value, "seconds": 3, **figures}
    data = {"path": "x", "sha256": sha256, "n": n}
    return {"name": "starter", "task": "starter", "date": "2026-11-24", "data": data, "metrics": metrics}


BASE = Baseline(floors={"starter": Floor(data_sha256="d" * 64, n=10, metrics={"accuracy": 0.8}, date="2026-11-23")})


@pytest.mark.parametrize(
    ("summaries", "expected"),
    [
        ({"starter": summary(0.8)}, []),  # at the floor
        ({"starter": summary(0.9)}, []),
        ({"starter": summary(0.7999)}, ["starter: accuracy 0.7999 is below its floor 0.8000"]),
        ({}, ["starter: not measured; its floor is from 2026-11-23"]),
        (
            {"starter": summary(0.9, sha256="e" * 64)},  # better, but on other data
            [f"starter: measured on other data ({'e' * 12}, n = 10; the floor is for {'d' * 12}, n = 10)"],
        ),
        (
            {"starter": {**summary(), "metrics": {"macro_f1": 0.9}}},  # the figure disappeared
            ["starter: accuracy was not measured; its floor is 0.8000"],
        ),
    ],
)
def test_the_gate(summaries: Mapping[str, Mapping[str, object]], expected: list[str]) -> None:
    assert problems(BASE, summaries) == expected


def test_only_named_entries_are_looked_at() -> None:
    assert problems(BASE, {}, only=["another"]) == []


def test_floors_rise_by_themselves_and_lie_below_what_was_measured() -> None:
    assert updated(Baseline(), {"starter": summary(0.8)}).floors["starter"].metrics == {"accuracy": 0.785}
    assert updated(BASE, {"starter": summary(0.9)}).floors["starter"].metrics == {"accuracy": 0.885}
    # Within the tolerance of the floor nothing moves: neither down to what the tolerance would allow nor up.
    assert updated(BASE, {"starter": summary(0.81)}) == BASE
    assert updated(BASE, {"starter": summary(0.8, macro_f1=0.7)}).floors["starter"].metrics == {
        "accuracy": 0.8,
        "macro_f1": 0.685,
    }


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (summary(0.7), "accuracy would fall"),
        (summary(0.9, n=11), "data changed"),
        ({**summary(), "metrics": {}}, "accuracy would fall"),
    ],
)
def test_lowering_needs_a_reason(changed: Mapping[str, object], message: str) -> None:
    if not changed["metrics"]:  # nothing gated: the floor stays, and the gate fails instead
        assert updated(BASE, {"starter": changed}) == BASE
        return
    for reason in ("", "  "):
        with pytest.raises(EvalDataError, match=message):
            updated(BASE, {"starter": changed}, allow_regression=reason)
    floor = updated(BASE, {"starter": changed}, allow_regression="new labels").floors["starter"]
    assert floor.metrics["accuracy"] == pytest.approx(measured(changed).metrics["accuracy"] - 0.015)
    assert len(floor.lowered) == 1
    assert floor.lowered[0].endswith(": new labels")


def test_a_baseline_is_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    assert read_baseline(path) == Baseline()
    write_baseline(BASE, path)
    assert read_baseline(path) == BASE
    path.write_text('{"floors": {"x": {}}}', encoding="utf-8")
    with pytest.raises(EvalDataError, match="cannot be read"):
        read_baseline(path)


def test_summaries_are_read_by_name_and_other_files_left_alone(tmp_path: Path) -> None:
    with pytest.raises(EvalDataError, match="no summaries"):
        read_summaries(tmp_path)
    (tmp_path / "starter.json").write_text(json.dumps(summary()), encoding="utf-8")
    (tmp_path / "bench.json").write_text("{}", encoding="utf-8")
    assert list(read_summaries(tmp_path)) == ["starter"]
    (tmp_path / "cut.json").write_text("{", encoding="utf-8")
    with pytest.raises(EvalDataError, match="cut"):
        read_summaries(tmp_path)


# --- the commands -----------------------------------------------------------------------------------------------------


def test_compare_and_errors_print_one_json_value(tmp_path: Path) -> None:
    first, second = write_run(tmp_path / "1", BEFORE), write_run(tmp_path / "2", AFTER)
    compared = CliRunner().invoke(app, ["compare", str(first), str(second), "--json"])
    assert (compared.exit_code, json.loads(compared.stdout)["gains"]) == (0, ["b", "c"])
    grouped = CliRunner().invoke(app, ["errors", str(first), "--json"])
    assert [group["n"] for group in json.loads(grouped.stdout)] == [1, 1]


@pytest.mark.parametrize(
    "arguments",
    [["compare", "nowhere", "nowhere"], ["errors", "nowhere"], ["gate", "--results", "nowhere"]],
)
def test_a_folder_that_is_not_there_is_a_one_line_reason(arguments: list[str]) -> None:
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 1
    assert found.stderr.count("\n") == 1


def test_the_gate_opens_shuts_and_is_lowered_for_a_reason(tmp_path: Path) -> None:
    results, baseline = tmp_path / "results", tmp_path / "baseline.json"
    results.mkdir()

    def measure(value: float) -> None:
        (results / "starter.json").write_text(json.dumps(summary(value)), encoding="utf-8")

    def run(*arguments: str) -> int:
        command = ["gate", "--results", str(results), "--baseline", str(baseline), *arguments]
        return CliRunner().invoke(app, command).exit_code

    measure(0.8)
    assert run() == 1  # no floor yet: an empty gate is no gate
    assert run("--update") == 0
    measure(0.5)
    assert run() == 1
    assert run("--update") == 1
    assert run("--update", "--allow-regression", "harder labels") == 0
    assert "harder labels" in baseline.read_text(encoding="utf-8")
    assert run("--only", "another") == 1


def test_an_entry_without_a_floor_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(summary()))
    arguments = ["gate", f"--results={tmp_path}", f"--baseline={tmp_path / 'floors.json'}"]
    answer = CliRunner().invoke(app, [*arguments, "--only=y"])
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "no floor is set for y; there are floors for: nothing" in answer.stderr


def test_a_test_run_measures_the_small_suite_and_holds_it_against_its_floors(tmp_path: Path) -> None:
    results, baseline = tmp_path / "results", tmp_path / "baseline.json"
    command = ["gate", "--run", "--results", str(results), "--baseline", str(baseline), "--only", "gate-claim-room"]
    first = CliRunner().invoke(app, command)
    assert first.exit_code == 0, first.stderr
    assert "no floors are set" in first.stdout
    assert CliRunner().invoke(app, [*command, "--update"]).exit_code == 0
    again = CliRunner().invoke(app, command)
    assert (again.exit_code, again.stdout) == (0, "1 entries with floors, 0 problems\n")
    # What was measured is still current, so that this costs nothing; a floor that is out of reach shuts the gate.
    assert len(history.read(results)) == 1
    floors = read_baseline(baseline)
    floor = floors.floors["gate-claim-room"]
    assert floor.metrics
    high = floor.model_copy(update={"metrics": dict.fromkeys(floor.metrics, 1.01)})
    write_baseline(Baseline(floors={"gate-claim-room": high}), baseline)
    shut = CliRunner().invoke(app, command)
    assert shut.exit_code == 1
    assert "is below its floor 1.0100" in shut.stderr


def test_the_small_suite_needs_nothing_but_the_checkout_and_is_no_part_of_the_large_one(tmp_path: Path) -> None:
    small = [entry for entry in suite.entries() if entry.small]
    assert {entry.task for entry in small} == {"starter", "stance", "claim-room"}
    assert all(Path(path).is_relative_to(suite.ROOT) for entry in small for path in entry.inputs.values())
    report = suite.run(data=tmp_path, results=tmp_path, only=["gate-"], options=Options())
    assert (report.done, report.skipped, report.failed) == ([], [], [])
