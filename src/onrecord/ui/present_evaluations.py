"""What evaluations left in ``evals/results`` → plain data for the pages; see ``present``.

The files are read as they are: the app knows their form (docs/evals.md) and nothing of the code that writes them. One that
cannot be read is named, and the others are shown.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onrecord.records import ModelUsed
from onrecord.report import day
from onrecord.ui.wording import FIGURES, MEASURED, SETS

Json = dict[str, Any]

HEADLINES = (
    "accuracy", "atomic.f1", "exact_against_altered.f1", "content.partial.f1", "f1", "macro_f1", "ndcg@10", "recall@10",
)  # fmt: skip
"""The figure that stands for a run: the first of these that it has."""

_DETAIL = frozenset(
    {"per_class", "confusion", "per_kind", "per_source", "mistakes", "support", "labels", "rows", "bins"}
)
"""Parts of a result that say nothing in one number."""


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement of one entry."""

    name: str
    task: str
    date: str
    n: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    baselines: Mapping[str, float] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    """Name and the beginning of the weights' sha256."""
    identity: str = ""

    @property
    def headline(self) -> str:
        """The name of the figure that stands for the run; empty where there is none."""
        # Where halves of a set are told apart, the one that nothing was chosen by.
        forms = ("{}", "reporting.{}", "reporting.atomic.{}")
        known = (form.format(wanted) for wanted in HEADLINES for form in forms)
        ends = (name for wanted in HEADLINES for name in self.metrics if name.endswith(f".{wanted}"))
        return next((name for name in known if name in self.metrics), next(ends, next(iter(self.metrics), "")))


def flat(part: object, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers of a nested result with dotted names, without the parts that are tables.

    >>> dict(flat({"a": {"f1": 0.5, "n": 3, "confusion": {"rows": [[1]]}}, "b": True}))
    {'a.f1': 0.5, 'a.n': 3.0}
    """
    if isinstance(part, dict):
        for name, value in part.items():
            if name not in _DETAIL:
                yield from flat(value, f"{prefix}.{name}" if prefix else str(name))
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield prefix, float(part)


def load(folder: Path) -> tuple[list[Run], list[str]]:
    """Return the newest run of each entry, and what could not be read."""
    runs, trouble = [], []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(held, dict) and isinstance(held.get("metrics"), dict):
                runs.append(_run(held, path.stem))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            trouble.append(f"{path.name} could not be read: {error}")
    return runs, trouble


def _run(held: Mapping[str, Any], name: str) -> Run:
    intervals = held.get("intervals")
    models = held.get("models") or []
    named = (
        {str(key): str(value) for key, value in models.items()}
        if isinstance(models, dict)
        else {f"{one['role']}: {one['name']}": str(one.get("sha256", ""))[:12] for one in models}
    )
    return Run(
        name=str(held.get("name") or name),
        task=str(held.get("task", "")),
        date=str(held.get("date") or held.get("time") or "")[:19],
        n=int(held.get("n") or 0),
        metrics=dict(flat(held["metrics"])),
        intervals=dict(_intervals(intervals)) if isinstance(intervals, dict) else {},
        baselines=dict(flat(held.get("baselines") or {})),
        models=named,
        identity=str(held.get("identity", "")),
    )


def _intervals(part: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, tuple[float, float]]]:
    for name, value in part.items():
        full = f"{prefix}.{name}" if prefix else name
        if isinstance(value, dict):
            yield from _intervals(value, full)
        elif isinstance(value, list) and len(value) == 2 and all(isinstance(one, int | float) for one in value):  # noqa: PLR2004
            yield full, (float(value[0]), float(value[1]))


def load_history(folder: Path) -> tuple[list[Run], list[str]]:
    """Return every measurement that ``history.jsonl`` tells of, the earliest first, and what could not be read."""
    path = folder / "history.jsonl"
    runs, trouble = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.is_file() else [], 1):
        if not line.strip():
            continue
        try:
            runs.append(_run(json.loads(line), "?"))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            trouble.append(f"history.jsonl, line {number}, could not be read: {error}")
    return sorted(runs, key=lambda run: run.date), trouble


def when(run: Run) -> str:
    """Return the day of a run as a reader writes it.

    >>> when(Run("a", "t", "2026-11-24", 1, {})), when(Run("a", "t", "", 1, {}))
    ('24 November 2026', 'undated')
    """
    try:
        return day(dt.date.fromisoformat(run.date[:10]))
    except ValueError:
        return run.date or "undated"


def ordered(runs: Sequence[Run]) -> list[Run]:
    """Return the runs by what they ask, in the order in which a reader wants them."""
    places = {task: place for place, task in enumerate(MEASURED)}
    return sorted(runs, key=lambda run: places.get(run.task, len(places)))


def asked(run: Run) -> tuple[str, str]:
    """Return what a run asks: its name and the question."""
    return MEASURED.get(run.task, (run.task, ""))


def of_set(run: Run) -> str:
    """Return the set that was measured on, with what it is about.

    >>> of_set(Run("stance-scifact", "stance", "", 1, {})), of_set(Run("stance-my_own", "stance", "", 1, {}))
    ('SciFact: science', 'my own')
    """
    name = run.name.removeprefix(f"{run.task}-")
    return SETS.get(name, name.replace("_", " "))


def table(runs: Sequence[Run]) -> Json:
    """Return the newest run of each entry as a table."""
    return {
        "caption": "The figures",
        "nothing": "No evaluation has left its results here yet. `make eval` writes them.",
        "columns": ["Labelled set", "Asked", "Items", "Figure", "Value, 95 % interval", "Guessing", "Measured"],
        "rows": [
            [
                of_set(run),
                asked(run)[0],
                {"text": f"{run.n:,}"},
                words(run.headline),
                {"text": number(run.metrics.get(run.headline)), "note": interval(run)},
                {"text": number(majority(run))},
                {"text": when(run)},
            ]
            for run in ordered(runs)
        ],
    }


def majority(run: Run) -> float | None:
    """Return what always giving the most frequent label would have scored in the headline's figure."""
    wanted = run.headline.rpartition(".")[2]
    return next((v for name, v in run.baselines.items() if "majority" in name and name.endswith(wanted)), None)


def words(name: str) -> str:
    """Return the name of a figure as words.

    >>> words("accuracy"), words("reporting.standing_alone.right"), words("reporting.atomic.f1")
    ('share right', 'reporting, standing alone, right', 'reporting, atomic, F1')
    """
    *parts, last = name.split(".")
    return ", ".join([*(part.replace("_", " ") for part in parts), FIGURES.get(last, last.replace("_", " "))])


def number(value: float | None) -> str:
    """Return a figure with three decimals, counts and times without."""
    if value is None:
        return "–"
    return f"{value:.3f}" if -1 <= value <= 1 else f"{value:,.1f}"


def interval(run: Run) -> str:
    """Return the interval of a run's headline in words."""
    bounds = run.intervals.get(run.headline)
    return f"{bounds[0]:.2f} to {bounds[1]:.2f}" if bounds else ""


def ranges(runs: Sequence[Run]) -> Json:
    """Return each run's headline with its interval and what guessing scores, for a drawing on one axis."""
    drawn = [run for run in ordered(runs) if 0 <= run.metrics.get(run.headline, -1) <= 1]
    return {
        "label": "How often it is right: 0 never, 1 always",
        "keys": [["value", "measured"], ["interval", "where it lies with 95 % confidence"], ["baseline", "guessing"]],
        "rows": [
            {
                "group": asked(run)[0],
                "question": asked(run)[1],
                "name": of_set(run),
                "value": run.metrics[run.headline],
                "text": f"{run.metrics[run.headline]:.2f}",
                "figure": "" if run.headline == "accuracy" else words(run.headline).rpartition(", ")[2],
                "bounds": list(run.intervals.get(run.headline, ())),
                "baseline": majority(run),
            }
            for run in drawn
        ],
    }


def course(runs: Sequence[Run], metric: str) -> Json:
    """Return one figure of one entry over time, for a drawing."""
    points = [run for run in runs if metric in run.metrics]
    return {
        "label": f"{words(metric)} over time",
        "points": [
            {"date": when(run), "value": run.metrics[metric], "text": f"{when(run)}: {number(run.metrics[metric])}"}
            for run in points
        ],
    }


def difference(before: Run, after: Run) -> Json:
    """Return two runs figure by figure."""
    names = [name for name in after.metrics if name in before.metrics]
    return {
        "caption": f"{when(before)} and {when(after)}",
        "nothing": "The two runs have no figure in common.",
        "columns": ["Figure", "Before", "After", "Difference"],
        "rows": [
            [
                words(name),
                {"text": number(before.metrics[name])},
                {"text": number(after.metrics[name])},
                {"text": f"{after.metrics[name] - before.metrics[name]:+.3f}"},
            ]
            for name in sorted(names)
        ],
    }


@dataclass(frozen=True, slots=True)
class Kept:
    """A run that was kept with every answer it gave."""

    folder: Path
    name: str
    """Its place below ``items``: an entry's last run, one set aside when the entry was measured again, or one of a grid."""
    task: str
    date: str
    data_sha256: str
    n: int

    def comparable(self, other: Kept) -> bool:
        """Tell whether another run answered the same items of the same file."""
        mine, theirs = (self.task, self.data_sha256, self.n), (other.task, other.data_sha256, other.n)
        return self.folder != other.folder and mine == theirs


def load_kept(folder: Path) -> list[Kept]:
    """Return the runs below ``items`` in a folder of results, the newest first; folders that hold no whole run are left out."""
    found = []
    for path in sorted((folder / "items").rglob("result.json")):
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            moment = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).isoformat()[:19]
            name = path.parent.relative_to(folder / "items").as_posix()
            if (path.parent / "items.jsonl").is_file():
                found.append(Kept(path.parent, name, held["task"], moment, held["data"]["sha256"], held["data"]["n"]))
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return sorted(found, key=lambda run: run.date, reverse=True)


CHANGES = ("became right", "became wrong", "wrong in both, otherwise")
"""What may have become of an answer: gained, lost, and a wrong one that gave way to another wrong one."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An item that two runs answered differently."""

    id: str
    claim: str
    gold: str
    before: str
    after: str
    change: str
    kind: str


def changes(before: Kept, after: Kept) -> list[Changed]:
    """Return the items that two runs answered differently, in the order of the later run.

    Raises:
        ValueError: an item of one is not in the other, or its right answer is another.
    """
    first, second = _items(before), _items(after)
    found = []
    for name, item in second.items():
        was = first.get(name)
        if was is None or was["gold"] != item["gold"] or len(first) != len(second):
            message = f"The two runs did not answer the same items: {name} is not alike in both."
            raise ValueError(message)
        if was["predicted"] != item["predicted"] or was["right"] != item["right"]:
            gained, lost, otherwise = CHANGES
            change = otherwise if item["right"] == was["right"] else gained if item["right"] else lost
            kind = str((item.get("details") or {}).get("kind") or "")
            claim, gold, answered, now = (
                str(value) for value in (item["claim"], item["gold"], was["predicted"], item["predicted"])
            )
            found.append(Changed(name, claim, gold, answered, now, change, kind))
    return found


def _items(run: Kept) -> dict[str, Json]:
    lines = (run.folder / "items.jsonl").read_text(encoding="utf-8").splitlines()
    items: list[Json] = [json.loads(line) for line in lines if line.strip()]
    return {str(item["id"]): item for item in items}


def chance(gained: int, lost: int) -> float:
    """Return how likely gains and losses at least so uneven are by chance (exact McNemar test, two-sided).

    >>> chance(10, 0), chance(2, 1), chance(0, 0)
    (0.001953125, 1.0, 1.0)
    """
    both = gained + lost
    tail = sum(math.comb(both, n) for n in range(min(gained, lost) + 1))
    return min(1.0, float(2 * tail / 2**both))


def walk(found: Sequence[Changed], change: str) -> Json:
    """Return the items of one change as a table: what was asked, what is right, and the two answers."""
    shown = [item for item in found if item.change == change]
    return {
        "caption": f"{change.capitalize()}: {len(shown):,}",
        "nothing": f"No answer {change}." if change != CHANGES[2] else "No wrong answer became another wrong one.",
        "columns": ["Claim", "Right answer", "Before", "After"],
        "rows": [
            [
                {"text": item.claim, "note": " · ".join(part for part in (item.id, item.kind) if part)},
                *(answer(value) for value in (item.gold, item.before, item.after)),
            ]
            for item in shown
        ],
    }


def answer(label: str) -> str:
    """Return an answer as words.

    >>> answer("not_supports"), answer("")
    ('not supports', '–')
    """
    return label.replace("_", " ") or "–"


def measured(runs: Sequence[Run], models: Sequence[ModelUsed]) -> Json:
    """Return the measured error rates, and whether they were measured with the models that run now."""
    running = {model.sha256[:8] for model in models if model.role == "stance" and model.sha256}
    return {
        "caption": "Measured on labelled data",
        "nothing": "No measurements are kept with this installation.",
        "columns": [
            "Labelled set",
            "Asked",
            "Items",
            "Figure",
            "Value, 95 % interval",
            "Measured",
            "With what runs now",
        ],
        "rows": [
            [
                of_set(run),
                asked(run)[0],
                {"text": f"{run.n:,}"},
                words(run.headline),
                {"text": number(run.metrics.get(run.headline)), "note": interval(run)},
                {"text": when(run)},
                _same(run, running),
            ]
            for run in ordered(runs)
        ],
    }


def _same(run: Run, running: set[str]) -> str:
    used = {value[:8] for name, value in run.models.items() if name.startswith("stance")}
    if not used:
        return "takes no stance model"
    return "yes" if used <= running else "no: another stance model"
