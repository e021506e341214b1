"""Who may do what: the file of roles, and the pages for somebody who may only read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from onrecord.errors import SettingsError
from onrecord.settings import load_settings
from onrecord.ui import frame, sign_in
from onrecord.ui.jobs import Runner
from onrecord.ui.sign_in import Person, load_roles
from tests.checked_article_factory import ShelfService, checked_article

ROOT = Path(__file__).parents[1]
CHECK = "a" * 32

FILE = """
default = "viewer"
[people]
"ada@example.org" = "maintainer"
"Bo@example.org" = "checker"
"""


@pytest.mark.parametrize(
    ("text", "email", "role"),
    [
        pytest.param(FILE, "ada@example.org", "maintainer", id="named"),
        pytest.param(FILE, "BO@EXAMPLE.ORG", "checker", id="whatever the case"),
        pytest.param(FILE, "eve@example.org", "viewer", id="not named: the default"),
        pytest.param('[people]\n"ada@example.org" = "checker"', "eve@example.org", None, id="no default: not let in"),
        pytest.param(None, "ada@example.org", "viewer", id="no file: everybody reads"),
    ],
)
def test_roles(tmp_path: Path, text: str | None, email: str, role: str | None) -> None:
    if text is not None:
        (tmp_path / "roles.toml").write_text(text)
    assert load_roles(tmp_path / "roles.toml").of(email) == role


@pytest.mark.parametrize("text", ["default =", 'default = "king"', '[people]\n"a" = "king"', "people = 3", "other = 1"])
def test_a_file_of_roles_that_cannot_be_used_is_told_and_lets_nobody_in(tmp_path: Path, text: str) -> None:
    (tmp_path / "roles.toml").write_text(text)
    with pytest.raises(SettingsError, match="roles are viewer, checker and maintainer"):
        load_roles(tmp_path / "roles.toml")


class User(SimpleNamespace):
    """As ``st.user`` is read here."""

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        return getattr(self, name, default)


@pytest.mark.parametrize(
    ("needed", "user", "expected"),
    [
        pytest.param(False, User(is_logged_in=False), Person("Ada", "maintainer"), id="no sign-in: the settings' person"),
        pytest.param(True, User(is_logged_in=False), Person("nobody", "viewer"), id="not signed in"),
        pytest.param(True, User(is_logged_in=True, email="bo@example.org"),
                     Person("bo@example.org", "checker", signed_in=True), id="signed in"),
        pytest.param(True, User(is_logged_in=True, email="ada@example.org", email_verified=False),
                     Person("nobody", "viewer"), id="an address that nobody has verified is nobody's"),
        pytest.param(True, User(is_logged_in=True), Person("nobody", "viewer"), id="an account without an address"),
    ],
)  # fmt: skip
def test_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, needed: bool, user: User, expected: Person) -> None:
    (tmp_path / "roles.toml").write_text(FILE)
    monkeypatch.setattr(sign_in, "needed", lambda: needed)
    monkeypatch.setattr(sign_in.st, "user", user)
    assert sign_in.person(load_settings(home=tmp_path, user="Ada")) == expected


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """Return a way to show the app to a person of a role."""
    made = ShelfService(load_settings(home="/nowhere"))
    made.save(checked_article(made.shelf, check_id=CHECK))
    monkeypatch.setattr(frame, "library", lambda: made)
    queue = Runner()
    monkeypatch.setattr(frame, "runner", lambda: queue)

    def show(role: str, **address: str) -> AppTest:
        monkeypatch.setattr(sign_in, "person", lambda _: Person("Vera", role))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return show


def test_a_viewer_is_offered_nothing_that_would_be_refused(shown: Any) -> None:  # noqa: ANN401
    app = shown("viewer")
    assert not [button for button in app.button if button.key == "run"]
    assert "signed in as a viewer" in app.info[0].value
    app = shown("viewer", check=CHECK)
    assert not [button for button in app.button if button.key == "again"]
    made = [element.proto.json for element in app.get("bidi_component")]
    assert any('"may": false' in data or '"may":false' in data for data in made)
    assert not app.exception


def test_a_checker_decides_and_is_offered_no_corpus(shown: Any) -> None:  # noqa: ANN401
    app = shown("checker", check=CHECK)
    made = [element.proto.json for element in app.get("bidi_component")]
    assert any('"may": true' in data or '"may":true' in data for data in made)
    assert [button for button in app.button if button.key == "again"]
    assert not app.exception


def test_who_has_not_signed_in_sees_nothing_but_the_door(monkeypatch: pytest.MonkeyPatch, shown: Any) -> None:  # noqa: ANN401
    monkeypatch.setattr(sign_in, "needed", lambda: True)
    monkeypatch.setattr(sign_in.st, "user", User(is_logged_in=False))
    app = shown("viewer", check=CHECK)
    assert [button.key for button in app.button] == ["sign_in"]
    assert not app.get("bidi_component")
