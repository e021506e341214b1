"""The Check page: an article goes in, its claims come out marked, with the evidence beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from onrecord.errors import EmptyDocumentError
from onrecord.records import CheckedArticle, CorpusState, Document, Review, SearchFilters
from onrecord.report import count, day
from onrecord.text import paragraphs
from onrecord.ui import components, corpus, desk, fields, frame, present
from onrecord.ui.fields import KEEP
from onrecord.ui.jobs import Job, Standing, State
from onrecord.ui.service import described, examples
from onrecord.ui.wording import STAGES, duration

PASTE: Final = "Paste text"
UPLOAD: Final = "Upload a file"
ADDRESS: Final = "Give an address"
EXAMPLE: Final = "Choose an example"

NEIGHBOURS: Final = 4
"""Claims to each side of the chosen one that are sent while a check is on its way: little, because it is sent at every step."""


def page(record_page: st.Page) -> None:
    """Show the entry form, a check on its way, or a finished check."""
    check_id = st.query_params.get("check", "")
    job = frame.runner().find(st.query_params.get("job", "") or st.session_state.get("job", ""))
    if check_id:
        with frame.guarded():
            review = desk.finished(check_id)

            def tools() -> None:
                _add_source()
                _again(review)
                _new_check()

            if st.session_state.get("added"):
                corpus.work()
            desk.page(review, tools=tools, record_page=record_page)
            return
        _new_check()
    elif job is not None:
        st.session_state["job"] = st.query_params["job"] = job.id
        _underway(job)
    else:
        _entry()


# --- entry ---------------------------------------------------------------------------------------------------------------


def _entry() -> None:
    form, aside = st.columns([7, 4], gap="large")
    with aside, st.container(key="aside"):
        components.legend(key="legend", data=present.legend())
    with form, st.container(key="entry"):
        st.title("Check an article", anchor=False)
        st.markdown(
            "On Record finds the claims of an article and puts what the record says for and against each of them side by "
            "side. You decide."
        )
        _say_if_failed()
        state = frame.service().state()
        if not state.passages:
            _empty_corpus(state)
            return
        way = st.segmented_control(
            "How do you want to give the article?",
            [PASTE, UPLOAD, ADDRESS, EXAMPLE],
            default=PASTE,
            required=True,
            key="way",
            persist_state=KEEP,
            label_visibility="collapsed",
        )
        take = {PASTE: _paste, UPLOAD: _upload, ADDRESS: _address, EXAMPLE: _example}[way or PASTE]
        read, known = take()
        describe = _description(known, addressed=way == ADDRESS)
        filters, passages = _options()
        if not frame.may("checker"):
            st.info("You are signed in as a viewer: you can read checks and the record, and begin none.")
        elif st.button("Check this article", type="primary", icon=":material/fact_check:", key="run"):
            with frame.guarded():
                start(describe(read()), filters, passages)
        st.caption(
            f"Searches {count(state.sources, 'source')} ({count(state.passages, 'passage')}) on this machine. {sent(way)}"
        )


def sent(way: str | None) -> str:
    """Return what leaves this machine when an article that is given in this way is checked."""
    parts = ["Only the address itself is asked for, by this server."] if way == ADDRESS else []
    if model := frame.service().settings.llm:
        parts.append(f"The text is sent to the language model {model}, which the settings name.")
    return " ".join(parts) or "Nothing is sent anywhere."


def _description(known: dt.date | None, *, addressed: bool) -> Callable[[Document], Document]:
    """Ask when and where the article was published; return what puts that into a document."""
    left, middle, right = st.columns([3, 4, 5])
    with left:
        published = fields.date(
            "Date of the article", "published", help="Evidence from after this day is marked as later than the article."
        )
    publisher = middle.text_input(
        "Published by",
        key="published_by",
        persist_state=KEEP,
        placeholder="A newspaper, an agency",
        max_chars=200,
    )
    address = (
        ""
        if addressed
        else right.text_input(
            "Address of the article",
            key="published_at",
            persist_state=KEEP,
            placeholder="https://",
            help="Where it can be read, if anywhere. It stands above the result and in the report, and is not fetched.",
            max_chars=2000,
        )
    )
    if known is not None and published is None:
        st.caption(f"Left empty, the date in the file is used: {day(known)}.")
    elif addressed:
        st.caption("Left empty, what the page says of itself is used.")
    return lambda document: described(document, published, publisher, address)


def _say_if_failed() -> None:
    """Show once how the last check of this session ended, if not well."""
    message = st.session_state.pop("failure", "")
    if message:
        frame.problem(message)


def _empty_corpus(state: CorpusState) -> None:
    with st.container(border=True):
        st.subheader("There is no record yet to check against", anchor=False)
        st.markdown(
            f"The corpus holds {count(state.sources, 'source')}. Whoever looks after this server adds them on the Corpus "
            "page, or many at once in a terminal. Then reload this page."
        )
        st.code("onrecord corpus add corpus/documents", language="shell")


Given = tuple[Callable[[], Document], dt.date | None]
"""How to read what was given, and the date that is known of it before."""


def _paste() -> Given:
    text = st.text_area(
        "Text of the article",
        key="text",
        persist_state=KEEP,
        height=250,
        placeholder="Paste the article here, with its headline as the first line.",
    )

    def read() -> Document:
        if not text.strip():
            message = "There is no text yet. Paste the article into the field, or upload a file."
            raise EmptyDocumentError(message)
        return frame.service().paste(text)

    return read, None


def _upload() -> Given:
    upload = st.file_uploader(
        "Article as a file",
        type=["txt", "md", "html", "htm", "pdf", "docx", "srt", "vtt", "eml", "zip", "warc", "gz", "wacz"],
        key="upload",
        max_upload_size=20,
        help="Text, Markdown, HTML, PDF, DOCX, subtitles, e-mail, or an archive that holds one of these.",
    )

    def read() -> Document:
        if upload is None:
            message = (
                "There is no file yet. Choose one (text, page, PDF, DOCX, subtitles or e-mail), or paste the text."
            )
            raise EmptyDocumentError(message)
        return frame.service().read(upload.getvalue(), upload.name)

    return read, None


def _address() -> Given:
    address = st.text_input(
        "Address of the page",
        key="address",
        persist_state=KEEP,
        placeholder="https://",
        help="A page, or a PDF, that anybody can open. The server fetches it once when you press the button.",
        max_chars=2000,
    )

    def read() -> Document:
        if not address.strip():
            message = "There is no address yet. Give one that begins with https://, or paste the text."
            raise EmptyDocumentError(message)
        with st.spinner("Fetching the page …"):
            return frame.service().fetch(address)

    return read, None


def _example() -> Given:
    found = examples(frame.root() / "corpus" / "examples")
    if not found:
        st.text("No examples are installed here. Paste a text or upload a file.")

        def nothing() -> Document:
            message = "No examples are installed here. Paste a text or upload a file."
            raise EmptyDocumentError(message)

        return nothing, None
    documents = {path.name: _example_document(path, path.stat().st_mtime_ns) for path in found}
    name = st.selectbox(
        "Example",
        list(documents),
        format_func=lambda key: present.title_of(documents[key]),
        key="example",
        persist_state=KEEP,
        help="Written for this project, with true and false sentences in it.",
    )
    chosen = documents[name]
    text = chosen.text
    components.preview(
        key="preview",
        data={"label": "Text of the example", "paragraphs": [span.of(text) for span in paragraphs(text)]},
    )
    return lambda: chosen, chosen.published


@st.cache_data(show_spinner=False)
def _example_document(path: Path, changed: int) -> Document:  # noqa: ARG001  part of the cache's key: an edited file is read again
    """Read one of the examples."""
    return frame.service().read(path.read_bytes(), path.name)


def _options() -> tuple[SearchFilters, int]:
    """Show the options and return them."""
    with st.expander("Options", key="options"):
        kinds = fields.kinds("kinds")
        left, right = st.columns(2)
        with left:
            as_of = fields.date(
                "Only what was published up to",
                "as_of",
                help="To see what could have been known on a day. Sources without a date are left out.",
            )
        passages = right.slider(
            "Passages judged for each claim",
            min_value=4,
            max_value=40,
            value=frame.service().settings.top_k,
            key="passages",
            persist_state=KEEP,
            help="More passages find more and take longer.",
        )
        publishers = fields.publishers("publishers")
        collections = fields.collections("collections")
        primary = fields.primary("primary")
    filters = SearchFilters(
        kinds=kinds, primary_only=primary, as_of=as_of, publishers=publishers, collections=collections
    )
    return filters, passages


def start(document: Document, filters: SearchFilters, passages: int) -> None:
    """Queue a check and show it on its way."""
    library = frame.service()

    def work(job: Job) -> CheckedArticle:
        checked = library.check(
            document, filters=filters, passages=passages, progress=job.progress, on_claim=job.decided
        )
        library.save(checked)
        return checked

    job = frame.runner().submit(document, work)
    st.session_state["job"] = job.id
    st.query_params["job"] = job.id  # a reloaded page finds its check again
    st.rerun()


# --- on its way ----------------------------------------------------------------------------------------------------------


def _underway(job: Job) -> None:
    components.heading(key="underway", data=present.heading_of(job.document, ["Being checked now"]))
    _watch(job.id)


@st.fragment(run_every=0.5)
def _watch(job_id: str) -> None:
    """Show where the check is, twice a second, until it ends."""
    job = frame.runner().find(job_id)
    if job is None:
        _forget()
        st.rerun()
    now = frame.runner().standing(job)
    if now.state in {State.DONE, State.FAILED, State.STOPPED}:
        _ended(now)
    fraction, words = progress_words(now)
    st.progress(fraction, text=words)
    components.progress(key="stages", data=_stages(now))
    if st.button("Stop", key="stop", icon=":material/stop_circle:"):
        job.stop()
        _forget()
        st.rerun()
    _so_far(job, now)


def _so_far(job: Job, now: Standing) -> None:
    """Show the article with the claims decided so far; each can be looked at already."""
    ids = [item.claim.id for item in now.claims]
    article_key = f"live-{job.id}"
    shown = _article_so_far(job, now)
    if not ids:
        components.article(key=article_key, data=shown)
        return
    if st.session_state.get("looked_at") not in ids:
        st.session_state["looked_at"] = ids[0]

    def choose() -> None:
        if (wanted := st.session_state[article_key].get("choose")) in ids:
            st.session_state["looked_at"] = st.session_state["picked"] = wanted

    with st.container(key="desk"):
        left, right = st.columns([5, 7])
    with left:
        components.article(
            key=article_key, data=shown | {"chosen": st.session_state["looked_at"]}, on_choose_change=choose
        )
    at = ids.index(st.session_state["looked_at"])
    near = range(max(0, at - NEIGHBOURS), min(len(ids), at + NEIGHBOURS + 1))
    with right, st.container(key="claim_pane"):
        components.claim(
            key=f"live-claim-{job.id}",
            data={
                "check": job.id,
                "key": f"{job.id} {len(ids)}",
                "live": True,
                "chosen": st.session_state["looked_at"],
                "claims": {ids[place]: present.claim(now.claims, place) for place in near},
            },
        )


def _article_so_far(job: Job, now: Standing) -> present.Json:
    """Return the article as it is marked now, made once for each state: ten people look twice a second."""
    key = f"{job.id} {len(now.claims)}"
    known: present.Json | None = st.session_state.get("so_far")
    if known is None or known["key"] != key:
        known = present.article(job.document, now.claims, (), key=key, group=job.id, live=True)
        st.session_state["so_far"] = known
    return known


def _forget() -> None:
    """Let go of the check on its way, in the session and in the address."""
    for name in ("job", "looked_at", "picked", "so_far"):
        st.session_state.pop(name, None)
    st.query_params.pop("job", None)


def _ended(now: Standing) -> None:
    """Go on to the result, at the claim that the reader chose meanwhile, or back to the form with what went wrong."""
    picked = st.session_state.get("picked")
    _forget()
    if now.state is State.DONE:
        st.query_params["check"] = now.check_id
        if picked:
            st.query_params["claim"] = picked
    elif now.state is State.FAILED:
        st.session_state["failure"] = now.error
    st.rerun()


def progress_words(now: Standing) -> tuple[float, str]:
    """Return how far a check is, from 0 to 1, and that in words."""
    if now.state is State.WAITING:
        waiting = f"Waiting: {count(now.before, 'check')} before this one" if now.before else "Loading the models"
        return 0.0, waiting
    if not now.total:
        return 0.02, "Getting ready" if now.stage != "finding claims" else "Finding claims"
    words = f"{now.done} of {count(now.total, 'claim')} decided"
    if now.seconds_left is not None and now.done < now.total:
        words += f", {duration(now.seconds_left)} left"
    return min(1.0, now.done / now.total), words


def _stages(now: Standing) -> dict[str, object]:
    """Return the stages with their state."""
    names = [name for name, _ in STAGES]
    at = names.index(now.stage) if now.stage in names else -1
    rows = []
    for place, (_, words) in enumerate(STAGES):
        # Searching, judging and deciding go round for each few claims; only finding claims is over once left.
        state = "now" if place == at else ("done" if place == 0 and at > 0 else "")
        rows.append({"words": words, "state": state})
    return {"stages": rows}


# --- result --------------------------------------------------------------------------------------------------------------


def _new_check() -> None:
    """Offer to begin again."""
    if st.button("New check", key="new", icon=":material/add:"):
        desk.forget()
        st.session_state.pop("job", None)
        st.session_state.update({"text": "", "published": None, "published_by": "", "published_at": "", "address": ""})
        st.query_params.clear()
        st.rerun()


def _add_source() -> None:
    """Offer to add a source that was found elsewhere; a claim checked again then finds it."""
    if frame.may("maintainer") and st.button("Add a source", key="add_source", icon=":material/note_add:"):
        _adding()


@st.dialog("Add a source found elsewhere", width="large")
def _adding() -> None:
    with frame.guarded():
        st.caption("When it has been added, press “Check again” at the claim, or above the article for all of it.")
        corpus.add()


def _again(review: Review) -> None:
    """Offer to check the same article against the corpus as it is now."""
    if frame.may("checker") and st.button(
        "Check again",
        key="again",
        icon=":material/refresh:",
        help="Checks the same article against the record as it is today. This check stays as it is.",
    ):
        checked = review.checked
        passages = int(checked.settings.get("top_k", frame.service().settings.top_k))
        desk.forget()
        st.query_params.clear()
        start(checked.article, checked.filters, passages)
