"""The Evaluations page: what was measured, drawn, over time, and one run beside another."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from onrecord.ui import components, frame
from onrecord.ui import present_evaluations as present


def page() -> None:
    """Show the results that lie in ``evals/results``."""
    st.title("Evaluations", anchor=False)
    st.markdown(
        "How often the software is right, measured on claims that people have labelled before. Above 0.9 it is seldom wrong; "
        "near the mark of guessing it is worth little. Read a verdict with this in mind: it prepares your decision."
    )
    folder = frame.root() / "evals" / "results"
    runs, trouble = present.load(folder)
    history, more = present.load_history(folder)
    for line in (*trouble, *more):
        st.text(line)
    if runs:
        components.chart(key="ranges", data=present.ranges(runs))
    components.table(key="runs", data=present.table(runs))
    st.caption(
        "Share right: of all answers, those that were right. F1: between finding all and taking nothing wrong, 1 is both. "
        "Guessing: what always giving the most frequent answer would score. The files lie in `evals/results`; "
        "`docs/evals.md` says how each figure is made."
    )
    if history:
        _over_time(history)
    _claim_by_claim(folder)


def _over_time(history: list[present.Run]) -> None:
    st.subheader("Over time", anchor=False)
    left, right = st.columns(2)
    name = left.selectbox("Entry", sorted({run.name for run in history}), key="entry")
    of_it = [run for run in history if run.name == name]
    metrics = sorted({metric for run in of_it for metric in run.metrics})
    headline = of_it[-1].headline
    metric = right.selectbox(
        "Figure",
        metrics,
        index=metrics.index(headline) if headline in metrics else 0,
        format_func=present.words,
        key="figure",
    )
    components.chart(key=f"course-{name}", data=present.course(of_it, metric or headline))
    if len(of_it) < 2:  # noqa: PLR2004  two are needed for a difference
        st.caption("It was measured once; a difference needs two.")
        return
    st.subheader("One run beside another", anchor=False)
    places = list(range(len(of_it)))
    left, right = st.columns(2)
    before = left.selectbox(
        "Before", places[:-1], index=len(places) - 2, format_func=lambda at: _named(of_it[at]), key="run_before"
    )
    after = right.selectbox(
        "After",
        [at for at in places if at > before],
        index=len(places) - 2 - before,
        format_func=lambda at: _named(of_it[at]),
        key="run_after",
    )
    components.table(key="difference", data=present.difference(of_it[before], of_it[after]))


def _claim_by_claim(folder: Path) -> None:
    """Let two kept runs be chosen, and show what they answered differently."""
    kept = present.load_kept(folder)
    pairs = [run for run in kept if any(run.comparable(other) for other in kept)]
    st.subheader("Claim by claim", anchor=False)
    if not pairs:
        st.caption(
            "Nothing to walk through yet: that needs two kept runs on the same items. `make eval` keeps every answer in "
            "`evals/results/items`, and sets the earlier run aside when an entry is measured again; `python -m evals grid` "
            "keeps one run for each setting."
        )
        return
    left, right = st.columns(2)
    after = right.selectbox("Later run", pairs, format_func=_kept, key="walk_after") or pairs[0]
    others = [run for run in pairs if run.comparable(after)]
    before = left.selectbox("Held against", others, format_func=_kept, key="walk_before") or others[0]
    try:
        found = present.changes(before, after)
    except (OSError, ValueError, KeyError) as error:
        st.text(f"These two cannot be held against each other: {error}")
        return
    counts = [sum(item.change == change for item in found) for change in present.CHANGES]
    st.markdown(
        f"Of {after.n:,} items {counts[0]:,} became right and {counts[1]:,} became wrong. A split at least so uneven comes "
        f"about by chance with a probability of {present.chance(counts[0], counts[1]):.3f} (exact McNemar test)."
    )
    change = st.radio("Show what", present.CHANGES, horizontal=True, key="walk_change") or present.CHANGES[0]
    components.table(key=f"walk-{present.CHANGES.index(change)}", data=present.walk(found, change))


def _kept(run: present.Kept) -> str:
    return f"{run.name.partition('/earlier/')[0]}, {run.date.replace('T', ' ')}"


def _named(run: present.Run) -> str:
    return f"{run.date.replace('T', ' ')}, {run.n:,} items, {run.identity[:8]}"
