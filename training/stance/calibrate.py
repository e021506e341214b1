"""Fit temperature and thresholds of the shipped stance model on half of the development pairs; report on the other half.

Pairs are split by the hash of their set and id. Every set counts the same, whatever its size. The thresholds are the lowest at
which what is called support (or conflict) is right at the wanted precision on the fitting half: a point on its risk–coverage
curve, written to the report with its neighbours.

Command (from the repository root; about five minutes on two cores, then seconds, for logits are kept)::

    python -m training.stance.calibrate --tier fast --pairs ../shared/data/pairs --run ../run/stance-fast
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onrecord.stance import nli
from onrecord.stance.calibrate import (
    NEUTRAL,
    REFUTES,
    SUPPORTS,
    Calibration,
    Floats,
    Integers,
    expected_calibration_error,
    fit,
    probabilities,
    threshold_for_precision,
)
from training.stance.mixture import Label, Pair, read_pairs
from training.stance.neutrals import mine
from training.stance.tiers import TIERS, Tier

COLUMN: dict[Label, int] = {"supports": SUPPORTS, "refutes": REFUTES, "neutral": NEUTRAL}
PRECISION = 0.68
LEAST_THRESHOLD = 0.4
"""Below it a side that decides may be no more probable than the other. On the half not fitted on (accurate tier, 25 November
2026) 0.40 finds 70 % of either side at a precision of 0.71 and 0.72; 0.50 finds 63 and 58 % at 0.75."""
RESAMPLES = 1000
UNRELATED = 400
"""Pairs of each kind (near, random) that hold nothing on the claim, to count false alarms."""


def fitting_half(pair: Pair) -> bool:
    """Tell whether a pair belongs to the half that is fitted on."""
    return hashlib.sha256(f"{pair.dataset}:{pair.pair_id}".encode()).digest()[0] % 2 == 0


def fingerprint(pairs: Sequence[Pair]) -> str:
    """Return the sha256 over set, id and label of the pairs, sorted."""
    lines = sorted(f"{pair.dataset}\t{pair.pair_id}\t{pair.label}" for pair in pairs)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def dev_pairs(folder: Path, *, most: int) -> list[Pair]:
    """Return the development pairs, at most ``most`` of each set: those whose ids hash lowest."""
    chosen: list[Pair] = []
    for path in sorted((folder / "dev").glob("*.jsonl.gz")):
        pairs = sorted(read_pairs(path), key=lambda p: hashlib.sha256(f"sample:{p.pair_id}".encode()).digest())
        chosen += pairs[:most]
    return chosen


def logits_of(pairs: Sequence[Pair], encoder: nli.CrossEncoder, kept: Path) -> Floats:
    """Return the logits of all pairs (whole evidence as one window), from a file if these weights judged these pairs before."""
    key = f"{encoder.sha256}:{fingerprint(pairs)}"
    if kept.exists():
        with np.load(kept, allow_pickle=False) as stored:
            if str(stored["key"]) == key:
                found: Floats = stored["logits"]
                return found
    started = time.monotonic()
    found = encoder.logits([(pair.evidence, pair.claim) for pair in pairs])
    sys.stderr.write(f"{len(pairs)} pairs in {time.monotonic() - started:.0f} s\n")
    np.savez(kept, key=np.array(key), logits=found)
    return found


def false_alarms(pairs: Sequence[Pair], encoder: nli.CrossEncoder, made: Calibration) -> dict[str, Any]:
    """Return how often evidence of another claim is called support or conflict at the thresholds, by kind."""
    sets: dict[str, list[Pair]] = {}
    for pair in pairs:
        sets.setdefault(pair.dataset, []).append(pair)
    mined = mine(sets, seed=20)
    rng = np.random.default_rng(20)
    found: dict[str, Any] = {}
    for kind in ("mined_near", "mined_random"):
        some = [pair for pair in mined if pair.dataset == kind]
        some = [some[i] for i in rng.permutation(len(some))[:UNRELATED]]
        logits = encoder.logits([(pair.evidence, pair.claim) for pair in some])
        table = probabilities(logits, made.temperature, made.biases)
        found[kind] = {
            "n": len(some),
            "called_support": round(float((table[:, SUPPORTS] >= made.support_threshold).mean()), 3),
            "called_conflict": round(float((table[:, REFUTES] >= made.refute_threshold).mean()), 3),
        }
    return found


def set_weights(pairs: Sequence[Pair]) -> Floats:
    """Return one weight per pair, so that every set and every stance within it have the same mass.

    Sets differ in how many neutral pairs they hold (66 % in one, 33 % in another), which says nothing about an article: with
    the sets' own mixtures the fit learns to abstain, and three quarters of the contradictions are lost.
    """
    names = np.array([f"{pair.dataset}:{pair.label}" for pair in pairs])
    unique, counts = np.unique(names, return_counts=True)
    size = dict(zip(unique.tolist(), counts.tolist(), strict=True))
    return np.array([1.0 / size[name] for name in names.tolist()])


def macro_f1(gold: Integers, predicted: Integers) -> float:
    """Return the unweighted mean F1 over the stances that occur in ``gold``."""
    scores = []
    for column in np.unique(gold):
        hits = np.sum((gold == column) & (predicted == column))
        scores.append(2 * hits / max(1, np.sum(gold == column) + np.sum(predicted == column)))
    return float(np.mean(scores))


def interval(values: Sequence[float]) -> list[float]:
    """Return the 2.5th and 97.5th percentile, rounded."""
    low, high = np.percentile(values, [2.5, 97.5])
    return [round(float(low), 3), round(float(high), 3)]


def report_set(gold: Integers, table: Floats, reported: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Return accuracy and macro-F1 with 95 % bootstrap intervals on all pairs, and ECE on those not fitted on.

    A set without neutral pairs is scored two-way (the better of the two sides), its ECE on the renormalised two.
    """
    two_way = NEUTRAL not in gold
    if two_way:
        table = table.copy()
        table[:, NEUTRAL] = 0.0
        table = table / table.sum(axis=1, keepdims=True)
    predicted = table.argmax(axis=1)
    confidence, right = table.max(axis=1), predicted == gold
    draws = [rng.integers(0, len(gold), len(gold)) for _ in range(RESAMPLES)]
    half = np.flatnonzero(reported)
    half_draws = [rng.choice(half, len(half)) for _ in range(RESAMPLES)]
    return {
        "n": len(gold),
        "classes": 2 if two_way else 3,
        "accuracy": round(float(right.mean()), 3),
        "accuracy_95": interval([float(right[rows].mean()) for rows in draws]),
        "macro_f1": round(macro_f1(gold, predicted), 3),
        "macro_f1_95": interval([macro_f1(gold[rows], predicted[rows]) for rows in draws]),
        "ece": round(expected_calibration_error(confidence[half], right[half]), 3),
        "ece_95": interval([expected_calibration_error(confidence[rows], right[rows]) for rows in half_draws]),
    }


def curve(probability: Floats, right: np.ndarray, weights: Floats) -> list[dict[str, float]]:
    """Return precision, recall and coverage of one stance at thresholds from 0.35 to 0.95."""
    rows = []
    for step in range(35, 100, 5):
        above = probability >= step / 100
        if above.any():
            rows.append(
                {
                    "threshold": step / 100,
                    "precision": round(float(np.average(right[above], weights=weights[above])), 3),
                    "recall": round(float((weights * (above & right)).sum() / (weights * right).sum()), 3),
                    "coverage": round(float(np.average(above, weights=weights)), 3),
                }
            )
    return rows


def calibrate(  # noqa: PLR0913 - the options of the command
    tier: Tier, pairs_folder: Path, run: Path, *, precision: float, most: int, cache: Path
) -> dict[str, Any]:
    """Fit, write ``calibration.json`` beside the weights and return the whole report."""
    (tier.shipped / "calibration.json").unlink(missing_ok=True)
    encoder = nli.load_shipped(tier.name, cache)
    pairs = dev_pairs(pairs_folder, most=most)
    logits = logits_of(pairs, encoder, run / "dev-logits.npz")
    gold = np.array([COLUMN[pair.label] for pair in pairs])
    fitted = np.array([fitting_half(pair) for pair in pairs])
    weights = set_weights(pairs)
    # Two-way sets say nothing about the neutral class: they would pull the temperature towards their own mix.
    three_way = {pair.dataset for pair in pairs if pair.label == "neutral"}
    usable = np.array([pair.dataset in three_way for pair in pairs])
    chosen = fitted & usable
    temperature, biases = fit(logits[chosen], gold[chosen], weights[chosen])
    raw, table = probabilities(logits, 1.0), probabilities(logits, temperature, biases)

    def ece(rows: Floats, part: np.ndarray) -> float:
        named = rows[part]
        return expected_calibration_error(named.max(axis=1), named.argmax(axis=1) == gold[part], weights[part])

    held = ~fitted & usable
    thresholds = {
        column: threshold_for_precision(
            table[chosen, column],
            gold[chosen] == column,
            precision=precision,
            least=LEAST_THRESHOLD,
            weights=weights[chosen],
        )
        for column in (SUPPORTS, REFUTES)
    }
    made = Calibration(
        temperature=round(temperature, 4),
        biases=(round(biases[0], 4), round(biases[1], 4), 0.0),
        support_threshold=thresholds[SUPPORTS],
        refute_threshold=thresholds[REFUTES],
        data=(
            "half of the development pairs of the sets with three classes, by hash of set and id; "
            "every set and stance weighs the same"
        ),
        data_sha256=fingerprint([pair for pair, one in zip(pairs, chosen, strict=True) if one]),
        weights_sha256=encoder.sha256,
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        pairs=int(chosen.sum()),
        ece_before=ece(raw, held),
        ece_after=ece(table, held),
    )
    (tier.shipped / "calibration.json").write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
    rng = np.random.default_rng(20)
    names = np.array([pair.dataset for pair in pairs])
    sets = {
        str(name): report_set(gold[names == name], table[names == name], ~fitted[names == name], rng)
        for name in np.unique(names)
    }
    report = {
        "calibration": made.model_dump(),
        "sets": sets,
        "mean_macro_f1": round(float(np.mean([one["macro_f1"] for one in sets.values()])), 3),
        "unrelated": false_alarms(pairs, encoder, made),
        "supports_curve": curve(table[held, SUPPORTS], gold[held] == SUPPORTS, weights[held]),
        "refutes_curve": curve(table[held, REFUTES], gold[held] == REFUTES, weights[held]),
    }
    (run / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


def options_for(description: str | None, *, tier: str, threads: int) -> argparse.ArgumentParser:
    """Return the options of a command over the development pairs, with its own defaults."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder with dev/")
    parser.add_argument("--run", type=Path, required=True, help="folder where logits and the report are kept")
    parser.add_argument("--tier", choices=tuple(TIERS), default=tier)
    parser.add_argument("--cache", type=Path, default=Path("../run/models"), help="where the base network is joined")
    parser.add_argument("--most", type=int, default=100_000, help="most pairs of each set")
    parser.add_argument("--threads", type=int, default=threads)
    return parser


def main() -> None:
    """Calibrate and print the report as JSON and a Markdown table on stderr."""
    parser = options_for(__doc__, tier="fast", threads=2)
    parser.add_argument("--precision", type=float, default=PRECISION)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    report = calibrate(
        TIERS[options.tier],
        options.pairs,
        options.run,
        precision=options.precision,
        most=options.most,
        cache=options.cache,
    )
    sys.stderr.write("| set | n | classes | accuracy | macro-F1 (95 %) | ECE (95 %) |\n|---|---|---|---|---|---|\n")
    for name, one in report["sets"].items():
        sys.stderr.write(
            f"| {name} | {one['n']} | {one['classes']} | {one['accuracy']:.3f} | {one['macro_f1']:.3f} "
            f"({one['macro_f1_95'][0]:.3f}–{one['macro_f1_95'][1]:.3f}) | {one['ece']:.3f} "
            f"({one['ece_95'][0]:.3f}–{one['ece_95'][1]:.3f}) |\n"
        )
    print(json.dumps({key: value for key, value in report.items() if key != "sets"}, indent=1))


if __name__ == "__main__":
    main()
