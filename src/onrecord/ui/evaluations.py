"""The Evaluations page: what was measured, drawn, over time, and one run beside another."""

from __future__ import annotations

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


def _named(run: present.Run) -> str:
    return f"{run.date.replace('T', ' ')}, {run.n:,} items, {run.identity[:8]}"
