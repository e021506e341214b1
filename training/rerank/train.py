r"""Train the network that puts found passages in order: which of these decides the claim?

A cross-encoder of (passage, claim) with one output. Embeddings and lower layers are those of the packaged MiniLM and stay
frozen, so that they need not be shipped; the upper four start from the fast stance model's, whose head also gives the first
reading of relevance: how far it is from neutral. The loss is that of the right passage in a list (listwise cross-entropy). The
budget is wall time, and the same command goes on from the last checkpoint.

Commands (from the repository root)::

    python -m training.rerank.train --lists RUN/lists.jsonl --dev RUN/dev.jsonl --run RUN --minutes 40 --bf16
    python -m training.rerank.measure --data ../shared/data --cache VECTORS.db --run RUN
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file

from onrecord.stance import bases, nli
from training.rerank.lists import ClaimList
from training.stance.mixture import Pair
from training.stance.tiers import trained_state
from training.stance.train import CHECKPOINT_SECONDS, Average, collate, encode, save_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

WEIGHTS = {"fever_dev": 1.0, "fever_nli": 1.0, "feverous": 0.5, "healthver": 2.0, "factcheck_gpt": 2.0, "emergent": 1.0}
"""How often a list is drawn beside others; of a set that is not named, `IN_DOCUMENT`."""
IN_DOCUMENT = 3.0
"""Sets with whole documents: only there does a list hold other passages of the very document that decides."""
FROZEN_LAYERS = 2
"""Layers of MiniLM's six that stay as they are, beside the embeddings: 14 MB would be shipped instead of 45."""
NEARER = 2.0
"""Negatives are drawn by a power of a uniform number, so that those that stand higher come more often."""


def load_network(*, warm: bool) -> tuple[torch.nn.Module, PreTrainedTokenizerBase]:
    """Return the network with its lower part frozen, and its tokenizer.

    Args:
        warm: Start the upper layers and the head from the fast stance model.
    """
    from transformers import AutoTokenizer, BertForSequenceClassification  # noqa: PLC0415  heavy

    folder = bases.minilm_folder()
    model: Any = BertForSequenceClassification.from_pretrained(folder, use_safetensors=True, num_labels=1)
    for parameter in model.bert.embeddings.parameters():
        parameter.requires_grad_(requires_grad=False)
    for layer in model.bert.encoder.layer[:FROZEN_LAYERS]:
        for parameter in layer.parameters():
            parameter.requires_grad_(requires_grad=False)
    if warm:
        stance = {name: value.float() for name, value in load_file(nli.FAST_FOLDER / "model.safetensors").items()}
        shape = json.loads((nli.FAST_FOLDER / "config.json").read_text(encoding="utf-8"))
        supports, refutes, neutral = nli.label_columns(shape["id2label"], name="fast")
        for part in ("classifier.weight", "classifier.bias"):
            rows = stance.pop(part)
            stance[part] = ((rows[supports] + rows[refutes]) / 2 - rows[neutral]).unsqueeze(0)
        wanted = trained_state(model)
        model.load_state_dict({name: value for name, value in stance.items() if name in wanted}, strict=False)
    return model, AutoTokenizer.from_pretrained(folder)


def read_lists(path: Path) -> list[ClaimList]:
    """Return the lists that `training.rerank.lists` wrote."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [ClaimList(r["dataset"], r["claim"], tuple(r["positives"]), tuple(r["negatives"])) for r in rows]


def drawn_pairs(one: ClaimList, negatives: int, chance: random.Random) -> list[Pair]:
    """Return one passage that decides, then some that do not; fewer where the list has no more."""
    left, taken = list(one.negatives), list[str]()
    while left and len(taken) < negatives:
        taken.append(left.pop(int(len(left) * chance.random() ** NEARER)))
    return [Pair(one.claim, text, "neutral", one.dataset) for text in (chance.choice(one.positives), *taken)]


def scores_of(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[Pair], *, bf16: bool
) -> torch.Tensor:
    """Return the relevance of pairs, shape (pairs,)."""
    rows = encode(tokenizer, pairs)
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]["input_ids"]))
    found = torch.empty(len(rows))
    model.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        for start in range(0, len(order), 24):
            part = order[start : start + 24]
            found[part] = model(**collate(tokenizer, [rows[number] for number in part])).logits.float().squeeze(1)
    model.train()
    return found


def measured(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, lists: Sequence[ClaimList], *, bf16: bool
) -> dict[str, Any]:
    """Return by set, and as their mean, the reciprocal rank of the first passage that decides among the negatives."""
    by_set: dict[str, list[float]] = {}
    pairs = [
        [Pair(one.claim, text, "neutral", one.dataset) for text in (one.positives[0], *one.negatives[:11])]
        for one in lists
    ]
    scores = scores_of(model, tokenizer, [pair for some in pairs for pair in some], bf16=bf16)
    at = 0
    for one, some in zip(lists, pairs, strict=True):
        own = scores[at : at + len(some)]
        by_set.setdefault(one.dataset, []).append(1.0 / (1 + int((own[1:] >= own[0]).sum())))
        at += len(some)
    means = {name: round(sum(values) / len(values), 4) for name, values in sorted(by_set.items())}
    return {"mrr": round(sum(means.values()) / len(means), 4), "sets": means}


def dev_slice(lists: Sequence[ClaimList], most: int) -> list[ClaimList]:
    """Return about ``most`` lists, the same number of each set, the first in the order of the file."""
    by_set: dict[str, list[ClaimList]] = {}
    for one in lists:
        by_set.setdefault(one.dataset, []).append(one)
    return [one for some in by_set.values() for one in some[: max(1, most // len(by_set))]]


def run(options: argparse.Namespace) -> None:  # noqa: PLR0915  one pipeline, read from top to bottom
    """Train until the budget is spent; see the module's docstring."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    folder: Path = options.run
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    lists, dev = read_lists(options.lists), dev_slice(read_lists(options.dev), options.dev_lists)
    model, tokenizer = load_network(warm=not options.cold)
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [one for one in trained if one.ndim > 1], "weight_decay": 0.01},
            {"params": [one for one in trained if one.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=options.lr,
        betas=(0.9, 0.99),
    )
    average = Average(model, options.average)
    step, seen, spent = 0, 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"], strict=False)
        optimizer.load_state_dict(saved["optimizer"])
        average.values, average.steps = saved["average"], saved["average_steps"]
        step, seen, spent = saved["step"], saved["seen"], saved["spent"]

    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:

        def note(**row: Any) -> None:  # noqa: ANN401  a log row holds any JSON value
            log.write(json.dumps({"time": time.strftime("%H:%M:%S"), "step": step, "seen": seen, **row}) + "\n")
            log.flush()

        given = {name: value for name, value in vars(options).items() if not isinstance(value, Path)}
        note(event="start", spent=spent, lists=len(lists), **given)
        note(event="dev", weights="first", **measured(model, tokenizer, dev, bf16=options.bf16))
        budget, began = options.minutes * 60, time.monotonic() - spent
        last_saved = last_noted = time.monotonic()
        losses: list[float] = []
        weights = [WEIGHTS.get(one.dataset, IN_DOCUMENT) for one in lists]

        def save() -> None:
            state = {"model": trained_state(model), "optimizer": optimizer.state_dict(), "average": average.values}
            numbers = {"average_steps": average.steps, "step": step, "seen": seen, "spent": time.monotonic() - began}
            save_atomically({**state, **numbers}, checkpoint)

        while (progress := (time.monotonic() - began) / budget) < 1:
            chance = random.Random(options.seed * 1_000_003 + step)  # noqa: S311  reproducible order
            pool = [
                drawn_pairs(one, options.negatives, chance)
                for one in chance.choices(lists, weights=weights, k=options.batch * options.pool)
            ]
            # Of like length together, so that little is computed on padding.
            pool.sort(key=lambda some: max(len(pair.evidence) for pair in some))
            batches = [pool[start : start + options.batch] for start in range(0, len(pool), options.batch)]
            chance.shuffle(batches)
            for batch in batches:
                progress = (time.monotonic() - began) / budget
                if progress >= 1:
                    break
                rate = min(progress / options.warmup, (1 - progress) / (1 - options.warmup))
                for group in optimizer.param_groups:
                    group["lr"] = options.lr * max(rate, 0.002)
                rows = encode(tokenizer, [pair for some in batch for pair in some])
                with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
                    found = model(**collate(tokenizer, rows)).logits.float().squeeze(1)
                parts = found.split([len(some) for some in batch])
                loss = torch.stack([-torch.log_softmax(part, dim=0)[0] for part in parts]).mean()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                average.update(model)
                step, seen = step + 1, seen + len(rows)
                losses.append(float(loss.detach()))
            now = time.monotonic()
            if now - last_noted > options.note_seconds:
                note(event="loss", progress=round(progress, 4), loss=round(math.fsum(losses) / len(losses), 4))
                losses, last_noted = [], now
            if now - last_saved > CHECKPOINT_SECONDS:
                save()
                average.swap(model)
                note(event="dev", weights="average", **measured(model, tokenizer, dev, bf16=options.bf16))
                average.swap(model)
                last_saved = time.monotonic()
        save()
        note(event="dev", weights="last", **measured(model, tokenizer, dev, bf16=options.bf16))
        average.swap(model)
        note(event="dev", weights="average", **measured(model, tokenizer, dev, bf16=options.bf16))
        note(event="end")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True, help="lists scored at each checkpoint")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: log and checkpoint")
    parser.add_argument("--cold", action="store_true", help="start from MiniLM instead of the fast stance model")
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--batch", type=int, default=5, help="lists in a step")
    parser.add_argument("--negatives", type=int, default=5, help="of each list")
    parser.add_argument("--pool", type=int, default=40, help="steps whose lists are drawn together")
    parser.add_argument("--warmup", type=float, default=0.04)
    parser.add_argument("--average", type=float, default=0.998)
    parser.add_argument("--dev-lists", type=int, default=150)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=26)
    parser.add_argument("--note-seconds", type=float, default=60.0)
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.stderr.write(f"log: {options.run / 'log.jsonl'}\n")
    run(options)


if __name__ == "__main__":
    main()
