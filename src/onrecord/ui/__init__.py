"""The Streamlit pages: thin, over finished records. ``start`` is the front door."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_ICON = str(Path(__file__).with_name("icon.png"))
"""From a file: Streamlit fetches a named symbol for the browser's tab from another host."""


def start(root: Path) -> None:
    """Show the app: navigation at the top, and the page that was asked for.

    Args:
        root: The folder that holds ``corpus/examples``.
    """
    from onrecord.ui import check, frame, history  # noqa: PLC0415  components register when imported, which needs a running app

    frame.set_root(root)
    st.set_page_config(page_title="On Record", page_icon=_ICON, layout="wide")
    st.logo(_ICON)
    frame.style()
    check_page = st.Page(frame.guard(check.page), title="Check", icon=":material/fact_check:", default=True)
    history_page = st.Page(
        frame.guard(lambda: history.page(check_page)), title="History", icon=":material/history:", url_path="history"
    )
    st.navigation([check_page, history_page], position="top").run()
