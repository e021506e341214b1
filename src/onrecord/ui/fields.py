"""Fields that stand on more than one page."""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal

import streamlit as st

from onrecord.records import SourceKind
from onrecord.ui import frame
from onrecord.ui.wording import KINDS

KEEP: Final = "session"
"""What was typed and chosen outlives the page and the check, so that a failed one can be tried again with a change."""

_LATEST: Final = dt.date(2100, 12, 31)


def date(  # noqa: PLR0913  as the field has them
    label: str,
    key: str,
    *,
    earliest: int = 1800,
    help: str | None = None,  # noqa: A002  the field's own word
    width: int | Literal["stretch"] = "stretch",
    keep: bool = True,
) -> dt.date | None:
    """Show a field for a day, empty at first."""
    given: dt.date | None = st.date_input(
        label,
        value=None,
        key=key,
        persist_state=KEEP if keep else None,
        min_value=dt.date(earliest, 1, 1),
        max_value=_LATEST,
        format="YYYY-MM-DD",
        help=help,
        width=width,
    )
    return given


def kinds(key: str) -> tuple[SourceKind, ...]:
    """Show a field for kinds of source; none chosen: all."""
    return tuple(
        st.multiselect(
            "Kinds of source",
            list(SourceKind),
            format_func=lambda kind: KINDS[kind],
            placeholder="All kinds",
            key=key,
            persist_state=KEEP,
        )
    )


def publishers(key: str) -> tuple[str, ...]:
    """Show a field for the publishers of the corpus; none chosen: all."""
    return tuple(
        st.multiselect(
            "Publishers", frame.service().publishers(), placeholder="All publishers", key=key, persist_state=KEEP
        )
    )


def collections(key: str) -> tuple[str, ...]:
    """Show a field for the collections of the corpus, where it has any; none chosen: the whole corpus."""
    known = frame.service().collections()
    if not known:
        return ()
    return tuple(st.multiselect("Collections", known, placeholder="The whole corpus", key=key, persist_state=KEEP))


def primary(key: str) -> bool:
    """Show a switch for primary sources."""
    return st.toggle(
        "Primary sources only",
        key=key,
        persist_state=KEEP,
        help="Transcripts, documents and data; no coverage, no summaries.",
    )
