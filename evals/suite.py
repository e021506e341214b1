"""Many tasks in one go: the starter claims always, the labelled sets wherever their folder is.

Every entry leaves a small summary in ``evals/results/<name>.json``; ``evals/results/README.md`` is the table of all of them.
Numbers in the documents come from there. An entry whose data are absent is skipped and named; a summary of an earlier run
stays and keeps its date.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from evals import history
from evals.catalogue import check_prepared
from evals.data import EvalDataError, fingerprint
from evals.result import RESULT_VERSION, Result, code_sha256
from evals.run import Options, run_task
from evals.tasks import Input, catalogue
from onrecord.errors import OnRecordError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "evals" / "results"
ITEMS = "items"
"""Folder in that of the results with a folder for each entry's last run, as ``run --out`` writes it; never committed."""
NEWS = ROOT / "evals" / "claims" / "news.jsonl"
BLIND = ROOT / "evals" / "claims" / "blind.jsonl"
"""Claims over the starter corpus by another hand, who did not know the program; their mistakes have been read since."""
DEVELOP = ROOT / "evals" / "claims" / "develop.jsonl"
"""The same, of the hard kinds, to be looked at: mistakes are learnt from here."""
UNSEEN = ROOT / "evals" / "claims" / "unseen.jsonl"
"""As many again, of which nobody looks at a mistake: they are only counted."""
LIMIT = 400
"""Items per set by default: about ± 5 points at 95 %, and minutes instead of hours on two cores."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table: a task on a set."""

    name: str
    task: str
    inputs: Mapping[Input, str]
    """Paths below the data folder, or of the checkout."""
    corpus: str = ""
    """Entries with the same corpus share one built index."""
    split: str = ""
    """Part of the set; empty: all."""
    without: str = ""
    """Pairs whose claims are left out, because models of ours learnt from them; empty: none are."""
    limit: int | None = None
    """Items drawn at random whatever the options say."""
    small: bool = False
    """Belongs to the small suite on shipped data that the gate measures in every test run; no part of ``suite``."""

    def files(self, data: Path) -> dict[Input, Path]:
        """Return its inputs where the labelled sets lie in ``data``."""
        return {name: data / path for name, path in self.inputs.items()}

    def learnt(self, data: Path) -> tuple[Path, ...]:
        """Return the files of pairs whose claims are left out."""
        return (data / self.without,) if self.without else ()


STANCE = (
    "fever_dev",
    "fever_nli",
    "fever_symmetric",
    "fool_me_twice",
    "scifact",
    "check_covid",
    "healthver",
    "climate_fever",
    "factcheck_gpt",
    "feverous",
    "emergent",
    "infotabs",
    "ling_in_loop",
    "conjnli",
    "wikipedia_nli_base",
    "wikipedia_nli_contrast",
    "wikipedia_nli_edit_other",
)
BINARY = ("wice", "summedits_meetings", "diasumfact", "qags")
RETRIEVAL = ("scifact", "check_covid", "fool_me_twice", "climate_fever", "politihop", "wice")
"""PolitiHop's articles are about the claims, and WiCE's pages are whole web pages: read their figures with that in mind."""
LEARNT = ("scifact", "check_covid", "fool_me_twice", "climate_fever", "politihop")
"""Sets most of whose claims the stance models and the search's adapters learnt from: they are measured on the others only. Of
PolitiHop none but disputed claims are left, so it is measured for retrieval alone."""
ARTICLES = ("politihop", "fool_me_twice", "wice")
"""Corpora of whole texts: fact-checkers' articles, Wikipedia's, and web pages with all that stands around an article."""


def entries() -> tuple[Entry, ...]:
    """Return all entries, in the order of the table."""
    found = [Entry("starter", "starter", {})]
    for name, claims in (("blind", BLIND), ("develop", DEVELOP), ("unseen", UNSEEN)):
        found.append(Entry(f"starter-{name}", "starter", {"claims": str(claims)}))
    found.append(Entry("gate-starter", "starter", {}, limit=40, small=True))
    found.append(Entry("gate-news", "stance", {"data": str(NEWS)}, split="dev", limit=120, small=True))
    found.append(Entry("gate-claim-room", "claim-room", {}, small=True))
    found.append(Entry("stance-news", "stance", {"data": str(NEWS)}, split="report"))
    found += [Entry(f"stance-{name}", "stance", {"data": f"pairs/dev/{name}.jsonl.gz"}) for name in STANCE]
    found += [Entry(f"stance-{name}", "stance", {"data": f"pairs_binary/dev/{name}.jsonl.gz"}) for name in BINARY]
    for name in RETRIEVAL:
        inputs: dict[Input, str] = {
            "corpus": f"retrieval/{name}/corpus.jsonl.gz",
            "claims": f"retrieval/{name}/claims.jsonl.gz",
        }
        learnt = f"pairs/train/{name}.jsonl.gz" if name in LEARNT else ""
        found.append(Entry(f"retrieval-{name}", "retrieval", inputs, corpus=name, without=learnt))
        if name != "politihop":
            found.append(Entry(f"end-to-end-{name}", "end-to-end", inputs, corpus=name, without=learnt))
    for part in ("dev", "devtest"):
        found.append(
            Entry(f"claims-checkthat24-{part}", "claims", {"data": f"claim_detection/checkthat24.{part}.jsonl.gz"})
        )
    found.append(Entry("claim-room", "claim-room", {}))
    for name in ARTICLES:
        found.append(Entry(f"articles-{name}", "articles", {"corpus": f"retrieval/{name}/corpus.jsonl.gz"}))
    found.append(Entry("attribution-polnear-dev", "attribution", {"data": "attribution/polnear.dev.jsonl.gz"}))
    return tuple(found)


def small_entries() -> list[str]:
    """Return the names of the small suite on shipped data."""
    return [entry.name for entry in entries() if entry.small]


@dataclass(slots=True)
class Report:
    """What a run of the suite did."""

    done: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    """Measured before on the same data with the same code, models and settings."""
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Lines for the terminal."""
        lines = [f"{len(self.done)} measured: {', '.join(self.done) or 'none'}"]
        if self.current:
            lines.append(f"{len(self.current)} measured before and still current: {', '.join(self.current)}")
        if self.skipped:
            lines.append(f"{len(self.skipped)} skipped, data absent:")
            lines += [f"  {item}" for item in self.skipped]
        if self.failed:
            lines.append(f"{len(self.failed)} failed:")
            lines += [f"  {item}" for item in self.failed]
        return "\n".join(lines)


def run(  # noqa: PLR0913  an argument for every option
    *,
    data: Path,
    results: Path,
    only: Sequence[str],
    options: Options,
    again: bool = False,
    small: bool = False,
    pinned: Path | None = None,
) -> Report:
    """Run all entries whose data are there and write summaries and table; go on after a failure and report it.

    Args:
        data: Folder of the labelled sets.
        results: Folder of the summaries.
        only: Beginnings of the names to run; empty: all.
        options: Settings, items per set, seed and progress; the starter claims are always used whole.
        again: Measure also what was measured before on the same data with the same code, models and settings; without it, an
            interrupted run goes on where it stopped, also within an entry.
        small: Measure the small suite on shipped data instead.
        pinned: sha256 of the files below ``data``; an entry with another file fails. ``None``: any file will do.
    """
    report = Report()
    tasks = catalogue()
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="onrecord-suite-", ignore_cleanup_errors=True) as folder:
        for entry in entries():
            if entry.small is not small or (only and not entry.name.startswith(tuple(only))):
                continue
            task = tasks[entry.task]
            inputs, learnt = entry.files(data), entry.learnt(data)
            missing = [path for path in (*inputs.values(), *task.defaults.values(), *learnt) if not path.exists()]
            if missing:
                report.skipped.append(f"{entry.name}: {', '.join(_shown(path, data) for path in missing)}")
                continue
            identity = _identity(entry, [*{**task.defaults, **inputs}.values(), *learnt], options)
            if not again and _known(results / f"{entry.name}.json", identity):
                report.current.append(entry.name)
                continue
            try:
                if pinned is not None:
                    for path in (*inputs.values(), *learnt):
                        check_prepared(path, data, pinned)
                home = Path(folder) / entry.corpus if entry.corpus else None
                chosen = replace(_for_entry(options, entry), without=learnt, out=results / ITEMS / entry.name)
                _set_aside(results / ITEMS / entry.name)
                result, _ = run_task(task, inputs, options=chosen, home=home)
            except OnRecordError as error:
                report.failed.append(f"{entry.name}: {error}")
                continue
            _write(result, identity, entry, results, data)
            history.append(result, name=entry.name, identity=identity, folder=results)
            report.done.append(entry.name)
    (results / "README.md").write_text(table(results), encoding="utf-8")
    return report


def _set_aside(folder: Path) -> None:
    """Move the items of an entry's last run into ``earlier``, so that the next one can be held against them claim by claim."""
    last = folder / "result.json"
    if last.exists():
        moment = dt.datetime.fromtimestamp(last.stat().st_mtime, dt.UTC).strftime("%Y-%m-%dT%H%M%S")
        earlier = folder / "earlier" / moment
        earlier.mkdir(parents=True, exist_ok=True)
        # The result first: a folder without it is no run.
        for name in ("result.json", "items.jsonl"):
            (folder / name).replace(earlier / name)


def _for_entry(options: Options, entry: Entry) -> Options:
    """Name the entry in its progress, take its split, and use the starter claims whole."""
    return replace(
        options,
        split=entry.split,
        limit=entry.limit or (options.limit if entry.inputs else None),
        progress=lambda stage, done, total: options.progress(f"{entry.name}: {stage}", done, total),
    )


def _shown(path: Path, data: Path) -> str:
    """Return a path as the table shows it: below the data folder or the checkout, never a folder of this machine."""
    for base in (data, ROOT):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.name


def _identity(entry: Entry, files: Sequence[Path], options: Options) -> str:
    """Return a hash of everything that decides an entry's figures."""
    parts = [
        entry.task,
        code_sha256(),
        options.seed,
        options.limit if entry.inputs else None,
        entry.split,
        entry.limit,
        RESULT_VERSION,
        sorted(options.overrides.items()),
    ]
    parts += [fingerprint(path) for path in files]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _known(path: Path, identity: str) -> bool:
    if not path.exists():
        return False
    known: object = json.loads(path.read_text(encoding="utf-8")).get("identity")
    return known == identity


def _write(result: Result, identity: str, entry: Entry, results: Path, data: Path) -> None:
    """Write the summary, with paths that say nothing of this machine."""
    summary = result.model_dump(mode="json")
    for part in ("data", "corpus"):
        if summary[part]:
            summary[part]["path"] = _shown(Path(summary[part]["path"]), data)
    summary = {"name": entry.name, "date": dt.datetime.now(dt.UTC).date().isoformat(), "identity": identity, **summary}
    (results / f"{entry.name}.json").write_text(
        json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _cell(summary: Mapping[str, object], *path: str) -> str:
    value: object = summary
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return "–"
        value = value[part]
    if value is None:
        return "–"
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    intervals = summary["intervals"]
    named = ".".join(path[1:]) if path[0] == "metrics" else ""
    bounds = intervals.get(named) if isinstance(intervals, Mapping) else None
    return f"{text} ({bounds[0]:.2f}–{bounds[1]:.2f})" if bounds else text


Column = tuple[str, tuple[str, ...]]
"""Heading, and where the figure stands in the summary; its interval goes with it."""
_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "starter": (
        ("accuracy", ("metrics", "accuracy")),
        ("macro F1", ("metrics", "macro_f1")),
        ("coverage", ("metrics", "coverage")),
        ("right when answered", ("metrics", "accuracy_when_answered")),
        ("majority", ("baselines", "majority", "accuracy")),
        ("claim only", ("baselines", "claim_only", "accuracy")),
        ("overlap", ("baselines", "lexical_overlap", "accuracy")),
        ("similarity", ("baselines", "similarity", "accuracy")),
    ),
    "stance": (
        ("accuracy", ("metrics", "accuracy")),
        ("macro F1", ("metrics", "macro_f1")),
        ("two-way, forced", ("metrics", "forced_two_way", "accuracy")),
        ("ECE", ("metrics", "calibration", "ece")),
        ("majority", ("baselines", "majority", "accuracy")),
        ("claim only", ("baselines", "claim_only", "accuracy")),
        ("overlap", ("baselines", "lexical_overlap", "accuracy")),
        ("similarity", ("baselines", "similarity", "accuracy")),
    ),
    "retrieval": (
        ("nDCG@10", ("metrics", "ndcg@10")),
        ("R@5", ("metrics", "recall@5")),
        ("R@10", ("metrics", "recall@10")),
        ("R@100", ("metrics", "recall@100")),
        ("MRR", ("metrics", "mrr")),
        ("rationale in 12", ("metrics", "rationale_recall@12")),
        ("nDCG@10 of one list for all", ("baselines", "majority", "ndcg@10")),
        ("nDCG@10 dense", ("baselines", "dense_alone", "ndcg@10")),
        ("nDCG@10 lexical", ("baselines", "lexical_alone", "ndcg@10")),
        ("in its article nDCG@10", ("metrics", "in_article", "ndcg@10")),
        ("in its article R@5", ("metrics", "in_article", "recall@5")),
        ("cited nDCG@10", ("metrics", "cited", "ndcg@10")),
        ("cited R@5", ("metrics", "cited", "recall@5")),
        ("cited R@100", ("metrics", "cited", "recall@100")),
    ),
    "end-to-end": (
        ("accuracy", ("metrics", "accuracy")),
        ("macro F1", ("metrics", "macro_f1")),
        ("at 50 % coverage", ("metrics", "selective", "accuracy@50")),
        ("answered", ("metrics", "coverage")),
        ("right when answered", ("metrics", "accuracy_when_answered")),
        ("with a side: right", ("metrics", "directional", "accuracy")),
        ("with a side: abstained", ("metrics", "directional", "abstention")),
        ("with a side: right when answered", ("metrics", "directional", "accuracy_when_answered")),
        ("two-way, forced", ("metrics", "forced_two_way", "accuracy")),
        ("FEVER score", ("metrics", "fever_score")),
        ("label and evidence", ("metrics", "right_label_and_evidence")),
        ("abstract F1", ("metrics", "scifact", "abstract_label", "f1")),
        ("sentence F1", ("metrics", "scifact", "sentence_label", "f1")),
        ("majority", ("baselines", "majority", "accuracy")),
        ("claim only", ("baselines", "claim_only", "accuracy")),
        ("overlap", ("baselines", "lexical_overlap", "accuracy")),
        ("similarity", ("baselines", "similarity", "accuracy")),
    ),
    "claims": (
        ("F1", ("metrics", "f1")),
        ("precision", ("metrics", "precision")),
        ("recall", ("metrics", "recall")),
        ("accuracy", ("metrics", "accuracy")),
        ("F1 of always 1", ("baselines", "always_1", "f1")),
        ("accuracy of majority", ("baselines", "majority", "accuracy")),
        ("F1 of words alone", ("baselines", "claim_only", "f1")),
        ("accuracy of words alone", ("baselines", "claim_only", "accuracy")),
    ),
    "claim-room": (
        ("sentences", ("metrics", "reporting", "segmentation", "f1")),
        ("selection F1", ("metrics", "reporting", "selection", "f1")),
        ("atomic F1", ("metrics", "reporting", "atomic", "f1")),
        ("standing alone", ("metrics", "reporting", "standing_alone", "right")),
        ("wrongly resolved", ("metrics", "reporting", "standing_alone", "wrongly_resolved")),
        ("attribution F1", ("metrics", "reporting", "attribution", "f1")),
        ("speaker", ("metrics", "reporting", "attribution", "speaker")),
        ("content F1", ("metrics", "reporting", "attribution", "content_partial_f1")),
        ("taken as they are: selection F1", ("baselines", "every_sentence_as_it_is", "reporting", "selection", "f1")),
        ("atomic F1", ("baselines", "every_sentence_as_it_is", "reporting", "atomic", "f1")),
        ("standing alone", ("baselines", "every_sentence_as_it_is", "reporting", "standing_alone", "right")),
        ("development: atomic F1", ("metrics", "development", "atomic", "f1")),
        ("standing alone", ("metrics", "development", "standing_alone", "right")),
    ),
    "articles": (
        ("read", ("metrics", "read")),
        ("refused", ("metrics", "refused")),
        ("failed", ("metrics", "failed")),
        ("claims found", ("metrics", "claims_found")),
        ("not standing alone", ("metrics", "claims_unresolved")),
    ),
    "attribution": (
        ("content F1, partial", ("metrics", "content", "partial", "f1")),
        ("exact", ("metrics", "content", "exact", "f1")),
        ("source F1, partial", ("metrics", "source", "partial", "f1")),
        ("exact", ("metrics", "source", "exact", "f1")),
        ("cue F1, partial", ("metrics", "cue", "partial", "f1")),
        ("exact", ("metrics", "cue", "exact", "f1")),
        ("source head", ("metrics", "source_head_accuracy")),
        ("content F1 of whole paragraphs", ("baselines", "whole_paragraph", "content.partial.f1")),
    ),
}
_TITLES: Mapping[str, str] = {
    "starter": "Starter claims, end to end on the starter corpus",
    "stance": "Stance with gold evidence",
    "retrieval": "Retrieval",
    "end-to-end": "End to end on open retrieval sets",
    "claims": "Check-worthiness",
    "claim-room": "The claims room on written articles, reporting half",
    "articles": "Whole articles, read by the claims room",
    "attribution": "Reported speech",
}


BESIDE = """\
What others state for SciFact, by their own rules, splits and means, so that it is a yardstick and no contest: TruthLens V2 (the
whole corpus, offline on two cores): directional accuracy 34.3 % at 75 % abstention, in ours the columns of claims with a side.
LLM systems (arXiv 2608.25934), accuracy and F1: SANCTUARY 70.2 / 70.0, AIC CTU 56.6 / 48.2; for Climate-FEVER 44.6 / 38.9 and
45.2 / 33.6. Abstract F1 (label) on SciFact's development claims: VeriSci 52.1, RerrFact 64.6, VerT5erini 65.1. Ours are of the
claims that no model of ours learnt from, and few: read the intervals first.
"""
"""Other work's figures, below the table of the same sets."""


def read_summaries(folder: Path) -> dict[str, Mapping[str, object]]:
    """Return the summaries in a folder by entry, in the order of the suite, others after them by name.

    Raises:
        EvalDataError: one of them is no summary.
    """
    found: dict[str, Mapping[str, object]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            summary = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = f"{path} cannot be read: {error}"
            raise EvalDataError(message) from error
        if isinstance(summary, dict) and {"name", "task", "metrics"} <= summary.keys():
            found[str(summary["name"])] = summary
    order = [entry.name for entry in entries() if entry.name in found]
    return {name: found[name] for name in dict.fromkeys([*order, *found])}


def titles() -> Mapping[str, str]:
    """Return task → heading of its table."""
    return _TITLES


def columns_of(task: str, rows: Sequence[Mapping[str, object]]) -> tuple[list[str], list[list[str]]]:
    """Return the columns of a task's table that any of ``rows`` fills, and the cells of each row."""
    used = [column for column in _COLUMNS[task] if any(_cell(row, *column[1]) != "–" for row in rows)]
    return [name for name, _ in used], [[_cell(row, *path) for _, path in used] for row in rows]


def table(results: Path) -> str:
    """Return the Markdown page of all summaries in ``results``."""
    by_name = read_summaries(results)
    lines = [
        "# Results",
        "",
        "Written by `make eval` (`python -m evals suite`); do not edit. In brackets: 95 % bootstrap intervals over claims.",
        "*majority*: always the most frequent label; *claim only*: a bag of words that never sees evidence; *overlap*: share",
        "of repeated words; *similarity*: cosine of claim and nearest passage. What the columns mean:",
        "[docs/evals.md](../../docs/evals.md). As a page with pictures: `python -m evals report`.",
    ]
    for task in _COLUMNS:
        rows = [
            summary for name, summary in by_name.items() if summary["task"] == task and not name.startswith("gate-")
        ]
        if not rows:
            continue
        names, cells = columns_of(task, rows)
        lines += [
            "",
            f"## {_TITLES[task]}",
            "",
            "| set | n | " + " | ".join(names) + " | date | models |",
        ]
        lines.append("|---" * (len(names) + 4) + "|")
        for row, filled in zip(rows, cells, strict=True):
            models = ", ".join(f"{model['role']} {model['sha256'][:8]}" for model in row["models"])  # type: ignore[attr-defined]
            shown = str(row["name"]).removeprefix(f"{task}-")
            lines.append(f"| {shown} | {row['n']} | {' | '.join(filled)} | {row['date']} | {models} |")
        if task == "end-to-end":
            lines += ["", *BESIDE.splitlines()]
    return "\n".join(lines) + "\n"
