"""The Streamlit pages: thin, over finished records. ``start`` is the front door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_ICON = str(Path(__file__).with_name("icon.png"))
"""From a file: Streamlit fetches a named symbol for the browser's tab from another host."""


def start(root: Path) -> None:
    """Show the app: navigation at the top, and the page that was asked for.

    Args:
        root: The folder that holds ``corpus/examples``.
    """
    from onrecord.ui import (  # noqa: PLC0415  components register when imported, which needs a running app
        check,
        corpus,
        evaluations,
        frame,
        history,
        methodology,
        record,
        sign_in,
    )

    frame.set_root(root)
    st.set_page_config(page_title="On Record", page_icon=_ICON, layout="wide", initial_sidebar_state="collapsed")
    st.logo(_ICON)
    frame.style()
    if not sign_in.let_in(frame.library().settings):
        return

    def page(name: str, icon: str, show: Callable[[], None], *, default: bool = False) -> st.Page:
        return st.Page(
            frame.guard(show, name.lower()),
            title=name,
            icon=f":material/{icon}:",
            url_path=None if default else name.lower(),
            default=default,
        )

    check_page = page("Check", "fact_check", lambda: check.page(record_page), default=True)
    record_page = page("Record", "search", lambda: record.page(check_page))
    history_page = page("History", "history", lambda: history.page(check_page))
    corpus_page = page("Corpus", "inventory_2", lambda: corpus.page(record_page))
    pages = [
        check_page,
        record_page,
        history_page,
        *([corpus_page] if frame.may("maintainer") else []),
        page("Evaluations", "monitoring", evaluations.page),
        page("Methodology", "menu_book", methodology.page),
    ]
    st.navigation(pages, position="top").run()
