"""The gate: no change may make the product worse unseen.

The small suite on shipped data (``gate-…``: a sample of the starter claims, the news pairs' development half, the claims room)
is measured by ``python -m evals gate --run``, with which every test run ends; ``--update`` sets or raises its floors.

``evals/baseline.json`` holds floors by entry of the suite with the fingerprint of the data they were measured on. A summary
below its floor, on other data, or missing, fails. Raising floors is automatic; lowering one needs a reason, which is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals import suite
from evals.data import EvalDataError
from evals.result import flat

BASELINE = Path(__file__).resolve().parent / "baseline.json"
GATED = (
    "accuracy",
    "macro_f1",
    "f1",
    "ndcg@10",
    "recall@10",
    "selective.accuracy@50",
    "content.partial.f1",
    "reporting.selection.f1",
    "reporting.atomic.f1",
    "reporting.standing_alone.right",
    "reporting.attribution.f1",
)
"""Figures that get a floor where a summary has them, by dotted name; all are better when higher."""
TOLERANCE = 0.015
"""A floor lies so far below the figure it was made from: processors round differently, and a claim more or less may tip."""


class Floor(BaseModel):
    """The least figures of one entry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_sha256: str
    n: int
    metrics: Mapping[str, float]
    date: str
    lowered: tuple[str, ...] = ()
    """Every lowering so far: date and reason."""


class Baseline(BaseModel):
    """All floors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    floors: Mapping[str, Floor] = {}


def read_baseline(path: Path = BASELINE) -> Baseline:
    """Read the floors; a file that is not there holds none.

    Raises:
        EvalDataError: it cannot be read.
    """
    if not path.exists():
        return Baseline()
    try:
        return Baseline.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        message = f"{path} cannot be read: {next(iter(str(error).splitlines()), '')}. Restore it from version control."
        raise EvalDataError(message) from error


def read_summaries(folder: Path) -> dict[str, Mapping[str, object]]:
    """Return the suite's summaries in a folder by entry.

    Raises:
        EvalDataError: one of them is no summary, or there is none.
    """
    found = suite.read_summaries(folder)
    if not found:
        message = f"{folder} holds no summaries. Run: python -m evals suite --results {folder}"
        raise EvalDataError(message)
    return found


def measured(summary: Mapping[str, object]) -> Floor:
    """Return a summary's gated figures in the form of a floor, without the tolerance."""
    data, figures = summary["data"], summary["metrics"]
    if not isinstance(data, Mapping) or not isinstance(figures, Mapping):
        message = f"{summary.get('name')}: the summary has no data or no metrics; measure it again."
        raise EvalDataError(message)
    known = dict(flat(figures))
    values = {name: float(str(known[name])) for name in GATED if isinstance(known.get(name), int | float)}
    return Floor(data_sha256=str(data["sha256"]), n=int(data["n"]), metrics=values, date=str(summary["date"]))


def problems(
    baseline: Baseline, summaries: Mapping[str, Mapping[str, object]], *, only: Sequence[str] = ()
) -> list[str]:
    """Return what keeps the gate shut, one line each; empty: it is open.

    Args:
        baseline: The floors.
        summaries: What was measured, by entry.
        only: Entries to look at; empty: all that have a floor.
    """
    lines: list[str] = []
    for name, floor in baseline.floors.items():
        if only and name not in only:
            continue
        if name not in summaries:
            lines.append(f"{name}: not measured; its floor is from {floor.date}")
            continue
        now = measured(summaries[name])
        if (now.data_sha256, now.n) != (floor.data_sha256, floor.n):
            lines.append(
                f"{name}: measured on other data ({now.data_sha256[:12]}, n = {now.n}; "
                f"the floor is for {floor.data_sha256[:12]}, n = {floor.n})"
            )
            continue
        for metric, least in floor.metrics.items():
            value = now.metrics.get(metric)
            if value is None:
                lines.append(f"{name}: {metric} was not measured; its floor is {least:.4f}")
            elif value < least:
                lines.append(f"{name}: {metric} {value:.4f} is below its floor {least:.4f}")
    return lines


def updated(
    baseline: Baseline, summaries: Mapping[str, Mapping[str, object]], *, allow_regression: str = ""
) -> Baseline:
    """Return the floors raised to what was measured, less the tolerance; lowered or moved to other data only with a reason.

    Raises:
        EvalDataError: a floor would fall, or its data change, and no reason was given.
    """
    floors = dict(baseline.floors)
    for name, summary in summaries.items():
        now = measured(summary)
        if not now.metrics:
            continue
        wanted = {metric: round(max(0.0, value - TOLERANCE), 4) for metric, value in now.metrics.items()}
        known = floors.get(name)
        if known is None:
            floors[name] = now.model_copy(update={"metrics": wanted})
            continue
        moved = (now.data_sha256, now.n) != (known.data_sha256, known.n)
        below = [metric for metric, least in known.metrics.items() if now.metrics.get(metric, -1.0) < least]
        if (moved or below) and not allow_regression.strip():
            what = "its data changed" if moved else f"{', '.join(below)} would fall"
            message = f"{name}: {what}. Give the reason to accept it: --allow-regression REASON"
            raise EvalDataError(message)
        if moved or below:
            reason = f"{dt.datetime.now(dt.UTC).date().isoformat()}: {allow_regression.strip()}"
            floors[name] = now.model_copy(update={"metrics": wanted, "lowered": (*known.lowered, reason)})
            continue
        raised = {metric: max(wanted.get(metric, 0.0), least) for metric, least in known.metrics.items()}
        merged = {**wanted, **raised}
        if merged != dict(known.metrics):
            floors[name] = now.model_copy(update={"metrics": merged, "lowered": known.lowered})
    return Baseline(floors=dict(sorted(floors.items())))


def write_baseline(baseline: Baseline, path: Path = BASELINE) -> None:
    """Write the floors, the old file being replaced as a whole."""
    part = path.with_suffix(".part")
    part.write_text(baseline.model_dump_json(indent=1) + "\n", encoding="utf-8")
    part.replace(path)
