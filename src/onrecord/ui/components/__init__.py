"""The components of the pages: HTML, CSS and JavaScript of our own, given data and nothing else.

Streamlit puts a component's script and style into the page as they are, so only the files of this folder are passed there.
Every text of an article or a source travels as ``data`` and becomes a text node (see ``shared.js``).
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer


def _register(name: str, *parts: str) -> ComponentRenderer:
    """Return the component made of ``<name>.js`` and ``<name>.css`` with the shared parts, and other ``parts``, before them."""
    folder = files(__name__)
    script, style = (
        "\n".join(
            file.read_text(encoding="utf-8")
            for part in ("shared", *parts, name)
            if (file := folder.joinpath(f"{part}.{ending}")).is_file()
        )
        for ending in ("js", "css")
    )
    return st.components.v2.component(
        f"onrecord.{name}", html='<div class="stage"></div>', css=style, js=script, isolate_styles=True
    )


article = _register("article")
chart = _register("chart")
claim = _register("claim", "decide")
comparison = _register("comparison")
context = _register("context")
decisions = _register("decisions")
facts = _register("facts")
heading = _register("heading")
history = _register("history")
legend = _register("legend")
preview = _register("preview")
progress = _register("progress")
provenance = _register("provenance")
diff = _register("diff")
results = _register("results")
sourcetext = _register("sourcetext")
steps = _register("steps")
table = _register("table")
