"""What a person does at the desk, in a real browser: decide, note, take back, word anew, add, filter. Over made records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from onrecord.report import parse_json
from tests.browser.conftest import GOOD, Server, Watched, serving, watch


@pytest.fixture(scope="module")
def own(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001  first: is there one?
    """A server of its own: what is decided here must not be seen by other tests."""
    with serving(Path(__file__).with_name("app_with_records.py"), tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
def watched(browser: Browser, own: Server) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    made = watch(context, own)
    yield made
    context.close()
    assert made.errors == []
    assert made.elsewhere() == []


def pane(page: Page) -> Locator:
    return page.locator(".st-key-claim_pane")


def mark(page: Page, words: str) -> Locator:
    return page.locator(".mark[role=button]").filter(has_text=words).first


def reload(page: Page) -> None:
    page.reload()
    pane(page).locator(".place").wait_for(timeout=60_000)


def decision(page: Page) -> Locator:
    return pane(page).get_by_role("region", name="Decision")


def test_keys_alone_go_through_claims_decide_and_take_back(watched: Watched) -> None:
    page = watched.open_check(rest="&claim=c1-50")
    expect(pane(page)).to_contain_text("Claim 1 of 8")
    page.keyboard.press("a")
    expect(decision(page)).to_contain_text("Agreed: supported")
    expect(mark(page, "The terminal at Northport").locator(".person")).to_have_text("Agreed")
    page.keyboard.press("j")
    expect(pane(page)).to_contain_text("Claim 2 of 8")
    page.keyboard.press("1")
    expect(decision(page)).to_contain_text("Decided: supported")
    expect(decision(page)).to_contain_text("The software said then: contradicted")
    expect(mark(page, "According to the council").locator(".person")).to_have_text("Supported")
    for key in "w2wu":  # faster than the server answers: each upon what the one before led to
        page.keyboard.press(key)
    expect(decision(page)).to_contain_text("Agreed: contradicted")
    page.keyboard.press("1")
    page.keyboard.press("n")
    page.keyboard.type("j is a letter here")  # what is typed is no command
    expect(pane(page)).to_contain_text("Claim 2 of 8")
    page.get_by_label("Tags, with commas").fill("budget, call back")
    page.get_by_role("combobox", name="Assigned to").last.fill("Ada")
    page.get_by_role("button", name="Keep note").click()
    reload(page)
    expect(page.get_by_label("Note", exact=True)).to_have_value("j is a letter here")
    expect(page.get_by_label("Tags, with commas")).to_have_value("budget, call back")
    expect(page.get_by_role("combobox", name="Assigned to").last).to_have_value("Ada")
    expect(page.locator(".decided-count")).to_have_text("2 of 8 claims decided")
    page.keyboard.press("o")
    expect(page.get_by_role("dialog")).to_contain_text("Budget report 2024")
    page.keyboard.press("j")  # nor is anything while a dialog is open
    page.keyboard.press("Escape")
    expect(pane(page)).to_contain_text("Claim 2 of 8")


def test_keys_can_be_changed_and_switched_off(watched: Watched) -> None:
    page = watched.open_check(rest="&claim=c1-50")
    page.keyboard.press("?")
    page.get_by_role("textbox", name="Next claim").fill("x")
    page.get_by_role("textbox", name="Previous claim").fill("x")
    expect(page.locator(".keys .warning")).to_contain_text("“x” is given twice")
    page.get_by_role("textbox", name="Previous claim").fill("k")
    page.get_by_role("button", name="Close", exact=True).click()
    page.keyboard.press("x")
    expect(pane(page)).to_contain_text("Claim 2 of 8")
    expect(page).to_have_url(re.compile("claim=c2-"))
    reload(page)
    expect(pane(page)).to_contain_text("Claim 2 of 8")
    page.keyboard.press("x")
    expect(pane(page)).to_contain_text("Claim 3 of 8")
    page.keyboard.press("?")
    page.get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.wait_for_timeout(300)
    expect(pane(page)).to_contain_text("Claim 3 of 8")


def test_evidence_is_pinned_and_rejected(watched: Watched) -> None:
    page = watched.open_check(rest="&claim=c5-426")
    card = pane(page).get_by_role("article", name="Jobless rate steady along the coast")
    card.get_by_role("button", name="Reject").click()
    expect(card).to_contain_text("Rejected as evidence")
    other = pane(page).get_by_role("article", name="Labour market 2025")
    other.get_by_role("button", name="Pin").click()
    expect(other).to_contain_text("Pinned as evidence")
    reload(page)
    expect(card).to_contain_text("Rejected as evidence")
    card.get_by_role("button", name="Take back the rejection").click()
    expect(card).not_to_contain_text("Rejected as evidence")


def test_two_people_decide_at_once_and_the_second_is_told(watched: Watched) -> None:
    page = watched.open_check(rest="&claim=c6-560")
    other = page.context.new_page()
    other.goto(f"{watched.server.address}/?check={GOOD}&claim=c5-426")
    expect(pane(other)).to_contain_text("Claim 5 of 8")
    pane(other).get_by_role("button", name="Next claim").click()
    expect(other).to_have_url(re.compile("claim=c6-560"))
    decision(page).get_by_role("button", name="Contradicted").click()
    expect(decision(page)).to_contain_text("Decided: contradicted")
    decision(other).get_by_role("button", name="Supported").click()
    expect(other.get_by_text("decided about this claim meanwhile")).to_be_visible()
    expect(decision(other)).to_contain_text("Decided: contradicted")  # and sees the new state at once
    expect(pane(other)).to_contain_text("Claim 6 of 8")  # of the claim that he is at
    other.close()


def test_a_colleague_s_wording_is_seen_with_the_next_press(watched: Watched) -> None:
    page = watched.open_check(rest="&claim=c1-50")
    other = page.context.new_page()
    other.goto(f"{watched.server.address}/?check={GOOD}&claim=c8-709")
    expect(pane(other)).to_contain_text("Claim 8 of 8")
    pane(other).get_by_role("button", name="Check again").click()
    expect(pane(other).locator(".facts")).to_contain_text("read as “The old quay was closed in 2021.”")
    other.close()
    mark(page, "According to the council").click()
    page.wait_for_timeout(600)  # the server hears of the choice a moment later
    page.locator(".mark[role=button]").filter(has_text="The old quay was closed").last.click()
    expect(pane(page).locator(".facts")).to_contain_text("read as “The old quay was closed in 2021.”")


def test_a_claim_is_read_in_other_words(watched: Watched) -> None:
    page = watched.open_check(rest="&claim=c4-357")
    page.keyboard.press("e")
    page.get_by_label("The claim in words that stand alone").fill("The ferry carries <b>600,000</b> passengers.")
    page.get_by_role("button", name="Check again in these words").click()
    expect(pane(page).locator(".tile").first).to_contain_text("Conflicting sources")
    expect(pane(page).locator(".facts")).to_contain_text("The ferry carries <b>600,000</b> passengers.")
    expect(pane(page)).to_contain_text("Claim 4 of 8")


def test_a_source_found_elsewhere_is_added_from_the_desk_and_what_came_of_it_is_told(watched: Watched) -> None:
    page = watched.open_check(rest="&claim=c7-635")
    page.get_by_role("button", name="Add a source").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("A text", exact=True).click()
    dialog.get_by_role("button", name="Add to the record").click()
    expect(dialog).to_contain_text("There is nothing to add yet")
    dialog.get_by_label("Text", exact=True).fill("The terminal was opened on 3 June 2024.")
    dialog.get_by_label("Publisher").fill("Harbour office")
    dialog.get_by_role("button", name="Add to the record").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Adding 1 source: done")).to_be_visible()
    expect(page.get_by_text("1 added")).to_be_visible()
    expect(pane(page)).to_contain_text("Claim 7 of 8")
    page.keyboard.press("g")  # the claim again, against the record as it is now
    expect(pane(page).locator(".facts")).to_contain_text("read as “The national audit office")


def test_a_sentence_left_out_is_checked_and_so_are_selected_words(watched: Watched) -> None:
    page = watched.open_check()
    page.get_by_text("Sentences not taken as claims (4)").click()
    page.get_by_role("button", name="Check this sentence: Residents were promised").click()
    expect(pane(page)).to_contain_text("Claim 3 of 9")
    expect(pane(page).locator(".original")).to_have_text("Residents were promised a swimming pool too.")
    expect(page.get_by_text("Sentences not taken as claims (3)")).to_be_visible()
    # a triple click selects from the beginning of the paragraph over a claim with its tag, which is none of the words
    page.locator(".text p").filter(has_text="The opposition calls").click(click_count=3, position={"x": 60, "y": 12})
    page.get_by_role("button", name="Check these words as a claim").click()
    expect(pane(page).locator(".original")).to_have_text(
        re.compile(r"^The opposition calls the project a monument\. The old quay was closed in 2021\.")
    )


def test_claims_are_filtered_by_speaker_kind_and_decision(watched: Watched) -> None:
    page = watched.open_check()
    page.locator(".filters summary").click()
    page.get_by_label("Speaker").select_option("Ada Lind")
    expect(page.locator(".mark[role=button]:not(.off)")).to_have_count(1)
    page.get_by_label("Speaker").select_option("All")
    page.get_by_label("Kind of claim").select_option("With a quotation")
    expect(page.locator(".mark[role=button]:not(.off)")).to_have_count(1)
    page.get_by_label("Kind of claim").select_option("All")
    page.get_by_label("Assigned to").first.select_option("Ada")
    expect(page.locator(".mark[role=button]:not(.off)")).to_have_count(1)  # claim 2
    page.get_by_label("Assigned to").first.select_option("All")
    page.get_by_label("Decided", exact=True).select_option("Decided otherwise than the software")
    expect(page.locator(".mark[role=button]:not(.off)")).to_have_count(2)  # claims 2 and 6
    mark(page, "According to the council").click()
    page.keyboard.press("j")  # to the next that is shown
    expect(pane(page).locator(".original")).to_contain_text("The old quay was closed")


def test_what_people_did_stands_in_the_report_beside_the_verdict(watched: Watched, tmp_path: Path) -> None:
    page = watched.open_check(rest="&claim=c3-267")
    page.keyboard.press("2")
    expect(decision(page)).to_contain_text("Decided: contradicted")
    page.keyboard.press("n")
    page.keyboard.type("The minutes <i>disagree</i>.")
    page.get_by_role("button", name="Keep note").click()
    expect(page.get_by_label("Note", exact=True)).to_have_value("The minutes <i>disagree</i>.")
    pane(page).get_by_role("article").first.get_by_role("button", name="Pin").click()
    expect(pane(page)).to_contain_text("Pinned as evidence")
    saved = {}
    for name in ("HTML", "JSON"):
        page.get_by_test_id("stPopoverButton").click()
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name).click()
        waiting.value.save_as(tmp_path / name)
        saved[name] = (tmp_path / name).read_text(encoding="utf-8")
        page.keyboard.press("Escape")
    pane(page).get_by_role("button", name="Undo").click()
    expect(pane(page)).not_to_contain_text("Pinned as evidence")
    page.get_by_test_id("stPopoverButton").click()
    with page.expect_download() as waiting:  # made anew for every press
        page.get_by_role("button", name="JSON").click()
    waiting.value.save_as(tmp_path / "again")
    assert not parse_json((tmp_path / "again").read_text(encoding="utf-8")).in_force["c3-267"].evidence
    page.keyboard.press("Escape")
    now = parse_json(saved["JSON"]).in_force["c3-267"]
    assert (now.label, now.machine_label, now.note) == ("REFUTED", "SUPPORTED", "The minutes <i>disagree</i>.")
    assert list(now.evidence.values()) == ["pinned"]
    page.set_content(saved["HTML"])
    section = page.locator("section.claim").filter(has_text="We have never taken a loan").first
    expect(section.locator(".verdict")).to_contain_text("Supported (the software’s verdict)")
    expect(section.locator(".decision")).to_contain_text("Decided: contradicted")
    expect(section.locator(".decision")).to_contain_text("The minutes <i>disagree</i>.")
    expect(section.locator(".evidence.pinned")).to_contain_text("Pinned as evidence")
