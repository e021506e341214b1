"""What keeping a corpus costs: ``python -m evals.bench_corpus``; with ``--share 0.05`` on a sample.

The real speeches and headlines (some 35,000 rows) are laid out as a registry names them, and ``corpus sync`` goes through them
as it always does: reading, storing, finding copies, embedding. Each stage runs in a process of its own, so that its memory is
its own: the first build, ``corpus verify`` and ``corpus export`` of a quarter and of the whole, ``corpus rebuild`` where it is
asked for, and of the whole a sync in which nothing has changed and one in which every hundredth document has. The build is read
beside the bare ``model.encode`` of texts from all of the corpus in the same process.

The difference of the peaks of a quarter and the whole, by passage, is what grows with the corpus. What counts is memory that
no file stands behind (``RssAnon``, looked at fifty times a second): mapped pages of an index are resident too, and leave when
somebody else needs the room. Chroma holds the graph of all vectors in memory; a stage loads it alone, and the growth is
printed with and without it.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
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
PARTS = {
    "quarter": ("build", "graph", "verify", "export"),
    "whole": ("build", "graph", "unchanged", "changed", "verify", "export"),
}
"""What is done with a quarter of the documents, and with all."""
QUARTER = 0.25
SECONDS_BETWEEN_LOOKS = 0.02
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


def private_mb() -> float:
    """Return how much memory without a file behind it this process holds now, in MiB; resident memory where no /proc tells."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return float(peak_memory_mb())
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


@contextmanager
def memory_watch() -> Iterator[list[float]]:
    """Look at the memory of this process all the while: the largest is what is yielded, in MiB."""
    largest = [private_mb()]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            largest[0] = max(largest[0], private_mb())

    watcher = threading.Thread(target=look, name="memory", daemon=True)
    watcher.start()
    try:
        yield largest
    finally:
        ended.set()
        watcher.join()


def graph(settings: Settings) -> dict[str, object]:
    """Load the graph of all vectors that Chroma holds in memory while it is built, and say how much more memory that is."""
    from onrecord.index.dense import collection_name, open_client  # noqa: PLC0415  heavy
    from onrecord.index.embed import load_embedder  # noqa: PLC0415
    from onrecord.memory import give_back  # noqa: PLC0415

    client, name = open_client(settings), collection_name(load_embedder(settings))
    give_back()
    before, started = private_mb(), time.perf_counter()
    collection = client.get_collection(name, embedding_function=None)
    passages = collection.count()  # its first answer loads the graph
    collection.get(limit=1, include=["embeddings"])
    seconds = time.perf_counter() - started
    give_back()
    return {"passages": passages, "graph_mb": round(private_mb() - before, 1), "seconds": round(seconds, 2)}


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
    from onrecord.index import load_embedder  # noqa: PLC0415  heavy

    settings = load_settings(home=home)
    if stage == "graph":
        return graph(settings)
    if stage in {"build", "rebuild"}:
        load_embedder(settings).encode(["loaded"])  # loading is no part of the work
    with memory_watch() as largest:
        done = upkeep(stage, settings) if stage in {"verify", "export", "rebuild"} else sync(settings, data, stage)
    done |= {"peak_private_mb": round(largest[0], 1), "peak_memory_mb": peak_memory_mb()}
    return done | bare(settings) if stage == "build" else done


def upkeep(stage: str, settings: Settings) -> dict[str, object]:
    """Verify, export or rebuild a corpus.

    Raises:
        EvalDataError: what was built does not agree with itself.
    """
    from onrecord import corpus, workflow  # noqa: PLC0415  heavy

    started = time.perf_counter()
    if stage == "verify":
        found = workflow.verify_corpus(settings=settings, progress=told(stage))
        if found.differences:
            message = f"the corpus that was built does not agree with itself: {found.differences[0]}"
            raise EvalDataError(message)
        state = found.state
    elif stage == "export":
        folder = settings.home / "exported"
        shutil.rmtree(folder, ignore_errors=True)
        state = corpus.export_corpus(settings, folder).state
    else:
        state = workflow.rebuild_indexes(settings=settings, progress=told(stage))
    return {"seconds": round(time.perf_counter() - started, 2), "passages": state.passages}


def measure(folder: Path, base: Path, share: float, *, rebuild: bool = False) -> dict[str, object]:
    """Run all stages, each in a process of its own, and put them into proportion.

    Raises:
        EvalDataError: a stage failed.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    rows = 0
    for part, stages in PARTS.items():
        data, home = folder / f"{part}-data", folder / part
        found[part] = {}
        for stage in (*stages, "rebuild") if rebuild else stages:
            if stage in {"build", "changed"}:
                part_share = share * (QUARTER if part == "quarter" else 1)
                rows = write_data(base, data, Choice(part_share, stage == "changed"))
            command = [sys.executable, "-m", "evals.bench_corpus", "--stage", stage, "--home", str(home)]
            # What it says of its progress goes where ours goes.
            run = subprocess.run(  # noqa: S603  our own command
                [*command, "--data", str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
            )
            if run.returncode:
                message = f"the stage {stage!r} of the {part} ended with {run.returncode}; its reason stands above"
                raise EvalDataError(message)
            found[part][stage] = json.loads(run.stdout.splitlines()[-1])
            sys.stderr.write(f"{part}, {stage}: {found[part][stage]['seconds']:.1f} s\n")
    whole = found["whole"]
    build = whole["build"]
    rate = build["passages"] / build["seconds"]
    return {
        "sample": share < 1,
        "rows": rows,
        "stages": found,
        "build_passages_per_second": round(rate, 1),
        "ratio_build_to_bare_encode": round(rate / build["bare_encode_passages_per_second"], 3),
        "encoder_share_of_build": build["encoder_share"],
        "unchanged_to_build": round(whole["unchanged"]["seconds"] / build["seconds"], 4),
        "one_percent_changed_to_build": round(whole["changed"]["seconds"] / build["seconds"], 4),
        "verify_to_build": round(whole["verify"]["seconds"] / build["seconds"], 4),
        "memory": {
            stage: growth(
                *(
                    grown[stage] | ({} if stage == "export" else {"graph_mb": grown["graph"]["graph_mb"]})
                    for grown in found.values()
                )
            )
            for stage in found["quarter"]
            if stage != "graph"
        },
    }


def growth(quarter: Mapping[str, float], whole: Mapping[str, float]) -> dict[str, float]:
    """Return how the peak of private memory grows from a quarter to the whole; where Chroma's graph is in it, also without.

    >>> growth({"peak_private_mb": 500, "passages": 1024}, {"peak_private_mb": 503, "passages": 4096})
    {'kb_per_passage': 1.0, 'whole_to_quarter': 1.006}
    """
    more = max(1.0, whole["passages"] - quarter["passages"])
    grown = whole["peak_private_mb"] - quarter["peak_private_mb"]
    found = {
        "kb_per_passage": round(1024 * grown / more, 2),
        "whole_to_quarter": round(whole["peak_private_mb"] / quarter["peak_private_mb"], 3),
    }
    if "graph_mb" in whole:
        graph = whole["graph_mb"] - quarter["graph_mb"]
        without = [part["peak_private_mb"] - part["graph_mb"] for part in (quarter, whole)]
        found |= {
            "graph_kb_per_passage": round(1024 * graph / more, 2),
            "kb_per_passage_without_graph": round(1024 * (grown - graph) / more, 2),
            "whole_to_quarter_without_graph": round(without[1] / without[0], 3),
        }
    return found


def main(  # noqa: PLR0913, PLR0917  each is an option
    share: Annotated[float, typer.Option(min=0.001, max=1.0, help="Share of the documents.")] = 1.0,
    home: Annotated[Path | None, typer.Option(help="Empty folder for it all; a temporary one otherwise.")] = None,
    data: Annotated[Path, typer.Option(help="Folder that holds speech/ and coverage/.")] = DATA,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Measure corpus rebuild too: as long again.")] = False,  # noqa: FBT002
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
            report = measure(home or Path(name), data, share, rebuild=rebuild)
    except OnRecordError as error:
        sys.stderr.write(f"error: {error}\n")
        raise typer.Exit(1) from error
    results.mkdir(parents=True, exist_ok=True)
    (results / "bench_corpus.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    Console().print_json(data=report)


if __name__ == "__main__":
    typer.run(main)
