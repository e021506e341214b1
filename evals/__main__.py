"""The command line: ``python -m evals run TASK``, ``suite``, ``gate``, ``grid``, ``replay``, ``compare``, ``errors`` and more.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed with a one-line reason, 2 wrong
usage.
"""

from __future__ import annotations

import collections
import json
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from evals import catalogue as catalogues
from evals import gate as gates
from evals import grid as grids
from evals import replay as replays
from evals import suite as suites
from evals.compare import SHOWN, read_run, show_comparison, show_errors
from evals.compare import compare as compare_runs
from evals.compare import errors as errors_of
from evals.result import show
from evals.run import Options, run_task, settings_in
from evals.tasks import Input, Task, catalogue
from onrecord.errors import OnRecordError, SettingsError

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
SECONDS_BETWEEN_LINES = 5.0


class ProgressLines:
    """Progress on standard error: one line every few seconds, with the time left, readable in a log file."""

    def __init__(self) -> None:
        self.stage = ""
        self.started = 0.0
        self.printed = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Print where the work stands, if it is time."""
        now = time.monotonic()
        if stage != self.stage:
            self.stage, self.started, self.printed = stage, now, now
        finished = bool(total) and done >= total
        if now - self.printed < SECONDS_BETWEEN_LINES and not finished:
            return
        self.printed = now
        spent = now - self.started
        left = f", {spent / done * (total - done):.0f} s left" if done and total and not finished else ""
        of = f"{done:,} of {total:,}" if total else f"{done:,}"
        print(f"{stage}: {of} ({spent:.0f} s{left})", file=sys.stderr, flush=True)


def _fail(message: str, code: int) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    raise typer.Exit(code)


def _overrides(given: list[str]) -> dict[str, str]:
    overrides: dict[str, str] = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            _fail(f"--set {item!r}: give NAME=VALUE, for example --set top_k=20", 2)
        overrides[key.strip()] = value
    if "home" in overrides:
        _fail("--set home=…: use --home", 2)
    try:
        settings_in(Path("unused"), overrides)
    except SettingsError as error:
        several = any("," in value for value in overrides.values())
        _fail(f"{error}{' A list is varied by: python -m evals grid TASK --set NAME=V1,V2' if several else ''}", 2)
    return overrides


def _inputs(task: Task, given: dict[Input, Path | None]) -> dict[Input, Path]:
    inputs: dict[Input, Path] = {}
    for name, path in given.items():
        if path is None:
            if name in task.inputs and name not in task.defaults:
                _fail(f"task {task.name!r} needs --{name}", 2)
        elif name not in task.inputs:
            needs = " ".join(f"--{wanted}" for wanted in task.inputs)
            _fail(f"task {task.name!r} takes {needs or 'no files'}, not --{name}", 2)
        else:
            inputs[name] = path
    return inputs


@app.command()
def run(  # noqa: PLR0913, PLR0917  an argument for every option
    name: Annotated[
        str,
        typer.Argument(metavar="TASK|ENTRY", help="As `tasks` lists them, or an entry of the suite: stance-scifact."),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Labelled pairs or sentences, .jsonl or .jsonl.gz; of an entry, the folder of the labelled sets."
        ),
    ] = None,
    corpus: Annotated[Path | None, typer.Option(help="Documents: .jsonl, .jsonl.gz or a folder of files.")] = None,
    claims: Annotated[Path | None, typer.Option(help="Labelled claims, .jsonl or .jsonl.gz.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use a random sample of so many items.")] = None,
    split: Annotated[str, typer.Option(help="Use the rows with this `split` only (stance).")] = "",
    without: Annotated[
        list[Path] | None, typer.Option(help="Leave out claims that occur in this file of pairs (what a model learnt).")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Override a setting.")] = None,
    home: Annotated[Path | None, typer.Option(help="Build the corpus here and keep it for the next run.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also write result.json and items.jsonl into this folder.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample, the bootstrap and the baselines.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,  # noqa: FBT002
) -> None:
    """Measure one task, for example: python -m evals run stance --data pairs.jsonl.gz --json."""
    tasks = catalogue()
    entry = None if name in tasks else next((one for one in suites.entries() if one.name == name), None)
    if entry is not None:
        if corpus or claims or split or without:
            _fail(f"{name!r} is an entry of the suite and names its own files and split; give --data FOLDER at most", 2)
        base = data or suites.DATA
        files = entry.files(base)
        data, corpus, claims = files.get("data"), files.get("corpus"), files.get("claims")
        split, limit, without = entry.split, entry.limit or limit, list(entry.learnt(base))
        missing = [str(path) for path in (*files.values(), *without) if not path.exists()]
        if missing:
            _fail(f"{name!r} needs {' and '.join(missing)}; name the folder of the labelled sets with --data", 1)
    elif name not in tasks:
        _fail(
            f"no task {name!r}; there are: {', '.join(tasks)}; or an entry of the suite "
            f"({', '.join(one.name for one in suites.entries()[3:6])}, …); all of them: python -m evals suite",
            2,
        )
    task = tasks[entry.task if entry is not None else name]
    if split and not task.splits:
        _fail(f"task {task.name!r} does not take --split", 2)
    if without and not task.excludes:
        _fail(f"task {task.name!r} does not take --without", 2)
    inputs = _inputs(task, {"data": data, "corpus": corpus, "claims": claims})
    overrides = _overrides(set_ or [])
    try:
        # Libraries that print on their own must not spoil the one object on standard output.
        with redirect_stdout(sys.stderr):
            options = Options(overrides, limit, seed, ProgressLines(), split, tuple(without or ()), out)
            result, _ = run_task(task, inputs, options=options, home=home)
    except OnRecordError as error:
        _fail(str(error), 1)
    if as_json:
        print(result.model_dump_json())
    else:
        show(result, Console())


@app.command()
def suite(  # noqa: PLR0913, PLR0917  as above
    data: Annotated[
        Path, typer.Option(help="Folder of the labelled sets; what is absent is skipped and named.")
    ] = suites.DATA,
    results: Annotated[Path, typer.Option(help="Folder for the summaries and their table.")] = suites.RESULTS,
    limit: Annotated[int | None, typer.Option(min=1, help="Items per set, drawn at random.")] = suites.LIMIT,
    only: Annotated[list[str] | None, typer.Option(help="Run only entries whose name starts with this.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Override a setting.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the samples, the bootstrap and the baselines.")] = 0,
    again: Annotated[bool, typer.Option("--again", help="Measure also what is still current.")] = False,  # noqa: FBT002
) -> None:
    """Run everything there is data for and write small summaries: what ``make eval`` calls."""
    overrides = _overrides(set_ or [])
    with redirect_stdout(sys.stderr):
        options = Options(overrides, limit, seed, ProgressLines())
        # Whoever names another folder means other data; what the repository's figures are for is pinned.
        pinned = catalogues.PREPARED if data == suites.DATA else None
        done = suites.run(data=data, results=results, only=only or [], options=options, again=again, pinned=pinned)
    print(done.text)
    if done.failed:
        raise typer.Exit(1)


@app.command()
def gate(  # noqa: PLR0913, PLR0917  as above
    results: Annotated[
        Path | None,
        typer.Option(help="Folder of the summaries to hold against the floors.", show_default="evals/results"),
    ] = None,
    baseline: Annotated[Path, typer.Option(help="The floors.")] = gates.BASELINE,
    only: Annotated[list[str] | None, typer.Option(help="Look at this entry only; repeat for several.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Raise the floors to what was measured.")] = False,  # noqa: FBT002
    run_small: Annotated[bool, typer.Option("--run", help="Measure the small suite on shipped data first.")] = False,  # noqa: FBT002
    allow_regression: Annotated[
        str, typer.Option(metavar="REASON", help="With --update: lower floors too, for this reason, which is kept.")
    ] = "",
) -> None:
    """Fail when a measured figure is below its floor, or was measured on other data."""
    # A test run measures beside the committed summaries, which it must not change.
    place = results or (suites.RESULTS / suites.ITEMS / "gate" if run_small else suites.RESULTS)
    if run_small and not update and not baseline.exists():
        print(f"nothing was measured: no floors are set in {baseline}. Set them: python -m evals gate --run --update")
        return
    if run_small:
        only = only or suites.small_entries()
        with redirect_stdout(sys.stderr):
            options = Options(progress=ProgressLines())
            done = suites.run(data=suites.DATA, results=place, only=only, options=options, small=True)
        if done.failed:
            _fail("; ".join(done.failed), 1)
    try:
        floors, summaries = gates.read_baseline(baseline), gates.read_summaries(place)
        if only:
            summaries = {name: summary for name, summary in summaries.items() if name in only}
        if update:
            floors = gates.updated(floors, summaries, allow_regression=allow_regression)
            gates.write_baseline(floors, baseline)
        found = gates.problems(floors, summaries, only=only or ())
    except OnRecordError as error:
        _fail(str(error), 1)
    for line in found:
        print(f"below the gate: {line}", file=sys.stderr)
    looked = [name for name in floors.floors if not only or name in only]
    if only and not looked:
        _fail(
            f"no floor is set for {', '.join(only)}; there are floors for: {', '.join(floors.floors) or 'nothing'}", 1
        )
    print(f"{len(looked)} entries with floors, {len(found)} problems")
    if found or not looked:
        raise typer.Exit(1)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="Folder that `run --out` wrote: before.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The same of the other run: after.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,  # noqa: FBT002
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
) -> None:
    """Show what a change gained and lost, claim by claim, and whether that is more than chance."""
    try:
        before, after = read_run(first), read_run(second)
        found = compare_runs(before, after, seed=seed)
    except OnRecordError as error:
        _fail(str(error), 1)
    if as_json:
        print(found.model_dump_json())
    else:
        show_comparison(found, before, after, Console())


@app.command()
def errors(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `run --out` wrote.")],
    examples: Annotated[int, typer.Option(min=0, help="Examples of each group.")] = SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,  # noqa: FBT002
    seed: Annotated[int, typer.Option(min=0, help="Of the sample of examples.")] = 0,
) -> None:
    """Group the mistakes of a run by the first step that went wrong, with examples of each."""
    try:
        read = read_run(run_folder)
    except OnRecordError as error:
        _fail(str(error), 1)
    groups = errors_of(read, examples=examples, seed=seed)
    if as_json:
        print(json.dumps([group.model_dump(mode="json") for group in groups], ensure_ascii=False))
    else:
        show_errors(groups, read, Console())


def _lists(given: list[str], also: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Read NAME=VALUE,VALUE,…; names besides ``also`` must be settings, and each value one that they accept."""
    lists: dict[str, list[str]] = {}
    for item in given:
        name, _, values = item.partition("=")
        lists[name.strip()] = [value.strip() for value in values.split(",")]
        for value in lists[name.strip()]:
            if name.strip() not in also:
                _overrides([f"{name}={value}"])
            elif not value.replace(".", "", 1).isdigit() or not 0 < float(value) <= 1:
                _fail(f"--set {item!r}: a threshold is a number above 0 and at most 1", 2)
    return lists


@app.command()
def grid(  # noqa: PLR0913, PLR0917  as above
    name: Annotated[str, typer.Argument(metavar="TASK", help="As for `run`.")],
    set_: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE,VALUE", help="A list is varied; repeat for several.")
    ],
    data: Annotated[Path | None, typer.Option(help="As for `run`.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="As for `run`.")] = None,
    claims: Annotated[Path | None, typer.Option(help="As for `run`.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="As for `run`.")] = None,
    split: Annotated[str, typer.Option(help="As for `run`.")] = "",
    without: Annotated[list[Path] | None, typer.Option(help="As for `run`.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="As for `run`.")] = 0,
    title: Annotated[str, typer.Option("--name", help="Name of the grid in its files.")] = "",
    results: Annotated[Path, typer.Option(help="Folder for the summary and the runs.")] = suites.RESULTS,
    workers: Annotated[int, typer.Option(min=1, help="Processes at a time; never more than there are cores.")] = 64,
) -> None:
    """Measure every combination of settings, for example: python -m evals grid starter --set top_k=5,12,20."""
    known = catalogue()
    if name not in known:
        _fail(f"no task {name!r}; there are: {', '.join(known)}", 2)
    lists = _lists(set_)
    varied = {key: values for key, values in lists.items() if len(values) > 1}
    fixed = {key: values[0] for key, values in lists.items() if len(values) == 1}
    try:
        inputs = _inputs(known[name], {"data": data, "corpus": corpus, "claims": claims})
        options = Options(fixed, limit, seed, ProgressLines(), split, tuple(without or ()))
        rows = grids.run(
            known[name],
            {key: path.resolve() for key, path in inputs.items()},
            name=title or name,
            varied=varied,
            options=options,
            results=results,
            workers=workers,
        )
    except OnRecordError as error:
        _fail(str(error), 1)
    grids.show(rows, Console())


@app.command()
def replay(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Folders that `run --out` wrote (end-to-end, starter).")
    ],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE,VALUE", help="A setting, support_threshold or refute_threshold."),
    ] = None,
    half: Annotated[str, typer.Option(help="`choose` or `report`: this half of the claims only.")] = "",
    show_mistakes: Annotated[bool, typer.Option("--errors", help="Count the mistakes of the last line.")] = False,  # noqa: FBT002
) -> None:
    """Judge kept runs anew without the networks, for example: python -m evals replay RUN --set decision_margin=0.1,0.2."""
    if half not in {"", "choose", "report"}:
        _fail(f"--half {half!r}: give choose or report", 2)
    varied = _lists(set_ or [], also=replays.THRESHOLDS)
    try:
        kept = [replays.read_kept(folder) for folder in runs]
        rows = replays.sweep([replays.half_of(run, half) for run in kept] if half else kept, varied)
    except OnRecordError as error:
        _fail(str(error), 1)
    replays.show(rows, Console(width=160))
    if show_mistakes:
        counted = collections.Counter(str(item.details["cause"]) for item in rows[-1][2] if not item.right)
        print(", ".join(f"{cause}: {n}" for cause, n in counted.most_common()))


@app.command()
def report(
    names: Annotated[list[str] | None, typer.Argument(metavar="[ENTRY]…", help="Entries to show; none: all.")] = None,
    results: Annotated[Path, typer.Option(help="Folder of the summaries and the history.")] = suites.RESULTS,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("evals-report.html"),
) -> None:
    """Write one self-contained HTML page with tables and pictures of what was measured."""
    from evals import report as reports  # noqa: PLC0415  matplotlib is slow to import

    try:
        page = reports.render(results, names=names or [])
    except OnRecordError as error:
        _fail(str(error), 1)
    out.write_text(page, encoding="utf-8")
    print(out)


@app.command(name="data")
def data_set(
    name: Annotated[str, typer.Argument(metavar="[SET]", help="A set of the catalogue; none: list them.")] = "",
    split: Annotated[str, typer.Option(help="Part of the set.")] = "dev",
    folder: Annotated[Path | None, typer.Option(help="Where its files lie, or are downloaded to.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the converted files go; the same folder by default.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Download nothing; say what is missing.")] = False,  # noqa: FBT002
) -> None:
    """Check, download and convert an open data set: python -m evals data scifact --split dev --folder sets/scifact."""
    try:
        if not name:
            for key, entry in catalogues.data_sets().items():
                print(f"{key:14} {', '.join(entry.splits):18} {entry.licence}\n{'':14} {entry.address}")
            return
        place = folder or Path("datasets") / name
        made = catalogues.make(name, split=split, folder=place, out=out or place, offline=offline)
    except OnRecordError as error:
        _fail(str(error), 1)
    for key, count in made.items():
        print(f"{count:>8,}  {key}")


@app.command()
def tasks() -> None:
    """List the tasks and the files they need."""
    for task in catalogue().values():
        print(f"{task.name:12} {' '.join(f'--{item}' for item in task.inputs):20} {task.summary}")


if __name__ == "__main__":
    app()
