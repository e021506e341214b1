"""The Corpus page, for maintainers: what it holds, add and bring up to date, what failed, copies, and whether all is sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from onrecord.errors import EmptyDocumentError
from onrecord.records import SearchFilters, SourceKind, UpdateReport, Verification
from onrecord.report import count
from onrecord.ui import components, fields, frame, present_corpus, present_record
from onrecord.ui.service import NewSource
from onrecord.ui.wording import KINDS, duration

if TYPE_CHECKING:
    from onrecord.ui.upkeep import Task

HOLDINGS, ADD, SYNC, COPIES, VERIFY = "Holdings", "Add a source", "Bring up to date", "Copies", "Verify"
TYPES = ["txt", "md", "html", "htm", "pdf", "docx", "srt", "vtt", "eml"]


def page(record_page: st.Page) -> None:
    """Show the corpus to a maintainer."""
    st.title("Corpus", anchor=False)
    if not frame.may("maintainer"):
        st.markdown("Only a maintainer changes the corpus. You can search it on the Record page.")
        st.page_link(record_page, label="Search the record", icon=":material/search:")
        return
    work()
    part = st.segmented_control(
        "Part of the page",
        [HOLDINGS, ADD, SYNC, COPIES, VERIFY],
        default=HOLDINGS,
        required=True,
        key="corpus_part",
        persist_state="session",
        label_visibility="collapsed",
    )
    with frame.guarded():
        {HOLDINGS: lambda: _holdings(record_page), ADD: add, SYNC: _sync, COPIES: _copies, VERIFY: _verify}[
            part or HOLDINGS
        ]()


# --- what is going on ----------------------------------------------------------------------------------------------------


def work() -> None:
    """Show what runs, twice a second, or how the last work ended."""
    task = frame.upkeep().last()
    if task is None:
        return
    if task.running:
        _running()
    else:
        _ended(task)


@st.fragment(run_every=0.5)
def _running() -> None:
    task = frame.upkeep().last()
    if task is None or not task.running:
        st.rerun()
    fraction = min(1.0, task.done / task.total) if task.total else 0.0
    words = f"{task.what}: {task.stage or 'getting ready'}"
    if task.total:
        words += f", {task.done:,} of {task.total:,}"
    elif task.done:
        words += f", {task.done:,}"
    if task.seconds_left is not None and task.done < task.total:
        words += f", {duration(task.seconds_left)} left"
    with st.container(border=True):
        st.progress(fraction, text=words.replace("[", "\\["))
        st.caption("This goes on when you leave the page. Checks and searches go on meanwhile.")


def _ended(task: Task) -> None:
    with st.container(border=True, key="ended"):
        if task.error:
            st.badge(f"{task.what} did not work", icon=":material/error:", color="red")
            st.text(task.error)
            return
        st.badge(f"{task.what}: done", icon=":material/check:", color="green")
        if isinstance(task.outcome, UpdateReport):
            st.text(present_corpus.update_line(task.outcome))
            told = present_corpus.update_items(task.outcome)
            if told["rows"]:
                components.table(key="outcome", data=told)
        elif isinstance(task.outcome, Verification):
            st.text(present_corpus.verification_line(task.outcome))
            if task.outcome.differences or task.outcome.mended:
                components.table(key="outcome", data=present_corpus.differences(task.outcome))
        elif task.outcome:
            st.text(task.outcome)


# --- parts ---------------------------------------------------------------------------------------------------------------


LATEST = 8
"""Sources listed beside the numbers; the Record page has them all."""


def _holdings(record_page: st.Page) -> None:
    held = frame.service().holdings()
    components.facts(key="holdings", data=present_corpus.holdings(held))
    components.table(key="updates", data=present_corpus.updates(held.updates))
    failures = present_corpus.failures(held.updates)
    if failures["rows"]:
        components.table(key="failures", data=failures)
    listed = present_record.listed(frame.service().sources(SearchFilters(), LATEST), "The latest published")
    opened = components.table(key="latest", data=listed, on_open_change=lambda: None).get("open")
    if isinstance(opened, str):
        st.switch_page(record_page, query_params={"source": opened})


def add() -> None:
    """Offer to add a source: a file, an address or a text, with what is known of it."""
    way = st.segmented_control(
        "What do you have?", ["A file", "An address", "A text"], default="A file", required=True, key="add_way"
    )
    # A form, so that nothing is sent before it is whole.
    with st.form("add", border=False, enter_to_submit=False), st.container(key="entry"):
        files, address, text = [], "", ""
        if way == "An address":
            address = st.text_input("Address", key="add_address", placeholder="https://")
        elif way == "A text":
            text = st.text_area("Text", key="add_text", height=200)
        else:
            files = st.file_uploader(
                "Files", type=TYPES, accept_multiple_files=True, key="add_files", max_upload_size=20
            )
        left, right = st.columns(2)
        title = left.text_input("Title", key="add_title", help="Empty: as the file says, else its first line.")
        publisher = right.text_input("Publisher", key="add_publisher", placeholder="A ministry, a court, a newspaper")
        left, right = st.columns(2)  # anew for each two fields: on a telephone they stand in this order
        kind = left.selectbox(
            "Kind",
            list(SourceKind),
            format_func=lambda one: KINDS[one],
            index=1,
            key="add_kind",
            help="Transcript: words as they were spoken. Document: a law, a report, a decision. Data: figures. Coverage: "
            "what the press wrote. Summary: somebody’s account.",
        )
        with right:
            published = fields.date("Published", "add_published", earliest=1000, keep=False)
        left, right = st.columns(2)
        speakers = left.text_input("Speakers, with commas", key="add_speakers", placeholder="Full names")
        licence = right.text_input(
            "Licence", key="add_licence", help="On what terms it may be kept and quoted, if that is known."
        )
        primary = st.toggle("A primary source", key="add_primary", help="The words themselves, not an account of them.")
        if not st.form_submit_button("Add to the record", type="primary", icon=":material/add:"):
            return
    given = [NewSource(name=file.name, data=file.getvalue()) for file in files]
    given += [NewSource(name=address.strip(), address=address.strip())] if address.strip() else []
    given += [NewSource(name="text", data=text.encode("utf-8", "replace"))] if text.strip() else []
    if not given:
        message = "There is nothing to add yet: choose a file, or give an address or a text."
        raise EmptyDocumentError(message)
    details = {
        "title": title.strip(),
        "publisher": publisher.strip(),
        "kind": (kind or SourceKind.DOCUMENT).value,
        "published": published.isoformat() if published else "",
        "speakers": speakers.strip(),
        "licence": licence.strip(),
        "primary": "true" if primary else "false",
    }
    library = frame.service()
    frame.upkeep().start(
        f"Adding {count(len(given), 'source')}",
        frame.person().name,
        lambda progress: library.add(given, details, progress),
    )
    st.session_state["added"] = True
    st.rerun()


def _sync() -> None:
    registry = frame.root() / "corpus" / "sources.toml"
    entries = present_corpus.entries(registry)
    st.markdown(
        "Reads again every place on this server’s list of sources (`corpus/sources.toml`), takes in what is new or changed "
        "there, and withdraws what is gone. What has not changed is not read again; no version is ever deleted."
    )
    components.table(key="registry", data=entries)
    accept = st.toggle(
        "Withdraw even if more than half of an entry is gone",
        key="accept",
        help="Off: an entry that suddenly seems empty is reported and left as it is.",
    )
    if st.button("Bring up to date", type="primary", icon=":material/sync:", key="sync"):
        library = frame.service()
        frame.upkeep().start(
            "Bringing the corpus up to date",
            frame.person().name,
            lambda progress: library.sync(registry, accept_withdrawals=accept, progress=progress),
        )
        st.rerun()


def _copies() -> None:
    st.markdown(
        "Sources that carry one story, as when many papers print one agency’s report. A check counts each group as one source."
    )
    groups = frame.service().stories()
    components.table(key="stories", data=present_corpus.stories(groups))


def _verify() -> None:
    st.markdown(
        "Makes sure that nothing was lost or changed behind the software’s back: every text and every file is held against its "
        "fingerprint, and every passage against what the search finds."
    )
    repair = st.toggle("Mend what can be mended", key="repair")
    if st.button("Verify the corpus", type="primary", icon=":material/verified:", key="verify"):
        library = frame.service()
        frame.upkeep().start(
            "Verifying the corpus",
            frame.person().name,
            lambda progress: library.verify(repair=repair, progress=progress),
        )
        st.rerun()
