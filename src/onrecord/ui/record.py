"""The Record page: search the corpus, and see a source with its versions, where it comes from and where it was used."""

from __future__ import annotations

import streamlit as st

from onrecord.records import SearchFilters
from onrecord.report import count
from onrecord.ui import components, desk, fields, frame, present_record
from onrecord.ui.fields import KEEP
from onrecord.ui.service import Held, valid_check_id

MOST = 40
LISTED = 200


def page(check_page: st.Page) -> None:
    """Show a source where the address names one, else the search."""
    source_id = st.query_params.get("source", "")
    if not source_id:
        _search()
        return
    if st.button("Back to the search", key="back", icon=":material/arrow_back:", type="tertiary"):
        st.query_params.clear()
        st.rerun()
    with frame.guarded():
        _source(frame.service().source(source_id), check_page)


def _search() -> None:
    st.title("Search the record", anchor=False)
    state = frame.service().state()
    if not state.passages:
        st.markdown("The record is empty. A maintainer can add sources on the Corpus page.")
        return
    query = st.text_input(
        "Search the record",
        key="record_query",
        persist_state=KEEP,
        placeholder='Words, or a "phrase in quotation marks"',
        label_visibility="collapsed",
        icon=":material/search:",
        max_chars=500,
    )
    filters = _filters()
    if not any(character.isalnum() for character in query):
        found = frame.service().sources(filters, LISTED)
        some = "" if len(found) == state.sources else f"{len(found):,} of "
        st.caption(f"{some}{count(state.sources, 'source')} on the record, the latest first.")
        chosen = components.table(key="sources", data=present_record.listed(found), on_open_change=lambda: None).get(
            "open"
        )
        if isinstance(chosen, str):
            st.query_params["source"] = chosen
            st.rerun()
        return
    with frame.guarded():
        with st.spinner("Searching …"):
            hits = frame.service().find(query, filters, MOST)
        if not hits:
            st.text("Nothing on record has these words. Use fewer or other words, or fewer limits.")
            return
        places = present_record.places(hits)
        sources = {place.passage.source.id for place in places}
        st.caption(f"{count(len(places), 'place')} in {count(len(sources), 'source')}, the nearest first.")
        opened = components.results(
            key="results", data=present_record.results(places, query), on_open_change=lambda: None
        ).get("open")
        if isinstance(opened, dict):
            for name in ("source", "version", "at"):
                st.query_params[name] = str(opened.get(name, ""))
            st.rerun()


def _filters() -> SearchFilters:
    with st.container(key="record_limits"), st.expander("Limit the search", key="record_options"):
        left, middle, right = st.columns(3)
        with left:
            kinds = fields.kinds("record_kinds")
            as_of = fields.date("Published up to", "record_as_of")
        with middle:
            publishers = fields.publishers("record_publishers")
            primary = fields.primary("record_primary")
        with right:
            speaker = st.text_input("Speaker", key="record_speaker", persist_state=KEEP, placeholder="A full name")
            collections = fields.collections("record_collections")
    return SearchFilters(
        kinds=kinds,
        publishers=publishers,
        speakers=(speaker.strip(),) if speaker.strip() else (),
        as_of=as_of,
        primary_only=primary,
        collections=collections,
    )


def _source(held: Held, check_page: st.Page) -> None:
    components.heading(key=f"source-{held.source.id}", data=present_record.source_head(held))
    by_id = {version.id: version for version in held.versions}
    asked = st.query_params.get("version", "")
    shown = by_id.get(asked, by_id[held.source.current_version_id])
    if len(held.versions) > 1:
        number = st.segmented_control(
            "Version",
            [version.number for version in held.versions],
            format_func=lambda number: (
                f"Version {number}"
                + (" (current)" if held.versions[number - 1].id == held.source.current_version_id else "")
            ),
            default=shown.number,
            required=True,
            key=f"version {held.source.id}",
        )
        shown = held.versions[(number or shown.number) - 1]
    left, right = st.columns([3, 2], gap="large")
    with left:
        components.sourcetext(
            key=f"text-{shown.id}",
            data=present_record.text(shown, present_record.span_of(st.query_params.get("at", ""), shown)),
        )
        if len(held.versions) > 1:
            _diff(held)
    with right:
        components.provenance(key=f"kept-{shown.id}", data=present_record.provenance(held, shown))
        if held.copies:
            st.subheader("The same story elsewhere", anchor=False)
            other = components.table(
                key="copies", data=present_record.listed(held.copies), on_open_change=lambda: None
            ).get("open")
            if isinstance(other, str):
                st.query_params.clear()
                st.query_params["source"] = other
                st.rerun()
        _used(held, check_page)
        components.table(key="changes", data=present_record.changes(held.changes))


def _used(held: Held, check_page: st.Page) -> None:
    if not held.used:
        st.caption("No kept check has looked at this source.")
        return
    wanted = components.table(key="used", data=present_record.used(held.used), on_open_change=lambda: None).get("open")
    if isinstance(wanted, str):
        desk.forget()
        st.switch_page(check_page, query_params={"check": valid_check_id(wanted)})


def _diff(held: Held) -> None:
    st.subheader("What changed", anchor=False)
    numbers = [version.number for version in held.versions]
    left, right = st.columns(2)
    before = left.selectbox("From version", numbers[:-1], index=len(numbers) - 2, key="diff_before")
    after = right.selectbox("to version", [number for number in numbers if number > before], key="diff_after")
    told = frame.service().diff(held.source.id, before, after)
    components.diff(key=f"diff-{held.source.id}-{before}-{after}", data=present_record.diff(told))
