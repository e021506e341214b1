"""A real browser before a real server. A missing browser skips loudly on a person's machine and fails where CI=true."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).parents[2]
GOOD, HOSTILE, LONG = "a" * 32, "b" * 32, "c" * 32
"""The checks that ``app_with_records.py`` keeps."""

expect.set_options(timeout=20_000)  # a busy test machine takes its time; what is right comes at once on an idle one

ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root in a container
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def find_browser() -> str | None:
    """Return a Chromium on the PATH; ``None``: try the one that Playwright brought."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def no_browser(reason: str) -> NoReturn:
    """Fail where CI=true, skip elsewhere."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    try:
        running = playwright.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
    except Error as error:
        reason = (
            "NO BROWSER: the browser tests did not run. Install Chromium (apt-get install chromium, or "
            f"python -m playwright install chromium). {str(error).splitlines()[0]}"
        )
        no_browser(reason)
    yield running
    running.close()


@dataclass
class Server:
    """A running app."""

    address: str
    home: Path
    log: Path

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(script: Path, home: Path, *options: str, port: int = 0) -> Iterator[Server]:
    """Run ``streamlit run script`` on a free port of this machine with a home of its own."""
    home.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    log = home / "server.log"
    environment = os.environ | {"ONRECORD_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port), *options]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)  # noqa: S603
        try:
            await_health(f"http://127.0.0.1:{port}", process, log)
            yield Server(address=f"http://127.0.0.1:{port}", home=home, log=log)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def await_health(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):  # noqa: S310  loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001  first: is there one?
    """The app over made records."""
    with serving(Path(__file__).with_name("app_with_records.py"), tmp_path_factory.mktemp("home")) as running:
        yield running


@dataclass
class Watched:
    """A page whose every request, error and dialog is recorded."""

    page: Page
    server: Server
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.server.address + path)
        return self.page

    def open_check(self, check_id: str = GOOD, rest: str = "") -> Page:
        self.open(f"/?check={check_id}{rest}")
        self.page.locator(".st-key-claim_pane .place").wait_for()
        return self.page

    def elsewhere(self) -> list[str]:
        """Return the requests that did not go to the server."""
        own = urlsplit(self.server.address).netloc
        return [
            url for url in self.requests if urlsplit(url).scheme not in {"data", "blob"} and urlsplit(url).netloc != own
        ]


def watch(context: BrowserContext, server: Server) -> Watched:
    page = context.new_page()
    page.set_default_timeout(40_000)
    watched = Watched(page, server)
    context.on("request", lambda request: watched.requests.append(request.url))
    page.on("websocket", lambda socket: watched.requests.append(socket.url.replace("ws:", "http:", 1)))
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on("dialog", lambda dialog: (watched.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    return watched


@pytest.fixture
def watched(browser: Browser, server: Server) -> Iterator[Watched]:
    """A page of its own on a wide screen; nothing may fail in it and nothing may be asked of any other host."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    made = watch(context, server)
    yield made
    context.close()
    assert made.errors == []
    assert made.elsewhere() == []


@pytest.fixture
def narrow(browser: Browser, server: Server) -> Iterator[Watched]:
    """As ``watched``, on a telephone."""
    context = browser.new_context(viewport={"width": 400, "height": 850}, has_touch=True)
    made = watch(context, server)
    yield made
    context.close()
    assert made.errors == []
    assert made.elsewhere() == []
