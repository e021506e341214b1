"""What all pages share: the open library, the error message, the layout's style."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from onrecord.errors import OnRecordError
from onrecord.settings import load_settings
from onrecord.ui.jobs import UNEXPECTED, Runner
from onrecord.ui.service import Library, Service

log = logging.getLogger(__name__)

_root = Path()


def set_root(root: Path) -> None:
    """Name the folder that holds ``corpus/examples``."""
    global _root  # noqa: PLW0603  set once, when the app starts
    _root = root


def root() -> Path:
    """Return the folder that holds ``corpus/examples``."""
    return _root


@st.cache_resource(show_spinner=False)
def service() -> Service:
    """Return the library, opened once for all sessions of this process."""
    return Library(load_settings())


@st.cache_resource(show_spinner=False)
def runner() -> Runner:
    """Return the queue of checks of this process; the models begin to load with it."""
    queue = Runner()
    queue.prepare(service().warm)
    return queue


@contextmanager
def guarded() -> Iterator[None]:
    """Show an error as one message with the next step; a trace goes to the log and never on the page."""
    try:
        yield
    except OnRecordError as error:
        problem(str(error))
    except Exception as error:
        # Streamlit steers a page by exceptions of its own (rerun, stop): they come from BaseException or its runtime package.
        if type(error).__module__.startswith("streamlit.runtime"):
            raise
        log.exception("a page failed")
        problem(UNEXPECTED)


def problem(message: str) -> None:
    """Show an error message. It may quote a file or a source, so it must not be read as Markdown."""
    with st.container(key=None, border=True):
        st.badge("This did not work", icon=":material/error:", color="red")
        st.text(message)


def guard(page: Callable[[], None]) -> Callable[[], None]:
    """Return ``page`` with its errors shown as ``guarded`` shows them."""

    def run() -> None:
        with guarded():
            page()

    run.__name__ = page.__name__
    return run


_STYLE = """
<style>
[data-testid="stTopNav"]::before { content: "On Record"; font: 650 1.1875rem/1 "Source Serif", Georgia, serif; letter-spacing: -0.01em;
  margin: 0 1.25rem 0 0.25rem; align-self: center; }
[data-testid="stMainBlockContainer"] { max-width: 92rem; padding: 4.5rem clamp(1rem, 3vw, 3rem) 4rem; }
.st-key-entry { max-width: 52rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-claim_pane) { position: sticky; top: 4rem; }
.st-key-claim_pane { max-height: calc(100vh - 5rem); overflow-y: auto; overscroll-behavior: auto;
  border-left: 1px solid var(--st-border-color, rgba(128, 128, 128, .25)); padding-left: 1.5rem; scrollbar-width: thin; }
.st-key-desk > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] { align-items: stretch; gap: 2rem; }
.st-key-aside { padding-top: 5.5rem; }
.st-key-toolbar { justify-content: flex-end; }
@media (max-width: 1000px) {
  [data-testid="stHorizontalBlock"]:has(.st-key-aside) { flex-direction: column; }
  [data-testid="stColumn"]:has(.st-key-aside), [data-testid="stColumn"]:has(.st-key-entry) { width: 100% !important; flex: 1 1 auto !important; min-width: 100% !important; }
  .st-key-aside { padding-top: 0; }
  .st-key-desk [data-testid="stHorizontalBlock"] { flex-direction: column; }
  .st-key-desk [data-testid="stColumn"] { width: 100% !important; flex: 1 1 auto !important; min-width: 100% !important; }
  [data-testid="stLayoutWrapper"]:has(> .st-key-claim_pane) { position: static; }
  .st-key-claim_pane { max-height: none; overflow: visible; border-left: 0; padding-left: 0;
    scroll-margin-top: 4rem; border-top: 1px solid rgba(128, 128, 128, .35); padding-top: 1.25rem; }
}
</style>
"""


def style() -> None:
    """Put the layout's style on the page: a constant, never made of anybody's text."""
    st.html(_STYLE)
