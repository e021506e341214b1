"""Make the pictures of the README and the documents: ``python docs/make_images.py``.

It builds the starter corpus in a home of its own, starts the app on a free port, checks the example about the talks and takes
each page and state in light, in dark and on a telephone. Chromium must be installed; nothing is fetched from anywhere.
``--home FOLDER`` keeps and reuses a home, ``--only NAME,NAME`` takes these alone, of the check that the home holds
already, ``--screens light,narrow`` on these screens alone.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from onrecord import documents, review  # noqa: E402  after the path
from onrecord.settings import load_settings  # noqa: E402
from onrecord.workflow import check_article, update_corpus  # noqa: E402
from tests.browser.conftest import ARGUMENTS, find_browser, serving  # noqa: E402

IMAGES = ROOT / "docs" / "images"
EXAMPLE = "From Gomel to Geneva"
TOLD_WRONG = "ceasefire that lasted"
"""Part of a claim of the example that is false."""
WAIT = 600_000


@dataclass(frozen=True)
class Screen:
    """What a picture is taken on."""

    name: str
    scheme: str
    width: int
    height: int


SCREENS = (
    Screen("light", "light", 1440, 900),
    Screen("dark", "dark", 1440, 900),
    Screen("narrow", "light", 400, 850),
)


def shoot(page: Page, name: str) -> None:
    """Take a picture with a palette: a quarter of the size, and no difference to the eye."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)


def settle(page: Page) -> None:
    """Wait until nothing on the page is being drawn or fetched any more."""
    page.wait_for_timeout(700)
    page.locator("[data-testid=stSkeleton], [data-testid=stSpinner]").first.wait_for(state="detached")
    page.wait_for_timeout(500)


def check_example(page: Page, address: str) -> str:
    """Check the example and return the address of the result."""
    page.goto(address)
    page.get_by_text("Choose an example").click()
    page.get_by_role("combobox", name="Example").click()
    page.get_by_role("option", name=EXAMPLE).click()
    page.locator(".sheet").wait_for()
    page.wait_for_timeout(800)
    page.get_by_role("button", name="Check this article").click()
    page.locator(".stages").wait_for(timeout=WAIT)
    page.locator(".mark[role=button]").nth(2).wait_for(timeout=WAIT)
    shoot(page, "running-light")
    page.wait_for_url("**check=**", timeout=WAIT)
    page.locator(".st-key-claim_pane .decision").wait_for(timeout=WAIT)
    return page.url


def check_kept(home: Path) -> str:
    """Return the newest check of the whole example that a home holds; empty where there is none yet."""
    kept = review.list_checks(settings=load_settings(home=home))
    return kept[0].id if len(kept) > 1 else ""


def check_before(home: Path) -> None:
    """Keep a check of the example against half of the record, so that there is something to compare with."""
    settings = load_settings(home=home)
    if review.list_checks(settings=settings):
        return
    update_corpus(sorted((ROOT / "corpus" / "documents" / "ukraine-talks").glob("*.md"))[::2], settings=settings)
    article = documents.read(ROOT / "corpus" / "examples" / "ukraine-talks.md", settings=settings)
    review.save_check(check_article(article, settings=settings), settings=settings)


def form(page: Page, address: str, _: str) -> None:
    """The form with an example chosen."""
    page.goto(address)
    page.get_by_text("Choose an example").click()
    page.locator(".sheet").wait_for()


def by_address(page: Page, address: str, _: str) -> None:
    """The form for the address of a page."""
    page.goto(address)
    page.get_by_text("Give an address").click()
    page.get_by_role("textbox", name="Address of the page").fill("https://www.example.org/news/talks-resume")
    page.get_by_role("textbox", name="Published by").click()


def opened(page: Page, check: str) -> None:
    """A checked article, at a claim that the record contradicts, as people have left it."""
    page.goto(check.split("&", maxsplit=1)[0])
    page.locator(".st-key-claim_pane .place").wait_for()
    against = page.locator(".mark[role=button]").filter(has_text=TOLD_WRONG)
    if page.viewport_size and page.viewport_size["width"] > 1000:  # noqa: PLR2004  one column scrolls
        against.click()


def result(page: Page, _: str, check: str) -> None:
    """As ``opened``, before anybody has decided: what the screen before has decided is taken back."""
    opened(page, check)
    undo = page.get_by_role("region", name="Decision").get_by_role("button", name="Undo")
    settle(page)
    while undo.is_visible():
        undo.click()
        settle(page)


def reported(page: Page, address: str, check: str) -> None:
    """A claim of reported speech: was it said, and is it so?"""
    result(page, address, check)
    page.locator(".mark[role=button]", has=page.get_by_text("As fact: contradicted")).or_(
        page.locator(".mark[role=button]").filter(has_text="said")
    ).first.click()


def context(page: Page, address: str, check: str) -> None:
    """A passage inside its source."""
    result(page, address, check)
    page.get_by_role("button", name="Open in context").first.click()
    page.get_by_role("dialog").locator(".body").wait_for()


def decided(page: Page, _: str, check: str) -> None:
    """A claim that a person decided otherwise than the software, with a note."""
    opened(page, check)
    decision = page.get_by_role("region", name="Decision")
    settle(page)
    if "Needs work (" in decision.inner_text():
        return
    decision.get_by_role("button", name="Needs work").click()
    decision.get_by_text("Needs work (").wait_for()
    if not page.get_by_label("Note", exact=True).is_visible():
        page.locator(".notes summary").click()
    page.get_by_label("Note", exact=True).fill("Called the press office; they send the protocol of the round by noon.")
    page.get_by_label("Tags, with commas").fill("call back, ceasefire")
    page.get_by_role("button", name="Keep note").click()


def report(page: Page, address: str, check: str) -> None:
    """The downloaded report, with what was decided."""
    decided(page, address, check)
    page.get_by_test_id("stPopoverButton").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="HTML").click()
    page.set_content(Path(waiting.value.path()).read_text(encoding="utf-8"))
    page.locator("section.claim").filter(has_text="Needs work").first.evaluate("claim => claim.scrollIntoView()")


def keys(page: Page, address: str, check: str) -> None:
    """The list of keys."""
    result(page, address, check)
    page.keyboard.press("?")


def wording(page: Page, address: str, check: str) -> None:
    """A claim being worded anew."""
    result(page, address, check)
    page.keyboard.press("e")


def record(page: Page, address: str, _: str) -> None:
    """The record, before anything is searched."""
    page.goto(f"{address}/record")
    page.locator("table").first.wait_for()


def found(page: Page, address: str, _: str) -> None:
    """Passages found for a phrase."""
    page.goto(f"{address}/record")
    page.get_by_label("Search the record").fill('"security guarantees" Istanbul')
    page.keyboard.press("Enter")
    page.locator(".list").wait_for()


def source(page: Page, address: str, check: str) -> None:
    """A source with where it comes from and where it was used."""
    found(page, address, check)
    page.locator(".list a").first.click()
    page.get_by_text("Provenance").wait_for()


def history(page: Page, address: str, _: str) -> None:
    """The list of kept checks."""
    page.goto(f"{address}/history")
    page.locator(".list").wait_for()


def comparison(page: Page, address: str, _: str) -> None:
    """What changed between two checks of one article."""
    page.goto(f"{address}/history")
    page.get_by_role("link", name="what changed since the check before").first.click()
    page.get_by_role("heading", name="What was different").wait_for()


def corpus(page: Page, address: str, _: str) -> None:
    """What the corpus holds."""
    page.goto(f"{address}/corpus")
    page.locator(".facts").wait_for()


def add(page: Page, address: str, check: str) -> None:
    """A source being added."""
    corpus(page, address, check)
    page.get_by_text("Add a source").click()
    page.get_by_label("Publisher").wait_for()


def evaluations(page: Page, address: str, _: str) -> None:
    """What was measured."""
    page.goto(f"{address}/evaluations")
    page.locator("table").first.wait_for()


def methodology(page: Page, address: str, _: str) -> None:
    """How a verdict comes about on this server."""
    page.goto(f"{address}/methodology")
    page.locator("ol").first.wait_for()


def not_found(page: Page, address: str, _: str) -> None:
    """An error, as every error is shown."""
    page.goto(f"{address}/?check={'0' * 32}")
    page.get_by_text("This did not work").wait_for()


STATES: dict[str, Callable[[Page, str, str], None]] = {
    "form": form,
    "address": by_address,
    "result": result,
    "reported": reported,
    "context": context,
    "keys": keys,
    "wording": wording,
    "decided": decided,
    "report": report,
    "record": record,
    "found": found,
    "source": source,
    "history": history,
    "comparison": comparison,
    "corpus": corpus,
    "add": add,
    "evaluations": evaluations,
    "methodology": methodology,
    "error": not_found,
}


def take(browser: Browser, screen: Screen, address: str, check: str, only: frozenset[str]) -> None:
    """Take every state on one screen."""
    made = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme=screen.scheme,  # type: ignore[arg-type]
        device_scale_factor=1 if screen.width > 1000 else 1.5,  # noqa: PLR2004  sharp enough on a page, small enough for git
        reduced_motion="reduce",
    )
    page = made.new_page()
    page.set_default_timeout(WAIT // 4)
    for name, show in STATES.items():
        if only and name not in only:
            continue
        show(page, address, check)
        page.mouse.move(0, 0)
        settle(page)
        shoot(page, f"{name}-{screen.name}")
    if screen.name == "narrow" and (not only or "claim" in only):
        result(page, address, check)
        page.locator(".mark[role=button]").nth(2).click()
        page.mouse.move(0, 0)
        page.wait_for_timeout(900)
        shoot(page, "claim-narrow")
    made.close()


def main() -> None:
    """Build the corpus, run the check, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--screens", default=",".join(screen.name for screen in SCREENS))
    given = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        home = given.home or Path(temporary)
        check_before(home)
        report = update_corpus([ROOT / "corpus" / "documents"], settings=load_settings(home=home))
        print(f"{report.state.sources} sources, {report.state.passages} passages")
        with serving(ROOT / "app.py", home) as server, sync_playwright() as running:
            browser = running.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
            kept = check_kept(home) if given.only else ""
            if kept:
                check = f"{server.address}/?check={kept}"
            else:
                page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=1)
                page.set_default_timeout(WAIT // 4)
                check = check_example(page, server.address)
                page.close()
            for screen in [one for one in SCREENS if one.name in given.screens.split(",")]:
                take(browser, screen, server.address, check, frozenset(filter(None, given.only.split(","))))
            browser.close()
    print(f"pictures in {IMAGES}")


if __name__ == "__main__":
    main()
