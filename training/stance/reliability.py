"""How far each development set is from calibrated, by which form of calibration, and how many contradictions are found.

Every form is fitted on each of the halves that `calibrate` splits the pairs into, and asked for the pairs of the other one.
Beside each error stands what a *perfectly* calibrated network would show on as few pairs: the expected calibration error is
never negative, so chance alone keeps it above zero.

The forms under `EXPLAINING` know which set a pair is from, which no one does who reads an article: they say where the rest of
the error comes from and are not offered for use.

Command (from the repository root; seconds where `calibrate` kept its logits in ``--run``)::

    python -m training.stance.reliability --tier accurate --pairs ../shared/data/pairs --run ../run/stance-accurate --most 300
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from onrecord.stance import nli
from onrecord.stance.calibrate import (
    NEUTRAL,
    REFUTES,
    Floats,
    Integers,
    expected_calibration_error,
    fit,
    probabilities,
    threshold_for_precision,
)
from training.stance.calibrate import (
    COLUMN,
    curve,
    dev_pairs,
    fitting_half,
    interval,
    logits_of,
    options_for,
    set_weights,
)

KINDS: Mapping[str, str] = {
    "scifact": "science",
    "healthver": "science",
    "check_covid": "science",
    "emergent": "news",
    "factcheck_gpt": "news",
    "ling_in_loop": "general",
    "conjnli": "general",
}
"""Kind of text of a set; the others are of an encyclopaedia."""
AIMED_AT = (
    "fever_dev",
    "fever_symmetric",
    "fool_me_twice",
    "scifact",
    "healthver",
    "check_covid",
    "climate_fever",
    "ling_in_loop",
)
"""Sets for which the project has set itself figures."""
PRECISION = 0.75
"""Wanted of what is called a contradiction."""
LEAST_THRESHOLD = 0.35
DRAWS = 1000
WANTED = 0.05
"""Expected calibration error that is aimed at on every set."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Logits of pairs with their stance, set and weight; all of shape (n, …)."""

    logits: Floats
    gold: Integers
    sets: np.ndarray
    weights: Floats

    def part(self, rows: np.ndarray) -> Sample:
        """Return the rows that are chosen by a mask or by number."""
        return Sample(self.logits[rows], self.gold[rows], self.sets[rows], self.weights[rows])

    def three_way(self) -> Sample:
        """Return the rows of sets that hold neutral pairs: the others say nothing about the neutral class."""
        return self.part(np.isin(self.sets, np.unique(self.sets[self.gold == NEUTRAL])))


Form = Callable[[Sample, Sample], Floats]
"""From what is fitted on and what is asked for, to the probabilities of the latter; shape (n, 3)."""


def uncalibrated(_: Sample, asked: Sample) -> Floats:
    """Return the softmax of the network."""
    return probabilities(asked.logits, 1.0)


def one_temperature(fitted: Sample, asked: Sample) -> Floats:
    """Divide by one number."""
    known = fitted.three_way()
    return probabilities(asked.logits, *fit(known.logits, known.gold, known.weights, with_biases=False))


def shipped(fitted: Sample, asked: Sample) -> Floats:
    """Temperature and biases, every set and stance weighing the same: the form that is shipped."""
    known = fitted.three_way()
    return probabilities(asked.logits, *fit(known.logits, known.gold, known.weights))


def mixed(fitted: Sample, asked: Sample) -> Floats:
    """Temperature and biases for the stances as the sets hold them, every set weighing the same."""
    known = fitted.three_way()
    _, place, counts = np.unique(known.sets, return_inverse=True, return_counts=True)
    return probabilities(asked.logits, *fit(known.logits, known.gold, 1.0 / counts[place]))


def matrix(fitted: Sample, asked: Sample) -> Floats:
    """Logistic regression over the three logits (matrix scaling, Guo et al. 2017, section 4.2)."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  heavy

    known = fitted.three_way()
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(known.logits, known.gold, sample_weight=known.weights / known.weights.mean())
    found: Floats = model.predict_proba(asked.logits)
    return found


def isotonic(fitted: Sample, asked: Sample) -> Floats:
    """One rising step function for each stance, made to sum to one (Zadrozny and Elkan 2002)."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415  heavy

    known = fitted.three_way()
    before, table = probabilities(known.logits, 1.0), probabilities(asked.logits, 1.0)
    found = np.empty_like(table)
    for column in range(table.shape[1]):
        model = IsotonicRegression(y_min=1e-3, y_max=1.0, out_of_bounds="clip")
        model.fit(before[:, column], (known.gold == column).astype(float), sample_weight=known.weights)
        found[:, column] = model.predict(table[:, column])
    total: Floats = found / found.sum(axis=1, keepdims=True)
    return total


def by_kind(fitted: Sample, asked: Sample) -> Floats:
    """Temperature and biases for each kind of text."""
    return _apart(fitted.three_way(), asked, lambda name: KINDS.get(name, "encyclopaedia"), shipped)


def own_prior_unlabelled(fitted: Sample, asked: Sample) -> Floats:
    """As shipped, then moved to each set's mixture as estimated without its labels (Saerens et al. 2002, section 2.2)."""
    table = shipped(fitted, asked).copy()
    for name in np.unique(asked.sets):
        rows = asked.sets == name
        own, prior = table[rows], np.full(3, 1 / 3)
        for _ in range(200):
            moved = own * prior * 3
            moved /= moved.sum(axis=1, keepdims=True)
            prior = moved.mean(axis=0)
        table[rows] = moved
    return table


def own_prior(fitted: Sample, asked: Sample) -> Floats:
    """As shipped, then moved to the mixture of stances in each set's fitting half."""
    table = shipped(fitted, asked).copy()
    for name in np.unique(asked.sets):
        known = np.bincount(fitted.gold[fitted.sets == name], minlength=3) + 0.5
        rows = asked.sets == name
        table[rows] *= known / known.sum()
    total: Floats = table / table.sum(axis=1, keepdims=True)
    return total


def own_fit(fitted: Sample, asked: Sample) -> Floats:
    """Temperature and biases fitted on each set by itself; a set of two stances by its temperature alone."""

    def one(known: Sample, wanted: Sample) -> Floats:
        three = NEUTRAL in known.gold
        logits = known.logits if three else known.logits + np.eye(3)[NEUTRAL] * -100.0
        return probabilities(wanted.logits, *fit(logits, known.gold, with_biases=three))

    return _apart(fitted, asked, str, one)


def _apart(fitted: Sample, asked: Sample, kind: Callable[[str], str], form: Form) -> Floats:
    found = np.empty((len(asked.gold), 3))
    known, wanted = (np.array([kind(str(name)) for name in one.sets]) for one in (fitted, asked))
    for name in np.unique(wanted):
        found[wanted == name] = form(fitted.part(known == name), asked.part(wanted == name))
    return found


FORMS: Mapping[str, Form] = {
    "none": uncalibrated,
    "temperature": one_temperature,
    "shipped": shipped,
    "as mixed": mixed,
    "matrix": matrix,
    "isotonic": isotonic,
    "by kind": by_kind,
}
EXPLAINING: Mapping[str, Form] = {
    "own prior, no labels": own_prior_unlabelled,
    "own prior": own_prior,
    "own fit": own_fit,
}


def sure(table: Floats, gold: Integers) -> tuple[Floats, np.ndarray]:
    """Return confidence and rightness of a set's pairs; two-way where it holds no neutral pair, as `report_set`."""
    if NEUTRAL not in gold:
        table = table * (np.arange(3) != NEUTRAL)
        table = table / table.sum(axis=1, keepdims=True)
    return table.max(axis=1), table.argmax(axis=1) == gold


def floor(confidence: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """Return mean and 95th percentile of the error where every confidence is the true chance of being right."""
    found = [expected_calibration_error(confidence, rng.random(len(confidence)) < confidence) for _ in range(DRAWS)]
    return float(np.mean(found)), float(np.percentile(found, 95))


def crossed(form: Form, one: Sample, other: Sample) -> Floats:
    """Return the probabilities of both samples, the first one's before the other's, each by what is fitted on the other."""
    return np.concatenate([form(other, one), form(one, other)])


def by_set(one: Sample, other: Sample) -> dict[str, dict[str, float]]:
    """Return the error of every form on every set, with what a perfect one would show on as many pairs."""
    tables = {name: crossed(form, one, other) for name, form in {**FORMS, **EXPLAINING}.items()}
    gold, sets = np.concatenate([one.gold, other.gold]), np.concatenate([one.sets, other.sets])
    rng = np.random.default_rng(20)
    found: dict[str, dict[str, float]] = {}
    for name in np.unique(sets):
        rows = sets == name
        mean, high = floor(sure(tables["shipped"][rows], gold[rows])[0], rng)
        errors = {form: expected_calibration_error(*sure(table[rows], gold[rows])) for form, table in tables.items()}
        found[str(name)] = {"n": int(rows.sum()), "perfect": mean, "perfect, 95 %": high, **errors}
    return found


def log_losses(one: Sample, other: Sample) -> dict[str, float]:
    """Return each form's mean negative log-likelihood over the sets with three stances, set and stance weighing the same."""
    known = one.three_way(), other.three_way()
    gold, weights = (np.concatenate([getattr(part, field) for part in known]) for field in ("gold", "weights"))
    return {
        name: round(float(np.average(-np.log(crossed(form, *known)[np.arange(len(gold)), gold]), weights=weights)), 4)
        for name, form in FORMS.items()
    }


def contradictions(fitted: Sample, held: Sample) -> dict[str, Any]:
    """Return precision and recall of refutes at the threshold that has the wanted precision on the fitting half.

    ``three-class sets`` weighs every set and stance the same; the others count each pair of their sets once.
    """
    rng = np.random.default_rng(20)
    found: dict[str, Any] = {}
    for name, known, asked, weighed in (
        ("three-class sets", fitted.three_way(), held.three_way(), True),
        ("all sets", fitted, held, False),
        ("sets aimed at", *(one.part(np.isin(one.sets, AIMED_AT)) for one in (fitted, held)), False),
    ):
        if not len(asked.gold):
            continue
        before, after = shipped(fitted, known)[:, REFUTES], shipped(fitted, asked)[:, REFUTES]
        threshold = threshold_for_precision(
            before,
            known.gold == REFUTES,
            precision=PRECISION,
            least=LEAST_THRESHOLD,
            weights=known.weights if weighed else None,
        )
        weights = asked.weights if weighed else np.ones(len(asked.gold))
        true, called = asked.gold == REFUTES, after >= threshold

        def share(of: np.ndarray, rows: np.ndarray, hit: np.ndarray = true & called, mass: Floats = weights) -> float:
            return float(mass[rows][hit[rows]].sum() / mass[rows][of[rows]].sum())

        everything = np.arange(len(true))
        draws = [rng.integers(0, len(true), len(true)) for _ in range(DRAWS)]
        found[name] = {
            "n": len(true),
            "threshold": threshold,
            "precision": round(share(called, everything), 3),
            "precision_95": interval([share(called, rows) for rows in draws]),
            "recall": round(share(true, everything), 3),
            "recall_95": interval([share(true, rows) for rows in draws]),
            "curve": curve(after, true, weights),
        }
    return found


def main() -> None:
    """Print the table of the sets and the figures of contradictions."""
    options = options_for(__doc__, tier="accurate", threads=1).parse_args()
    torch.set_num_threads(options.threads)
    pairs = dev_pairs(options.pairs, most=options.most)
    options.run.mkdir(parents=True, exist_ok=True)
    logits = logits_of(pairs, nli.load_shipped(options.tier, options.cache), options.run / "dev-logits.npz")
    sample = Sample(
        logits,
        np.array([COLUMN[pair.label] for pair in pairs]),
        np.array([pair.dataset for pair in pairs]),
        set_weights(pairs),
    )
    half = np.array([fitting_half(pair) for pair in pairs])
    fitted, held = sample.part(half), sample.part(~half)
    sets = by_set(fitted, held)
    columns = list(next(iter(sets.values())))[1:]
    sys.stderr.write(f"| set | n | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}\n")
    for name, row in sets.items():
        sys.stderr.write(f"| {name} | {row['n']} | {' | '.join(f'{row[column]:.3f}' for column in columns)} |\n")
    rows = list(sets.values())
    means = [f"{np.mean([row[column] for row in rows]):.3f}" for column in columns]
    within = [str(sum(row[column] <= WANTED for row in rows)) for column in columns]
    beyond = [str(sum(row[column] > row["perfect, 95 %"] for row in rows)) for column in columns]
    for title, cells in (("mean", means), (f"sets at {WANTED} or less", within), ("sets beyond chance", beyond)):
        sys.stderr.write(f"| {title} | | {' | '.join(cells)} |\n")
    print(
        json.dumps(
            {"sets": sets, "log_loss": log_losses(fitted, held), "contradictions": contradictions(fitted, held)},
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
