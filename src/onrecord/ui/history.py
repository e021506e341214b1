"""The History page: the checks kept in the database, to be opened again."""

from __future__ import annotations

import streamlit as st

from onrecord.ui import components, frame, present
from onrecord.ui.service import valid_check_id


def page(check_page: st.Page) -> None:
    """Show the kept checks, the latest first."""
    st.title("History", anchor=False)
    rows = present.history(frame.service().checks())
    if not rows:
        st.markdown("No article has been checked yet. Every finished check is kept here and can be opened again.")
        st.page_link(check_page, label="Check an article", icon=":material/fact_check:")
        return
    search = st.text_input("Search titles", key="history_search", placeholder="Part of a title", width=360)
    shown = [row for row in rows if search.strip().casefold() in row["title"].casefold()]
    if not shown:
        st.text("No check has these words in its title.")
        return
    result = components.history(key="history", data={"rows": shown, "base": "/"}, on_open_change=lambda: None)
    wanted = result.get("open")
    if wanted:
        for name in ("checked", "chosen"):
            st.session_state.pop(name, None)
        st.switch_page(check_page, query_params={"check": valid_check_id(wanted)})
