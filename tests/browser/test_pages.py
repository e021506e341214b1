"""The pages in a real browser, over made records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from onrecord.report import render
from tests.browser.conftest import GOOD, HOSTILE, LONG, Watched, no_browser
from tests.checked_article_factory import ARTICLE, checked_article
from tests.checked_article_factory import HOSTILE as ATTACKS

REFUTED = "According to the council's budget report, it cost 40 million euros"
CONFLICTING = "Unemployment in the town fell"


def mark(page: Page, words: str) -> Locator:
    """Return the first claim in the text that begins with ``words``."""
    return page.locator(".mark[role=button]").filter(has_text=words).first


def pane(page: Page) -> Locator:
    return page.locator(".st-key-claim_pane")


def test_main_path_from_example_to_evidence_to_history_and_back(watched: Watched) -> None:
    page = watched.open()
    page.get_by_text("Choose an example").click()
    expect(page.locator(".sheet")).to_be_visible()
    page.get_by_role("button", name="Check this article").click()
    expect(page.get_by_text("claims decided")).to_be_visible()
    # claims are marked, and can be looked at, while the check goes on
    expect(page.locator(".mark").first).to_be_visible()
    expect(pane(page)).to_contain_text("You can decide when the check has ended")
    expect(page).to_have_url(re.compile("check="))
    expect(pane(page)).to_contain_text("Your decision")
    check_id = re.search("check=([0-9a-f]{32})", page.url)
    assert check_id

    mark(page, CONFLICTING).click()
    expect(pane(page)).to_contain_text("Claim 5 of 8")
    expect(pane(page).get_by_role("region", name="Supports")).to_contain_text(
        "the lowest figure since the series began"
    )
    against = pane(page).get_by_role("region", name="Conflicts")
    expect(against.locator("mark.rationale")).to_have_text(
        re.compile("^It had been lower only once, in 2008, .* still open.$")
    )
    expect(against).to_contain_text("later than the article")
    expect(page).to_have_url(re.compile("claim=c5-"))

    against.get_by_role("button", name="Open in context").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Jobless rate steady along the coast")).to_be_visible()
    expect(dialog.locator("mark.rationale").last).to_contain_text("It had been lower only once")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(pane(page)).to_contain_text("Claim 5 of 8")

    page.get_by_role("link", name="History").click()
    kept = page.locator(f"a.title[href*='{check_id[1]}']")
    expect(kept).to_be_visible()
    kept.click()
    expect(pane(page)).to_be_visible()
    expect(page).to_have_url(re.compile(check_id[1]))


@pytest.mark.parametrize("check_id", [pytest.param(GOOD, id="8 claims"), pytest.param(LONG, id="the first 40 of 320")])
def test_a_claim_is_shown_within_150_ms_of_the_click(watched: Watched, check_id: str) -> None:
    page = watched.open_check(check_id)
    times = page.evaluate(
        """async () => {
          const root = (css) => [...document.querySelectorAll("*")].find((e) => e.shadowRoot?.querySelector(css)).shadowRoot;
          const marks = [...root(".mark").querySelectorAll(".mark[role=button]")].slice(0, 40);
          const found = [];
          for (let at = 0; at < marks.length; at += 1) {
            const begun = performance.now();
            marks[at].click();
            while (!root(".place").textContent.includes(`Claim ${at + 1} of`)) await new Promise((go) => setTimeout(go, 1));
            found.push(performance.now() - begun);
          }
          return found;
        }"""
    )
    assert sorted(times)[len(times) // 2] < 150, times


@pytest.mark.parametrize(
    ("ci", "outcome"),
    [
        pytest.param("true", pytest.fail.Exception, id="CI: a failure"),
        pytest.param("", pytest.skip.Exception, id="a person's machine: a loud skip"),
    ],
)
def test_a_missing_browser(monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="NO BROWSER"):
        no_browser("NO BROWSER")


def test_a_file_can_be_uploaded(watched: Watched, tmp_path: Path) -> None:
    article = tmp_path / "harbour.md"
    article.write_text(ARTICLE, encoding="utf-8")
    page = watched.open()
    page.get_by_text("Upload a file").click()
    page.get_by_role("button", name="Check this article").click()
    expect(page.get_by_text("There is no file yet")).to_be_visible()
    page.locator("input[type=file]").set_input_files(article)
    expect(page.get_by_text("harbour.md")).to_be_visible()
    page.get_by_role("button", name="Check this article").click()
    expect(pane(page).locator(".place")).to_be_visible()


def test_a_long_article_is_shown_whole_and_its_last_claim_can_be_chosen(watched: Watched) -> None:
    page = watched.open_check(LONG)
    expect(page.locator(".mark[role=button]")).to_have_count(320)
    mark(page, "The terminal at Northport opened").focus()
    page.keyboard.press("End")  # far beyond what was sent at first
    expect(pane(page)).to_contain_text("Claim 320 of 320")
    pane(page).get_by_role("button", name="Previous claim").click()
    expect(pane(page)).to_contain_text("Claim 319 of 320")
    expect(pane(page)).to_contain_text("the index is being rebuilt")


def test_a_reloaded_page_finds_the_check_on_its_way(watched: Watched) -> None:
    page = watched.open()
    page.get_by_label("Text of the article").fill(ARTICLE)
    page.get_by_role("button", name="Check this article").click()
    expect(page.get_by_text("claims decided")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Stop").or_(pane(page)).first).to_be_visible()
    expect(pane(page).locator(".place")).to_be_visible()
    expect(page).not_to_have_url(re.compile("job="))  # claims are shown while the check runs; it ends in the kept check


def test_a_citation_can_be_copied(watched: Watched) -> None:
    watched.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = watched.open_check()
    pane(page).get_by_role("button", name="Copy citation").first.click()
    expect(pane(page).get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(
        "“The terminal cost 14 million euros in all, two million more than planned.” Budget report 2024"
    )
    assert re.search(r"version source-1@[0-9a-f]{12}, characters \d+ to \d+\.$", copied)


def test_figures_are_compared_in_the_card_and_the_words_marked(watched: Watched) -> None:
    page = watched.open_check()
    mark(page, REFUTED).click()
    card = pane(page).get_by_role("article", name="Budget report 2024")
    expect(card).to_contain_text("40 million euros in the article, 14 million euros in the source.")
    expect(card.locator("mark.finding-different")).to_have_text("14 million euros")
    expect(card).to_contain_text("Document, primary source")
    link = card.get_by_role("link", name="Budget report 2024")
    assert link.get_attribute("href") == "https://records.example/1"
    assert set((link.get_attribute("rel") or "").split()) == {"noopener", "noreferrer"}


def test_reported_speech_answers_both_questions_in_the_text_and_beside_it(watched: Watched) -> None:
    page = watched.open_check()
    claim = mark(page, "We have never taken a loan")
    expect(claim.locator(".tag:visible")).to_have_text(["Said: supported", "As fact: contradicted"])
    claim.click()
    tiles = pane(page).locator(".tile")
    expect(tiles).to_contain_text(["Was it said?", "Is it so?"])
    expect(tiles.nth(0)).to_contain_text("Supported")
    expect(tiles.nth(1)).to_contain_text("Contradicted")
    expect(pane(page)).to_contain_text("The speaker’s own words")


def test_not_checked_looks_like_no_verdict(watched: Watched) -> None:
    page = watched.open_check()
    looks = page.evaluate(
        """() => {
          const root = [...document.querySelectorAll("*")].find((e) => e.shadowRoot?.querySelector(".mark")).shadowRoot;
          const look = {};
          for (const node of root.querySelectorAll(".mark")) {
            const label = [...node.classList].find((name) => name.startsWith("v-"));
            const words = getComputedStyle(node.querySelector(".words"));
            const tag = getComputedStyle(node.querySelector(".tag") || node);
            look[label] = { line: words.textDecorationLine, style: words.textDecorationStyle, border: tag.borderTopStyle,
              fill: tag.backgroundColor, weight: tag.fontWeight };
          }
          return look;
        }"""
    )
    assert looks["v-NOT_CHECKED"] == {
        "line": "none",
        "style": "solid",
        "border": "dashed",
        "fill": "rgba(0, 0, 0, 0)",
        "weight": "400",
    }
    verdicts = {label: look for label, look in looks.items() if label != "v-NOT_CHECKED"}
    assert all(look["line"] == "underline" and look["border"] == "none" for look in verdicts.values())
    assert len({look["style"] for look in verdicts.values()}) == len(verdicts)  # told apart without colour
    mark(page, "The national audit office").click()
    expect(pane(page)).to_contain_text("No evidence is shown, because this claim was not checked.")
    expect(pane(page)).to_contain_text("the index is being rebuilt by another process")


def test_verdicts_can_be_hidden_and_shown(watched: Watched) -> None:
    page = watched.open_check()
    chips = page.locator(".counters button")
    expect(chips).to_have_text(
        ["2Supported", "2Contradicted", "1Conflicting sources", "2Not enough evidence", "1Not checked"]
    )
    chips.nth(1).click()
    expect(chips.nth(1)).to_have_attribute("aria-pressed", "false")
    expect(mark(page, REFUTED)).to_have_class(re.compile(r"\boff\b"))
    # said and supported, but not so: hidden only when both are
    said = mark(page, "We have never taken a loan")
    expect(said).not_to_have_class(re.compile(r"\boff\b"))
    chips.nth(0).click()
    expect(said).to_have_class(re.compile(r"\boff\b"))
    chips.nth(1).click()
    expect(mark(page, REFUTED)).not_to_have_class(re.compile(r"\boff\b"))


def test_keyboard_alone_is_enough(watched: Watched) -> None:
    page = watched.open_check()
    mark(page, "The terminal at Northport opened").focus()
    page.keyboard.press("ArrowRight")
    expect(pane(page)).to_contain_text("Claim 2 of 8")
    page.keyboard.press("End")
    expect(pane(page)).to_contain_text("Claim 8 of 8")
    page.keyboard.press("ArrowRight")  # the last stays the last
    expect(pane(page)).to_contain_text("Claim 8 of 8")
    page.keyboard.press("Home")
    expect(pane(page)).to_contain_text("Claim 1 of 8")
    focused = page.evaluate(
        """() => {
          let at = document.activeElement;
          while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
          const style = getComputedStyle(at);
          return { claim: at.dataset.claim, pressed: at.getAttribute("aria-pressed"), name: at.getAttribute("aria-label"),
            outline: style.outlineStyle, width: parseFloat(style.outlineWidth) };
        }"""
    )
    assert focused["claim"].startswith("c1-")
    assert focused["pressed"] == "true"
    assert focused["name"].startswith("Supported: The terminal at Northport opened")
    assert focused["outline"] == "solid"
    assert focused["width"] >= 2  # the focus can be seen
    page.keyboard.press("Tab")  # one stop for all claims: on to what follows the text
    expect(page.locator(".skipped summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".skipped li").first).to_be_visible()
    pane(page).get_by_role("button", name="Open in context").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    pane(page).get_by_role("button", name="Next claim").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # the focus stays on the button from claim to claim
    expect(pane(page)).to_contain_text("Claim 3 of 8")
    expect(mark(page, "We have never taken a loan")).to_have_attribute("aria-pressed", "true")


def test_sentences_left_out_are_listed_with_their_reason(watched: Watched) -> None:
    page = watched.open_check()
    page.get_by_text("Sentences not taken as claims (4)").click()
    expect(page.locator(".skipped li").filter(has_text="It is a beautiful building")).to_contain_text("An opinion.")


def test_an_address_opens_a_check_at_a_claim(watched: Watched) -> None:
    page = watched.open_check(rest="&claim=" + _id_of(CONFLICTING))
    expect(pane(page)).to_contain_text("Claim 5 of 8")
    page.reload()
    expect(pane(page)).to_contain_text("Claim 5 of 8")


def _id_of(words: str) -> str:
    return f"c5-{ARTICLE.index(words)}"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/?check=" + "f" * 32, id="none with this id"),
        pytest.param("/?check=../../x", id="a path"),
        pytest.param("/?check=%3Cscript%3Ewindow.hacked=1%3C/script%3E", id="markup"),
    ],
)
def test_a_wrong_address_is_told_and_leads_on(watched: Watched, path: str) -> None:
    page = watched.open(path)
    expect(page.get_by_text("This did not work")).to_be_visible()
    assert page.evaluate("window.hacked") is None
    page.get_by_role("button", name="New check").click()
    expect(page.get_by_role("button", name="Check this article")).to_be_visible()


def test_reports_can_be_downloaded(watched: Watched, tmp_path: Path) -> None:
    page = watched.open_check()
    for name, ending in (("HTML", "html"), ("JSON", "json")):
        page.get_by_test_id("stPopoverButton").click()
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name).click()
        saved = tmp_path / f"report.{ending}"
        waiting.value.save_as(saved)
        assert waiting.value.suggested_filename == f"on-record-{GOOD[:8]}.{ending}"
        assert "Harbour town counts the cost" in saved.read_text(encoding="utf-8")
        page.keyboard.press("Escape")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["id"] == GOOD


def test_a_check_can_be_stopped_and_the_text_is_still_there(watched: Watched) -> None:
    page = watched.open()
    page.get_by_label("Text of the article").fill("The old quay was closed in 2021.")
    page.get_by_role("button", name="Check this article").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_label("Text of the article")).to_have_value("The old quay was closed in 2021.")


def test_a_hostile_article_is_only_ever_text(watched: Watched) -> None:
    page = watched.open_check(HOSTILE)
    for number, attack in enumerate(ATTACKS):
        expect(page.locator(".text p").nth(number)).to_contain_text(f"Claim {number}: {attack} is said.")
    for _ in ATTACKS:
        page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true })")
        for place in (".facts", ".reasons", ".card .passage", ".card .title", ".card .note", ".card .finding"):
            expect(pane(page).locator(place).first).to_contain_text("<script>window.hacked = 1</script>")
        pane(page).get_by_role("button", name="Next claim").click(force=True)
    pane(page).get_by_role("button", name="Open in context").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".body")).to_contain_text("</style><style>body { display: none }</style>")
    expect(dialog.locator("h2").last).to_contain_text("![picture](http://evil.example/y.png)")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="History").click()
    expect(page.locator(".list")).to_contain_text("![picture](http://evil.example/y.png)")
    # checking it, as pasted text, shows it as text too
    page.get_by_test_id("stTopNav").get_by_role("link", name="Check").click()
    page.get_by_role("button", name="New check").or_(page.get_by_label("Text of the article")).first.wait_for()
    if page.get_by_role("button", name="New check").is_visible():
        page.get_by_role("button", name="New check").click()
    page.get_by_label("Text of the article").fill("\n\n".join(ATTACKS))
    page.get_by_role("button", name="Check this article").click()
    expect(page.locator("h1").filter(has_text="<script>")).to_be_visible()
    expect(pane(page)).to_be_visible()
    made = page.evaluate(
        """() => {
          const all = [document, ...[...document.querySelectorAll("*")].filter((e) => e.shadowRoot).map((e) => e.shadowRoot)];
          const find = (css) => all.flatMap((root) => [...root.querySelectorAll(css)]).length;
          return { hacked: window.hacked ?? null, pictures: find("img[src*=evil], [onerror]"),
            links: find("a[href^='javascript:'], a[href*='evil.example']"), bold: find(".text strong, .text b, .katex") };
        }"""
    )
    assert made == {"hacked": None, "pictures": 0, "links": 0, "bold": 0}
    assert page.evaluate("getComputedStyle(document.body).display") == "block"


def test_on_a_telephone_nothing_is_wider_than_the_screen_and_a_choice_is_brought_into_view(narrow: Watched) -> None:
    page = narrow.open_check()
    for words in (REFUTED, "We have never taken a loan", CONFLICTING):
        mark(page, words).click()
        expect(pane(page)).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        wide = page.evaluate(
            """() => [...document.querySelectorAll("*")].filter((e) => e.shadowRoot)
              .flatMap((e) => [...e.shadowRoot.querySelectorAll("*")])
              .filter((e) => e.getBoundingClientRect().right > 401 && !e.closest("svg")).map((e) => e.className)"""
        )
        assert wide == []
    page.get_by_role("button", name="Back to the article").click()
    expect(mark(page, CONFLICTING)).to_be_in_viewport()
    narrow.open("/record")  # a row of a table is a card, its heading stays a line
    assert page.locator("caption").first.bounding_box()["height"] < 60  # type: ignore[index]  it is there
    first = page.locator("tbody tr").first
    assert first.bounding_box()["width"] > 300  # type: ignore[index]
    expect(first.locator("td").nth(1)).to_be_in_viewport()
    narrow.open("/history")
    expect(page.locator(".list li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


GERMAN = {
    "Supported": "Ausreichend belegt",
    "Contradicted": "Widersprochen",
    "Conflicting sources": "Widersprüchliche Quellenlage",
    "Conflicting": "Widersprüchlich",
    "Not enough evidence": "Beweislage unzureichend",
    "Not enough": "Unzureichend",
    "Not checked": "Überprüfung nicht durchgeführt",
    "Needs work": "Nachbearbeitung erforderlich",
    "Agree": "Einverstanden",
    "Open in context": "Im Zusammenhang öffnen",
    "Copy citation": "Quellenangabe kopieren",
    "Edit the wording": "Formulierung bearbeiten",
    "Back to the article": "Zurück zum Zeitungsartikel",
    "Previous": "Vorhergehende Behauptung",
    "Next": "Nächstfolgende Behauptung",
    "What is asserted": "Tatsachenbehauptung",
    "Said by": "Urheberschaft",
}


@pytest.mark.parametrize("width", [1024, 400])
def test_labels_of_german_length_break_nothing(watched: Watched, width: int) -> None:
    watched.page.set_viewport_size({"width": width, "height": 850})
    for path, ready in (
        (f"/?check={GOOD}", ".decision"),
        ("/history", ".list"),
        ("/corpus", ".facts"),
        ("/record", "table"),
    ):
        page = watched.open(path)
        page.locator(ready).first.wait_for()
        page.wait_for_timeout(300)
        # what has no German here gets a word of thirty letters behind it
        wide = page.evaluate(
            """(german) => {
              const roots = [...document.querySelectorAll("*")].filter((e) => e.shadowRoot).map((e) => e.shadowRoot);
              const kinds = "button, summary, dt, th, label, h3, h4, option, .chip span, .badge span, .tag span, .question";
              const labels = roots.flatMap((root) => [...root.querySelectorAll(kinds)]);
              for (const label of labels) for (const node of label.childNodes) {
                if (node.nodeType !== Node.TEXT_NODE || !/[a-z]{3}/i.test(node.data)) continue;
                node.data = german[node.data.trim()] || `${node.data} Rechtsschutzversicherungspflicht`;
              }
              const scrolls = (e) => e.closest(".scroll") || e.closest("svg") || e.classList.contains("visually-hidden");
              return roots.flatMap((root) => [...root.querySelectorAll("*")])
                .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1 && !scrolls(e))
                .map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 60)}`);
            }""",
            GERMAN,
        )
        assert wide == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def press(name: str, *, exact: bool = False) -> Callable[[Page], None]:
    return lambda page: page.get_by_text(name, exact=exact).first.click()


STATES: dict[str, tuple[str, str, Callable[[Page], None] | None]] = {
    # where, what to do there, what must be there before it is looked at
    "form": ("/", "textarea", None),
    "upload": ("/", "input[type=file]", press("Upload a file")),
    "address": ("/", "[aria-label='Address of the page']", press("Give an address")),
    "example": ("/", ".sheet", press("Choose an example")),
    "options": ("/", "[data-testid=stSlider]", press("Options")),
    "error": (f"/?check={'f' * 32}", "[data-testid=stText]", None),
    "result": (f"/?check={GOOD}", ".decision", None),
    "not checked": (f"/?check={GOOD}&claim=c7-{ARTICLE.index('The national audit')}", ".notice", None),
    "filters": (f"/?check={GOOD}", ".fields", lambda page: page.locator(".filters summary").click()),
    "wording": (f"/?check={GOOD}", ".wording", lambda page: page.locator("[data-edit]").click()),
    "context": (f"/?check={GOOD}", "[role=dialog] .body", lambda page: page.locator("[data-open]").first.click()),
    "keys": (f"/?check={GOOD}", ".keys table", lambda page: page.get_by_role("button", name="Keys").click()),
    "hostile": (f"/?check={HOSTILE}", ".decision", None),
    "history": ("/history", ".list", None),
    "comparison": (f"/history?before={GOOD}&after={LONG}", ".circumstances", None),
    "record": ("/record", "table", None),
    "found": ("/record", ".list", lambda page: search(page, "terminal")),
    "nothing found": ("/record", "[data-testid=stText]", lambda page: search(page, "zeppelin")),
    "source": ("/record?source=source-1", ".body", None),
    "corpus": ("/corpus", ".facts", None),
    "add": ("/corpus", "[aria-label='Publisher']", press("Add a source", exact=True)),
    "sync": ("/corpus", "table", press("Bring up to date", exact=True)),
    "verify": ("/corpus", "[data-testid=stButton]", press("Verify", exact=True)),
    "evaluations": ("/evaluations", "figure", None),
    "methodology": ("/methodology", "ol", None),
}


ONCE = {
    "upload",
    "address",
    "options",
    "not checked",
    "hostile",
    "nothing found",
    "sync",
    "verify",
    "filters",
    "example",
}
"""What differs from the others by nothing that a colour or a width changes."""


def search(page: Page, words: str) -> None:
    page.get_by_label("Search the record").fill(words)
    page.keyboard.press("Enter")


def serious(page: Page) -> list[tuple[str, object, str]]:
    return [
        (rule["id"], node["target"], node.get("failureSummary", "")[:300])
        for rule in Axe().run(page).response["violations"]
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 400)])
def test_axe_finds_nothing_serious_on_any_page(watched: Watched, scheme: Literal["light", "dark"], width: int) -> None:
    watched.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    watched.page.set_viewport_size({"width": width, "height": 850})
    found = {}
    for name, (path, ready, do) in STATES.items():
        if (scheme, width) != ("light", 1440) and name in ONCE:
            continue
        page = watched.open(path)
        if do is not None:
            do(page)
        page.locator(ready).first.wait_for(state="attached" if ready.startswith("input") else "visible")
        page.wait_for_timeout(300)  # colours fade in
        found[name] = serious(page)
        if width < 1000 and page.evaluate("document.documentElement.scrollWidth") > width:
            found[name].append(("wider than the screen", name, ""))
    page.set_content(render(checked_article(check_id=GOOD), "html"))
    found["report"] = serious(page)
    assert [(name, one) for name, some in found.items() for one in some] == []


def test_two_people_do_not_see_each_others_choice(watched: Watched) -> None:
    page = watched.open_check()
    other = page.context.new_page()
    other.goto(f"{watched.server.address}/?check={HOSTILE}")
    expect(other.locator(".st-key-claim_pane")).to_contain_text("Claim 1 of 5")
    mark(page, CONFLICTING).click()
    expect(pane(page)).to_contain_text("Claim 5 of 8")
    other.get_by_role("button", name="Next claim").click()
    expect(other.locator(".st-key-claim_pane")).to_contain_text("Claim 2 of 5")
    expect(pane(page)).to_contain_text("Claim 5 of 8")
    other.close()
