"""What was measured when: one line a measurement in ``evals/results/history.jsonl``, appended and never rewritten.

A line holds the entry's name, the time, the identity of what was measured (data, code, models, settings, sample: no commit, so
that it means the same in a copy without version control), and the few figures worth following.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.data import EvalDataError
from evals.result import Result, flat

FILE = "history.jsonl"
FOLLOWED = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "f1",
    "coverage",
    "accuracy_when_answered",
    "selective.accuracy@50",
    "selective.aurc",
    "fever_score",
    "calibration.ece",
    "ndcg@10",
    "recall@10",
    "mrr",
    "reporting.atomic.f1",
    "reporting.standing_alone.right",
    "content.partial.f1",
    "exact_against_altered.f1",
)
"""Figures kept in the history, where a task has them."""


class Point(BaseModel):
    """One measurement of one entry."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    time: str
    """UTC, ISO 8601."""
    name: str
    task: str
    identity: str
    """sha256 over everything that decides the figures."""
    n: int
    data_sha256: str
    code_sha256: str
    package_version: str
    models: Mapping[str, str]
    """Name → first twelve digits of the weights' sha256."""
    metrics: Mapping[str, float]
    seconds: float


def append(result: Result, *, name: str, identity: str, folder: Path) -> Point:
    """Add a measurement to the history in ``folder``."""
    figures = dict(flat(result.metrics))
    point = Point(
        time=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        name=name,
        task=result.task,
        identity=identity,
        n=result.n,
        data_sha256=result.data.sha256,
        code_sha256=result.code_sha256,
        package_version=result.package_version,
        models={model.name: model.sha256[:12] for model in result.models},
        metrics={key: value for key in FOLLOWED if isinstance(value := figures.get(key), int | float)},
        seconds=result.seconds,
    )
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(point.model_dump(mode="json"), ensure_ascii=False) + "\n")
    return point


def read(folder: Path) -> Sequence[Point]:
    """Return the history of a folder, oldest first; empty where nothing was measured yet.

    Raises:
        EvalDataError: a line cannot be read.
    """
    path = folder / FILE
    points: list[Point] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else (), start=1):
        try:
            points.append(Point.model_validate_json(line))
        except ValidationError as error:
            message = f"{path}, line {number} is no measurement: {next(iter(str(error).splitlines()), '')}"
            raise EvalDataError(message) from error
    return points
