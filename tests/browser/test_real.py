"""The whole path in a real browser with the real models: a small corpus, an article typed in, the evidence on the page."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ROOT, Watched, serving, watch

ARTICLE = """\
A short review of the year

On 26 July 2023 the Federal Reserve raised the target range for the federal funds rate to 5.25 to 5.50 per cent.

Minister Jane Roe said: "We will not raise the tax on bread." The World Health Assembly declared on 8 May 1990 that smallpox \
had been eradicated. The bakers of the town baked 7,412 loaves on that day.

What a wonderful year it was!
"""


@pytest.fixture(scope="module")
def real(
    browser: Browser, small_corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(small_corpus[0], home)  # another process: it must not share a Chroma folder with this one
    with serving(ROOT / "app.py", home) as server:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        made = watch(context, server)
        yield made
        context.close()
        assert made.errors == []
        assert made.elsewhere() == []
        assert "Traceback" not in server.text()


@pytest.mark.slow
def test_what_was_chosen_while_the_check_went_on_is_still_shown_when_it_ends(real: Watched) -> None:
    page = real.open()
    page.get_by_label("Text of the article").fill(ARTICLE.replace("A short review of the year", "Rates and a disease"))
    page.get_by_role("button", name="Check this article").click()
    chosen = (
        "On 26 July 2023 the Federal Reserve raised"  # not the claim that would be shown first: another is contradicted
    )
    page.locator(".mark[role=button]").filter(has_text=chosen).first.click(timeout=180_000)
    page.get_by_role("button", name="New check").wait_for(timeout=180_000)
    expect(page.locator(".st-key-claim_pane .original")).to_contain_text(chosen)


@pytest.mark.slow
def test_an_article_is_checked_by_the_real_models(real: Watched) -> None:
    page = real.open()
    page.get_by_label("Text of the article").fill(ARTICLE)
    page.get_by_role("button", name="Check this article").click()
    pane = page.locator(".st-key-claim_pane")
    pane.locator(".place").or_(page.get_by_text("This did not work")).first.wait_for(timeout=180_000)
    assert pane.is_visible(), real.server.text()
    page.get_by_role("button", name="New check").wait_for(timeout=180_000)  # where it ends, the pane is made anew

    def choose(words: str) -> None:
        page.locator(".mark[role=button]").filter(has_text=words).first.click()
        expect(pane.locator(".original")).to_contain_text(words)

    choose("On 26 July 2023 the Federal Reserve raised")
    expect(pane.locator(".tile")).to_contain_text("Supported")
    card = pane.get_by_role("region", name="Supports").get_by_role("article").first
    expect(card).to_contain_text("Decision on the federal funds rate, July 2023")
    expect(card.locator("mark.rationale").first).to_be_visible()
    assert card.get_by_role("link").first.get_attribute("href") == "https://example.org/rates"

    choose("We will not raise the tax on bread")
    expect(pane).to_contain_text("Jane Roe")
    expect(pane.locator(".tile").first).to_contain_text("Was it said?")
    expect(pane).to_contain_text("Address on the harvest")

    choose("smallpox")
    against = pane.get_by_role("region", name="Conflicts")
    expect(against).to_contain_text("8 May 1990 in the claim, 8 May 1980 in the source")
    expect(against).to_contain_text("Smallpox declared eradicated")

    pane.get_by_role("button", name="Open in context").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".body")).to_contain_text("The last known natural case of smallpox occurred in Somalia")
    page.keyboard.press("Escape")

    page.get_by_text(re.compile(r"Sentences not taken as claims")).click()
    expect(page.locator(".skipped")).to_contain_text("What a wonderful year it was!")
    page.get_by_text("How this was checked").click()
    expect(page.get_by_role("table")).to_contain_text("all-MiniLM-L6-v2")

    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="A short review of the year").click()
    expect(pane.locator(".place")).to_be_visible()


@pytest.mark.slow
def test_what_cannot_be_checked_is_told_and_the_next_check_works(real: Watched) -> None:
    page = real.open()
    german = " ".join(["Die Regierung hat am Montag beschlossen, die Steuer auf Brot nicht zu erhöhen."] * 5)
    page.get_by_label("Text of the article").fill(german)
    page.get_by_role("button", name="Check this article").click()
    expect(page.get_by_text("This did not work")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-testid=stText]").first).to_contain_text(re.compile("English"))
    expect(page.get_by_label("Text of the article")).to_have_value(german)


@pytest.mark.slow
def test_people_who_work_at_once_each_see_their_own(real: Watched, browser: Browser) -> None:
    """Four here; ``ONRECORD_TEST_PEOPLE=10`` for ten, which takes a minute on two cores."""
    number_of_people = int(os.environ.get("ONRECORD_TEST_PEOPLE", "4"))
    contexts = [browser.new_context(viewport={"width": 1200, "height": 800}) for _ in range(number_of_people)]
    people = [watch(context, real.server) for context in contexts]
    for number, person in enumerate(people):
        page = person.open()
        page.get_by_label("Text of the article").fill(
            f"The bakers of the town baked {7000 + number} loaves on 8 May 1980. "
            f"On {number + 1} July 2023 the Federal Reserve raised the target range to 5.25 to 5.50 per cent."
        )
        page.get_by_label("Published by").fill(f"Paper {number}")
        if number % 2:
            page.get_by_text("Options").click()
            primary = page.get_by_role("switch", name="Primary sources only")
            page.locator("[data-testid=stCheckbox]").filter(has_text="Primary sources only").locator("label").click()
            expect(primary).to_be_checked()
    for person in people:
        person.page.get_by_role("button", name="Check this article").click()
    addresses = []
    for number, person in enumerate(people):
        page, pane = person.page, person.page.locator(".st-key-claim_pane")
        pane.locator(".decision").wait_for(timeout=240_000)
        expect(page.locator(".text")).to_contain_text(f"baked {7000 + number} loaves")
        facts = page.locator(".meta").first
        expect(facts).to_contain_text(f"Paper {number}")
        limited = expect(facts).to_contain_text if number % 2 else expect(facts).not_to_contain_text
        limited("Primary sources only")
        page.locator(".mark[role=button]").filter(has_text=f"On {number + 1} July").click()
        expect(pane.locator(".original")).to_contain_text(f"On {number + 1} July 2023")
        addresses.append(page.url.partition("&")[0])
    assert len(set(addresses)) == number_of_people
    for number, person in enumerate(people):  # all decide, and all leave a note half written
        person.page.keyboard.press("2" if number % 2 else "w")
        person.page.keyboard.press("n")
        person.page.keyboard.type(f"draft {number}")
    for number, person in enumerate(people):
        decision = person.page.get_by_role("region", name="Decision")
        expect(decision).to_contain_text("contradicted" if number % 2 else "Needs work")
        expect(person.page.get_by_label("Note", exact=True)).to_have_value(f"draft {number}")
        expect(person.page.locator(".tag.person:visible")).to_have_count(1)
    guest = people[-1].page  # what was decided is everybody's, what is half written is not
    guest.goto(f"{addresses[0]}&claim={people[0].page.url.partition('claim=')[2]}")
    expect(guest.get_by_role("region", name="Decision")).to_contain_text("Needs work")
    guest.keyboard.press("n")
    expect(guest.get_by_label("Note", exact=True)).to_have_value("")
    for context, person in zip(contexts, people, strict=True):
        assert (person.errors, person.elsewhere()) == ([], [])
        context.close()


@pytest.mark.slow
def test_a_form_of_a_warm_server_is_there_within_two_seconds(real: Watched) -> None:
    real.open()
    real.page.get_by_label("Text of the article").wait_for()
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        real.open()
        real.page.get_by_label("Text of the article").wait_for()
        times.append(time.perf_counter() - begun)
    # The promise is two seconds on two idle cores; a test machine may be busy with other things.
    assert min(times) < 4, times
