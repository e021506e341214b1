"""Judge a kept run anew without the networks: the way to choose thresholds, margins and rules.

The folder that ``run … --out`` wrote holds what search brought and what the networks answered (``evals.keep``). A replay puts
both through today's judge and verdict in seconds, so that a change of a rule is seen on the same claims at once, and settings
can be tried on one set before they are reported on another. What the networks were not asked for they cannot answer: a replay
that wants more stops and says so.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evals.data import EvalDataError
from evals.keep import KeptClaim, KeptLogits, KeptNetwork, read_claims_of
from evals.metrics import rounded
from evals.result import Item, Result, flat
from evals.run import settings_in
from evals.tasks.end_to_end import figures_of, item_of
from evals.tasks.starter import merged
from evals.workspace import Places
from onrecord import verdict
from onrecord.records import CheckedClaim, Evidence
from onrecord.settings import Settings
from onrecord.stance import JudgeItem, cascade
from onrecord.stance.calibrate import Calibration, Floats
from onrecord.stance.judge import judge_with
from onrecord.workflow import strength


@dataclass(frozen=True, slots=True)
class Answered:
    """A network that has only the answers that were kept."""

    kept: KeptNetwork
    thresholds: Mapping[str, float]
    """Fields of the calibration to put in the place of the kept ones."""

    @property
    def name(self) -> str:
        """As the network's."""
        return self.kept.name

    @property
    def sha256(self) -> str:
        """As the network's: the answers are found by it."""
        return self.kept.sha256

    @property
    def calibration(self) -> Calibration:
        """The kept calibration with the given thresholds."""
        return self.kept.calibration.model_copy(update=dict(self.thresholds))

    def logits(self, pairs: Sequence[cascade.Pair]) -> Floats:
        """Say that these were never asked for.

        Raises:
            EvalDataError: always.
        """
        window, wording = pairs[0]
        message = (
            f"{len(pairs)} windows were not read by {self.kept.tier} in the kept run, the first {window[:80]!r} for "
            f"{wording[:80]!r}. Run it again with these settings: what was read is not read again."
        )
        raise EvalDataError(message)


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept run, read once for many replays."""

    result: Result
    claims: Sequence[KeptClaim]
    networks: Sequence[KeptNetwork]
    logits: KeptLogits
    places: Places


def read_kept(folder: Path) -> Kept:
    """Read a run with its answers.

    Raises:
        EvalDataError: something of it is missing or cannot be read.
    """
    run, claims = read_claims_of(folder)
    result = Result.model_validate_json((folder / "result.json").read_text(encoding="utf-8"))
    places = Places(sentences=run.sentences, names=run.names)
    return Kept(result, claims, run.networks, KeptLogits(folder / "logits.jsonl"), places)


def replay(
    kept: Kept, *, overrides: Mapping[str, str], thresholds: Mapping[str, float]
) -> tuple[dict[str, object], list[Item]]:
    """Judge and decide all claims anew; return the figures of the verdicts and the items.

    Args:
        kept: The run.
        overrides: Settings by name in the place of the run's. ``top_k`` can only be lowered.
        thresholds: ``support_threshold`` and ``refute_threshold`` in the place of the calibration's.

    Raises:
        EvalDataError: an answer is missing.
        SettingsError: an override that is not accepted.
    """
    recorded = {name: value for name, value in kept.result.settings.items() if value != str(None)}
    settings = settings_in(Path("unused"), {**recorded, **overrides})
    deciding, *others = [Answered(network, thresholds) for network in reversed(kept.networks)]
    networks = cascade.Networks(deciding, others[0] if others else None)
    labelled = [claim.labelled for claim in kept.claims]
    checked = [
        merged([_again(part, claim.article_date, networks, settings, kept.logits) for part in claim.parts])
        for claim in kept.claims
    ]
    figures, gold, predicted, _ = figures_of(labelled, checked, kept.places)
    items = [
        item_of(claim, item, g, p, kept.places)
        for claim, item, g, p in zip(labelled, checked, gold, predicted, strict=True)
    ]
    return figures, items


def _again(
    part: CheckedClaim, article_date: str, networks: cascade.Networks, settings: Settings, logits: KeptLogits
) -> CheckedClaim:
    date = dt.date.fromisoformat(article_date) if article_date else None
    hits = {item.hit.passage_id: item.hit for item in part.evidence}
    # In the order in which they were judged: the place counts in what the deciding network reads, and where windows of two
    # passages are equal, it decides which passage they count for. What a quotation brought was scored by no list: last.
    ordered = sorted(hits, key=lambda name: (hits[name].place or len(hits), -hits[name].fused_score, name))
    unscored = {name for name, hit in hits.items() if (hit.dense_score, hit.lexical_score) == (None, None)}
    found = [name for name in ordered if name not in unscored]
    wanted = [*found[: settings.top_k], *(name for name in ordered if name in unscored)]
    pieces = sorted(
        (item for item in part.evidence if item.hit.passage_id in wanted),
        key=lambda item: (wanted.index(item.hit.passage_id), item.question),
    )
    items = [
        JudgeItem(
            claim=part.claim,
            passage=piece.passage,
            hit=piece.hit,
            question=piece.question,
            hypothesis=piece.hypothesis,
            own_words=piece.own_words,
            article_date=date,
            quotations=part.quotations,
        )
        for piece in pieces
    ]
    judged = judge_with(networks, items, settings=settings, cache=logits)
    evidence: list[Evidence] = [
        new.model_copy(update={"copies": old.copies}) for new, old in zip(judged, pieces, strict=True)
    ]
    decided = verdict.decide(part.claim, evidence, settings=settings)
    return part.model_copy(update={"evidence": tuple(sorted(evidence, key=strength)), "verdict": decided})


SHOWN = (
    "accuracy",
    "macro_f1",
    "coverage",
    "accuracy_when_answered",
    "selective.accuracy@50",
    "selective.aurc",
    "forced_two_way.accuracy",
    "fever_score",
)
"""Figures of the table of replays, where the set has them."""


THRESHOLDS = ("support_threshold", "refute_threshold")


def half_of(kept: Kept, half: str) -> Kept:
    """Return a run's claims of one half by hash of their wording: what is chosen on ``choose`` is reported on ``report``."""
    number = ("choose", "report").index(half)
    claims = [c for c in kept.claims if hashlib.sha256(c.labelled.claim.encode()).digest()[0] % 2 == number]
    return replace(kept, claims=claims)


def sweep(
    runs: Sequence[Kept], varied: Mapping[str, Sequence[str]]
) -> list[tuple[dict[str, str], dict[str, float], list[Item]]]:
    """Replay runs under every combination of settings and thresholds.

    Args:
        runs: Kept runs; where there are several, figures are means over them, each run weighing the same.
        varied: Setting, ``support_threshold`` or ``refute_threshold`` → values; empty: one replay with today's rules.

    Returns:
        Combination, figures of ``SHOWN`` that all runs have, and the items of all runs.
    """
    rows = []
    for values in itertools.product(*varied.values()):
        chosen = dict(zip(varied, values, strict=True))
        overrides = {name: value for name, value in chosen.items() if name not in THRESHOLDS}
        thresholds = {name: float(value) for name, value in chosen.items() if name in THRESHOLDS}
        found = [replay(run, overrides=overrides, thresholds=thresholds) for run in runs]
        flattened = [dict(flat(figures)) for figures, _ in found]
        means = {
            name: rounded(sum(float(str(figures[name])) for figures in flattened) / len(flattened))
            for name in SHOWN
            if all(name in figures for figures in flattened)
        }
        rows.append((chosen, means, [item for _, items in found for item in items]))
    return rows


def show(rows: Sequence[tuple[dict[str, str], dict[str, float], list[Item]]], console: Console) -> None:
    """Print one table, a line for each combination."""
    columns = list(rows[0][1])
    table = Table(*(name.removesuffix("_threshold") for name in rows[0][0]), "n", *columns)
    for chosen, figures, items in rows:
        table.add_row(*chosen.values(), str(len(items)), *(f"{figures[name]:.3f}" for name in columns))
    console.print(table)
