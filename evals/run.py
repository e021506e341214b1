"""Run one task: make the settings, a folder to work in, measure time and memory, and make the result."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evals.keep import KeptLogits, write_claims
from evals.result import Item, Result, code_sha256, forget_peak_memory, latency_of, peak_memory_mb, write_items
from evals.tasks import Input, Progress, Request, Task
from onrecord.settings import Settings, load_settings
from onrecord.workflow import recorded_settings


@contextmanager
def working_folder(home: Path | None) -> Iterator[Path]:
    """Yield ``home``, or a temporary folder that is removed afterwards."""
    if home is not None:
        yield home
        return
    # An index may still hold files for a moment on closing; what is left is the operating system's to remove.
    with tempfile.TemporaryDirectory(prefix="onrecord-evals-", ignore_cleanup_errors=True) as name:
        yield Path(name) / "home"


def settings_in(home: Path, overrides: Mapping[str, str]) -> Settings:
    """Return the settings in force with ``home`` and ``overrides`` on top.

    Raises:
        SettingsError: an unknown name or a value that is not accepted.
    """
    return load_settings(**{**overrides, "home": home})


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for every task of a run."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    """Settings by name, as text."""
    limit: int | None = None
    """A random sample of so many items; ``None``: all."""
    seed: int = 0
    """Of the sample, the bootstrap and the cross-validated baselines."""
    progress: Progress = _silent
    split: str = ""
    """Part of the set by its ``split`` field; empty: all."""
    without: tuple[Path, ...] = ()
    """Files of pairs whose claims are left out."""
    out: Path | None = None
    """Folder for the result, the items and what a later run need not read again; ``None``: nothing is written."""


def _changed(code: str) -> tuple[str, ...]:
    """Say when the product's files are not those of the start: the hashes may then name what was not measured."""
    if code_sha256() == code:
        return ()
    return ("the product's code or models changed on disk during the run: do not quote these figures, run again",)


def run_task(
    task: Task, inputs: Mapping[Input, Path], *, options: Options, home: Path | None = None
) -> tuple[Result, list[Item]]:
    """Run ``task`` and return its figures and its per-item outcomes.

    Args:
        task: One of the catalogue.
        inputs: A path for each of the task's ``inputs`` that has no default.
        options: Settings, sample, seed and progress.
        home: A folder in which the corpus is built and kept; ``None``: a temporary one.

    Raises:
        OnRecordError: settings, data or a model that cannot be used.
    """
    code = code_sha256()
    forget_peak_memory()
    started = time.perf_counter()
    with working_folder(home) as folder:
        settings = settings_in(folder, options.overrides)
        request = Request(
            settings=settings,
            inputs={**task.defaults, **inputs},
            progress=options.progress,
            limit=options.limit,
            seed=options.seed,
            split=options.split,
            without=options.without,
            kept=KeptLogits(options.out / "logits.jsonl") if options.out is not None else None,
        )
        outcome = task.run(request)
        latency = latency_of(request.seconds)
    result = Result(
        task=task.name,
        metrics=outcome.metrics,
        intervals=outcome.intervals,
        baselines=outcome.baselines,
        n=outcome.data.n,
        seconds=round(time.perf_counter() - started, 2),
        models=tuple(outcome.models),
        settings=recorded_settings(settings),
        data=outcome.data,
        corpus=outcome.corpus,
        seed=options.seed,
        code_sha256=code,
        peak_memory_mb=peak_memory_mb(),
        latency=latency,
        notes=(*outcome.notes, *_changed(code)),
    )
    if options.out is not None:
        write_items(outcome.items, options.out)
        if outcome.kept is not None:
            write_claims(options.out, *outcome.kept)
        # Last, so that a folder with a result is whole.
        (options.out / "result.json").write_text(result.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return result, list(outcome.items)
