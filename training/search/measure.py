"""What the adapters of claims gain, on claims that they have not learnt from.

Beside each other: claims embedded as passages are, and through the adapters at several strengths; by words, by vectors
alone, and in the product's ranking; by words and by vectors of passages without their title, as the plainest search has them;
and the product's ranking with other weights. Half of the claims are for choosing strength and weights, the other half for
reporting (`evals.ablation.halves`).

Command (from the repository root; it writes ``evals/results/search-claims.json`` and ``.md``)::

    python -m training.search.measure --data ../shared/data --cache VECTORS.db             # the shipped adapters
    python -m training.search.measure --data ../shared/data --cache VECTORS.db --run RUN   # those of a run
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import json
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from peft import set_peft_model_state_dict
from safetensors.torch import load_file

from evals.ablation import (
    SETS,
    Cut,
    Draw,
    Variant,
    Vectors,
    alone,
    as_product,
    by_meaning,
    halves,
    prepared,
    scored,
    weighted,
    with_document,
    worded,
)
from evals.data import CorpusDocument, LabelledClaim, read_claims, without
from onrecord.index import embed
from onrecord.settings import load_settings
from training.search.train import STRENGTHS, adapted, embedded, strengthened

CITED = "scifact, cited papers"
"""SciFact with the papers that a claim cites as what is looked for, as BEIR has it, neutral claims included."""
WEIGHTS: dict[str, Variant] = {
    **{
        f"meaning {meaning}, other passages {others}": with_document(weighted(meaning), others)
        for meaning in (0.5, 0.55, 0.6, 0.65)
        for others in (0.05, 0.1, 0.2)
    },
    **{
        f"meaning {meaning}, other passages 0.05, best passage {best}": with_document(weighted(meaning), 0.05, best)
        for meaning in (0.55, 0.6)
        for best in (0.1, 0.2, 0.35, 0.5)
    },
}
"""What the weights were chosen from, with the adapters as they are shipped."""


@dataclass(frozen=True, slots=True)
class Citing(Draw):
    """A draw whose claims ask for the papers that they cite."""

    def of(self, data: Path, name: str) -> tuple[list[CorpusDocument], list[LabelledClaim]]:
        """Read a set and draw from it."""
        with gzip.open(data / name / "claims.jsonl.gz", "rt", encoding="utf-8") as stream:
            cited = {row["id"]: tuple(row["cited_docs"]) for row in map(json.loads, stream)}
        documents, _ = Draw(0, 0, {}).of(data, name)
        claims = without(read_claims(data / name / "claims.jsonl.gz"), self.learnt)
        return documents, [
            claim.model_copy(update={"gold_documents": cited[claim.id], "rationales": {}}) for claim in claims
        ]


def main() -> None:
    """Measure a run and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with pairs/ and retrieval/")
    parser.add_argument("--cache", type=Path, default=Path("vectors.db"), help="vectors, as evals.ablation keeps them")
    parser.add_argument("--run", type=Path, help="folder of a run; without it the shipped adapters")
    parser.add_argument("--out", type=Path, default=Path("evals/results"))
    options = parser.parse_args()
    settings = load_settings()
    rankings: dict[str, Variant] = {
        "vectors alone": alone("dense"),
        "the product's ranking": as_product(settings),
    }
    model, tokenizer = adapted()
    if options.run is None:
        set_peft_model_state_dict(model, load_file(embed.CLAIMS_FOLDER / "adapter_model.safetensors"))
    else:
        model.load_state_dict(torch.load(options.run / "checkpoint.pt", weights_only=True)["model"], strict=False)
    model.eval()
    rows: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    with closing(Vectors(options.cache, settings)) as vectors:
        for name in (*SETS, CITED):
            of = name.partition(",")[0]
            pairs = options.data / "pairs" / "train" / f"{of}.jsonl.gz"
            draw = (Citing if name == CITED else Draw)(0, 0, {}, (pairs,) if pairs.exists() else ())
            replay = prepared(of, options.data / "retrieval", vectors, Cut(), draw)
            texts = [claim.claim for claim in replay.claims]
            for share in (0.0, *STRENGTHS):
                strengthened(model, share)
                queries = embedded(model, tokenizer, texts)
                changed = replace(replay, queries=queries, dense=by_meaning(replay.vectors, queries))
                some = {
                    f"{title}, adapters {share}" if share else f"{title}, no adapters": by
                    for title, by in rankings.items()
                }
                if share == 1.0:
                    some |= WEIGHTS | {"words alone": alone("lexical"), "words alone, no titles": alone("bodies")}
                for label, variant in some.items():
                    rows.setdefault(label, {})[name] = halves(scored(changed, variant))
            untitled = by_meaning(
                vectors.of(worded(replay.documents, settings, header=False), what=name), replay.queries
            )
            found = scored(replace(replay, dense=untitled), alone("dense"))
            rows.setdefault("vectors alone, no titles, no adapters", {})[name] = halves(found)
            sys.stderr.write(f"{name}: {len(texts)} claims\n")
    result = {"date": dt.datetime.now(dt.UTC).date().isoformat(), "variants": dict(sorted(rows.items()))}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "search-claims.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (options.out / "search-claims.md").write_text(told(result["date"], result["variants"]), encoding="utf-8")


def told(date: str, rows: dict[str, dict[str, dict[str, dict[str, float]]]]) -> str:
    """Return the table in Markdown."""
    names = [*SETS, CITED]
    some = next(iter(rows.values()))
    lines = [
        "# What the adapters of claims gain",
        "",
        f"`python -m training.search.measure`, {date}: whole corpora, claims that the adapters have not learnt from.",
        "Documents, nDCG@10 / recall@5 / recall@100, of the half for reporting; *choose* is the mean nDCG@10 over the sets on",
        "the other half, by which the strength is chosen; *rationale* is the share of claims of which a whole gold rationale",
        "lies within ten passages.",
        "",
        "| | choose | report | rationale: choose | report | " + " | ".join(names) + " |",
        "|---|---|---|---|---|" + "---|" * len(names),
        "| claims, reporting half | | | | | " + " | ".join(f"{some[name]['report']['n']:.0f}" for name in names) + " |",
    ]
    for label, by_set in rows.items():
        means = [
            np.mean([by_set[name][half][measure] for name in SETS if measure in by_set[name][half]])
            for measure in ("ndcg@10", "rationale@10")
            for half in ("choose", "report")
        ]
        cells = [
            " / ".join(f"{by_set[name]['report'][measure]:.3f}" for measure in ("ndcg@10", "recall@5", "recall@100"))
            for name in names
        ]
        lines.append("| " + " | ".join([label, *(f"{value:.3f}" for value in means), *cells]) + " |")
    sentences = [name for name in SETS if "sentences@10" in some[name]["report"]]
    lines += [
        "",
        "Gold sentences among the first ten passages, claims that have some: mean share over the sets of either half, and of",
        "each set's claims of both halves. Without titles, passages are embedded and searched as their bare text: the plainest",
        "form of either retriever. All else sees passages under their titles.",
        "",
        "| | choose | report | " + " | ".join(sentences) + " |",
        "|---|" + "---|" * (len(sentences) + 2),
    ]
    for label, by_set in rows.items():
        shares = [
            np.average(
                [by_set[name][half]["sentences@10"] for half in ("choose", "report")],
                weights=[by_set[name][half]["n with rationale"] for half in ("choose", "report")],
            )
            for name in sentences
        ]
        means = [np.mean([by_set[name][half]["sentences@10"] for name in sentences]) for half in ("choose", "report")]
        lines.append("| " + " | ".join([label, *(f"{share:.3f}" for share in (*means, *shares))]) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
