"""Compare two runs item by item, and look at the mistakes of one.

A run is the folder that ``python -m evals run … --out DIR`` writes: ``result.json`` and ``items.jsonl``.
"""

from __future__ import annotations

import collections
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from scipy.stats import binomtest

from evals.data import EvalDataError
from evals.metrics import Interval, interval, paired_p_value, resample_weights, rounded
from evals.result import Item, Result

SHOWN = 5
"""Examples of each group that a terminal shows."""


@dataclass(frozen=True, slots=True)
class Run:
    """The figures of a run and its items by id."""

    folder: Path
    result: Result
    items: Mapping[str, Item]


def read_run(folder: Path) -> Run:
    """Read what ``--out`` wrote.

    Raises:
        EvalDataError: a file is missing, unreadable or of another version, or an id occurs twice.
    """
    try:
        result = Result.model_validate_json((folder / "result.json").read_text(encoding="utf-8"))
        lines = (folder / "items.jsonl").read_text(encoding="utf-8").splitlines()
        items = [Item.model_validate_json(line) for line in lines]
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        message = (
            f"{folder} is no run that can be read: {reason}. Give a folder that `python -m evals run … --out` wrote."
        )
        raise EvalDataError(message) from error
    by_id = {item.id: item for item in items}
    if len(by_id) != len(items):
        twice = next(name for name, count in collections.Counter(item.id for item in items).items() if count > 1)
        message = f"{folder / 'items.jsonl'}: the id {twice!r} occurs twice."
        raise EvalDataError(message)
    return Run(folder, result, by_id)


class Share(BaseModel):
    """Right answers among the items of one class or kind, before and after."""

    model_config = ConfigDict(frozen=True)

    n: int
    before: float
    after: float
    gained: int
    lost: int
    p_value: float
    """Exact McNemar test within the group. With many groups, one in twenty lies below 0.05 by chance alone."""


class Comparison(BaseModel):
    """What changed between two runs on the same items."""

    model_config = ConfigDict(frozen=True)

    task: str
    n: int
    before: float
    after: float
    """Shares of right answers."""
    difference: float
    interval: Interval
    """95 % paired bootstrap interval of the difference, over claims."""
    p_value: float
    """Exact McNemar test, two-sided: how likely a split of gains and losses at least this uneven is by chance."""
    bootstrap_p_value: float
    """Paired bootstrap over claims, two-sided; it minds that several items may share a claim."""
    gains: tuple[str, ...]
    losses: tuple[str, ...]
    """Ids that became right, and that became wrong."""
    per_class: Mapping[str, Share]
    per_kind: Mapping[str, Share]
    changed: Mapping[str, tuple[str, str]]
    """Settings, models and code that differ: before and after."""


def compare(first: Run, second: Run, *, seed: int = 0) -> Comparison:
    """Compare two runs of one task on the same items.

    Raises:
        EvalDataError: the tasks, the data, the items or their gold labels differ.
    """
    _same(first, second)
    ids = list(first.items)
    gold = [first.items[name].gold for name in ids]
    kinds = [str(first.items[name].details.get("kind") or "") for name in ids]
    before = np.array([first.items[name].right for name in ids], dtype=np.float64)
    after = np.array([second.items[name].right for name in ids], dtype=np.float64)
    gains = tuple(name for name, b, a in zip(ids, before, after, strict=True) if a > b)
    losses = tuple(name for name, b, a in zip(ids, before, after, strict=True) if b > a)
    weights = resample_weights([first.items[name].claim for name in ids], seed=seed)
    drawn = weights @ (after - before) / weights.sum(axis=1)
    return Comparison(
        task=first.result.task,
        n=len(ids),
        before=rounded(before.mean()),
        after=rounded(after.mean()),
        difference=rounded(after.mean() - before.mean()),
        interval=interval(drawn),
        p_value=_mcnemar(len(gains), len(losses)),
        bootstrap_p_value=paired_p_value(before, after, [first.items[name].claim for name in ids], seed=seed),
        gains=gains,
        losses=losses,
        per_class=_shares(gold, before, after),
        per_kind=_shares(kinds, before, after) if any(kinds) else {},
        changed=_changed(first.result, second.result),
    )


def _same(first: Run, second: Run) -> None:
    for what, left, right in (
        ("tasks", first.result.task, second.result.task),
        ("data", first.result.data.sha256, second.result.data.sha256),
    ):
        if left != right:
            message = (
                f"The {what} differ: {left} in {first.folder}, {right} in {second.folder}. Compare runs on the same."
            )
            raise EvalDataError(message)
    different = first.items.keys() ^ second.items.keys()
    if different or not first.items:
        named = f" ({min(different)!r} is in one only)" if different else ": there are none"
        message = f"The items differ{named}. Run both with the same --limit and --seed."
        raise EvalDataError(message)
    for name, item in first.items.items():
        if item.gold != second.items[name].gold:
            message = f"The gold label of {name!r} differs: {item.gold} and {second.items[name].gold}."
            raise EvalDataError(message)


def _shares(groups: Sequence[str], before: np.ndarray, after: np.ndarray) -> dict[str, Share]:
    names = np.array(groups)
    shares: dict[str, Share] = {}
    for group in sorted(set(groups)):
        was, now = before[names == group], after[names == group]
        gained, lost = int((now > was).sum()), int((was > now).sum())
        shares[group] = Share(
            n=len(was),
            before=rounded(was.mean()),
            after=rounded(now.mean()),
            gained=gained,
            lost=lost,
            p_value=_mcnemar(gained, lost),
        )
    return shares


def _mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p-value of the exact test: whether gains and losses are as likely as each other."""
    return rounded(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def _changed(first: Result, second: Result) -> dict[str, tuple[str, str]]:
    def facts(result: Result) -> dict[str, str]:
        # By name as well as by role: the two networks of a cascade have one role.
        models = {f"model: {model.role}: {model.name}": model.sha256[:12] for model in result.models}
        return {**result.settings, **models, "code": result.code_sha256[:12], "package": result.package_version}

    left, right = facts(first), facts(second)
    names = sorted(left.keys() | right.keys())
    return {name: (left.get(name, "–"), right.get(name, "–")) for name in names if left.get(name) != right.get(name)}


def show_comparison(found: Comparison, first: Run, second: Run, console: Console) -> None:
    """Print a comparison for a person."""
    low, high = found.interval
    console.print(
        f"[bold]{found.task}[/bold] on {found.n} items: {found.before:.3f} → {found.after:.3f}, "
        f"{found.difference:+.3f} ({low:+.3f} to {high:+.3f}), McNemar p = {found.p_value:.3f}, "
        f"bootstrap p = {found.bootstrap_p_value:.3f}"
    )
    for name, (left, right) in found.changed.items():
        console.print(f"  {escape(name)}: {escape(left)} → {escape(right)}")
    for title, shares in (("class", found.per_class), ("kind", found.per_kind)):
        if shares:
            table = Table(title, "n", "before", "after", "change", "gained", "lost", "McNemar p")
            for name, share in shares.items():
                change = f"{share.after - share.before:+.3f}"
                counted = [str(share.gained), str(share.lost), f"{share.p_value:.3f}"]
                table.add_row(escape(name), str(share.n), f"{share.before:.3f}", f"{share.after:.3f}", change, *counted)
            console.print(table)
    for title, names in (("Gained", found.gains), ("Lost", found.losses)):
        console.print(f"[bold]{title}: {len(names)}[/bold]")
        for name in names:
            was, now = first.items[name], second.items[name]
            console.print(f"  {escape(name)}  gold {was.gold}: {was.predicted} → {now.predicted}  {escape(was.claim)}")


class ErrorGroup(BaseModel):
    """Mistakes that have one cause."""

    model_config = ConfigDict(frozen=True)

    cause: str
    n: int
    share: float
    """Of all mistakes."""
    examples: tuple[Item, ...]


def errors(run: Run, *, examples: int = SHOWN, seed: int = 0) -> list[ErrorGroup]:
    """Group the wrong items by cause, the largest group first, each with a random sample.

    The cause is the first step that went wrong where the task says so (end-to-end), else gold and answer.
    """
    groups: dict[str, list[Item]] = {}
    for item in run.items.values():
        if not item.right:
            cause = str(item.details.get("cause") or f"{item.gold} taken for {item.predicted}")
            groups.setdefault(cause, []).append(item)
    total = sum(len(items) for items in groups.values())
    chance = random.Random(seed)  # noqa: S311  a reproducible sample, not a secret
    return [
        ErrorGroup(
            cause=cause,
            n=len(items),
            share=rounded(len(items) / total),
            examples=tuple(chance.sample(items, min(examples, len(items)))),
        )
        for cause, items in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]


def show_errors(groups: Sequence[ErrorGroup], run: Run, console: Console) -> None:
    """Print the groups with their examples for a person."""
    wrong = sum(group.n for group in groups)
    console.print(f"[bold]{run.result.task}[/bold]: {wrong} wrong of {len(run.items)}")
    for group in groups:
        console.print(f"\n[bold]{escape(group.cause)}[/bold]: {group.n} ({group.share:.0%} of the mistakes)")
        for item in group.examples:
            console.print(f"  {escape(item.id)}  gold {item.gold}, answer {item.predicted}")
            console.print(f"    {escape(item.claim)}")
            for line in _evidence_lines(item):
                console.print(f"    {escape(line)}")


def _evidence_lines(item: Item) -> list[str]:
    """Return the evidence that took a side, as lines; nothing for tasks that keep none."""
    evidence = item.details.get("evidence")
    if not isinstance(evidence, list | tuple):
        return []
    lines = []
    for piece in evidence:
        if isinstance(piece, Mapping) and piece.get("stance") != "neutral":
            odds = json.dumps(piece.get("probabilities"))
            lines.append(f"{piece.get('stance')} [{piece.get('document')}] {piece.get('rationale')} {odds}")
    return lines[:3]
