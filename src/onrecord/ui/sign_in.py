"""Who uses a session, and what he or she may do.

Without OIDC settings there is no sign-in: whoever reaches the server, which by default only this machine does, is the person
that the settings name. With them (an ``[auth]`` table in ``.streamlit/secrets.toml``) everybody signs in, and ``roles.toml`` in
the home folder says who is what. The library refuses what a role does not include; pages only leave out what would be refused.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import streamlit as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from streamlit.errors import StreamlitSecretNotFoundError

from onrecord.errors import SettingsError
from onrecord.ui.service import Role

if TYPE_CHECKING:
    from onrecord.settings import Settings

ROLES = "roles.toml"


@dataclass(frozen=True, slots=True)
class Person:
    """Who uses a session."""

    name: str
    role: Role
    signed_in: bool = False


class Roles(BaseModel):
    """What ``roles.toml`` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Role | None = None
    """The role of whoever signs in and is not named; ``None``: nobody else is let in."""
    people: Annotated[dict[str, Role], Field(default_factory=dict)]
    """Addresses of e-mail and roles."""

    def of(self, email: str) -> Role | None:
        """Return the role of a person, whatever the case of the letters; ``None``: is not let in."""
        known = {address.casefold(): role for address, role in self.people.items()}
        return known.get(email.casefold(), self.default)


def load_roles(path: Path) -> Roles:
    """Read a ``roles.toml``; without one, whoever signs in is a viewer.

    Raises:
        SettingsError: it cannot be used; the message says why.
    """
    try:
        return Roles.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Roles(default="viewer", people={})
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        message = (
            f"{path} cannot be used ({str(error).splitlines()[0]}): it takes `default`, and a table [people] with "
            "addresses of e-mail; the roles are viewer, checker and maintainer."
        )
        raise SettingsError(message) from error


def needed() -> bool:
    """Tell whether OIDC settings are there, so that everybody has to sign in."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def person(settings: Settings) -> Person:
    """Return who uses this session; who has not signed in where that is needed is nobody, and may only read.

    Raises:
        SettingsError: ``roles.toml`` cannot be used.
    """
    if not needed():
        return Person(settings.editor, settings.role)
    email = str(st.user.get("email") or "") if st.user.is_logged_in and st.user.get("email_verified", True) else ""
    role = load_roles(settings.home / ROLES).of(email) if email else None
    return Person(email or "nobody", role or "viewer", signed_in=role is not None)


def let_in(settings: Settings) -> bool:
    """Tell whether this session may go on; where it may not, show what to do."""
    from onrecord.ui import frame  # noqa: PLC0415  which needs this module

    if not needed():
        return True
    with frame.guarded():
        who = person(settings)
        if who.signed_in:
            with st.sidebar:
                st.text(f"{who.name}\n{who.role}")
                if st.button("Sign out", key="sign_out"):
                    st.logout()
            return True
        st.title("On Record", anchor=False)
        if st.user.is_logged_in:
            st.text(f"{st.user.get('email') or 'This account'} is not among the people of this newsroom’s desk.")
            st.markdown("Ask whoever looks after this server to add you, or sign in with another account.")
            if st.button("Sign out", key="sign_out"):
                st.logout()
        else:
            st.markdown("Sign in with your newsroom’s account to check articles and search the record.")
            if st.button("Sign in", type="primary", key="sign_in"):
                st.login()
    return False
