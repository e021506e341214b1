"""Which network reads which window, and what need not be read again.

A passage as a whole decides; where it takes a side, its single sentences are read to find the rationale. One network reads
both; or, in a cascade, the fast one reads every passage and its sentences, and the accurate one reads and decides the few
passages that bear most on each question of each claim: those near it with a window on which the fast one has most of a view,
the first of search before later ones, then those far from it. What the accurate network has not read decides nothing, however
sure the fast one is: it leans to neither side by more than ``UNREAD_SIDE``.

The cascade's networks are loaded together; when one cannot be, the error says so and nothing is judged by the other alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from onrecord.settings import Settings
from onrecord.stance import nli
from onrecord.stance.calibrate import NEUTRAL, REFUTES, SUPPORTS, Calibration, Floats, probabilities
from onrecord.stance.questions import JudgeItem
from onrecord.stance.windows import RESTATED, Window, far

CASCADE = "cascade"
"""The name of both tiers together in ``Settings.stance_model``."""
UNREAD_SIDE = 0.3
"""Most that a window which the deciding network has not read leans to a side: less than a third, so that neutral is always the
most probable, and the doubt is still seen."""
LATER = 0.03
"""What one place later in search counts against a passage, beside the fast network's probability that it is neutral. Right
label and gold evidence together (FEVER score) without it and with it: SciFact 0.521 and 0.539, Check-COVID 0.204 and 0.217,
starter claims 0.766 and 0.771 (kept runs judged again, 26 November 2026)."""
_KEY_FORM = 1
"""Grows when the same texts are put to a network in another way."""

Pair = tuple[str, str]
"""What is read of a window and the wording that it is held against."""
Rows = Mapping[Pair, Floats]
"""Calibrated probabilities by pair."""


class Network(Protocol):
    """What judges pairs: an ``nli.CrossEncoder``."""

    @property
    def name(self) -> str:
        """Name for the reader."""

    @property
    def sha256(self) -> str:
        """Hash of the weights."""

    @property
    def calibration(self) -> Calibration:
        """How its logits become probabilities, and its thresholds."""

    def logits(self, pairs: Sequence[Pair]) -> Floats:
        """Return logits of shape (n, 3): supports, refutes, neutral."""


class Cache(Protocol):
    """Keeps logits by key. It never raises: what it cannot find or keep is read again."""

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, tuple[float, float, float]]:
        """Return what is kept of ``keys``."""

    def keep(self, judged: Mapping[bytes, tuple[float, float, float]]) -> None:
        """Keep more."""


@dataclass(frozen=True, slots=True)
class Networks:
    """The network that decides, and the one that chooses what it reads; without one it reads everything."""

    deciding: Network
    choosing: Network | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What is said of one window: calibrated probabilities."""

    row: Floats
    """Of the deciding network where it has read the window, else of the choosing one, held below ``UNREAD_SIDE``; undecided for
    a sentence that speaks for nothing."""
    decides: bool
    alone: Floats
    """Of the window's bare words, by which a rationale is found; ``row`` where they were not read."""


def load(settings: Settings) -> Networks:
    """Return the networks in force.

    Raises:
        StanceModelError: one of them cannot be loaded or fails its golden pairs.
    """
    if settings.stance_model == CASCADE:
        return Networks(nli.load_tier(settings, "accurate"), nli.load_tier(settings, "fast"))
    return Networks(nli.load(settings))


def read(
    networks: Networks,
    items: Sequence[JudgeItem],
    windows: Sequence[Sequence[Window]],
    *,
    settings: Settings,
    cache: Cache | None,
) -> list[list[Reading]]:
    """Return a reading of every window, in the items' and windows' order.

    Equal (window, wording) pairs are read once, and all pairs of all items go through a network together. Where one network
    reads all, sentences are read only of passages that take a side: elsewhere there is nothing to show.
    """
    speaking = [_deciding(item, found) for item, found in zip(items, windows, strict=True)]
    sentences = [[(one.text, item.hypothesis) for one in found[1:]] for item, found in zip(items, windows, strict=True)]
    if networks.choosing is not None:
        seen = _rows(networks.choosing, _unique([*speaking, *sentences]), cache)
        decided = _rows(networks.deciding, _chosen(items, speaking, sentences, seen, settings), cache)
    else:
        decided = _rows(networks.deciding, _unique(speaking), cache)
        limits = networks.deciding.calibration
        shown = [
            sentences[number]
            for number, pairs in enumerate(speaking)
            if any(_takes_a_side(decided[pair], limits) for pair in pairs)
        ]
        new = [pair for pair in _unique(shown) if pair not in decided]
        seen = {**decided, **_rows(networks.deciding, new, cache)}
    return [
        [_reading(window, item.hypothesis, decided, seen) for window in found]
        for item, found in zip(items, windows, strict=True)
    ]


def _unique(parts: Sequence[Sequence[Pair]]) -> list[Pair]:
    return list(dict.fromkeys(pair for pairs in parts for pair in pairs))


def _reading(window: Window, wording: str, decided: Rows, seen: Rows) -> Reading:
    headed = (window.read, wording)
    if headed in decided:
        row = decided[headed]
    else:
        row = np.array([0.0, 0.0, 1.0])
        if headed in seen:
            row[[SUPPORTS, REFUTES]] = np.minimum(seen[headed][[SUPPORTS, REFUTES]], UNREAD_SIDE)
            row[NEUTRAL] = 1.0 - row[[SUPPORTS, REFUTES]].sum()
    return Reading(row, headed in decided, seen.get((window.text, wording), seen.get(headed, row)))


def _takes_a_side(row: Floats, limits: Calibration) -> bool:
    return bool(row[SUPPORTS] >= limits.support_threshold or row[REFUTES] >= limits.refute_threshold)


def _deciding(item: JudgeItem, found: Sequence[Window]) -> list[Pair]:
    """Return what may decide an item: the passage as a whole, and its sentences that restate the claim."""
    return [(window.read, item.hypothesis) for n, window in enumerate(found) if n == 0 or window.shared >= RESTATED]


def _chosen(
    items: Sequence[JudgeItem],
    speaking: Sequence[Sequence[Pair]],
    sentences: Sequence[Sequence[Pair]],
    seen: Rows,
    settings: Settings,
) -> list[Pair]:
    """Return the pairs that the deciding network reads: the passages that bear most on each question of each claim."""
    questions: dict[tuple[str, str, str], dict[str, tuple[bool, float, Sequence[Pair]]]] = {}
    for item, pairs, others in zip(items, speaking, sentences, strict=True):
        if pairs:
            asked = questions.setdefault((item.claim.id, item.question, item.hypothesis), {})
            doubt = min(float(seen[pair][NEUTRAL]) for pair in (*pairs, *others)) + LATER * len(asked)
            asked.setdefault(pairs[0][0], (far(item), doubt, pairs))
    chosen: dict[Pair, None] = {}
    for asked in questions.values():
        for _, _, pairs in sorted(asked.values(), key=lambda one: one[:2])[: settings.stance_passages]:
            chosen.update(dict.fromkeys(pairs))
    return list(chosen)


def _rows(network: Network, pairs: Sequence[Pair], cache: Cache | None) -> dict[Pair, Floats]:
    """Return calibrated probabilities by pair. Logits are kept, so that another calibration finds them again."""
    if not pairs:
        return {}
    keys = [_key(network, pair) for pair in pairs]
    known = dict(cache.known(keys)) if cache is not None else {}
    new = [number for number, key in enumerate(keys) if key not in known]
    if new:
        logits = network.logits([pairs[number] for number in new])
        fresh = {keys[n]: (float(a), float(b), float(c)) for n, (a, b, c) in zip(new, logits, strict=True)}
        known.update(fresh)
        if cache is not None:
            cache.keep(fresh)
    calibration = network.calibration
    table = probabilities([known[key] for key in keys], calibration.temperature, calibration.biases)
    return dict(zip(pairs, table, strict=True))


def _key(network: Network, pair: Pair) -> bytes:
    # JSON keeps the parts apart whatever characters they hold, and writes lone surrogates as ASCII.
    return hashlib.sha256(json.dumps([_KEY_FORM, network.sha256, *pair]).encode()).digest()
