"""What keeping a corpus costs: ``python -m evals.bench_corpus``; with ``--sample 1500`` on a sample.

Each stage runs in a process of its own, so that its memory is its own: the first build, a sync in which nothing has changed,
one in which every hundredth document has, and ``corpus verify``. The build is read beside the bare ``model.encode`` of the same
texts in the same process, and beside a build of a quarter of the documents: the difference of the two peaks, by passage, is
what grows with the corpus.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evals.bench import RESULTS, ROOT, run_process
from evals.data import EvalDataError
from evals.result import peak_memory_mb
from onrecord.errors import OnRecordError
from onrecord.settings import Settings, load_settings

COLLECTION = ROOT / "corpus" / "mappings" / "shared.toml"
DATA = ROOT.parent / "shared" / "data"
EVERY = 100
"""One in so many documents changes: 1 %."""
BARE = 2_000
"""Texts encoded bare, evenly from the whole corpus."""
STAGES = ("quarter", "build", "unchanged", "changed", "verify")


def incoming(settings: Settings, wanted: int, *, changed: bool) -> Iterator[object]:
    """Yield ``wanted`` documents of the collection, evenly from all of it (0: all); every hundredth changed where asked.

    Raises:
        EvalDataError: one of them cannot be read.
    """
    from onrecord import documents  # noqa: PLC0415  heavy

    collection = documents.load_collection(COLLECTION, DATA)
    total = documents.count_collection(collection, settings=settings)
    step = max(1, total // wanted) if wanted else 1
    taken = 0
    for number, document in enumerate(documents.iter_collection(collection, settings=settings)):
        if number % step or (wanted and taken == wanted):
            continue
        if isinstance(document, documents.ReadFailure):
            message = f"{document.name}: {document.reason}"
            raise EvalDataError(message)
        taken += 1
        if changed and taken % EVERY == 0:
            yield document.model_copy(update={"text": f"{document.text}\nThis line was added by the bench."})
        else:
            yield document


def update(settings: Settings, wanted: int, *, changed: bool = False) -> dict[str, object]:
    """Bring a corpus up to date as ``corpus add`` does, and say how much of the time the encoder worked."""
    from onrecord import corpus, index  # noqa: PLC0415  heavy
    from onrecord.index.embed import Embedder  # noqa: PLC0415

    encoding = 0.0
    encode = Embedder.encode

    def timed(self: Embedder, *given: object, **named: object) -> object:
        nonlocal encoding
        started = time.perf_counter()
        try:
            return encode(self, *given, **named)  # type: ignore[arg-type]
        finally:
            encoding += time.perf_counter() - started

    Embedder.encode = timed  # type: ignore[assignment,method-assign]
    started = time.perf_counter()
    with corpus.Store.open(settings) as store, store.writing("measuring"):
        report = store.add_documents(incoming(settings, wanted, changed=changed))  # type: ignore[arg-type]
        stored = time.perf_counter() - started
        if index.applied_state(settings) != report.state.number:
            index.Index.open(store, settings).close()
    seconds = time.perf_counter() - started
    Embedder.encode = encode  # type: ignore[method-assign]
    return {
        "documents": report.added + report.changed + report.unchanged,
        "added": report.added,
        "changed": report.changed,
        "failed": report.failed,
        "passages": report.state.passages,
        "seconds": round(seconds, 2),
        "storing_seconds": round(stored, 2),
        "encoder_share": round(encoding / seconds, 3),
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


def run_stage(stage: str, home: Path, wanted: int) -> dict[str, object]:
    """Run one stage in this process."""
    from onrecord import workflow  # noqa: PLC0415  heavy
    from onrecord.index import load_embedder  # noqa: PLC0415

    settings = load_settings(home=home)
    if stage == "verify":
        found = workflow.verify_corpus(settings=settings)
        if found.differences:
            message = f"the corpus that was built does not agree with itself: {found.differences[0]}"
            raise EvalDataError(message)
        return {"seconds": found.seconds, "passages": found.state.passages, "peak_memory_mb": peak_memory_mb()}
    if stage in {"quarter", "build"}:
        load_embedder(settings).encode(["loaded"])  # loading is no part of the work
    done = update(settings, wanted, changed=stage == "changed")
    return done | bare(settings) if stage == "build" else done


def measure(folder: Path, wanted: int) -> dict[str, object]:
    """Run all stages, each in a process of its own, and put them into proportion."""
    found: dict[str, dict[str, float]] = {}
    for stage in STAGES:
        sys.stderr.write(f"measuring {stage} …\n")
        home = folder / ("quarter" if stage == "quarter" else "whole")
        documents = wanted if stage != "quarter" else (wanted or 18_516) // 4
        command = [sys.executable, "-m", "evals.bench_corpus", "--stage", stage, "--home", str(home)]
        run = run_process([*command, "--sample", str(documents)], home=home)
        found[stage] = json.loads(run.output.splitlines()[-1])
    build, quarter = found["build"], found["quarter"]
    grown = build["peak_memory_mb"] - quarter["peak_memory_mb"]
    more = max(1.0, build["passages"] - quarter["passages"])
    rate = build["passages"] / build["seconds"]
    return {
        "sample": bool(wanted),
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
    sample: Annotated[int, typer.Option(help="How many documents, evenly from all; 0: all.")] = 0,
    home: Annotated[Path | None, typer.Option(help="Folder for the corpus; a temporary one otherwise.")] = None,
    stage: Annotated[str | None, typer.Option(help="Run only this stage, in this process.")] = None,
    results: Annotated[Path, typer.Option(help="Folder for bench_corpus.json.")] = RESULTS,
) -> None:
    """Measure what keeping a corpus costs. Example: python -m evals.bench_corpus --sample 1500."""
    os.environ.update({"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"})
    try:
        if stage is not None:
            sys.stdout.write(json.dumps(run_stage(stage, home or load_settings().home, sample)) + "\n")
            return
        with tempfile.TemporaryDirectory(prefix="onrecord-bench-", ignore_cleanup_errors=True) as name:
            report = measure(home or Path(name), sample)
    except OnRecordError as error:
        sys.stderr.write(f"error: {error}\n")
        raise typer.Exit(1) from error
    results.mkdir(parents=True, exist_ok=True)
    (results / "bench_corpus.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    Console().print_json(data=report)


if __name__ == "__main__":
    typer.run(main)
