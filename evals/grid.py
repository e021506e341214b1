"""Grid runs: one task under every combination of settings, in parallel processes, one table out.

The first combination runs alone: it builds the corpus and reads most of what the networks are asked. The others start from a
copy of its corpus and of its answers, as many at a time as there are cores, so that they only read what their settings add.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evals.data import EvalDataError
from evals.history import FOLLOWED
from evals.result import Result, flat
from evals.run import Options, settings_in
from evals.suite import ITEMS
from evals.tasks import Input, Task

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Row:
    """One combination and what it measured."""

    settings: Mapping[str, str]
    """The varied settings only."""
    folder: Path
    result: Result


def combinations(varied: Mapping[str, Sequence[str]], fixed: Mapping[str, str]) -> list[dict[str, str]]:
    """Return every combination of the varied settings, the last one varying fastest; all are accepted settings.

    Raises:
        EvalDataError: nothing varies, or a value is given twice.
        SettingsError: a value that is not accepted, before anything runs.

    >>> combinations({"top_k": ["5", "12"]}, {})
    [{'top_k': '5'}, {'top_k': '12'}]
    """
    twice = [name for name, values in varied.items() if len(set(values)) != len(values)]
    if not varied or twice:
        message = f"{twice[0]}: a value occurs twice" if twice else "give a list to vary: --set top_k=5,12,20"
        raise EvalDataError(message)
    found = [dict(zip(varied, values, strict=True)) for values in itertools.product(*varied.values())]
    for combination in found:
        settings_in(Path("unused"), {**fixed, **combination})
    return found


def run(  # noqa: PLR0913  an argument for every option
    task: Task,
    inputs: Mapping[Input, Path],
    *,
    name: str,
    varied: Mapping[str, Sequence[str]],
    options: Options,
    results: Path,
    workers: int,
) -> list[Row]:
    """Measure every combination and write ``grid-<name>.json``.

    Args:
        task: One of the catalogue.
        inputs: Its files.
        name: Of the grid, in the names of its files.
        varied: Setting → values.
        options: What is the same for all.
        results: Folder of the summaries; the runs go to ``items/grid-<name>/<number>`` in it.
        workers: Processes at a time, at most as many as there are cores.

    Raises:
        EvalDataError: a run failed; its reason is given, and the others are kept.
    """
    chosen = combinations(varied, options.overrides)
    workers = max(1, min(workers, os.cpu_count() or 1, len(chosen)))
    folders = [results / ITEMS / f"grid-{name}" / str(number) for number in range(len(chosen))]
    with tempfile.TemporaryDirectory(prefix="onrecord-grid-", ignore_cleanup_errors=True) as place:
        homes = [Path(place) / str(number) for number in range(len(chosen))]

        def measure(number: int) -> Row | str:
            overrides = {**options.overrides, **chosen[number]}
            command = _command(task, inputs, overrides, options, (folders[number], homes[number]))
            return _measured(command, chosen[number], folders[number], workers)

        first = measure(0)
        if not isinstance(first, str):
            for number in range(1, len(chosen)):
                _start_from(homes[0], homes[number])
                # An interrupted run goes on with its own.
                if not (folders[number] / "logits.jsonl").exists():
                    _start_from(folders[0] / "logits.jsonl", folders[number] / "logits.jsonl")
        with ThreadPoolExecutor(workers) as pool:
            rows = [first, *pool.map(measure, range(1, len(chosen)))]
    failed = [row for row in rows if isinstance(row, str)]
    if failed:
        message = f"{len(failed)} of {len(rows)} runs failed: {'; '.join(failed)}"
        raise EvalDataError(message)
    done = [row for row in rows if isinstance(row, Row)]
    _write(done, task, name, varied, results)
    return done


def _command(
    task: Task,
    inputs: Mapping[Input, Path],
    overrides: Mapping[str, str],
    options: Options,
    places: tuple[Path, Path],
) -> list[str]:
    out, home = places
    command = [
        sys.executable,
        "-m",
        "evals",
        "run",
        task.name,
        "--out",
        str(out),
        "--seed",
        str(options.seed),
        "--json",
    ]
    for option, path in inputs.items():
        command += [f"--{option}", str(path)]
    for key, value in overrides.items():
        command += ["--set", f"{key}={value}"]
    for path in options.without:
        command += ["--without", str(path)]
    if "corpus" in task.inputs:
        command += ["--home", str(home)]
    if options.limit is not None:
        command += ["--limit", str(options.limit)]
    return [*command, "--split", options.split] if options.split else command


def _measured(command: Sequence[str], settings: Mapping[str, str], folder: Path, workers: int) -> Row | str:
    """Run one combination in a process of its own; return the row, or why there is none."""
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    environment = {**os.environ, "OMP_NUM_THREADS": threads}
    done = subprocess.run(  # noqa: S603  our own command with checked arguments
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"{', '.join(f'{key}={value}' for key, value in settings.items())}: {reason.removeprefix('error: ')}"
    return Row(settings, folder, Result.model_validate_json((folder / "result.json").read_text(encoding="utf-8")))


def _start_from(first: Path, other: Path) -> None:
    """Copy a file or folder of the first run, but for joined models, which are linked; what is not there is not copied."""
    other.parent.mkdir(parents=True, exist_ok=True)
    if first.is_dir():
        shutil.copytree(first, other, ignore=shutil.ignore_patterns("models", "*.lock"))
        if (first / "models").exists():
            (other / "models").symlink_to(first / "models")
    elif first.exists():
        shutil.copyfile(first, other)


def _write(rows: Sequence[Row], task: Task, name: str, varied: Mapping[str, Sequence[str]], results: Path) -> None:
    summary = {
        "grid": name,
        "task": task.name,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "varied": {key: list(values) for key, values in varied.items()},
        "rows": [
            {
                "settings": row.settings,
                "folder": row.folder.relative_to(results).as_posix(),
                "result": _without_paths(row.result),
            }
            for row in rows
        ],
    }
    path = results / f"grid-{name}.json"
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _without_paths(result: Result) -> dict[str, object]:
    """Return a result that says nothing of this machine's folders."""
    plain = result.model_dump(mode="json")
    for part in ("data", "corpus"):
        if plain[part]:
            plain[part]["path"] = Path(plain[part]["path"]).name
    return plain


def show(rows: Sequence[Row], console: Console) -> None:
    """Print one table: a line for each combination, the followed figures as columns, the best of each in bold."""
    figures = [dict(flat(row.result.metrics)) for row in rows]
    columns = [key for key in FOLLOWED if any(isinstance(found.get(key), int | float) for found in figures)]
    table = Table(*rows[0].settings, *columns, "seconds", "MB")
    best = {key: _best(key, [found.get(key) for found in figures]) for key in columns}
    for row, found in zip(rows, figures, strict=True):
        cells = []
        for key in columns:
            value = found.get(key)
            text = f"{value:.3f}" if isinstance(value, int | float) else "–"
            cells.append(f"[bold]{text}[/bold]" if value == best[key] else text)
        table.add_row(*row.settings.values(), *cells, f"{row.result.seconds:.0f}", str(row.result.peak_memory_mb))
    console.print(table)


def _best(key: str, values: Sequence[object]) -> float | None:
    known = [float(value) for value in values if isinstance(value, int | float)]
    lower = key.endswith(("ece", "aurc", "brier"))
    return (min if lower else max)(known, default=None)
