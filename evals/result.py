"""What a task hands back and what is printed: one JSON object, or a table for a person."""

from __future__ import annotations

import hashlib
import resource
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from rich.console import Console
from rich.table import Table

import onrecord
from evals.data import DataFile
from evals.metrics import Interval, rounded
from onrecord import __version__
from onrecord.records import ModelUsed

RESULT_VERSION = "1.2"


class Item(BaseModel):
    """One labelled item and what became of it; written to ``items.jsonl``, never committed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    claim: str
    gold: str
    predicted: str
    right: bool
    details: Mapping[str, object] = Field(default_factory=dict)


class Result(BaseModel):
    """The figures of one run with everything needed to repeat it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    result_version: str = RESULT_VERSION
    task: str
    metrics: Mapping[str, object]
    intervals: Mapping[str, Interval]
    """95 % bootstrap intervals under the names of the metrics; ``a.b`` is ``metrics["a"]["b"]``, ``f1:x`` is a class's F1."""
    baselines: Mapping[str, object]
    n: int
    seconds: float
    models: tuple[ModelUsed, ...]
    settings: Mapping[str, str]
    data: DataFile
    corpus: DataFile | None = None
    seed: int
    package_version: str = __version__
    code_sha256: str
    """Of the installed product, shipped models included: says whether two runs measured the same thing."""
    peak_memory_mb: int
    """Largest resident size of the process while the task ran, in MiB."""
    latency: Mapping[str, object] = Field(default_factory=dict)
    """Seconds for one claim, of tasks that check claims: mean, p50, p95, histogram. No metric: it differs from run to run."""
    notes: tuple[str, ...] = ()
    """How the labels were mapped, what was left out of a figure and why."""


def code_sha256() -> str:
    """Return the hash of the product's files, shipped models included, by path and content."""
    folder = Path(onrecord.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(item for item in folder.rglob("*") if item.is_file() and "__pycache__" not in item.parts):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


_STATUS = Path("/proc/self/status")


def forget_peak_memory() -> None:
    """Let ``peak_memory_mb`` count from now on, so that one run of several in a process has its own; only Linux can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory_mb() -> int:
    """Return the largest resident size of this process, in MiB: so far, or since it was forgotten."""
    if _STATUS.exists():
        # Not getrusage: a process that another one starts inherits the peak of that one.
        line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return round(int(line.split()[1]) / 1024)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


def latency_of(seconds: Sequence[float]) -> dict[str, object]:
    """Return mean, median, 95th percentile and a histogram of seconds; empty where nothing was timed.

    >>> latency_of([1.0, 2.0, 3.0])["p50"]
    2.0
    """
    if not seconds:
        return {}
    counts, edges = np.histogram(seconds, bins=20)
    p50, p95 = np.quantile(seconds, [0.5, 0.95])
    return {
        "n": len(seconds),
        "mean": rounded(float(np.mean(seconds))),
        "p50": rounded(float(p50)),
        "p95": rounded(float(p95)),
        "histogram": {"edges": [rounded(float(edge)) for edge in edges], "counts": counts.tolist()},
    }


def write_items(items: Sequence[Item], folder: Path) -> Path:
    """Write one JSON line per item to ``folder/items.jsonl``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "items.jsonl"
    path.write_text("".join(item.model_dump_json() + "\n" for item in items), encoding="utf-8")
    return path


def flat(values: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """Flatten nested figures to dotted names; lists (bins, matrices) are left to the JSON form."""
    rows: list[tuple[str, object]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows.extend(flat(value, f"{prefix}{name}."))
        elif not isinstance(value, list | tuple):
            rows.append((f"{prefix}{name}", value))
    return rows


def show(result: Result, console: Console) -> None:
    """Print the figures as tables for a person."""
    console.print(f"[bold]{result.task}[/bold]  {result.data.path}  n = {result.n}, {result.seconds:.1f} s")
    table = Table("metric", "value", "95 % interval")
    for name, value in flat(result.metrics):
        parts = name.split(".")
        bounds = result.intervals.get(f"{parts[-1]}:{parts[1]}" if parts[0] == "per_class" else name)
        table.add_row(name, str(value), f"{bounds[0]} – {bounds[1]}" if bounds else "")
    console.print(table)
    beside = Table("baseline", "figure", "value")
    for name, figures in result.baselines.items():
        for figure, value in flat(figures) if isinstance(figures, Mapping) else [("", figures)]:
            beside.add_row(name, figure, str(value))
    console.print(beside)
    for model in result.models:
        console.print(f"{model.role}: {model.name} ({model.sha256[:12]})")
    for note in result.notes:
        console.print(f"· {note}")
