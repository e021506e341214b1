r"""Train the adapters with which claims are embedded: which passages of the record decide this claim?

Low-rank adapters over the packaged MiniLM that only claims go through. Passages keep the vectors that they have, so that no
collection is built anew and each batch of claims can be held against every passage of its set: the loss is that of the passages
that decide the claim among all of them, without the other passages of the same documents. Claims are those of ``pairs/train``
whose evidence supports or refutes them; no claim of ``pairs/dev`` is used. After each epoch claims of the retrieval sets that
are not learnt from are searched by vectors alone (documents, nDCG@10): half of them, by which epochs and strength are chosen.

Commands (from the repository root; the first goes on from the last epoch)::

    python -m training.search.train --data ../shared/data --cache VECTORS.db --run RUN
    python -m training.search.train --run RUN --ship 1.0
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evals import metrics
from evals.ablation import Floats, Vectors, drawn, spans, worded
from evals.data import read_claims, read_corpus
from onrecord.index import embed
from onrecord.settings import load_settings
from onrecord.stance.nli import native_bfloat16
from training.rerank.lists import EVIDENCE_ONLY, WITH_CORPUS, gold_windows
from training.stance.mixture import dev_claims, normalised, read_pairs
from training.stance.tiers import trained_state
from training.stance.train import save_atomically

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TIMES = {"scifact": 3, "check_covid": 2, "climate_fever": 2, "fool_me_twice": 2, "healthver": 2}
"""How often the claims of a set are seen in an epoch; those of a set that is not named, once."""
MOST = 4_000
"""Claims of one set in an epoch."""
RANK = 16
PARTS = ["query", "key", "value", "dense"]
"""Layers of MiniLM with adapters: all that are linear."""
SCALE = 25.0
"""What cosines are multiplied with in the loss."""
MAX_TOKENS = 128
"""Word pieces of a claim."""
STRENGTHS = (0.5, 0.7, 1.0)
"""Shares of the adapters that are tried after each epoch."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim, and the passages that decide it or lie in a document that does, by number."""

    claim: str
    gold: tuple[int, ...]
    same: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Searched:
    """The passages of a set with the claims that are learnt from, and those that are only measured."""

    vectors: Floats
    documents: tuple[int, ...]
    """The number of each passage's document."""
    learnt: tuple[Asked, ...]
    measured: tuple[Asked, ...]


def with_corpus(name: str, data: Path, vectors: Vectors) -> Searched:
    """Return a retrieval set."""
    documents, settings = read_corpus(data / "retrieval" / name / "corpus.jsonl.gz"), load_settings()
    places = spans(documents, settings)
    of_pairs = data / "pairs" / "train" / f"{name}.jsonl.gz"
    allowed = {normalised(pair.claim) for pair in read_pairs(of_pairs)} - dev_claims(data / "pairs")
    learnt, measured = list[Asked](), list[Asked]()
    for claim in read_claims(data / "retrieval" / name / "claims.jsonl.gz"):
        gold = gold_windows(documents, places, claim)
        names = set(claim.gold_documents)
        asked = Asked(
            claim.claim,
            tuple(gold),
            tuple(number for number, (document, _, _) in enumerate(places) if documents[document].id in names),
        )
        if gold and normalised(claim.claim) in allowed:
            learnt.append(asked)
        elif gold and drawn(claim.id)[-1] % 2 == 0:
            measured.append(asked)
    known = vectors.of(worded(documents, settings, header=True), what=name)
    return Searched(known, tuple(document for document, _, _ in places), tuple(learnt), tuple(measured))


def evidence_only(name: str, data: Path, vectors: Vectors) -> Searched:
    """Return a set of pairs: its claims are searched in all of its evidence."""
    forbidden = dev_claims(data / "pairs")
    pairs = list(read_pairs(data / "pairs" / "train" / f"{name}.jsonl.gz"))
    texts = list(dict.fromkeys(pair.evidence for pair in pairs))
    place = {text: number for number, text in enumerate(texts)}
    gold: dict[str, dict[int, None]] = {}
    for pair in pairs:
        if pair.label != "neutral" and normalised(pair.claim) not in forbidden:
            gold.setdefault(pair.claim, {})[place[pair.evidence]] = None
    learnt = tuple(Asked(claim, tuple(numbers), tuple(numbers)) for claim, numbers in gold.items())
    return Searched(vectors.of(texts, what=name), tuple(range(len(texts))), learnt, ())


def adapted() -> tuple[Any, PreTrainedTokenizerBase]:
    """Return the packaged network with adapters that change nothing yet, and its tokenizer."""
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415  heavy
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415

    folder = embed.packaged_folder()
    base = AutoModel.from_pretrained(folder, use_safetensors=True)
    shape = LoraConfig(r=RANK, lora_alpha=2 * RANK, lora_dropout=0.1, target_modules=PARTS)
    return get_peft_model(base, shape), AutoTokenizer.from_pretrained(folder)


def vectors_of(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, claims: Sequence[str]) -> torch.Tensor:
    """Return vectors of length 1, (claims, 384): the mean of all word pieces."""
    batch = tokenizer(list(claims), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
    with torch.autocast("cpu", torch.bfloat16, enabled=native_bfloat16()):
        states = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).float()
    return torch.nn.functional.normalize((states.float() * mask).sum(1) / mask.sum(1), dim=1)


def embedded(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, claims: Sequence[str]) -> Floats:
    """Return the vectors of any number of claims, without learning."""
    with torch.inference_mode():
        parts = [vectors_of(model, tokenizer, claims[start : start + 32]) for start in range(0, len(claims), 32)]
    found: Floats = torch.cat(parts).numpy()
    return found


def loss_of(cosines: torch.Tensor, asked: Sequence[Asked]) -> torch.Tensor:
    """Return how little of all that is found decides the claims; ``cosines`` is (claims, passages)."""
    gold, left_out = torch.zeros_like(cosines, dtype=torch.bool), torch.zeros_like(cosines, dtype=torch.bool)
    for row, one in enumerate(asked):
        left_out[row, list(one.same)] = True
        gold[row, list(one.gold)] = True
    scores = (SCALE * cosines).masked_fill(left_out & ~gold, -math.inf)
    return (scores.logsumexp(1) - scores.masked_fill(~gold, -math.inf).logsumexp(1)).mean()


def batches(sets: dict[str, Searched], size: int, chance: random.Random) -> list[tuple[str, list[Asked]]]:
    """Return an epoch: batches of claims of one set each."""
    found = list[tuple[str, list[Asked]]]()
    for name, one in sets.items():
        claims = list(one.learnt) * TIMES.get(name, 1)
        chance.shuffle(claims)
        claims = claims[:MOST]
        found += [(name, claims[start : start + size]) for start in range(0, len(claims), size)]
    chance.shuffle(found)
    return found


def strengthened(model: torch.nn.Module, share: float) -> None:
    """Let the adapters count by a share of what they learnt."""
    for layer in model.modules():
        scaling = getattr(layer, "scaling", None)
        if isinstance(scaling, dict):
            scaling.update(dict.fromkeys(scaling, 2.0 * share))


def measured(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, sets: dict[str, Searched]) -> dict[str, Any]:
    """Return for each strength the documents' nDCG@10 by set, and the mean."""
    model.eval()
    rows: dict[str, Any] = {}
    for share in (0.0, *STRENGTHS):
        strengthened(model, share)
        figures = {}
        for name, one in sets.items():
            if not one.measured:
                continue
            queries = embedded(model, tokenizer, [asked.claim for asked in one.measured])
            relevant, rankings = {}, {}
            for number, (asked, line) in enumerate(zip(one.measured, queries @ one.vectors.T, strict=True)):
                relevant[str(number)] = tuple({str(one.documents[place]) for place in asked.same})
                order = dict.fromkeys(str(one.documents[place]) for place in np.argsort(-line)[:300])
                rankings[str(number)] = list(order)[:100]
            _, per_query = metrics.retrieval(relevant, rankings)
            figures[name] = round(sum(row["ndcg@10"] for row in per_query.values()) / len(per_query), 4)
        rows[str(share)] = {"mean": round(sum(figures.values()) / len(figures), 4), **figures}
    strengthened(model, 1.0)
    model.train()
    return rows


def steps(options: argparse.Namespace, sets: dict[str, Searched]) -> Iterator[tuple[int, str, list[Asked]]]:
    """Yield the epoch, the set and the claims of every step, the same for the same seed."""
    for epoch in range(options.epochs):
        for name, asked in batches(sets, options.batch, random.Random(options.seed + epoch)):  # noqa: S311  reproducible order
            yield epoch, name, asked


def run(options: argparse.Namespace) -> None:
    """Train for some epochs; see the module's docstring."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    folder: Path = options.run
    folder.mkdir(parents=True, exist_ok=True)
    with closing(Vectors(options.cache, load_settings())) as vectors:
        sets = {name: with_corpus(name, options.data, vectors) for name in WITH_CORPUS}
        sets |= {name: evidence_only(name, options.data, vectors) for name in EVIDENCE_ONLY}
    passages = {name: torch.from_numpy(one.vectors) for name, one in sets.items()}
    model, tokenizer = adapted()
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=options.lr, weight_decay=0.01)
    checkpoint = folder / "checkpoint.pt"
    done = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"], strict=False)
        optimizer.load_state_dict(saved["optimizer"])
        done = saved["done"]
    every = list(steps(options, sets))
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:

        def note(**row: Any) -> None:  # noqa: ANN401  a log row holds any JSON value
            log.write(json.dumps({"time": time.strftime("%H:%M:%S"), **row}) + "\n")
            log.flush()

        given = {name: value for name, value in vars(options).items() if not isinstance(value, Path)}
        note(event="start", steps=len(every), claims={name: len(one.learnt) for name, one in sets.items()}, **given)
        losses: dict[str, list[float]] = {}
        for number, (epoch, name, asked) in enumerate(every):
            if number < done:
                continue
            share = number / len(every)
            for group in optimizer.param_groups:
                group["lr"] = options.lr * min(share / options.warmup, (1 - share) / (1 - options.warmup))
            loss = loss_of(vectors_of(model, tokenizer, [one.claim for one in asked]) @ passages[name].T, asked)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.setdefault(name, []).append(float(loss.detach()))
            ended = number + 1 == len(every) or every[number + 1][0] != epoch
            if ended or (number + 1) % 50 == 0:
                means = {name: round(sum(values) / len(values), 3) for name, values in sorted(losses.items())}
                note(event="loss", step=number + 1, epoch=epoch, loss=means)
                losses = {}
            if ended:
                state = {"model": trained_state(model), "optimizer": optimizer.state_dict(), "done": number + 1}
                save_atomically(state, checkpoint)
                note(event="dev", step=number + 1, epoch=epoch, ndcg=measured(model, tokenizer, sets))
        note(event="end")


def ship(run_folder: Path, share: float) -> None:
    """Write the adapters of a run into the package, their strength in their configuration."""
    model, _ = adapted()
    model.load_state_dict(torch.load(run_folder / "checkpoint.pt", weights_only=True)["model"], strict=False)
    shape = model.peft_config["default"]
    shape.lora_alpha, shape.lora_dropout, shape.inference_mode = 2 * RANK * share, 0.0, True
    shape.base_model_name_or_path = embed.DEFAULT_MODEL
    with tempfile.TemporaryDirectory() as folder:
        model.half().save_pretrained(folder)
        for name in ("adapter_model.safetensors", "adapter_config.json"):  # and not the card that it writes
            shutil.copyfile(Path(folder) / name, embed.CLAIMS_FOLDER / name)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with pairs/ and retrieval/")
    parser.add_argument("--cache", type=Path, default=Path("vectors.db"), help="vectors, as evals.ablation keeps them")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: log and checkpoint")
    parser.add_argument("--ship", type=float, metavar="SHARE", help="write the run's adapters into the package instead")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--batch", type=int, default=32, help="claims in a step")
    parser.add_argument("--warmup", type=float, default=0.06)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=27)
    options = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if options.ship is not None:
        ship(options.run, options.ship)
    else:
        run(options)


if __name__ == "__main__":
    main()
