"""How fast it is and how much memory it takes: ``python -m evals.bench``, what ``make bench`` calls.

Absolute times depend on the machine and on what else runs there; the *ratios* compare two ways of doing the same work inside
one run, interleaved, and carry over. Everything is measured on the shipped models, the starter corpus and an example article.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from evals.data import EvalDataError
from evals.result import peak_memory_mb
from evals.tasks import claim_room
from onrecord import __version__
from onrecord.errors import OnRecordError, StanceModelError
from onrecord.settings import Settings, load_settings
from onrecord.stance import JudgeItem

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "evals" / "results"
DOCUMENTS = ROOT / "corpus" / "documents"
ARTICLES = ROOT / "corpus" / "examples"
DOCUMENTS_BUILT = 60
"""Of twenty sentences each, some 600 passages: the fixed costs of opening are then a few per cent."""
CLAIMS_JUDGED = 15
"""As many as a news article of ordinary length holds."""
STANCE_SETTINGS = ("fast", "accurate", "cascade")
WORDS_OF_A_CLAIM = 5
WORDS_OF_AN_ARTICLE = 1_000
_FIRST_CLAIM = re.compile(r"^\S+ 1\. [A-Z]")
_OFFLINE = {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """One subprocess: its time, its largest memory and when the watched line appeared (``None``: never)."""

    seconds: float
    peak_memory_mb: int
    watched_after: float | None
    output: str


def run_process(
    command: Sequence[str],
    *,
    home: Path,
    watch: re.Pattern[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> ProcessRun:
    """Run a command with its state in ``home``, and with ``environment`` besides, and measure it.

    Raises:
        EvalDataError: the command failed; with its last line of standard error.
    """
    variables = {**os.environ, **_OFFLINE, "ONRECORD_HOME": str(home), **(environment or {})}
    lines: list[str] = []
    seen: float | None = None
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  our own command
            list(command), stdout=subprocess.PIPE, stderr=errors, env=variables, cwd=ROOT, text=True, encoding="utf-8"
        )
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                if seen is None and watch is not None and watch.match(line):
                    seen = time.perf_counter() - started
                lines.append(line)
        # wait4 gives this child's own memory; RUSAGE_CHILDREN would give the largest of all children so far.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            last = errors.read().decode("utf-8", "replace").strip().splitlines()[-1:] or ["nothing on standard error"]
            message = f"{' '.join(command)} ended with {process.returncode}: {last[0]}"
            raise EvalDataError(message)
    divisor = 1024 * 1024 if sys.platform == "darwin" else 1024
    return ProcessRun(seconds, round(usage.ru_maxrss / divisor), seen, "".join(lines))


def onrecord_command(*arguments: str) -> list[str]:
    """Return the command of the installed package, run by this interpreter."""
    return [sys.executable, "-c", "from onrecord.cli import main; main()", *arguments]


def timed(function: Callable[[], object], *, repeat: int = 3) -> float:
    """Return the shortest of ``repeat`` times in seconds: the one least disturbed by what else runs."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


_IMPORT = """
import json, sys, time
started = time.perf_counter()
import onrecord
seconds = time.perf_counter() - started
heavy = [name for name in ("torch", "transformers", "chromadb", "streamlit") if name in sys.modules]
print(json.dumps({"seconds": seconds, "heavy": heavy}))
"""


def import_time(home: Path) -> dict[str, object]:
    """Return what ``import onrecord`` costs, the shortest of five fresh processes, and which heavy libraries it loads."""
    found = [json.loads(run_process([sys.executable, "-c", _IMPORT], home=home).output) for _ in range(5)]
    command = timed(lambda: run_process(onrecord_command("--help"), home=home), repeat=3)
    return {
        "import_seconds": round(min(run["seconds"] for run in found), 3),
        "help_seconds": round(command, 3),
        "heavy_modules_loaded": found[0]["heavy"],
    }


_CLAIMS_ROOM = """
import hashlib, json, sys, time
from pathlib import Path
from evals.result import peak_memory_mb
from evals.tasks import claim_room
from onrecord.claims import find_claims
from onrecord.index import load_embedder
from onrecord.records import Document
from onrecord.settings import load_settings
text = Path(sys.argv[1]).read_text(encoding="utf-8")
settings = load_settings()
encode = load_embedder(settings).encode
encode(text.split(". "))  # the embedding model at work is not the room's memory
before = peak_memory_mb()
document = Document(text=text, media_type="text/plain", content_sha256=hashlib.sha256(text.encode()).hexdigest())
seconds = []
for _ in range(4):
    started, used = time.perf_counter(), time.process_time()
    found = find_claims(document, settings=settings, encode=encode)
    seconds.append((time.perf_counter() - started, time.process_time() - used))
print(json.dumps({
    "words": len(text.split()),
    "claims": len(found.claims),
    "cold_seconds": round(seconds[0][0], 2),
    "warm_seconds": round(min(wall for wall, _ in seconds[1:]), 2),
    "warm_processor_seconds": round(min(used for _, used in seconds[1:]), 2),
    "memory_beyond_embedding_mb": peak_memory_mb() - before,
}))
"""


def claims_room(folder: Path) -> dict[str, object]:
    """Measure the claims room alone, in a process of its own, on 1,000 words of the labelled articles.

    Each article is prose of its own kind; joined, they hold more names and more open words than one article would.
    """
    articles = claim_room.read_articles(ROOT / "evals" / "claims" / "room")
    texts = [article.placed()[0] for article in articles.values() if article.half == "development"]
    chosen, words = [], 0
    for text in texts:
        if words < WORDS_OF_AN_ARTICLE:
            chosen.append(text)
            words += len(text.split())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "article.txt"
    path.write_text("\n\n".join(chosen), encoding="utf-8")
    run = run_process([sys.executable, "-c", _CLAIMS_ROOM, str(path)], home=folder)
    found: dict[str, object] = json.loads(run.output.strip().splitlines()[-1])
    return found


def example_article() -> Path:
    """Return the longest example article.

    Raises:
        EvalDataError: there is none.
    """
    found = [path for path in ARTICLES.rglob("*") if path.suffix in {".md", ".txt", ".html"} and path.stem != "README"]
    if not found:
        message = f"no example article below {ARTICLES}"
        raise EvalDataError(message)
    return max(found, key=lambda path: (path.stat().st_size, path.name))


def commands(home: Path, article: Path) -> dict[str, object]:
    """Measure the commands a user types, each in a process of its own."""
    add = run_process(onrecord_command("corpus", "add", str(DOCUMENTS)), home=home)
    again = run_process(onrecord_command("corpus", "add", str(DOCUMENTS)), home=home)
    text = run_process(onrecord_command("check", str(article)), home=home, watch=_FIRST_CLAIM)
    if text.watched_after is None:
        message = f"onrecord check {article.name} printed no claim"
        raise EvalDataError(message)
    # Without what the first check kept: its stages are to be those of a check that reads everything.
    machine = run_process(
        onrecord_command("check", str(article), "--format", "json"),
        home=home,
        environment={"ONRECORD_JUDGEMENT_CACHE": "0"},
    )
    checked = json.loads(machine.output)
    settings = {name: check_with(name, home, article) for name in STANCE_SETTINGS}
    return {
        "corpus_build_seconds": round(add.seconds, 2),
        "corpus_second_start_seconds": round(again.seconds, 2),
        "check": {
            "article": article.name,
            "claims": len(checked["claims"]),
            "first_claim_seconds": round(text.watched_after, 2),
            "total_seconds": round(text.seconds, 2),
            "peak_memory_mb": max(text.peak_memory_mb, machine.peak_memory_mb),
            "stages": {stage["name"]: stage["seconds"] for stage in checked["stages"]},
        },
        "check_by_stance_model": settings,
        "app_start_seconds": app_start(home),
    }


def check_with(stance_model: str, home: Path, article: Path) -> dict[str, object]:
    """Return time and memory of a cold check with one stance setting, nothing kept from earlier ones."""
    chosen = {"ONRECORD_STANCE_MODEL": stance_model, "ONRECORD_JUDGEMENT_CACHE": "0"}
    try:
        run = run_process(onrecord_command("check", str(article), "--format", "json"), home=home, environment=chosen)
    except EvalDataError as error:
        return {"not_measured": str(error)}
    stages = {stage["name"]: stage["seconds"] for stage in json.loads(run.output)["stages"]}
    return {
        "total_seconds": round(run.seconds, 2),
        "judging_seconds": round(stages.get("judging", 0.0), 2),
        "peak_memory_mb": run.peak_memory_mb,
    }


def app_start(home: Path) -> float:
    """Return the seconds from the command to the app's first healthy answer, with the corpus in place."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    environment = {**os.environ, **_OFFLINE, "ONRECORD_HOME": str(home)}
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  our own command
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=ROOT
    )
    try:
        while time.perf_counter() - started < 120:  # noqa: PLR2004  seconds; far beyond any start
            try:
                address = f"http://127.0.0.1:{port}/_stcore/health"
                with urllib.request.urlopen(address, timeout=5) as answer:
                    if answer.status == 200:  # noqa: PLR2004  OK
                        return round(time.perf_counter() - started, 2)
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.1)
            if process.poll() is not None:
                break
    finally:
        process.terminate()
        process.wait(timeout=30)
    message = "the app did not answer within two minutes: run `make run` and read its messages"
    raise EvalDataError(message)


def matrix_product_rate(*, hidden: int, inner: int) -> float:
    """Return the machine's measured rate of matrix products in GFLOP/s, at the sizes and precision of an encoder's layers.

    The precision is the one in which the stance networks compute here: bfloat16 where the processor does so natively.
    """
    import torch  # noqa: PLC0415  seconds to import

    from onrecord.stance import nli  # noqa: PLC0415  heavy

    precision = torch.bfloat16 if nli.native_bfloat16() else torch.float32
    tokens = nli.TOKENS_PER_BATCH
    left, right = torch.rand(tokens, hidden).to(precision), torch.rand(hidden, inner).to(precision)
    operations = 2 * tokens * hidden * inner
    torch.mm(left, right)
    return operations / timed(lambda: [torch.mm(left, right) for _ in range(20)], repeat=5) * 20 / 1e9


def encoder_operations(lengths: Sequence[int], *, hidden: int, inner: int, layers: int) -> float:
    """Return the floating-point operations of a BERT encoder over sequences of these lengths, padding not counted.

    Per token and layer: four hidden × hidden products (query, key, value, output) and two hidden × inner, each 2 operations a
    weight; attention adds 4 × length × hidden for the scores and the weighted sum.

    >>> encoder_operations([1], hidden=384, inner=1536, layers=6) == 6 * (2 * (4 * 384**2 + 2 * 384 * 1536) + 4 * 384)
    True
    """
    weights = 2 * (4 * hidden * hidden + 2 * hidden * inner)
    return float(sum(layers * (length * weights + 4 * length * length * hidden) for length in lengths))


def corpus_texts(settings: Settings, wanted: int) -> list[str]:
    """Return ``wanted`` documents made of the starter corpus' sentences in shuffled order: real words, any number."""
    from onrecord import documents, text  # noqa: PLC0415  spares the import when only helpers are used

    sentences: list[str] = []
    for document in documents.iter_documents([DOCUMENTS], mapping=None, settings=settings):
        if isinstance(document, documents.ReadFailure):
            message = f"{document.name}: {document.reason}"
            raise EvalDataError(message)
        sentences.extend(span.of(document.text) for span in text.sentences(document.text))
    generator = np.random.default_rng(0)
    return [" ".join(sentences[n] for n in generator.choice(len(sentences), 20)) for _ in range(wanted)]


def building(folder: Path) -> dict[str, object]:
    """Compare passages per second of a build with bare ``model.encode`` of the same texts, in one run."""
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  heavy

    from onrecord import corpus, index, workflow  # noqa: PLC0415  heavy
    from onrecord.index.embed import load_embedder  # noqa: PLC0415

    settings = load_settings(home=folder / "build")
    embedder = load_embedder(settings)
    embedder.encode(["warm up"])
    made = [
        workflow.pasted(body, title=f"Document {n}") for n, body in enumerate(corpus_texts(settings, DOCUMENTS_BUILT))
    ]
    documents = [
        document.model_copy(update={"metadata": {"id": f"bench-{n}", "kind": "document", "publisher": "bench"}})
        for n, document in enumerate(made)
    ]
    started = time.perf_counter()
    with corpus.Store.open(settings) as store:
        store.add_documents(documents, progress=None)
        stored = time.perf_counter() - started
        index.Index.open(store, settings).close()
        built = time.perf_counter() - started
        texts = [passage.text for batch in store.iter_passages(batch_size=1000) for passage in batch]
    model = SentenceTransformer(str(embedder.folder), device="cpu", local_files_only=True)
    bare = timed(lambda: model.encode(texts, show_progress_bar=False), repeat=2)
    return {
        "passages": len(texts),
        "storing_seconds": round(stored, 2),
        "build_passages_per_second": round(len(texts) / built, 1),
        "bare_encode_passages_per_second": round(len(texts) / bare, 1),
        "ratio_build_to_bare_encode": round(bare / built, 3),
    }


def searching_and_judging(home: Path, claims: Sequence[str]) -> dict[str, object]:
    """Measure search per claim, each stance network batched and one pair at a time, and an article in each setting."""
    from evals.workspace import bare_claim  # noqa: PLC0415  heavy
    from onrecord import stance, workflow  # noqa: PLC0415
    from onrecord.records import SearchFilters  # noqa: PLC0415

    settings = load_settings(home=home)
    with workflow.Checker.open(settings) as checker:
        filters = SearchFilters()
        checker.index.search(claims[:1], filters=filters, top_k=settings.top_k)

        def search(texts: Sequence[str]) -> None:
            checker.index.search(texts, filters=filters, top_k=settings.top_k)

        single = [timed(partial(search, [claim]), repeat=1) for claim in claims]
        batched = timed(lambda: search(claims), repeat=2)
        items: list[stance.JudgeItem] = []
        for number, claim in enumerate(claims):
            hits = checker.index.search([claim], filters=filters, top_k=settings.top_k)[0]
            passages = checker.store.passages([hit.passage_id for hit in hits])
            for hit, passage in zip(hits, passages, strict=True):
                items.extend(stance.questions(bare_claim(claim, number), passage, hit, article_date=None))
    return {
        "search": {
            "claims": len(claims),
            "milliseconds_per_claim_alone_median": round(1000 * statistics.median(single), 1),
            "milliseconds_per_claim_batched": round(1000 * batched / len(claims), 1),
        },
        "stance_networks": {tier: network_rate(tier, settings, items) for tier in ("fast", "accurate")},
        "stance_of_an_article": {name: article_judged(name, settings, items) for name in STANCE_SETTINGS},
    }


def network_rate(tier: str, settings: Settings, items: Sequence[JudgeItem]) -> dict[str, object]:
    """Compare one network's batches with one pair at a time, and with the machine's rate of matrix products, interleaved.

    The products are those of the precision in which the network computes. A network that is not installed is named with the
    reason instead of figures.
    """
    from onrecord.stance import nli  # noqa: PLC0415  heavy

    try:
        encoder = nli.load_tier(settings, tier)
    except StanceModelError as error:
        return {"not_measured": str(error)}
    pairs = list(dict.fromkeys((item.passage.text, item.hypothesis) for item in items))
    encoder.logits(pairs[:32])
    config, tokenizer = encoder._model.config, encoder._tokenizer  # noqa: SLF001  the true token counts
    size = {"hidden": config.hidden_size, "inner": config.intermediate_size}
    rate = matrix_product_rate(**size)
    together = timed(lambda: encoder.logits(pairs), repeat=2)
    rate = max(rate, matrix_product_rate(**size))
    one_by_one = timed(lambda: [encoder.logits([pair]) for pair in pairs], repeat=1)
    rate = max(rate, matrix_product_rate(**size))
    lengths = [
        min(len(ids), encoder.max_tokens)
        for ids in tokenizer(
            [a for a, _ in pairs], [b for _, b in pairs], truncation=True, max_length=encoder.max_tokens
        ).input_ids
    ]
    operations = encoder_operations(lengths, **size, layers=config.num_hidden_layers)
    return {
        "pairs": len(pairs),
        "mean_tokens": round(statistics.mean(lengths), 1),
        "pairs_per_second_batched": round(len(pairs) / together, 1),
        "pairs_per_second_one_at_a_time": round(len(pairs) / one_by_one, 1),
        "ratio_batched_to_one_at_a_time": round(one_by_one / together, 2),
        "encoder_gflops": round(operations / together / 1e9, 1),
        "matrix_product_gflops": round(rate, 1),
        "encoder_share_of_matrix_product_rate": round(operations / together / 1e9 / rate, 3),
    }


def article_judged(name: str, settings: Settings, items: Sequence[JudgeItem]) -> dict[str, object]:
    """Return the seconds in which an article's questions are judged, warm: all anew, and again with what was kept."""
    from onrecord import corpus, stance  # noqa: PLC0415  heavy

    chosen = settings.model_copy(update={"stance_model": name})
    try:
        stance.judge(items[:8], settings=chosen)
    except StanceModelError as error:
        return {"not_measured": str(error)}
    anew = timed(lambda: stance.judge(items, settings=chosen), repeat=2)
    kept = corpus.Judgements(chosen)
    stance.judge(items, settings=chosen, cache=kept)
    return {
        "passages": len(items),
        "seconds": round(anew, 2),
        "passages_per_second": round(len(items) / anew, 1),
        "seconds_again_with_what_was_kept": round(
            timed(lambda: stance.judge(items, settings=chosen, cache=kept), repeat=2), 3
        ),
    }


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    import torch  # noqa: PLC0415  seconds to import

    return {
        "cores": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "load_before": [round(value, 2) for value in os.getloadavg()],
        "torch": torch.__version__,
        "python": sys.version.split()[0],
    }


def _flat(values: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in values.items():
        rows.extend(_flat(value, f"{prefix}{name}: ") if isinstance(value, Mapping) else [(f"{prefix}{name}", value)])
    return rows


def page(report: Mapping[str, object]) -> str:
    """Return the Markdown table of a report."""
    lines = [
        "# Speed and memory",
        "",
        "Written by `make bench` (`python -m evals.bench`); do not edit. Ratios compare two ways of the same work within",
        "one run; `load_before` says how busy the machine was with other work.",
        "",
        "| what | value |",
        "|---|---|",
    ]
    lines += [f"| {name.replace('_', ' ')} | {value} |" for name, value in _flat(report)]
    return "\n".join(lines) + "\n"


def measure(folder: Path, report: Callable[[str], None]) -> dict[str, object]:
    """Measure everything in ``folder``; ``report`` is told what comes next."""
    article = example_article()
    found: dict[str, object] = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "package_version": __version__,
        "machine": machine(),
    }
    report("import")
    found["start"] = import_time(folder / "empty")
    report("the claims room")
    found["claims_room"] = claims_room(folder / "claims-room")
    report("commands")
    found["commands"] = commands(folder / "home", article)
    report("search and stance")
    body = article.read_text(encoding="utf-8")
    from onrecord import text  # noqa: PLC0415  spares the import for --help

    sentences = [span.of(body) for span in text.sentences(body)]
    claims = [item for item in dict.fromkeys(sentences) if len(item.split()) >= WORDS_OF_A_CLAIM][:CLAIMS_JUDGED]
    found.update(searching_and_judging(folder / "home", claims))
    report("building")
    found["build"] = building(folder)
    found["peak_memory_of_this_process_mb"] = peak_memory_mb()
    return found


def main(
    results: Annotated[Path, typer.Option(help="Folder for bench.json and bench.md.")] = RESULTS,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,  # noqa: FBT002
) -> None:
    """Measure speed and memory. Example: python -m evals.bench --json."""
    os.environ.update(_OFFLINE)
    try:
        with tempfile.TemporaryDirectory(prefix="onrecord-bench-", ignore_cleanup_errors=True) as name:
            report = measure(Path(name), lambda stage: print(f"measuring {stage} …", file=sys.stderr, flush=True))
    except OnRecordError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    results.mkdir(parents=True, exist_ok=True)
    (results / "bench.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (results / "bench.md").write_text(page(report), encoding="utf-8")
    if as_json:
        print(json.dumps(report))
    else:
        Console().print(page(report), markup=False)


if __name__ == "__main__":
    typer.run(main)
