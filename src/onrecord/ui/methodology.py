"""The Methodology page, made of what runs: models with their hashes, thresholds, measured error rates, limits."""

from __future__ import annotations

import streamlit as st

from onrecord.ui import components, frame, present_evaluations, present_methodology


def page() -> None:
    """Show how a verdict comes about on this very server."""
    st.title("Methodology", anchor=False)
    st.markdown(
        "How a verdict comes about on this server, as it runs now, for whoever has to explain or doubt one. The models, "
        "thresholds and settings below are those that a check made now records."
    )
    with st.spinner("Looking at what runs …"):
        running = frame.service().configuration()
    left, right = st.columns([7, 5], gap="large")
    with left:
        components.steps(key="steps", data=present_methodology.steps(running))
    with right:
        components.steps(key="limits", data=present_methodology.limits(frame.root() / "docs" / "methodology.md"))
    components.table(key="rules", data=present_methodology.rules(running))
    components.table(key="models", data=present_methodology.models(running))
    components.table(key="thresholds", data=present_methodology.thresholds(running))
    st.caption(
        "A passage supports or contradicts only where the network gives that at least the probability named here. Temperature: "
        "what its raw scores are divided by. Calibration error: how far, on average, its probability is from the share that is "
        "right, before and after."
    )
    runs, _ = present_evaluations.load(frame.root() / "evals" / "results")
    components.table(key="measured", data=present_evaluations.measured(runs, running.models))
    components.provenance(key="settings", data=present_methodology.settings(running))
