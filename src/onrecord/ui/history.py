"""The History page: the checks kept in the database, to be opened again, and two checks of one article side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from onrecord.records import CheckSummary
from onrecord.ui import components, desk, fields, frame, present, present_history
from onrecord.ui.service import valid_check_id

STATES = ("All", "Every claim decided", "Not all decided", "Not complete", "Checked more than once")


def page(check_page: st.Page) -> None:
    """Show the kept checks, the latest first, or a comparison where the address names two."""
    before, after = st.query_params.get("before", ""), st.query_params.get("after", "")
    if before and after:
        _comparison(before, after, check_page)
        return
    st.title("History", anchor=False)
    kept = frame.service().checks()
    if not kept:
        st.markdown("No article has been checked yet. Every finished check is kept here and can be opened again.")
        st.page_link(check_page, label="Check an article", icon=":material/fact_check:")
        return
    shown = _filtered(kept)
    if not shown:
        st.text("No check fits these words and limits.")
        return
    rows = present.history(shown, earlier(kept))
    result = components.history(
        key="history", data={"rows": rows, "base": "./"}, on_open_change=lambda: None, on_compare_change=lambda: None
    )
    if wanted := result.get("open"):
        desk.forget()
        st.switch_page(check_page, query_params={"check": valid_check_id(wanted)})
    if isinstance(pair := result.get("compare"), dict):
        for name in ("before", "after"):
            st.query_params[name] = valid_check_id(str(pair.get(name)))
        st.rerun()


def _filtered(kept: Sequence[CheckSummary]) -> list[CheckSummary]:
    with st.container(key="history_filters", horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Search titles", key="history_search", placeholder="Part of a title", width=320)
        state = st.selectbox("State", STATES, key="history_state", width=220)
        since = fields.date("Checked since", "history_since", earliest=2000, width=170)
    again = earlier(kept)
    return [
        row
        for row in kept
        if search.strip().casefold() in row.title.casefold()
        and (since is None or row.created_at.date() >= since)
        and fits(row, state or "All", checked_again=row.id in again)
    ]


def fits(row: CheckSummary, state: str, *, checked_again: bool) -> bool:
    """Tell whether a check is in one of ``STATES``."""
    all_decided = row.decided >= sum(row.counts.values())
    return {
        "Every claim decided": all_decided,
        "Not all decided": not all_decided,
        "Not complete": not row.complete,
        "Checked more than once": checked_again,
    }.get(state, True)


def earlier(kept: Sequence[CheckSummary]) -> dict[str, str]:
    """Return for each check the one before it of the same article: of the same bytes, or of the same title.

    An article that was edited has other bytes and, mostly, the same title.
    """
    found: dict[str, str] = {}
    last: dict[str, str] = {}
    for row in sorted(kept, key=lambda row: row.created_at):
        names = [name for name in (row.article_sha256, f"title {row.title.casefold()}" if row.title else "") if name]
        before = next((last[name] for name in names if name in last), None)
        if before is not None:
            found[row.id] = before
        last |= dict.fromkeys(names, row.id)
    return found


def _comparison(before: str, after: str, check_page: st.Page) -> None:
    if st.button("Back to the history", key="back", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    with frame.guarded():
        one, other = (frame.service().load(valid_check_id(check_id)).checked for check_id in (before, after))
        components.heading(key=f"compare-{before}-{after}", data=present_history.heading(one, other))
        result = components.comparison(
            key=f"comparison-{before}-{after}",
            data=present_history.comparison(frame.service().compare(one, other)),
            on_open_change=lambda: None,
        )
        if isinstance(wanted := result.get("open"), dict):
            desk.forget()
            st.switch_page(
                check_page,
                query_params={"check": valid_check_id(str(wanted.get("check"))), "claim": str(wanted.get("claim"))},
            )
