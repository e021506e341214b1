"""What a network gains that reads the best passages of a claim, on claims that no network has learnt from.

The fast stance network, which costs nothing to ship (how far a passage is from neutral), and the network of a run, each beside
the score that the passages had before. What was read is kept in the cache of ``evals.ablation``: an interrupted run goes on.

Command (from the repository root; it writes ``evals/results/search-rerank.json`` and ``.md``)::

    python -m training.rerank.measure --data ../shared/data --cache VECTORS.db --run RUN --most 60
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evals.ablation import (
    SETS,
    Cut,
    Draw,
    Found,
    Reader,
    Replay,
    Variant,
    Vectors,
    as_product,
    halves,
    normalised,
    prepared,
    scored,
    table_lines,
    worded,
)
from onrecord.settings import load_settings
from onrecord.stance.nli import load_tier, native_bfloat16
from training.rerank.train import load_network, scores_of
from training.stance.mixture import Pair

if TYPE_CHECKING:
    from onrecord.stance.nli import CrossEncoder

READ = 30
"""Passages of a claim that a network reads."""
DEPTHS = (12, 20, READ)
SHARES = (0.3, 0.5, 0.7, 1.0)
TIMED = 5
"""Claims of each set that are read once more, for the time."""


@dataclass(frozen=True, slots=True)
class Unneutral:
    """The fast stance network as a reader: how far a passage is from neutral, which costs nothing to ship."""

    network: CrossEncoder

    @property
    def sha256(self) -> str:
        """Hash of its weights."""
        return self.network.sha256

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return 1 - P(neutral)."""
        return [1.0 - float(row[2]) for row in self.network.probabilities(pairs)]


@dataclass(frozen=True, slots=True)
class Trained:
    """The network of a run, with its averaged weights."""

    sha256: str
    model: Any
    tokenizer: Any

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return how much each passage decides the claim, on a scale that says something for one claim only."""
        found = [Pair(claim, passage, "neutral", "") for passage, claim in pairs]
        values: list[float] = scores_of(self.model, self.tokenizer, found, bf16=native_bfloat16()).tolist()
        return values


def trained(checkpoint: Path) -> Trained:
    """Load the network of a run."""
    model, tokenizer = load_network(warm=False)
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["average"], strict=False)
    return Trained(hashlib.sha256(checkpoint.read_bytes()).hexdigest(), model, tokenizer)


def with_reading(inner: Variant, read: Mapping[int, Mapping[int, float]], share: float, depth: int) -> Variant:
    """Return a ranking whose best ``depth`` are put in order anew by what a network read in them.

    Args:
        inner: The ranking before.
        read: What the network says, by the number of the claim and the passage.
        share: Weight of that beside the score before, each between the lowest and the highest of these passages.
        depth: How many are read.
    """

    def rank(replay: Replay, number: int) -> Found:
        found = inner(replay, number)
        head, rest = found[:depth], found[depth:]
        before = normalised(head, "range")
        heard = normalised(sorted(((p, read[number][p]) for p, _ in head), key=lambda item: -item[1]), "range")
        low = rest[0][1] if rest else 0.0
        mixed = [(place, low + 1.0 + (1.0 - share) * before[place] + share * heard[place]) for place, _ in head]
        return sorted(mixed, key=lambda item: (-item[1], item[0])) + rest

    return rank


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Let the networks read, and return sizes, figures of every variant and the time that a claim takes."""
    torch.set_num_threads(1)
    settings = load_settings(threads=1)
    readers: dict[str, Reader] = {"fast stance": Unneutral(load_tier(settings, "fast"))}
    if options.run:
        readers["reranker"] = trained(options.run / "checkpoint.pt")
    learnt = tuple(sorted((options.data / "pairs" / "train").glob("*.jsonl.gz")))
    draw = Draw(options.most, options.passages, {}, learnt)
    before = as_product(settings)
    rows: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    sizes: dict[str, dict[str, int]] = {}
    spent: dict[str, list[float]] = {name: [] for name in readers}
    with closing(Vectors(options.cache, settings)) as vectors:
        for name in options.sets.split(","):
            replay = prepared(name, options.data / "retrieval", vectors, Cut(), draw)
            sizes[name] = {
                "documents": len(replay.documents),
                "passages": len(replay.places),
                "claims": len(replay.claims),
            }
            texts = worded(replay.documents, settings, header=True)
            variants = {"before": before}
            for reader, network in readers.items():
                read: dict[int, dict[int, float]] = {}
                for number, claim in enumerate(replay.claims):
                    head = [place for place, _ in before(replay, number)[:READ]]
                    pairs = [(texts[place], claim.claim) for place in head]
                    read[number] = dict(zip(head, vectors.read(network, pairs), strict=True))
                    if number < TIMED:
                        begun = time.perf_counter()
                        network.scores(pairs)
                        spent[reader].append(1000 * (time.perf_counter() - begun))
                for depth in DEPTHS:
                    for share in SHARES:
                        label = f"{reader}, {depth} read, share {share}"
                        variants[label] = with_reading(before, read, share, depth)
                sys.stderr.write(f"{name}: read by the {reader}\n")
            for label, variant in variants.items():
                rows.setdefault(label, {})[name] = halves(scored(replay, variant))
    return {
        "sets": sizes,
        "variants": rows,
        "milliseconds": {name: round(float(np.median(values))) for name, values in spent.items()},
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/ and retrieval/")
    parser.add_argument("--cache", type=Path, required=True, help="vectors, as evals.ablation keeps them")
    parser.add_argument("--run", type=Path, help="folder of a run; none: the fast stance network alone")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--most", type=int, default=300, help="claims of a set; 0: all")
    parser.add_argument("--passages", type=int, default=4000, help="beyond the gold documents'; 0: all")
    parser.add_argument("--out", type=Path, default=Path("evals/results"))
    options = parser.parse_args()
    result = measured(options)
    options.out.mkdir(parents=True, exist_ok=True)
    whole = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    (options.out / "search-rerank.json").write_text(whole, encoding="utf-8")
    taken = ", ".join(f"{name} {value} ms" for name, value in result["milliseconds"].items())
    intro = [
        "# What a network gains that reads the best passages",
        "",
        f"`python -m training.rerank.measure`, {result['date']}: claims that are in no training pairs; figures as in",
        "[search-ablation.md](search-ablation.md). *share* is the weight of what was read beside the score before. Median time",
        f"of a claim with {READ} passages on one thread of a machine that ran other work: {taken}.",
    ]
    told = "\n".join([*intro, "", *table_lines(result)]) + "\n"
    (options.out / "search-rerank.md").write_text(told, encoding="utf-8")
    print(told)


if __name__ == "__main__":
    main()
