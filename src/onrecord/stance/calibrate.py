"""From logits to probabilities that mean what they say, and the thresholds from which a stance is given.

Temperature scaling (Guo, Pleiss, Sun and Weinberger 2017, *On Calibration of Modern Neural Networks*, section 4.2) divides the
logits by one number, chosen to make held-out labels as likely as possible; it changes no ranking between the three stances.
The thresholds are chosen on the risk–coverage curve of held-out pairs. Both live in ``calibration.json`` beside the weights,
with the data's fingerprint. The columns of all arrays are supports, refutes, neutral.
"""

from __future__ import annotations

import json
import math
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


def probabilities(logits: npt.ArrayLike, temperature: float) -> Floats:
    """Return softmax(logits / temperature), row by row; shape (n, 3).

    >>> probabilities([[0.0, 0.0, 0.0]], 2.0).round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    powers = np.exp(scaled)
    total: Floats = powers / powers.sum(axis=1, keepdims=True)
    return total


def negative_log_likelihood(
    logits: npt.ArrayLike, gold: Integers, temperature: float, weights: Floats | None = None
) -> float:
    """Return the (weighted) mean negative log-likelihood of ``gold`` columns, in nats."""
    chosen = probabilities(logits, temperature)[np.arange(len(gold)), gold]
    return float(np.average(-np.log(np.clip(chosen, 1e-12, 1.0)), weights=weights))


def fit_temperature(logits: npt.ArrayLike, gold: Integers, weights: Floats | None = None) -> float:
    """Return the temperature in [0.2, 10] with the least negative log-likelihood, by golden-section search on its logarithm.

    Args:
        logits: Shape (n, 3).
        gold: Columns of the true stances, shape (n,).
        weights: One per pair, so that large sets do not decide alone; equal when None.

    Raises:
        ValueError: there is nothing to fit on.
    """
    if len(gold) == 0:
        message = "no pairs to fit a temperature on"
        raise ValueError(message)
    ratio = (math.sqrt(5) - 1) / 2
    low, high = math.log(0.2), math.log(10.0)
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if negative_log_likelihood(logits, gold, math.exp(left), weights) < negative_log_likelihood(
            logits, gold, math.exp(right), weights
        ):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


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
