"""Are copies of one story found, and nothing else taken for one? Copies made by rule of the real headlines and addresses.

All real texts are stored, with the copies of a sample of them among them, as other outlets' coverage; then the product's way of
finding copies is gone. A pair of sources in one story is right when both come from one original.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from evals import metrics
from evals.copies import RULES, Copy, Original, make_copies, originals
from evals.data import DataFile, EvalDataError, fingerprint
from evals.result import Item
from evals.tasks import Outcome, Request, Task
from onrecord import corpus, documents
from onrecord.records import Document

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "corpus" / "mappings" / "shared.toml"
FOLDERS = ("speech", "coverage")
COPIED = {"headline": 1500, "bulletin": 300, "extract": 500, "address": 200}
"""Originals that are copied, of each family."""
COPIES = 2


def run(request: Request) -> Outcome:
    """Store originals and copies, find the copies, and score the pairs."""
    base = request.inputs["data"]
    real = originals(list(_real(base, request)))
    copied = _chosen(real, request)
    copies = [copy for original in copied for copy in make_copies(original, COPIES, request.seed)]
    with corpus.Store.open(request.settings) as store:
        incoming = [*(_document(item) for item in real), *(_copied(item) for item in copies)]
        report = store.add_documents(incoming, progress=lambda done: request.progress("storing", done, len(incoming)))
        assert not report.failed, report.items
        store.find_copies(progress=lambda done: request.progress("finding copies", done, len(incoming)))
        stories = {source.id: source.origin_id for source in store.sources()}
    origin = {item.id: item.id for item in real} | {item.id: item.of for item in copies}
    wanted = {frozenset(pair) for group in _groups(origin).values() for pair in combinations(group, 2)}
    found = {frozenset(pair) for group in _groups(stories).values() for pair in combinations(group, 2)}
    right = wanted & found
    wrong = found - wanted
    among_real = sum(1 for pair in wrong if all(id_ == origin[id_] for id_ in pair))
    families = {item.id: item.family for item in real}
    figures = {
        "precision": metrics.rounded(len(right) / len(found) if found else 0.0),
        "recall": metrics.rounded(len(right) / len(wanted)),
        "pairs": len(wanted),
        "pairs_found": len(found),
        "wrong": len(wrong),
        "wrong_among_real_texts": among_real,
        "precision_by_family": {
            family: _share([pair in wanted for pair in found if any(families[origin[id_]] == family for id_ in pair)])
            for family in COPIED
        },
        "recall_by_family": {
            family: _share([pair in found for pair in wanted if families[origin[next(iter(pair))]] == family])
            for family in COPIED
        },
        "recall_by_rule": {
            rule: _share([stories[item.id] == stories[item.of] for item in copies if rule in item.rules]) for rule in RULES
        },
        "recall_by_number_of_rules": {
            str(number): _share([stories[item.id] == stories[item.of] for item in copies if len(item.rules) == number])
            for number in range(1, len(RULES) + 1)
        },
    }  # fmt: skip
    # Whole originals are drawn together: the three pairs of one are not independent.
    pairs = sorted((origin[min(pair)], pair in found, families[origin[min(pair)]]) for pair in wanted)
    hits, grouped = [hit for _, hit, _ in pairs], [group for group, _, _ in pairs]
    recalled = [stories[item.id] == stories[item.of] for item in copies]
    numbers = [str(len(item.rules)) for item in copies]
    of_copies = {
        "recall_by_rule": [(rule, [rule in item.rules for item in copies]) for rule in RULES],
        "recall_by_number_of_rules": [(n, [number == n for number in numbers]) for n in sorted(set(numbers))],
    }
    shares = {
        f"{name}.{part}": ([hit and inside for hit, inside in zip(recalled, asked, strict=True)], asked)
        for name, parts in of_copies.items()
        for part, asked in parts
    }
    return Outcome(
        metrics=figures,
        intervals={
            "recall": metrics.mean_interval(list(map(float, hits)), groups=grouped, seed=request.seed),
            "precision": metrics.mean_interval([1.0] * len(right) + [0.0] * len(wrong), seed=request.seed),
            **metrics.share_intervals(
                {
                    f"recall_by_family.{family}": (
                        [hit and of == family for _, hit, of in pairs],
                        [of == family for _, _, of in pairs],
                    )
                    for family in COPIED
                },
                groups=grouped,
                seed=request.seed,
            ),
            **metrics.share_intervals(shares, groups=[item.of for item in copies], seed=request.seed),
            **_precision_intervals(sorted(found, key=sorted), wanted, origin, families, request.seed),
        },
        baselines={"same_text": _same_text(real, copies, wanted)},
        items=[
            Item(
                id=item.id,
                claim=item.title,
                gold=item.of,
                predicted=stories[item.id],
                right=stories[item.id] == stories[item.of],
                details={"rules": item.rules, "family": families[item.of], "text": item.text[:1000]},
            )
            for item in copies
        ]
        + [
            Item(id="|".join(sorted(pair)), claim="wrong pair", gold="", predicted="copy", right=False)
            for pair in sorted(wrong, key=sorted)
        ],
        models=(),
        data=DataFile(
            path=str(base),
            sha256=hashlib.sha256("".join(fingerprint(base / name) for name in FOLDERS).encode()).hexdigest(),
            n=len(copies),
        ),
        notes=(
            f"{len(real):,} real texts are stored with the copies; pairs of them count as wrong, though a wire repeats itself",
            "copies are made by rule: the figures say what the rules do, not what outlets do",
        ),
    )


def _real(base: Path, request: Request) -> Iterator[Document]:
    missing = [name for name in FOLDERS if not (base / name).is_dir()]
    if missing:
        message = (
            f"{base}: no folder {' and no folder '.join(missing)}; give the base folder of corpus/mappings/shared.toml"
        )
        raise EvalDataError(message)
    found = documents.iter_collection(documents.load_collection(COLLECTION, base), settings=request.settings)
    for number, document in enumerate(found, 1):
        if not isinstance(document, documents.ReadFailure):
            yield document
        request.progress("reading", number, 0)


def _chosen(real: list[Original], request: Request) -> list[Original]:
    """Return the originals that are copied: of the split's half, by the hash of their identity and the seed."""
    half = {"dev": 0, "report": 1}.get(request.split)
    chosen: list[Original] = []
    ranked = sorted(real, key=lambda item: hashlib.sha256(f"{request.seed} {item.id}".encode()).digest())
    left = Counter(COPIED)
    if request.limit is not None:
        left = Counter(
            {family: max(1, number * request.limit // sum(COPIED.values())) for family, number in COPIED.items()}
        )
    for item in ranked:
        side = hashlib.sha256(item.id.encode()).digest()[-1] % 2
        if left[item.family] and half in {None, side}:
            left[item.family] -= 1
            chosen.append(item)
    return chosen


def _document(item: Original) -> Document:
    return _made(item.id, item.title, item.text, item.publisher, item.kind, item)


def _copied(item: Copy) -> Document:
    return _made(item.id, item.title, item.text, item.publisher, "coverage", item)


def _made(id_: str, title: str, text: str, publisher: str, kind: str, item: Original | Copy) -> Document:  # noqa: PLR0913, PLR0917
    return Document(
        text=text,
        media_type="text/plain",
        content_sha256=hashlib.sha256(text.encode()).hexdigest(),
        title=title,
        published=item.published,
        language="en",
        metadata={
            "id": id_,
            "kind": kind,
            "publisher": publisher,
            "primary": "true" if kind == "transcript" else "false",
        },
    )


def _precision_intervals(
    found: list[frozenset[str]],
    wanted: set[frozenset[str]],
    origin: dict[str, str],
    families: dict[str, str],
    seed: int,
) -> dict[str, metrics.Interval]:
    """Return the intervals of ``precision_by_family``; the pairs of one original are drawn together."""
    if not found:
        return {}
    inside = {family: [any(families[origin[id_]] == family for id_ in pair) for pair in found] for family in COPIED}
    return metrics.share_intervals(
        {
            f"precision_by_family.{family}": (
                [is_in and pair in wanted for is_in, pair in zip(asked, found, strict=True)],
                asked,
            )
            for family, asked in inside.items()
        },
        groups=[origin[min(pair)] for pair in found],
        seed=seed,
    )


def _groups(of: dict[str, str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for id_, group in of.items():
        groups[group].append(id_)
    return groups


def _share(found: list[bool]) -> float | None:
    return metrics.rounded(sum(found) / len(found)) if found else None


def _same_text(real: list[Original], copies: list[Copy], wanted: set[frozenset[str]]) -> dict[str, float]:
    """Score taking equal words (of the same day or not) for copies."""
    both: list[Original | Copy] = [*real, *copies]
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for item in both:
        groups[tuple(item.text.casefold().split())].append(item.id)
    found = {frozenset(pair) for group in groups.values() for pair in combinations(group, 2)}
    return {
        "precision": metrics.rounded(len(found & wanted) / len(found) if found else 0.0),
        "recall": metrics.rounded(len(found & wanted) / len(wanted)),
    }


TASK = Task(
    name="syndication",
    summary="Copies of one story: made by rule of the real headlines and addresses.",
    inputs=("data",),
    run=run,
    defaults={"data": ROOT.parent / "shared" / "data"},
    splits=True,
)
