r"""Fine-tune a stance model as a 3-way cross-encoder, on a budget of wall time.

The *fast* tier is MiniLM-L6, all layers trained; the *accurate* tier is MPNet with low-rank adapters, of which only the
adapters and the head are trained and shipped.

The learning rate, the mixture of the data and the end of the run are functions of the *elapsed time* of the budget, so that a
run ends when it should however busy the machine is. The run is resumable: a checkpoint is written atomically every ten
minutes, and starting the same command again goes on from it (time while it was stopped does not count).

Commands (from the repository root)::

    python -m training.stance.neutrals --pairs ../shared/data/pairs --output ../run/stance-fast/mined.jsonl
    python -m training.stance.contrast --data ../shared/data --output ../run/stance-fast/contrast.jsonl
    python -m training.stance.positions --output ../run/stance-fast/positions.jsonl
    python -m training.stance.train --tier fast --pairs ../shared/data/pairs --run ../run/stance-fast --minutes 85 --bf16
    python -m training.stance.train --tier accurate --pairs ../shared/data/pairs --run ../run/stance-accurate \
        --extra ../run/stance-fast --minutes 100 --bf16 --lr 3e-4 --batch 16
    python -m training.stance.export --tier accurate --run ../run/stance-accurate

Word embeddings stay frozen: they need not be shipped, because the loader takes them from the verified package. A run may start
from the shipped weights of its tier (``--from-shipped``), so that training goes on where an earlier run ended.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from training.stance.distil import Distilled, read_distilled
from training.stance.mixture import LABELS, WRITTEN, Label, Pair, Stream, load_sets, read_pairs, read_written
from training.stance.tiers import TIERS, load_tier, trained_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

MAX_TOKENS = 256
MAX_CLAIM_WORDS = 90
POOL_BATCHES = 24
CHECKPOINT_SECONDS = 600.0
LONG_TOKENS, LONG_SHARE = 160, 0.15
"""Of the pairs longer than this, only this share is used: they are tables and whole abstracts, and each costs four others."""


def encode(tokenizer: PreTrainedTokenizerBase, pairs: Sequence[Pair]) -> list[dict[str, list[int]]]:
    """Tokenise pairs (evidence first, claim second); only the evidence is cut, at 256 tokens in all."""
    claims = [" ".join(pair.claim.split()[:MAX_CLAIM_WORDS]) for pair in pairs]
    found = tokenizer(
        [" ".join(pair.evidence.split()[:MAX_TOKENS]) for pair in pairs],
        claims,
        truncation="only_first",
        max_length=MAX_TOKENS,
        padding=False,
    )
    return [{key: found[key][i] for key in tokenizer.model_input_names} for i in range(len(pairs))]


def collate(tokenizer: PreTrainedTokenizerBase, rows: Sequence[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    """Pad rows to the longest; returns int64 tensors of shape (rows, longest)."""
    longest = max(len(row["input_ids"]) for row in rows)
    fill = {"input_ids": int(tokenizer.pad_token_id)}
    return {
        key: torch.tensor([row[key] + [fill.get(key, 0)] * (longest - len(row[key])) for row in rows])
        for key in rows[0]
    }


def logits_of(
    model: torch.nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    pairs: Sequence[Pair],
    *,
    batch: int = 48,
    bf16: bool = False,
) -> torch.Tensor:
    """Return the logits of pairs, shape (pairs, 3), in the pairs' order; batches are sorted by length."""
    rows = encode(tokenizer, pairs)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]["input_ids"]))
    out = torch.empty(len(rows), 3)
    was_training = model.training
    model.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        for start in range(0, len(order), batch):
            part = order[start : start + batch]
            out[part] = model(**collate(tokenizer, [rows[i] for i in part])).logits.float()
    model.train(was_training)
    return out


def macro_f1(gold: Sequence[Label], predicted: Sequence[Label]) -> float:
    """Return the unweighted mean F1 over the labels that occur in ``gold`` (0 to 1)."""
    scores = []
    for label in sorted(set(gold)):
        hits = sum(g == p == label for g, p in zip(gold, predicted, strict=True))
        named = sum(p == label for p in predicted) + sum(g == label for g in gold)
        scores.append(2 * hits / named)
    return sum(scores) / len(scores)


def score(pairs: Sequence[Pair], logits: torch.Tensor) -> dict[str, Any]:
    """Return accuracy and macro-F1 over all pairs and by set. Sets without a neutral class are scored two-way."""
    by_set: dict[str, list[int]] = {}
    for i, pair in enumerate(pairs):
        by_set.setdefault(pair.dataset, []).append(i)
    sets: dict[str, Any] = {}
    for name, rows in sorted(by_set.items()):
        gold = [pairs[i].label for i in rows]
        part = logits[rows].clone()
        if "neutral" not in gold:
            part[:, LABELS.index("neutral")] = -torch.inf
        predicted = [LABELS[int(k)] for k in part.argmax(dim=1)]
        right = sum(g == p for g, p in zip(gold, predicted, strict=True))
        sets[name] = {
            "n": len(rows),
            "accuracy": round(right / len(rows), 4),
            "macro_f1": round(macro_f1(gold, predicted), 4),
        }
    return {
        "mean_macro_f1": round(sum(s["macro_f1"] for s in sets.values()) / len(sets), 4),
        "mean_accuracy": round(sum(s["accuracy"] for s in sets.values()) / len(sets), 4),
        "sets": sets,
    }


def dev_slice(pairs_folder: Path, *, n: int, seed: int) -> list[Pair]:
    """Return about ``n`` development pairs, the same number from each set, stratified by label."""
    paths = sorted((pairs_folder / "dev").glob("*.jsonl.gz"))
    per_set = max(1, n // len(paths))
    chosen: list[Pair] = []
    for path in paths:
        rng = random.Random(f"{seed}:{path.name}")  # noqa: S311 - reproducible sampling
        by_label: dict[str, list[Pair]] = {}
        for pair in read_pairs(path):
            by_label.setdefault(pair.label, []).append(pair)
        for label in sorted(by_label):
            rows = by_label[label]
            chosen += rng.sample(rows, min(len(rows), per_set // len(by_label)))
    return chosen


def read_extra(path: Path) -> list[Pair]:
    """Read mined or rule-made pairs written by the sibling modules; a missing file is an error, not an empty set."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Pair(r["claim"], r["evidence"], r["label"], r["dataset"], pair_id=r["id"]) for r in rows]


def save_atomically(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint beside its final name, then rename it, so that a crash leaves the previous one whole."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def loss_of(logits: torch.Tensor, pairs: Sequence[Pair], *, smoothing: float, temperature: float) -> torch.Tensor:
    """Return the mean cross-entropy with the labels, or with what a teacher said of those pairs that it labelled.

    Both sides of a teacher's pair are divided by the temperature; its gradient would shrink by the square of it, so it is
    multiplied by that (Hinton et al. 2015, section 2).
    """
    hot = torch.nn.functional.one_hot(torch.tensor([LABELS.index(pair.label) for pair in pairs]), len(LABELS)).float()
    wanted = hot * (1 - smoothing) + smoothing / len(LABELS)
    heat = torch.ones(len(pairs), 1)
    taught = [i for i, pair in enumerate(pairs) if pair.teacher]
    if taught:
        said = torch.tensor([pair.teacher for pair in pairs if pair.teacher])
        wanted[taught] = torch.softmax(said / temperature, dim=1)
        heat[taught] = temperature
    losses = -(wanted * torch.log_softmax(logits / heat, dim=1)).sum(dim=1) * heat.squeeze(1) ** 2
    return losses.mean()


class Average:
    """Exponential moving average of the trainable parameters, with a short memory at the start."""

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        """Start from the model's present parameters."""
        self.decay = decay
        self.steps = 0
        self.values = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}

    def update(self, model: torch.nn.Module) -> None:
        """Take one step towards the model's parameters."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name in self.values:
                    self.values[name].lerp_(parameter, 1 - decay)

    def swap(self, model: torch.nn.Module) -> None:
        """Exchange the model's parameters with the averaged ones; calling it twice restores both."""
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name in self.values:
                    kept = parameter.detach().clone()
                    parameter.copy_(self.values[name])
                    self.values[name] = kept


def run(options: argparse.Namespace) -> None:  # noqa: C901, PLR0915 - one pipeline, read from top to bottom
    """Train until the budget is spent; see the module's docstring."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    folder: Path = options.run
    folder.mkdir(parents=True, exist_ok=True)
    log = (folder / "log.jsonl").open("a", encoding="utf-8")

    def note(**row: Any) -> None:  # noqa: ANN401 - a log row holds any JSON value
        log.write(json.dumps({"time": time.strftime("%H:%M:%S"), **row}) + "\n")
        log.flush()

    sets = load_sets(options.pairs, seed=options.seed)
    extras = [
        pair
        for name in ("mined", "contrast", "positions")
        for pair in read_extra((options.extra or folder) / f"{name}.jsonl")
    ]
    for name in ("mined_near", "mined_random", "rule_made", "positions"):
        sets[name] = [pair for pair in extras if pair.dataset == name]
    sets["written"] = read_written(WRITTEN)
    if options.searched:
        sets["searched"] = read_extra(options.searched)
    checkpoint = folder / "checkpoint.pt"
    saved = torch.load(checkpoint, weights_only=True) if checkpoint.exists() else None
    seed = options.seed + (saved["step"] if saved else 0)
    stream = Stream(sets, seed=seed, weights=dict(options.weight))
    taught = Distilled(read_distilled(options.distilled) if options.distilled else [], seed=seed)
    dev = dev_slice(options.pairs, n=options.dev, seed=options.seed)
    tier = TIERS[options.tier]
    model, tokenizer = load_tier(tier, shipped=options.from_shipped, cache=options.cache)
    model.train()
    decayed = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    plain = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}],
        lr=options.lr,
        betas=(0.9, 0.99),
    )
    average = Average(model, options.average)
    step, seen, spent = 0, 0, 0.0
    if saved:
        if saved["tier"] != options.tier:
            msg = f"{checkpoint} is of the {saved['tier']} tier, not {options.tier}; name another --run"
            raise ValueError(msg)
        model.load_state_dict(saved["model"], strict=False)
        optimizer.load_state_dict(saved["optimizer"])
        average.values, average.steps = saved["average"], saved["average_steps"]
        step, seen, spent = saved["step"], saved["seen"], saved["spent"]
    note(
        event="start",
        step=step,
        spent=spent,
        sizes={k: len(v) for k, v in sets.items()} | {"distilled": len(taught)},
        seed=options.seed,
        lr=options.lr,
        batch=options.batch,
        smoothing=options.smoothing,
        minutes=options.minutes,
        dev=len(dev),
        bf16=options.bf16,
        tier=options.tier,
        from_shipped=options.from_shipped,
        soft_share=options.soft_share,
        temperature=options.temperature,
        weights=dict(options.weight),
    )

    budget = options.minutes * 60
    began = time.monotonic() - spent
    last_saved, last_noted = time.monotonic(), time.monotonic()
    running, counted, noted_seen, evaluated = 0.0, 0, seen, 0.0

    def save() -> None:
        save_atomically(
            {
                "tier": options.tier,
                "model": trained_state(model),
                "optimizer": optimizer.state_dict(),
                "average": average.values,
                "average_steps": average.steps,
                "step": step,
                "seen": seen,
                "spent": time.monotonic() - began,
            },
            checkpoint,
        )

    while (progress := (time.monotonic() - began) / budget) < 1:
        wanted = options.batch * POOL_BATCHES
        spoken = taught.draw(round(options.soft_share * wanted))
        pairs = [*spoken, *stream.draw(wanted - len(spoken), options.mixed + (1 - options.mixed) * progress)]
        rows = encode(tokenizer, pairs)
        chance = random.Random(options.seed + step)  # noqa: S311 - reproducible sampling
        kept = [
            i
            for i, row in enumerate(rows)
            if len(row["input_ids"]) <= LONG_TOKENS or pairs[i].dataset == "searched" or chance.random() < LONG_SHARE
        ]
        pairs, rows = [pairs[i] for i in kept], [rows[i] for i in kept]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]["input_ids"]))
        batches = [order[i : i + options.batch] for i in range(0, len(order), options.batch)]
        random.Random(options.seed + step).shuffle(batches)  # noqa: S311 - reproducible order
        for part in batches:
            progress = (time.monotonic() - began) / budget
            if progress >= 1:
                break
            rate = (
                min(progress / options.warmup, (1 - progress) / (1 - options.warmup))
                if options.warmup
                else 1 - progress
            )
            for group in optimizer.param_groups:
                group["lr"] = options.lr * max(rate, 0.002)
            with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
                found = model(**collate(tokenizer, [rows[i] for i in part])).logits
            loss = loss_of(
                found.float(),
                [pairs[i] for i in part],
                smoothing=options.smoothing,
                temperature=options.temperature,
            )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(decayed + plain, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            average.update(model)
            step, seen = step + 1, seen + len(part)
            running, counted = running + float(loss.detach()), counted + 1
        now = time.monotonic()
        if now - last_noted > options.note_seconds and counted:
            note(
                event="loss",
                step=step,
                seen=seen,
                progress=round((now - began) / budget, 4),
                loss=round(running / counted, 4),
                pairs_per_second=round((seen - noted_seen) / (now - last_noted - evaluated), 1),
            )
            running, counted, last_noted, noted_seen, evaluated = 0.0, 0, now, seen, 0.0
        if now - last_saved > CHECKPOINT_SECONDS:
            save()
            average.swap(model)
            found_scores = score(dev, logits_of(model, tokenizer, dev, bf16=options.bf16))
            average.swap(model)
            evaluated += time.monotonic() - now
            last_saved = time.monotonic()
            note(event="dev", weights="average", step=step, seen=seen, **found_scores)
    save()
    note(
        event="dev",
        weights="last",
        step=step,
        seen=seen,
        **score(dev, logits_of(model, tokenizer, dev, bf16=options.bf16)),
    )
    average.swap(model)
    note(
        event="dev",
        weights="average",
        step=step,
        seen=seen,
        **score(dev, logits_of(model, tokenizer, dev, bf16=options.bf16)),
    )
    note(event="end", step=step, seen=seen, drawn=stream.drawn)
    log.close()


def _weight(text: str) -> tuple[str, float]:
    name, value = text.split("=")
    return name, float(value)


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder with train/ and dev/")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run: log and checkpoint")
    parser.add_argument("--extra", type=Path, help="folder of mined, contrast and positions.jsonl; default: --run")
    parser.add_argument("--searched", type=Path, help="claims beside what search finds for them (searched.py)")
    parser.add_argument("--tier", choices=tuple(TIERS), default="fast")
    parser.add_argument("--from-shipped", action="store_true", help="start from the weights in the package")
    parser.add_argument(
        "--mixed", type=float, default=0.0, help="where in the course of the mixture to begin, 0 to 1; when going on"
    )
    parser.add_argument("--distilled", type=Path, help="pairs that a teacher labelled (distil.py)")
    parser.add_argument("--soft-share", type=float, default=0.4, help="their share of what is drawn")
    parser.add_argument("--temperature", type=float, default=2.0, help="by which a teacher's logits are divided")
    parser.add_argument(
        "--weight", type=_weight, action="append", default=[], help="SET=PAIRS, instead of its weight in mixture.PLAN"
    )
    parser.add_argument("--cache", type=Path, default=Path("../run/models"), help="where the base network is joined")
    parser.add_argument("--minutes", type=float, default=85.0)
    parser.add_argument("--lr", type=float, default=1.2e-4)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--warmup", type=float, default=0.04)
    parser.add_argument("--average", type=float, default=0.998, help="decay of the moving average of the weights")
    parser.add_argument("--dev", type=int, default=1200, help="development pairs scored at each checkpoint")
    parser.add_argument(
        "--threads", type=int, default=1, help="one, unless nothing else runs: threads wait for each other"
    )
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--note-seconds", type=float, default=60.0)
    parser.add_argument("--bf16", action="store_true", help="bfloat16 autocast; only where the hardware has it")
    options = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.stderr.write(f"log: {options.run / 'log.jsonl'}\n")
    run(options)


if __name__ == "__main__":
    main()
