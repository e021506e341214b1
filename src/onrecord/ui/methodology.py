"""The Methodology page, made of what runs: models with their hashes, thresholds, measured error rates, limits."""

from __future__ import annotations

import streamlit as st

from onrecord.ui import components, frame, present_evaluations, present_methodology


def page() -> None:
    """Show how a verdict comes about on this very server."""
    st.title("Methodology", anchor=False)
    st.markdown(
        "How a verdict comes about on this server, as it runs now. Quote it with a check: the models, thresholds and "
        "settings below are those that a check made now would record."
    )
    with st.spinner("Looking at what runs …"):
        running = frame.service().configuration()
    components.steps(key="steps", data=present_methodology.steps(running))
    components.table(key="rules", data=present_methodology.rules(running))
    components.table(key="models", data=present_methodology.models(running))
    components.table(key="thresholds", data=present_methodology.thresholds(running))
    runs, _ = present_evaluations.load(frame.root() / "evals" / "results")
    components.table(key="measured", data=present_evaluations.measured(runs, running.models))
    components.steps(key="limits", data=present_methodology.limits(frame.root() / "docs" / "methodology.md"))
    components.provenance(key="settings", data=present_methodology.settings(running))
