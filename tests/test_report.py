"""Every report format over the same checks: nothing lost, nothing interpreted."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.errors import ReportError
from onrecord.records import (
    CheckedArticle,
    Decision,
    Reason,
    Rejected,
    Review,
    Revision,
    Skipped,
    Span,
    Stance,
    Verdict,
    VerdictLabel,
)
from onrecord.report import FORMATS, json_schema, parse_json, render
from onrecord.report.html import marked, passage_pieces
from onrecord.report.wording import ICONS, WORDS, ranked, safe_address
from tests.record_builders import NOW, checked_article, claim, evidence, source

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)> **bold** {{ 7*7 }} \x1b[31mred'


def verdict(label: VerdictLabel = VerdictLabel.SUPPORTED, text: str = "Because.") -> Verdict:
    return Verdict(label=label, confidence=0.9, reasons=(Reason(code="x", text=text),))


def article_with(text: str = "The talks went on. The talks went on. I like it.") -> CheckedArticle:
    first, second = claim(), claim(start=19, number=2)
    return checked_article(
        text,
        [
            (first, verdict(), (evidence(), evidence(Stance.REFUTES, of=source("other"), text="They did not. End."))),
            (second, verdict(VerdictLabel.NOT_CHECKED, "This claim was not checked: no model"), ()),
        ],
        skipped=(
            Skipped(span=Span(start=38, end=48), text="I like it.", reason="opinion", check_worthiness_probability=0.1),
        ),
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_what_a_reader_needs(name: str) -> None:
    page = render(article_with(), name)
    for needed in [
        "The talks went on.",  # the claim's words
        "They did not.",  # the conflicting sentence
        "https://example.org/other",  # the address of its source
        "Publisher",
        "2022-03-29" if name == "json" else "29 March 2022",  # the date of the source
        "I like it.",  # what was left out
        "opinion",  # and why
        "no model",  # a failure says its reason
        "other@0123456789ab",  # the version, for replay
    ]:
        assert needed in page, needed


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_survives_an_article_without_claims(name: str) -> None:
    assert render(checked_article("Well.", []), name)


@pytest.mark.parametrize("name", ["text", "json", "html"])
def test_what_a_language_model_did_is_said(name: str) -> None:
    checked = article_with()
    note = "acme:m was asked to part and word claims, but it failed; the rules did it instead."
    dropped = Rejected(quote="They left.", standalone="The moon is made of cheese.", reason="it puts in “cheese”")
    worded = checked.claims[0].model_copy(
        update={"claim": checked.claims[0].claim.model_copy(update={"worded_by": "acme:worder"})}
    )
    checked = checked.model_copy(
        update={"notes": (note,), "rejected": (dropped,), "claims": (worded, *checked.claims[1:])}
    )
    page = " ".join(render(checked, name).split())
    for needed in (note, dropped.standalone, dropped.reason, "acme:worder"):
        assert needed in page


def decided(**given: object) -> CheckedArticle:
    """Return ``article_with`` as two people left it: the first claim decided otherwise, the second added and open."""
    checked = article_with()
    first, second = checked.claims
    base = Decision(
        check_id=checked.id, claim_id=first.claim.id, machine_label=VerdictLabel.SUPPORTED, who="Ada", decided_at=NOW
    )
    passages = [item.passage.id for item in first.evidence]
    made = (
        base.model_copy(update={"number": 1, "label": VerdictLabel.SUPPORTED}),
        base.model_copy(
            update={
                "number": 2,
                "label": VerdictLabel.REFUTED,
                "who": "Bo",
                "note": "The minutes say otherwise.",
                "tags": ("call back", "minutes"),
                "assigned_to": "Cy",
                "evidence": {passages[0]: "rejected", passages[1]: "pinned"},
                **given,
            }
        ),
        base.model_copy(update={"number": 3, "claim_id": second.claim.id, "label": "NEEDS_WORK"}),
    )
    added = Revision(
        check_id=checked.id, number=1, what="added", item=second, corpus=checked.corpus, models=checked.models, settings={},
        package_version="0", who="Bo", made_at=NOW,
    )  # fmt: skip
    return Review(checked=checked, revisions=(added,), decisions=made).exported


@pytest.mark.parametrize("name", ["text", "html"])
def test_the_software_s_verdict_and_the_person_s_decision_are_both_told_and_told_apart(name: str) -> None:
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", render(decided(), name))).split())
    for needed in [
        "Decided by people: 1 of 2 claims, 1 of them otherwise than the software. 1 needs work.",
        "Decided: contradicted (Bo, 12 March 2026, 09:30 UTC). The software said then: supported.",
        "Note: The minutes say otherwise.",
        "Tags: call back, minutes",
        "Assigned to: Cy",
        "Needs work (Ada, 12 March 2026, 09:30 UTC).",
        "added by Bo, 12 March 2026, 09:30 UTC",
        "Rejected as evidence",
        "Pinned as evidence",
    ]:
        assert needed in page, needed
    if name == "html":
        assert "1. Supported (the software’s verdict)" in page  # what a person decided does not overwrite it
        assert "Every decision, the earliest first (3)" in page
        assert "Agreed: supported (Ada" in page  # what held before is told too


def test_a_report_without_decisions_says_so() -> None:
    assert "No person has decided about these claims yet." in render(article_with(), "html")
    page = render(decided().model_copy(update={"decisions": decided().decisions[:2]}), "html")
    assert page.count("No person has decided about this claim.") == 1


def test_what_was_pinned_comes_first_and_what_was_rejected_last() -> None:
    checked = decided()
    evidence_ = checked.claims[0].evidence
    found = ranked(evidence_, checked.in_force[checked.claims[0].claim.id])
    assert [(item.passage.id, stand) for item, stand in found] == [
        (evidence_[1].passage.id, "pinned"),
        (evidence_[0].passage.id, "rejected"),
    ]
    assert [item for item, _ in ranked(evidence_, None)] == list(evidence_)


def test_decisions_round_trip_in_json_and_an_earlier_file_is_still_read() -> None:
    checked = decided()
    assert parse_json(render(checked, "json")) == checked
    made = json.loads(render(checked, "json"))
    assert made["decisions"][1]["machine_label"] == "SUPPORTED"
    assert made["revisions"][0]["what"] == "added"
    of_before = {key: value for key, value in made.items() if key not in {"decisions", "revisions"}}
    read = parse_json(json.dumps(of_before | {"schema_version": "1.1"}))
    assert (read.decisions, read.revisions) == ((), ())


def test_what_people_wrote_is_escaped() -> None:
    page = render(decided(note=HOSTILE, tags=(HOSTILE,), assigned_to=HOSTILE, who=HOSTILE), "html")
    assert "<script" not in page
    assert "<img" not in page
    assert page.count(html.escape("<script>alert(1)</script>", quote=False)) >= 4


def test_unknown_format_is_refused() -> None:
    with pytest.raises(ReportError, match="choose one of text, json, html"):
        render(article_with(), "docx")


def test_json_round_trips() -> None:
    checked = article_with()
    assert parse_json(render(checked, "json")) == checked


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
def test_json_round_trips_any_text(text: str) -> None:
    checked = checked_article(text, [(claim(text), verdict(), (evidence(text=text + ". Z"),))])
    assert parse_json(render(checked, "json")) == checked


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "schema version None"),  # JSON, but not an object
        ('{"schema_version": "99.0"}', "schema version '99.0'"),
        ('{"schema_version": "1.0"}', "does not fit the schema"),  # fields missing
    ],
)
def test_bad_json_is_refused_with_a_reason(text: str, match: str) -> None:
    with pytest.raises(ReportError, match=match):
        parse_json(text)


def test_published_schema_is_current() -> None:
    path = Path(__file__).parents[1] / "docs" / "schema" / "checked-article.json"
    assert json.loads(path.read_text(encoding="utf-8")) == json_schema(), "run `make docs`"


def test_html_escapes_everything() -> None:
    bad = source("bad", title=HOSTILE, publisher=HOSTILE, address="javascript:alert(3)")
    checked = checked_article(
        HOSTILE, [(claim(HOSTILE), verdict(text=HOSTILE), (evidence(of=bad, text=HOSTILE + ". B"),))]
    )
    page = render(checked, "html")
    assert "<script" not in page
    assert "<img" not in page
    assert html.escape("<script>alert(1)</script>", quote=False) in page
    assert 'href="javascript' not in page
    assert "{{ 7*7 }}" in page


def test_text_has_no_control_characters() -> None:
    bad = source("bad", title=HOSTILE)
    checked = checked_article(
        HOSTILE, [(claim(HOSTILE), verdict(text=HOSTILE), (evidence(of=bad, text=HOSTILE + ". B"),))]
    )
    assert "\x1b" not in render(checked, "text")


@given(st.data())
def test_marked_pieces_join_to_the_article(data: st.DataObject) -> None:
    text = data.draw(st.text(min_size=1, max_size=60))
    bounds = st.integers(0, len(text))
    items = []
    for number in range(data.draw(st.integers(0, 4))):
        start, end = sorted((data.draw(bounds), data.draw(bounds)))
        item = claim(text[start:end] or " ", start, number=number).model_copy(
            update={"span": Span(start=start, end=end)}
        )
        items.append((item, verdict(), ()))
    pieces = marked(checked_article(text, items))
    assert "".join(piece for piece, _ in pieces) == text
    for number, (item, _, _) in enumerate(items):
        assert "".join(piece for piece, covering in pieces if number in covering) == item.span.of(text)


def test_passage_pieces_join_to_the_passage_and_mark_the_rationale() -> None:
    item = evidence()
    pieces = passage_pieces(item)
    assert "".join(piece for piece, _ in pieces) == item.passage.text
    assert [piece for piece, rationale in pieces if rationale] == [item.rationale_text]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://example.org/a", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://", False),  # no host
        ("//example.org", False),  # no scheme
        ("http://[::1", False),  # not an address at all
        (None, False),
    ],
)
def test_only_web_addresses_become_links(address: str | None, allowed: bool) -> None:  # noqa: FBT001
    assert (safe_address(address) is not None) is allowed


def test_every_label_has_its_own_icon_and_words() -> None:
    assert set(ICONS) == set(WORDS) == set(VerdictLabel)
    assert len(set(ICONS.values())) == len(set(WORDS.values())) == len(VerdictLabel)
