"""What keeping a corpus costs: ``python -m evals.bench_corpus``; with ``--share 0.05`` on a sample.

The real speeches and headlines (some 35,000 rows) are laid out as a registry names them, and ``corpus sync`` goes through them
as it always does: reading, storing, finding copies, embedding. Each stage runs in a process of its own, so that its memory is
its own: a build of a quarter, the whole first build, a sync in which nothing has changed, one in which every hundredth document
has, and ``corpus verify``. The build is read beside the bare ``model.encode`` of texts from all of the corpus in the same
process; the difference of the two builds' peaks, by passage, is what grows with the corpus.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from evals.bench import RESULTS, ROOT
from evals.data import EvalDataError
from evals.result import peak_memory_mb
from onrecord.errors import OnRecordError
from onrecord.settings import Settings, load_settings

if TYPE_CHECKING:
    from onrecord.workflow import Progress

DATA = ROOT.parent / "shared" / "data"
MAPPINGS = ROOT / "corpus" / "mappings"
TABLES = "speech/kremlin_sentences"
ARCHIVES = ("speech/state_union.zip", "speech/inaugural.zip")
HEADLINES = "coverage"
ENTRIES = {
    TABLES: "kremlin_sentences.toml",
    ARCHIVES[0]: "state_union.toml",
    ARCHIVES[1]: "inaugural.toml",
    HEADLINES: "tass_headlines.toml",
}
EVERY = 100
"""One in so many documents changes: 1 %."""
BARE = 2_000
"""Texts encoded bare, evenly from the whole corpus."""
STAGES = ("quarter", "build", "unchanged", "changed", "verify")
QUARTER = 0.25
ADDED = "This line was added by the bench."
SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which documents are taken, and which of them are changed: it hangs on their identities alone."""

    share: float
    changed: bool

    def takes(self, identity: str) -> bool:
        """Tell whether a document is taken."""
        return zlib.crc32(identity.encode()) % 10_000 < 10_000 * self.share

    def edited(self, identity: str, text: str) -> str:
        """Return a document's text, with a line more where it is one of the hundredth that changes."""
        chosen = self.changed and zlib.crc32(f"changed {identity}".encode()) % EVERY == 0
        return f"{text}\n{ADDED}" if chosen else text


def write_data(base: Path, target: Path, choice: Choice) -> int:
    """Lay the chosen documents of ``base`` out in ``target``, with a registry; return how many rows they have.

    Raises:
        EvalDataError: the data are not there.
    """
    missing = [name for name in ENTRIES if not (base / name).exists()]
    if missing:
        message = f"{base}: no {' and no '.join(missing)}; give the base folder of corpus/mappings/shared.toml"
        raise EvalDataError(message)
    for name in (TABLES, HEADLINES, "speech"):
        (target / name).mkdir(parents=True, exist_ok=True)
    entries = [
        f"[[entries]]\nname = {json.dumps(Path(mapping).stem)}\npath = {json.dumps(name)}\n"
        f"mapping = {json.dumps(str(MAPPINGS / mapping))}\ntrust_tier = 2\n"
        for name, mapping in ENTRIES.items()
    ]
    (target / "sources.toml").write_text("\n".join(entries), encoding="utf-8")
    tables = sum(_table(path, target / TABLES, choice) for path in sorted((base / TABLES).glob("*.csv")))
    archives = sum(_archive(base / name, target / name, choice) for name in ARCHIVES)
    headlines = (base / HEADLINES).glob("tass_headlines_*.json")
    return tables + archives + sum(_headlines(path, target / HEADLINES, choice) for path in sorted(headlines))


def _table(path: Path, folder: Path, choice: Choice) -> int:
    rows = 0
    with path.open(encoding="utf-8", newline="") as given, (folder / path.name).open("w", newline="") as out:
        table = csv.DictReader(given)
        writer = csv.DictWriter(out, table.fieldnames or ())
        writer.writeheader()
        for row in table:
            identity = row["source_doc_id"]
            if choice.takes(identity):
                rows += 1
                writer.writerow(row | {"sentence": choice.edited(identity, row["sentence"])})
    return rows


def _archive(path: Path, copy: Path, choice: Choice) -> int:
    rows = 0
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as archive:
        for info in given.infolist():
            if info.filename.endswith(".txt") and choice.takes(info.filename):
                rows += 1
                archive.writestr(info.filename, given.read(info) + choice.edited(info.filename, "").encode())
    return rows


def _headlines(path: Path, folder: Path, choice: Choice) -> int:
    given = json.loads(path.read_text(encoding="utf-8"))
    kept = [item | {"t": choice.edited(item["u"], item["t"])} for item in given if choice.takes(item["u"])]
    (folder / path.name).write_text(json.dumps(kept), encoding="utf-8")
    return len(kept)


@contextmanager
def encoder_clock() -> Iterator[list[float]]:
    """Measure the seconds that this process spends inside the encoder: the sum of what is yielded."""
    from onrecord.index.embed import Embedder  # noqa: PLC0415  heavy

    spent: list[float] = []
    encode = Embedder.encode

    def timed(self: Embedder, *given: object, **named: object) -> object:
        started = time.perf_counter()
        try:
            return encode(self, *given, **named)  # type: ignore[arg-type]
        finally:
            spent.append(time.perf_counter() - started)

    Embedder.encode = timed  # type: ignore[assignment,method-assign]
    try:
        yield spent
    finally:
        Embedder.encode = encode  # type: ignore[method-assign]


def told(prefix: str) -> Callable[[Progress], None]:
    """Return what prints progress on standard error, a line every few seconds."""
    last = 0.0

    def report(progress: Progress) -> None:
        nonlocal last
        if progress.done == 0 or time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            of = f" of {progress.total:,}" if progress.total else ""
            sys.stderr.write(f"{prefix}: {progress.stage}, {progress.done:,}{of}\n")

    return report


def sync(settings: Settings, data: Path, stage: str) -> dict[str, object]:
    """Bring a corpus up to date as ``corpus sync`` does, and say how long that took and how long the encoder worked.

    Raises:
        EvalDataError: something of it failed.
    """
    from onrecord import corpus, workflow  # noqa: PLC0415  heavy

    with encoder_clock() as encoding:
        started = time.perf_counter()
        report = workflow.sync_corpus(data / "sources.toml", settings=settings, progress=told(stage))
        seconds = time.perf_counter() - started
    if report.failed:
        failed = next(item.reason for item in report.items if item.outcome.value == "failed")
        message = f"{report.failed} documents failed, the first: {failed}"
        raise EvalDataError(message)
    with corpus.Store.open(settings) as store:
        state = store.state()
    return {
        "documents": report.added + report.changed + report.unchanged,
        "added": report.added,
        "changed": report.changed,
        "near_duplicates": report.near_duplicates,
        "passages": state.passages,
        "seconds": round(seconds, 2),
        "encoder_seconds": round(sum(encoding), 2),
        "encoder_share": round(sum(encoding) / seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }


def bare(settings: Settings) -> dict[str, object]:
    """Encode passages of the corpus with the bare network, as they are worded for it."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  heavy

    from onrecord import corpus  # noqa: PLC0415
    from onrecord.index.dense import wording  # noqa: PLC0415
    from onrecord.index.embed import load_embedder  # noqa: PLC0415

    with corpus.Store.open(settings) as store:
        step = max(1, store.state().passages // BARE)
        passages = (passage for batch in store.iter_passages(batch_size=1000) for passage in batch)
        texts = [wording(passage) for number, passage in enumerate(passages) if number % step == 0]
    model = SentenceTransformer(str(load_embedder(settings).folder), device="cpu", local_files_only=True)
    model.encode(texts[:64], show_progress_bar=False)
    started = time.perf_counter()
    model.encode(texts, show_progress_bar=False)
    seconds = time.perf_counter() - started
    return {"bare_texts": len(texts), "bare_encode_passages_per_second": round(len(texts) / seconds, 1)}


def run_stage(stage: str, home: Path, data: Path) -> dict[str, object]:
    """Run one stage in this process.

    Raises:
        EvalDataError: it did not come out as it must.
    """
    from onrecord import workflow  # noqa: PLC0415  heavy
    from onrecord.index import load_embedder  # noqa: PLC0415

    settings = load_settings(home=home)
    if stage == "verify":
        found = workflow.verify_corpus(settings=settings, progress=told(stage))
        if found.differences:
            message = f"the corpus that was built does not agree with itself: {found.differences[0]}"
            raise EvalDataError(message)
        return {"seconds": found.seconds, "passages": found.state.passages, "peak_memory_mb": peak_memory_mb()}
    if stage in {"quarter", "build"}:
        load_embedder(settings).encode(["loaded"])  # loading is no part of the work
    done = sync(settings, data, stage)
    return done | bare(settings) if stage == "build" else done


def measure(folder: Path, base: Path, share: float) -> dict[str, object]:
    """Run all stages, each in a process of its own, and put them into proportion.

    Raises:
        EvalDataError: a stage failed.
    """
    found: dict[str, dict[str, float]] = {}
    rows = 0
    for stage in STAGES:
        part = "quarter" if stage == "quarter" else "whole"
        data = folder / f"{part}-data"
        if stage in {"quarter", "build", "changed"}:
            rows = write_data(base, data, Choice(share * (QUARTER if stage == "quarter" else 1), stage == "changed"))
        command = [sys.executable, "-m", "evals.bench_corpus", "--stage", stage, "--home", str(folder / part)]
        # What it says of its progress goes where ours goes.
        run = subprocess.run(  # noqa: S603  our own command
            [*command, "--data", str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
        )
        if run.returncode:
            message = f"the stage {stage!r} ended with {run.returncode}; its reason stands above"
            raise EvalDataError(message)
        found[stage] = json.loads(run.stdout.splitlines()[-1])
        sys.stderr.write(f"{stage}: {found[stage]['seconds']:.1f} s\n")
    build, quarter = found["build"], found["quarter"]
    grown = build["peak_memory_mb"] - quarter["peak_memory_mb"]
    more = max(1.0, build["passages"] - quarter["passages"])
    rate = build["passages"] / build["seconds"]
    return {
        "sample": share < 1,
        "rows": rows,
        "stages": found,
        "build_passages_per_second": round(rate, 1),
        "ratio_build_to_bare_encode": round(rate / build["bare_encode_passages_per_second"], 3),
        "encoder_share_of_build": build["encoder_share"],
        "unchanged_to_build": round(found["unchanged"]["seconds"] / build["seconds"], 4),
        "one_percent_changed_to_build": round(found["changed"]["seconds"] / build["seconds"], 4),
        "verify_to_build": round(found["verify"]["seconds"] / build["seconds"], 4),
        "memory_grown_kb_per_passage": round(1024 * grown / more, 1),
    }


def main(
    share: Annotated[float, typer.Option(min=0.001, max=1.0, help="Share of the documents.")] = 1.0,
    home: Annotated[Path | None, typer.Option(help="Empty folder for it all; a temporary one otherwise.")] = None,
    data: Annotated[Path, typer.Option(help="Folder that holds speech/ and coverage/.")] = DATA,
    stage: Annotated[str | None, typer.Option(help="Run only this stage, in this process.")] = None,
    results: Annotated[Path, typer.Option(help="Folder for bench_corpus.json.")] = RESULTS,
) -> None:
    """Measure what keeping a corpus costs. Example: python -m evals.bench_corpus --share 0.05."""
    os.environ.update({"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"})
    try:
        if stage is not None:
            sys.stdout.write(json.dumps(run_stage(stage, home or load_settings().home, data)) + "\n")
            return
        with tempfile.TemporaryDirectory(prefix="onrecord-bench-", ignore_cleanup_errors=True) as name:
            report = measure(home or Path(name), data, share)
    except OnRecordError as error:
        sys.stderr.write(f"error: {error}\n")
        raise typer.Exit(1) from error
    results.mkdir(parents=True, exist_ok=True)
    (results / "bench_corpus.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    Console().print_json(data=report)


if __name__ == "__main__":
    typer.run(main)
