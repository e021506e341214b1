"""The desk: a finished check with its article, the chosen claim with its evidence, and what a person decides about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from onrecord import report
from onrecord.errors import OnRecordError
from onrecord.records import CheckedArticle, CheckedClaim, Decision, Evidence, Review, Span, VerdictLabel
from onrecord.ui import components, frame, present
from onrecord.ui.service import valid_check_id

CONTEXT_CHARACTERS: Final = 900
"""Characters to each side of a passage shown at first: about a screen."""

MOST_CHARACTERS: Final = 10_000_000
"""More than any source has: the whole text."""

_LABELS: Final = frozenset({*(label.value for label in VerdictLabel), "NEEDS_WORK", "UNDECIDED"})


def finished(check_id: str) -> Review:
    """Return the check named in the address; kept in the session so that a click does not read it again."""
    known: Review | None = st.session_state.get("review")
    if known is None or known.checked.id != check_id:
        known = frame.service().load(valid_check_id(check_id))
        _show_anew(known)
        st.session_state["chosen"] = st.query_params.get("claim", "")
    return known


def forget() -> None:
    """Let go of the check that is shown."""
    for name in ("review", "chosen", "made", "trouble", "added"):
        st.session_state.pop(name, None)


def _show_anew(review: Review) -> None:
    st.session_state["review"], st.session_state["made"] = review, {}


def page(review: Review, *, tools: Callable[[], None], record_page: st.Page) -> None:
    """Show a finished check; ``tools`` are buttons beside its reports."""
    checked = review.checked
    top, side = st.columns([3, 2.2], vertical_alignment="top")
    with top:
        components.heading(key=f"heading-{checked.id}", data=present.heading(checked))
    with side, st.container(key="toolbar", horizontal=True, horizontal_alignment="right", gap="small"):
        _downloads(checked.id)
        tools()
    _desk(review, record_page)
    components.provenance(key=f"provenance-{checked.id}", data=present.provenance(checked))


_REPORTS: Final = (
    ("html", "HTML, for reading and printing", "text/html"),
    ("json", "JSON, for other programs", "application/json"),
)


def _downloads(check_id: str) -> None:
    """Offer the report; it is made when it is asked for, with what people have decided by then."""
    library = frame.service()

    def made(name: str) -> str:
        return report.render(library.load(check_id).exported, name)

    with st.popover("Report", icon=":material/download:"):
        for name, words, mime in _REPORTS:
            st.download_button(
                words,
                data=partial(made, name),
                file_name=f"on-record-{check_id[:8]}.{name}",
                mime=mime,
                key=name,
                on_click="ignore",
                type="tertiary",
            )


@st.fragment
def _desk(review: Review, record_page: st.Page) -> None:
    """Show the article and the chosen claim side by side; a click runs only this again.

    Choosing is done in the browser; the server hears of it to keep the choice in the address and the session.
    """
    checked = review.checked
    ids = [item.claim.id for item in checked.claims]
    if st.session_state.get("chosen") not in ids:
        st.session_state["chosen"] = first_to_look_at(checked)
    may = frame.may("checker")
    # Its place is there without trouble too: what stands below would be built anew, at the claim first shown.
    with st.container():
        if trouble := st.session_state.pop("trouble", ""):
            frame.problem(trouble)
    # Looked at anew each time: a colleague may have had a claim checked again, or decided something.
    if frame.service().last_revision(checked.id) != (review.revisions[-1].number if review.revisions else 0):
        _show_anew(frame.service().load(checked.id))
        st.rerun()
    current = review.model_copy(update={"decisions": tuple(frame.service().decisions(checked.id))})
    components.decisions(
        key=f"decisions-{checked.id}",
        data=present.decisions(current, may=may) | {"turn": st.session_state.get("turn", 0)},
    )
    with st.container(key="desk"):
        left, right = st.columns([5, 7])
    with left:
        _article(review, ids, may=may)
    if ids:
        with right, st.container(key="claim_pane"):
            _claim(review, ids, record_page)


def _article(review: Review, ids: list[str], *, may: bool) -> None:
    checked = review.checked
    key = f"article-{checked.id}"

    def choose() -> None:
        wanted = st.session_state[key].get("choose")
        if wanted in ids:
            st.session_state["chosen"] = wanted
            st.query_params["claim"] = wanted

    def make() -> present.Json:
        shown = present.article(
            checked.article,
            checked.claims,
            checked.skipped,
            key=f"{checked.id} {len(review.revisions)}",
            group=checked.id,
            may=may,
        )
        return shown | {"chosen": st.session_state["chosen"]}

    shown = components.article(
        # What it gets must stay the same from click to click: then it is not sent again.
        key=key,
        data=_once(f"article {checked.id}", make),
        on_choose_change=choose,
        on_add_change=lambda: None,
    )
    if isinstance(wanted := shown.get("add"), dict):
        _add(checked, wanted)


def _claim(review: Review, ids: list[str], record_page: st.Page) -> None:
    checked = review.checked
    key = f"claim-{checked.id}"

    def decide() -> None:
        asked = st.session_state[key].get("decide")
        if isinstance(asked, dict):
            # Answered, whatever came of it: the browser sends the next one when it sees another turn.
            st.session_state["turn"] = st.session_state.get("turn", 0) + 1
            st.session_state["trouble"] = _attempt(lambda: _decide(checked, asked))

    chosen = st.session_state["chosen"]
    first = present.block(ids.index(chosen), len(ids))
    at_first = _once("at first", lambda: chosen)
    outcome = components.claim(
        key=key,
        data=_once(
            f"claims {first}", lambda: present.claims_near(checked, first, review.revisions) | {"chosen": at_first}
        ),
        on_open_change=lambda: None,
        on_decide_change=decide,
        on_reword_change=lambda: None,
        on_source_change=lambda: None,
    )
    if isinstance(reworded := outcome.get("reword"), dict):
        _reword(checked, reworded)
    if (opened := _evidence(checked, outcome.get("open"))) is not None:
        _context(*opened, record_page)
    if (opened := _evidence(checked, outcome.get("source"))) is not None:
        item, index = opened
        _to_record(item.evidence[index], record_page)


def _to_record(evidence: Evidence, record_page: st.Page) -> None:
    held = evidence.passage
    at = f"{held.span.start}-{held.span.end}"
    st.switch_page(record_page, query_params={"source": held.source.id, "version": held.version_id, "at": at})


def _evidence(checked: CheckedArticle, opened: object) -> tuple[CheckedClaim, int] | None:
    """Return the piece of evidence that the browser asks for, if it exists."""
    if not isinstance(opened, dict):
        return None
    index = opened.get("evidence")
    for item in checked.claims:
        if item.claim.id == opened.get("claim") and isinstance(index, int) and 0 <= index < len(item.evidence):
            return item, index
    return None


def _attempt(work: Callable[[], object]) -> str:
    """Do something that may be refused; return the message if it was."""
    try:
        work()
    except OnRecordError as error:
        return str(error)
    return ""


def _decide(checked: CheckedArticle, asked: Mapping[str, Any]) -> None:
    """Keep what the browser says that a person decided: one change to what held before."""
    claim_id, seen = str(asked.get("claim")), asked.get("seen")
    item = next((item for item in checked.claims if item.claim.id == claim_id), None)
    if item is None or not isinstance(seen, int):
        return
    library = frame.service()
    if asked.get("action") == "undo":
        library.undo(checked.id, claim_id, seen)
        return
    in_force = {decision.claim_id: decision for decision in library.decisions(checked.id)}.get(claim_id)
    before = in_force or Decision(
        check_id=checked.id,
        claim_id=claim_id,
        machine_label=item.verdict.label,
        who=frame.person().name,
        decided_at=dt.datetime.now(dt.UTC),
    )
    library.decide(
        before.model_copy(
            update={
                "number": 0,
                "undoes": None,
                "machine_label": item.verdict.label,
                "who": frame.person().name,
                "decided_at": dt.datetime.now(dt.UTC),
                **changed(before, asked, {evidence.passage.id for evidence in item.evidence}),
            }
        ),
        seen,
    )


LONGEST_NOTE: Final = 4_000


def changed(before: Decision, asked: Mapping[str, Any], passages: set[str]) -> dict[str, Any]:
    """Return the fields of a decision that the browser asks to change; what has not the right form changes nothing."""
    action = asked.get("action")
    if action == "label" and isinstance(label := asked.get("label"), str) and label in _LABELS:
        return {"label": VerdictLabel(label) if label in VerdictLabel.__members__ else label}
    if action == "note":
        tags = asked.get("tags")
        return {
            "note": str(asked.get("note", ""))[:LONGEST_NOTE].strip(),
            "assigned_to": " ".join(str(asked.get("assigned_to", "")).split())[:200],
            "tags": tuple(dict.fromkeys(str(tag)[:60] for tag in tags[:20])) if isinstance(tags, list) else before.tags,
        }
    if action == "evidence" and isinstance(passage := asked.get("passage"), str) and passage in passages:
        stands = {key: value for key, value in before.evidence.items() if key != passage}
        stand = asked.get("as")
        return {"evidence": stands | ({passage: stand} if stand in ("pinned", "rejected") else {})}
    return {}


def _add(checked: CheckedArticle, wanted: Mapping[str, Any]) -> None:
    """Have words of the article checked as a claim, and go to it."""
    start, end = wanted.get("start"), wanted.get("end")
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end):
        return
    with frame.guarded(), st.spinner("Checking these words …"):
        made = frame.service().add_claims(checked, Span(start=start, end=end))
        _go_on(checked.id, made[0].item.claim.id)


def _reword(checked: CheckedArticle, asked: Mapping[str, Any]) -> None:
    """Have a claim checked again in other words."""
    with frame.guarded(), st.spinner("Searching and judging again …"):
        made = frame.service().reword(
            checked, str(asked.get("claim")), str(asked.get("standalone", "")), str(asked.get("proposition") or "")
        )
        _go_on(checked.id, made.item.claim.id)


def _go_on(check_id: str, claim_id: str) -> None:
    """Show the check with what was just added to it."""
    _show_anew(frame.service().load(check_id))
    st.session_state["chosen"] = st.query_params["claim"] = claim_id
    st.rerun()


def _once(name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401  whatever ``make`` makes
    """Return what ``make`` made for this session the first time; only what belongs to the shown check is remembered."""
    kept: dict[str, Any] = st.session_state.setdefault("made", {})
    if name not in kept:
        kept[name] = make()
    return kept[name]


def first_to_look_at(checked: CheckedArticle) -> str:
    """Return the claim shown first: the first that something speaks against, else the first of all, else nothing."""
    worrying = {"REFUTED", "CONFLICTING"}
    for item in checked.claims:
        if item.verdict.label in worrying or item.verdict.proposition_label in worrying:
            return item.claim.id
    return checked.claims[0].claim.id if checked.claims else ""


@st.dialog("In its source", width="medium", icon=":material/menu_book:")
def _context(item: CheckedClaim, index: int, record_page: st.Page) -> None:
    """Show a passage inside its source."""
    evidence = item.evidence[index]
    with frame.guarded():
        whole = st.session_state.get("whole_source") == evidence.passage.id
        surroundings = frame.service().context(evidence, MOST_CHARACTERS if whole else CONTEXT_CHARACTERS)
        shown = components.context(
            key=f"context-{item.claim.id}-{index}-{whole}",
            data=present.context(surroundings, evidence),
            on_source_change=lambda: None,
        )
        if shown.get("source"):
            _to_record(evidence, record_page)
        if (surroundings.cut_before or surroundings.cut_after) and st.button("Show the whole source", key="whole"):
            st.session_state["whole_source"] = evidence.passage.id
            st.rerun(scope="fragment")
