"""Signing in through an OpenID Connect provider, in a real browser: who is let in, and as what."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import GOOD, free_port, serving, watch
from tests.browser.provider import CLIENT, providing


@pytest.mark.parametrize(
    ("email", "role"),
    [
        pytest.param("ada@example.org", "checker", id="named: decides, and keeps no corpus"),
        pytest.param("eve@example.org", None, id="not named: stays outside"),
    ],
)
def test_signing_in(browser: Browser, tmp_path: Path, email: str, role: str | None) -> None:
    home, port = tmp_path / "home", free_port()
    home.mkdir()
    (home / "roles.toml").write_text('[people]\n"ada@example.org" = "checker"\n')
    with providing(email) as provider:
        secret = home / "secrets.toml"
        secret.write_text(
            f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "{secrets.token_hex(16)}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "none"\n'
            f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
        )
        app = Path(__file__).with_name("app_with_records.py")
        with serving(app, home, "--secrets.files", str(secret), port=port) as server:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = watch(context, server).page
            page.goto(f"{server.address}/?check={GOOD}")
            expect(page.get_by_role("button", name="Sign in")).to_be_visible()
            expect(page.get_by_text("Harbour town")).to_have_count(0)
            page.get_by_role("button", name="Sign in").click()
            if role is None:
                expect(page.get_by_text("eve@example.org is not among the people")).to_be_visible()
            else:
                page.get_by_role("link", name="History").wait_for()
                expect(page.get_by_role("link", name="Corpus")).to_have_count(0)
                page.goto(f"{server.address}/?check={GOOD}")
                page.locator(".st-key-claim_pane .place").wait_for()
                page.keyboard.press("a")
                expect(page.get_by_role("region", name="Decision")).to_contain_text(f"({email}, ")
            context.close()
            assert "Traceback" not in server.text()
