"""From logits to probabilities that mean what they say, and the thresholds from which a stance is given.

Temperature scaling (Guo, Pleiss, Sun and Weinberger 2017, *On Calibration of Modern Neural Networks*, section 4.2) divides the
logits by one number, chosen to make held-out labels as likely as possible; one bias per stance besides (bias-corrected
temperature scaling, Alexandari, Kundaje and Shrikumar 2020, section 3.2) takes back a leaning of the training mixture.
The thresholds are chosen on the risk–coverage curve of held-out pairs. Both live in ``calibration.json`` beside the weights,
with the data's fingerprint. The columns of all arrays are supports, refutes, neutral.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onrecord.errors import StanceModelError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SUPPORTS, REFUTES, NEUTRAL = 0, 1, 2
"""Columns of logits and probabilities, everywhere in this package."""


class Calibration(BaseModel):
    """What ``calibration.json`` holds. The default is that of a model nobody calibrated: its raw softmax, and caution."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: Annotated[float, Field(gt=0)] = 1.0
    biases: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Added to the divided logits: supports, refutes, neutral."""
    support_threshold: Annotated[float, Field(gt=0, le=1)] = 0.6
    refute_threshold: Annotated[float, Field(gt=0, le=1)] = 0.6
    data: str = ""
    """What it was fitted on, in words; empty: not calibrated."""
    data_sha256: str = ""
    """Fingerprint of the fitting pairs: sha256 over their ids and labels, sorted."""
    weights_sha256: str = ""
    """The weights it was fitted for; empty: any."""
    date: str = ""
    pairs: Annotated[int, Field(ge=0)] = 0
    """How many pairs it was fitted on."""
    ece_before: Annotated[float, Field(ge=0, le=1)] | None = None
    ece_after: Annotated[float, Field(ge=0, le=1)] | None = None
    """Expected calibration error on pairs that were not fitted on, before and after."""


def load_calibration(path: Path) -> Calibration:
    """Read a calibration file; a model without one is used uncalibrated, with cautious thresholds.

    Raises:
        StanceModelError: the file is there but cannot be used.
    """
    if not path.exists():
        return Calibration()
    try:
        return Calibration.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValidationError, ValueError) as error:
        message = (
            f"{path} is not a usable calibration ({error}). Fit it again or remove it to use the model uncalibrated."
        )
        raise StanceModelError(message) from error


def probabilities(
    logits: npt.ArrayLike, temperature: float, biases: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Floats:
    """Return softmax(logits / temperature + biases), row by row; shape (n, 3).

    >>> probabilities([[0.0, 0.0, 0.0]], 2.0).round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature + np.asarray(biases)
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    powers = np.exp(scaled)
    total: Floats = powers / powers.sum(axis=1, keepdims=True)
    return total


def fit(
    logits: npt.ArrayLike, gold: Integers, weights: Floats | None = None, *, with_biases: bool = True
) -> tuple[float, tuple[float, float, float]]:
    """Return the temperature and the biases that make ``gold`` most likely, by Newton's method (the problem is convex).

    Args:
        logits: Shape (n, 3).
        gold: Columns of the true stances, shape (n,).
        weights: One per pair, so that large sets do not decide alone; equal when None.
        with_biases: Fit biases too; else they are zero. The last bias is always zero: only differences count.

    Returns:
        A temperature in [0.2, 10] and three biases.

    Raises:
        ValueError: there is nothing to fit on.
    """
    if len(gold) == 0:
        message = "no pairs to fit a temperature on"
        raise ValueError(message)
    values = np.asarray(logits, dtype=np.float64)
    mass = np.ones(len(gold)) if weights is None else np.asarray(weights, dtype=np.float64)
    mass = mass / mass.sum()
    # One column of features per parameter: the slope multiplies the logits, each bias one stance.
    features = np.zeros((3 if with_biases else 1, len(gold), 3))
    features[0] = values
    for number in range(1, len(features)):
        features[number, :, number - 1] = 1.0
    found = np.zeros(len(features))
    found[0] = 1.0
    for _ in range(100):
        table = probabilities(np.einsum("k,knc->nc", found, features), 1.0)
        expected = np.einsum("nc,knc->kn", table, features)
        gradient = (expected - features[:, np.arange(len(gold)), gold]) @ mass
        centred = features - expected[:, :, None]
        curvature = np.einsum("n,nc,knc,lnc->kl", mass, table, centred, centred)
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), gradient)
        found -= step * min(1.0, 1.0 / (np.abs(step).max() + 1e-12))
        found[0] = np.clip(found[0], 0.1, 5.0)
        if np.abs(step).max() < 1e-8:  # noqa: PLR2004  converged
            break
    biases = (float(found[1]), float(found[2])) if with_biases else (0.0, 0.0)
    return 1.0 / float(found[0]), (*biases, 0.0)


def expected_calibration_error(
    confidence: Floats, right: npt.NDArray[np.bool_], weights: Floats | None = None, *, bins: int = 10
) -> float:
    """Return the expected calibration error over equal-width bins (Guo et al. 2017, equation 3), in [0, 1].

    >>> expected_calibration_error(np.array([0.9, 0.9]), np.array([True, False]))
    0.4
    """
    weight = np.ones(len(confidence)) if weights is None else weights
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for number in range(bins):
        inside = place == number
        if inside.any():
            mass = weight[inside].sum()
            gap = np.average(right[inside], weights=weight[inside]) - np.average(
                confidence[inside], weights=weight[inside]
            )
            total += float(mass * abs(gap))
    return round(total / float(weight.sum()), 6)


def threshold_for_precision(
    probability: Floats, right: npt.NDArray[np.bool_], *, precision: float, least: float, weights: Floats | None = None
) -> float:
    """Return the lowest threshold, from ``least`` up, at which what is above it is right at the wanted precision.

    Args:
        probability: Probability of one stance for every pair, shape (n,).
        right: Whether that stance is the true one, shape (n,).
        precision: Wanted share of right ones among those at or above the threshold.
        least: The lowest threshold considered.
        weights: One per pair; equal when None.

    Returns:
        A threshold in [least, 0.95], in steps of 0.01; 0.95 if no lower one reaches the precision.
    """
    weight = np.ones(len(probability)) if weights is None else weights
    for step in range(round(least * 100), 95):
        above = probability >= step / 100
        if above.any() and np.average(right[above], weights=weight[above]) >= precision:
            return step / 100
    return 0.95
