"""The catalogue of what can be measured: one file per task, found by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from evals.data import DataFile
from evals.keep import KeptClaim, KeptLogits, KeptRun
from evals.metrics import Interval
from evals.result import Item
from onrecord.records import ModelUsed
from onrecord.settings import Settings

Input = Literal["data", "corpus", "claims"]
Progress = Callable[[str, int, int], None]
"""Stage, done, total; total 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure on, and how."""

    settings: Settings
    """The product's settings; ``home`` is the folder in which the task may build a corpus."""
    inputs: Mapping[Input, Path]
    """The files and folders given, one for each of the task's ``inputs``."""
    progress: Progress
    limit: int | None = None
    """Use a random sample of so many items."""
    seed: int = 0
    split: str = ""
    """Use the items with this ``split`` only; empty: all."""
    without: tuple[Path, ...] = ()
    """Leave out claims whose wording occurs in these files of labelled pairs: what a model was trained on."""
    kept: KeptLogits | None = None
    """Answers of the stance networks from an earlier, perhaps interrupted, run; what is read now is added."""
    seconds: list[float] = field(default_factory=list)
    """How long each claim took, as ``check`` notes it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task found."""

    metrics: Mapping[str, object]
    intervals: Mapping[str, Interval]
    baselines: Mapping[str, object]
    items: Sequence[Item]
    models: Sequence[ModelUsed]
    data: DataFile
    corpus: DataFile | None = None
    notes: Sequence[str] = field(default_factory=tuple)
    kept: tuple[KeptRun, Sequence[KeptClaim]] | None = None
    """What a replay needs, of tasks that can be replayed."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something that can be measured on labelled data."""

    name: str
    """The word on the command line."""
    summary: str
    """One line for the help text."""
    inputs: tuple[Input, ...]
    """The options that must be given, but for those in ``defaults``."""
    run: Callable[[Request], Outcome]
    """Measures. Raises ``OnRecordError`` for data or a model that cannot be used; never scores only the rest."""
    defaults: Mapping[Input, Path] = field(default_factory=dict)
    """Inputs with a place in the checkout, which need not be given."""
    splits: bool = False
    """Whether ``Request.split`` is heeded; for other tasks it must be empty."""
    excludes: bool = False
    """Whether ``Request.without`` is heeded; for other tasks it must be empty."""


def catalogue() -> Mapping[str, Task]:
    """Return all tasks by name."""
    from evals.tasks import (  # noqa: PLC0415  they import this module
        articles,
        attribution,
        claim_room,
        claims,
        end_to_end,
        quotations,
        retrieval,
        stance,
        starter,
        syndication,
    )

    tasks: list[Task] = [
        stance.TASK,
        retrieval.TASK,
        end_to_end.TASK,
        claims.TASK,
        attribution.TASK,
        claim_room.TASK,
        articles.TASK,
        quotations.TASK,
        starter.TASK,
        syndication.TASK,
    ]
    return MappingProxyType({task.name: task for task in tasks})
