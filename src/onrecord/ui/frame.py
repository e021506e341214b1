"""What all pages share: the open library, the error message, the layout's style."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from onrecord.errors import OnRecordError
from onrecord.settings import load_settings
from onrecord.ui import sign_in
from onrecord.ui.jobs import UNEXPECTED, Runner
from onrecord.ui.service import Library, Role, Service
from onrecord.ui.sign_in import Person
from onrecord.ui.upkeep import Upkeep

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
def library() -> Service:
    """Return the library, opened once for all sessions of this process."""
    return Library(load_settings())


def service() -> Service:
    """Return the library as the person of this session may use it."""
    who = person()
    return library().acting(who.name, who.role)


@st.cache_resource(show_spinner=False)
def runner() -> Runner:
    """Return the queue of checks of this process; the models begin to load with it."""
    queue = Runner()
    queue.prepare(library().warm)
    return queue


@st.cache_resource(show_spinner=False)
def upkeep() -> Upkeep:
    """Return what works on the corpus behind the pages of this process."""
    return Upkeep()


def person() -> Person:
    """Return who uses this session."""
    return sign_in.person(library().settings)


def may(role: Role) -> bool:
    """Tell whether the person of this session has ``role`` or a higher one; the library refuses by itself, too."""
    order = ("viewer", "checker", "maintainer")
    return order.index(person().role) >= order.index(role)


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


def guard(page: Callable[[], None], name: str) -> Callable[[], None]:
    """Return ``page`` under a name of its own, with its errors shown as ``guarded`` shows them."""

    def run() -> None:
        with guarded():
            page()

    run.__name__ = name
    return run


def style() -> None:
    """Put the layout's style on the page: a file of ours, never made of anybody's text."""
    st.html(Path(__file__).with_name("layout.css"))
