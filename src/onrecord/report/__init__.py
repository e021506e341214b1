"""A finished check, rendered for a reader or a machine.

``render`` is the door. The catalogue is ``FORMATS``: text for a terminal, json for programs (``CheckedArticle``, read back by
``parse_json``), html as one self-contained page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from onrecord.errors import ReportError
from onrecord.records import CheckedArticle
from onrecord.report.html import render_html
from onrecord.report.machine import json_schema, parse_json, render_json
from onrecord.report.plain import printable, render_claim, render_head, render_tail, render_text, scope
from onrecord.report.wording import (
    AS_A_WHOLE,
    ICONS,
    WORDS,
    count,
    counts,
    decision_line,
    how_found,
    is_decided,
    moment,
    provenance,
    quotation_head,
    revision_line,
    safe_address,
    telling,
    where_in,
    who_says,
)
from onrecord.text import day

__all__ = [
    "AS_A_WHOLE",
    "FORMATS",
    "ICONS",
    "WORDS",
    "count",
    "counts",
    "day",
    "decision_line",
    "how_found",
    "is_decided",
    "json_schema",
    "moment",
    "parse_json",
    "printable",
    "provenance",
    "quotation_head",
    "render",
    "render_claim",
    "render_head",
    "render_tail",
    "revision_line",
    "safe_address",
    "scope",
    "telling",
    "where_in",
    "who_says",
]

FORMATS: Mapping[str, Callable[[CheckedArticle], str]] = {
    "text": render_text,
    "json": render_json,
    "html": render_html,
}


def render(checked: CheckedArticle, format: str) -> str:  # noqa: A002  the word users type
    """Return ``checked`` in one of ``FORMATS``.

    Raises:
        ReportError: there is no such format.
    """
    renderer = FORMATS.get(format)
    if renderer is None:
        message = f"There is no report format {format!r}; choose one of {', '.join(FORMATS)}."
        raise ReportError(message)
    return renderer(checked)
