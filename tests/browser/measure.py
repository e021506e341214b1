"""How the app feels with a long article: ``python -m tests.browser.measure``.

An article of 5,000 words is joined from the starter corpus, checked by the real models, and opened in a real Chromium. Printed
are the time to the first paint of a warm server, from a click on a claim to its evidence, from a key to a kept decision, the
memory of browser and server, and what goes over the wire for a click. Needs Chromium; nothing is fetched from anywhere.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from playwright.sync_api import Browser, Page, sync_playwright

from evals.bench import DOCUMENTS, ROOT, machine
from onrecord import documents, review
from onrecord.records import Document
from onrecord.settings import Settings, load_settings
from onrecord.workflow import check_article, update_corpus
from tests.browser.conftest import ARGUMENTS, Server, find_browser, serving

WORDS = 5_000
CLICKS = 20
_CLICK = """async (at) => {
  const root = (css) => [...document.querySelectorAll("*")].find((e) => e.shadowRoot?.querySelector(css)).shadowRoot;
  const mark = root(".mark").querySelectorAll(".mark[role=button]")[at];
  const place = root(".place");
  const words = mark.querySelector(".words").textContent.trim();
  const begun = performance.now();
  mark.click();
  while (!place.querySelector(".original")?.textContent.includes(words) || !place.querySelector(".evidence").firstChild) {
    await new Promise((go) => setTimeout(go, 1));
  }
  const shown = performance.now() - begun;
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  return { shown, painted: performance.now() - begun };
}"""
"""One click on a claim: when its evidence is in the page, and when it has been painted."""


def long_article(settings: Settings, words: int = WORDS) -> Document:
    """Return an article of about ``words`` words, joined from the texts of the starter corpus in a fixed order."""
    parts: list[str] = []
    for path in sorted(DOCUMENTS.glob("*/*.md")):
        parts.append(documents.read(path, settings=settings).text)
        if sum(len(part.split()) for part in parts) >= words:
            break
    text = "\n\n".join(parts)
    return Document(
        text=text,
        media_type="text/plain",
        content_sha256=hashlib.sha256(text.encode()).hexdigest(),
        title="A long article, joined for measuring",
        published=dt.date(2026, 3, 20),
    )


def checked(home: Path, words: int) -> tuple[str, dict[str, object]]:
    """Return the identity of a kept check of the long article, made once for a home, and what it took."""
    settings = load_settings(home=home)
    update_corpus([DOCUMENTS], settings=settings)
    article = long_article(settings, words)
    known = next(
        (one for one in review.list_checks(settings=settings) if one.article_sha256 == article.content_sha256), None
    )
    told: dict[str, object] = {"words": len(article.text.split())}
    if known is not None:
        return known.id, told | {"claims": sum(known.counts.values())}
    started = time.perf_counter()
    made = check_article(article, settings=settings)
    review.save_check(made, settings=settings)
    return made.id, told | {"claims": len(made.claims), "check_seconds": round(time.perf_counter() - started, 1)}


def first_paints(browser: Browser, server: Server, path: str, ready: str) -> dict[str, float]:
    """Return seconds until ``ready`` is on the page of a warm server, each time in a new session of the browser."""
    times, contents = [], []
    for _ in range(6):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        begun = time.perf_counter()
        page.goto(server.address + path)
        page.locator(ready).first.wait_for(timeout=120_000)
        times.append(time.perf_counter() - begun)
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
        contents.append((paint or 0.0) / 1000)
        context.close()
    return {
        "median_seconds": round(statistics.median(times[1:]), 2),  # the first opened what the others find open
        "first_contentful_paint_seconds": round(statistics.median(contents[1:]), 2),
    }


def clicks(page: Page, number: int) -> dict[str, object]:
    """Click claims all over the article; return milliseconds to evidence and paint, and what the server sends for each."""
    total = page.locator(".mark[role=button]").count()
    received: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.webSocketFrameReceived", lambda event: received.append(len(event["response"]["payloadData"])))
    shown, painted, frames = [], [], []
    for turn in range(number + 1):
        before = sum(received)
        told = page.evaluate(_CLICK, turn * 37 % total)
        page.wait_for_timeout(900)  # the server hears of it after 300 ms and answers
        if turn:  # the first warms the browser's code
            shown.append(told["shown"])
            painted.append(told["painted"])
            frames.append(sum(received) - before)
    return {
        "marks": total,
        "clicks": number,
        "evidence_ms": _middle(shown),
        "painted_ms": _middle(painted),
        "answer_characters": _middle(frames),
    }


def keys(page: Page, number: int) -> dict[str, float]:
    """Decide claim after claim by keys; return milliseconds from the key to the decision as the server keeps it."""
    times = []
    for turn in range(number):
        page.keyboard.press("j")
        page.wait_for_timeout(600)
        begun = time.perf_counter()
        page.keyboard.press("2" if turn % 2 else "w")
        page.locator(".decision .made").filter(has_text="Needs work (" if not turn % 2 else "contradicted").wait_for()
        times.append((time.perf_counter() - begun) * 1000)
    return _middle(times)


def _middle(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95) - 1], 1)}


def process_of(server: Server) -> psutil.Process:
    """Return the server's process."""
    port = server.address.rpartition(":")[2]
    return next(
        one
        for one in psutil.process_iter(["cmdline"])
        if "streamlit" in (line := one.info["cmdline"] or []) and port in line
    )


def busy(server: Server) -> float:
    """Return the processor time that the server has had, in seconds: it tells more than a clock where others run too."""
    times = process_of(server).cpu_times()
    return float(times.user + times.system)


def memory(page: Page, server: Server) -> dict[str, float]:
    """Return what the browser's page and the server hold, in MB."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = page.evaluate("performance.memory ? performance.memory.usedJSHeapSize : 0")
    nodes = page.evaluate(
        """() => [document, ...[...document.querySelectorAll("*")].filter((e) => e.shadowRoot).map((e) => e.shadowRoot)]
          .reduce((sum, root) => sum + root.querySelectorAll("*").length, 0)"""
    )
    return {
        "page_heap_mb": round(used / 2**20, 1),
        "page_nodes": nodes,
        "server_mb": round(process_of(server).memory_info().rss / 2**20),
    }


def measure(home: Path, *, words: int, number: int) -> dict[str, Any]:
    """Measure everything over the corpus and the check in ``home``."""
    check, told = checked(home, words)
    found: dict[str, Any] = {"machine": machine(), "load_before": os.getloadavg()[0], "article": told}
    with serving(ROOT / "app.py", home) as server, sync_playwright() as running:
        browser = running.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
        found["first_paint_form"] = first_paints(browser, server, "/", "textarea")
        found["first_paint_check"] = first_paints(browser, server, f"/?check={check}", ".decision")
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(f"{server.address}/?check={check}")
        page.locator(".decision").wait_for()
        page.wait_for_timeout(2_000)
        found["memory_before"] = memory(page, server)
        for name, measured in (("click", clicks), ("decide", keys)):
            before = busy(server)
            found[name] = measured(page, number)
            found[f"{name}_server_ms_each"] = round(1000 * (busy(server) - before) / (number + 1), 1)
        found["memory_after"] = memory(page, server)
        browser.close()
    found["load_after"] = os.getloadavg()[0]
    return found


def main(
    home: Annotated[
        Path | None, typer.Option(help="Keeps corpus and check between runs; else they are made anew.")
    ] = None,
    words: Annotated[int, typer.Option(help="Length of the article.")] = WORDS,
    number: Annotated[int, typer.Option("--clicks", help="Clicks and decisions measured.")] = CLICKS,
) -> None:
    """Measure the app over a long article. Example: python -m tests.browser.measure --home /tmp/bench-app."""
    with tempfile.TemporaryDirectory(prefix="onrecord-bench-", ignore_cleanup_errors=True) as name:
        typer.echo(json.dumps(measure(home or Path(name), words=words, number=number), indent=1))


if __name__ == "__main__":
    typer.run(main)
