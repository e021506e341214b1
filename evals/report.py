"""One self-contained page of all measurements: tables with baselines and intervals, and pictures.

``python -m evals report`` reads the summaries and the history of a folder of results. The page needs no network and no file
beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evals import history, plots
from evals.data import EvalDataError
from evals.result import flat
from evals.suite import BESIDE, columns_of, read_summaries, titles

TEMPLATES = Path(__file__).resolve().parent / "templates"
_HEADLINE: Mapping[str, str] = {
    "starter": "accuracy",
    "stance": "accuracy",
    "retrieval": "ndcg@10",
    "end-to-end": "accuracy",
    "claims": "f1",
    "claim-room": "reporting.atomic.f1",
    "attribution": "content.partial.f1",
}
"""The figure that the history shows of each task."""


_COUNTS = frozenset({"n", "support"})
"""How many there were: the same for the product and every baseline."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture and what it shows in words."""

    label: str
    svg: Markup


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def pictures(summary: Mapping[str, object]) -> list[Picture]:
    """Return the pictures that a summary has the numbers for."""
    metrics = _mapping(summary["metrics"])
    found: list[tuple[str, str]] = []
    matrix = _mapping(metrics.get("confusion"))
    if matrix:
        labels, rows = matrix["labels"], matrix["rows"]
        assert isinstance(labels, Sequence)
        assert isinstance(rows, Sequence)
        found.append(("Confusion matrix: counts by gold label and answer", plots.confusion(labels, rows)))
    calibration = _mapping(metrics.get("calibration"))
    bins = calibration.get("bins")
    if isinstance(bins, Sequence) and bins:
        ece = _number(calibration["ece"])
        found.append((f"Reliability diagram, expected calibration error {ece}", plots.reliability(bins, ece)))
    selective = _mapping(metrics.get("selective"))
    curve = selective.get("curve")
    if isinstance(curve, Sequence) and curve:
        area = _number(selective["aurc"])
        found.append((f"Risk-coverage curve, area {area}", plots.risk_coverage(curve, area)))
    depths = _recall(summary)
    if depths:
        found.append(("Recall by depth of the search", plots.recall(depths)))
    times = _mapping(summary.get("latency"))
    histogram = _mapping(times.get("histogram"))
    if histogram:
        edges, counts = histogram["edges"], histogram["counts"]
        assert isinstance(edges, Sequence)
        assert isinstance(counts, Sequence)
        p50, p95 = _number(times["p50"]), _number(times["p95"])
        found.append((f"Seconds for a claim: median {p50}, 95 % {p95}", plots.latency(edges, counts, p50, p95)))
    return [Picture(label, Markup(svg)) for label, svg in found]  # noqa: S704  drawn by matplotlib, which escapes texts


def _recall(summary: Mapping[str, object]) -> dict[str, dict[int, float]]:
    """Return recall by depth of the search and of each retriever alone; empty where nothing was searched."""
    metrics, beside = _mapping(summary["metrics"]), _mapping(summary["baselines"])
    sources = {"both": metrics if "recall@5" in metrics else _mapping(metrics.get("retrieval"))}
    for retriever in ("dense", "lexical"):
        sources[f"{retriever} alone"] = _mapping(beside.get(f"{retriever}_alone"))
    depths = {
        name: {
            int(key.removeprefix("recall@")): _number(value)
            for key, value in figures.items()
            if key.startswith("recall@")
        }
        for name, figures in sources.items()
    }
    return {name: dict(sorted(values.items())) for name, values in depths.items() if values}


def _compared(summary: Mapping[str, object]) -> tuple[list[str], list[dict[str, object]]]:
    """Return names and lines of the table that sets the product beside every baseline, the best of each line marked."""
    figures = dict(flat(_mapping(summary["metrics"])))
    beside = {
        name.replace("_", " "): dict(flat(_mapping(values)))
        for name, values in _mapping(summary["baselines"]).items()
        if values
    }
    names = [
        name
        for name in figures
        if isinstance(figures[name], int | float)
        and name.rpartition(".")[2] not in _COUNTS
        and any(isinstance(values.get(name), int | float) for values in beside.values())
    ]
    # A baseline of a part only (search alone, of a whole check) stands in no line here.
    beside = {name: values for name, values in beside.items() if any(figure in values for figure in names)}
    lines: list[dict[str, object]] = []
    for name in names:
        values = [figures[name], *(other.get(name) for other in beside.values())]
        best = max(_number(value) for value in values)
        cells = [
            {"text": f"{_number(v):.3f}" if isinstance(v, int | float) else "–", "best": _number(v) == best > 0}
            for v in values
        ]
        lines.append({"name": name, "cells": cells})
    return ["On Record", *beside], lines


def _history(folder: Path) -> list[Picture]:
    by_task: dict[str, dict[str, list[tuple[dt.datetime, float]]]] = {}
    for point in history.read(folder):
        figure = _HEADLINE.get(point.task, "")
        if figure in point.metrics:
            lines = by_task.setdefault(point.task, {})
            lines.setdefault(point.name, []).append((dt.datetime.fromisoformat(point.time), point.metrics[figure]))
    return [
        Picture(f"{_HEADLINE[task]} of {task} over time", Markup(plots.history(lines, f"{task}: {_HEADLINE[task]}")))  # noqa: S704  as above
        for task, lines in by_task.items()
    ]


def _entry(summary: Mapping[str, object]) -> dict[str, object]:
    data, intervals = _mapping(summary["data"]), _mapping(summary["intervals"])
    compared, lines = _compared(summary)
    models, notes = summary["models"], summary["notes"]
    assert isinstance(models, Sequence)
    assert isinstance(notes, Sequence)
    rows = []
    for name, value in flat(_mapping(summary["metrics"])):
        parts = name.split(".")
        bounds = intervals.get(f"{parts[-1]}:{parts[1]}" if parts[0] == "per_class" else name)
        shown = f"{bounds[0]:.3f} – {bounds[1]:.3f}" if isinstance(bounds, Sequence) else ""
        rows.append((name, f"{value:.4g}" if isinstance(value, float) else value, shown))
    return {
        "name": summary["name"],
        "n": summary["n"],
        "date": summary["date"],
        "data": data["path"],
        "data_sha256": data["sha256"],
        "seconds": summary["seconds"],
        "memory": summary["peak_memory_mb"],
        "models": ", ".join(f"{model['role']}: {model['name']} ({model['sha256'][:8]})" for model in models),
        "pictures": pictures(summary),
        "caption": "Beside the baselines",
        "compared": compared if lines else [],
        "lines": lines,
        "notes": notes,
        "figures": rows,
    }


def _groups(summaries: Mapping[str, Mapping[str, object]]) -> list[dict[str, object]]:
    groups: list[dict[str, object]] = []
    for task, title in titles().items():
        rows = [summary for summary in summaries.values() if summary["task"] == task]
        if not rows:
            continue
        names, cells = columns_of(task, rows)
        groups.append(
            {
                "title": title,
                "note": BESIDE if task == "end-to-end" else "",
                "columns": names,
                "rows": [
                    {
                        "name": row["name"],
                        "shown": str(row["name"]).removeprefix(f"{task}-"),
                        "n": row["n"],
                        "date": row["date"],
                        "cells": [
                            {"text": text.split(" (")[0], "interval": f"({text.split(' (')[1]}" if " (" in text else ""}
                            for text in line
                        ],
                    }
                    for row, line in zip(rows, cells, strict=True)
                ],
            }
        )
    return groups


def render(results: Path, *, names: Sequence[str] = (), date: dt.date | None = None) -> str:
    """Return the page.

    Args:
        results: Folder of the summaries.
        names: Entries to show; empty: all.
        date: Printed at the top; today where not given.

    Raises:
        EvalDataError: there is nothing to show, or an entry that is not there was named.
    """
    summaries = {name: summary for name, summary in read_summaries(results).items() if not names or name in names}
    missing = [name for name in names if name not in summaries]
    if missing or not summaries:
        message = f"{results} holds no measurement {', '.join(missing) or 'at all'}. Run: python -m evals suite"
        raise EvalDataError(message)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html").render(
        date=(date or dt.datetime.now(dt.UTC).date()).isoformat(),
        groups=_groups(summaries),
        history=_history(results),
        entries=[_entry(summary) for summary in summaries.values()],
    )
