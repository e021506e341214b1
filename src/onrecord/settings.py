"""One frozen ``Settings``: defaults < ``settings.toml`` < environment < argument. Constructing it loads nothing.

Functions take ``settings=`` from their caller; none makes its own. Every field can be set by ``ONRECORD_<FIELD>`` or in
``$ONRECORD_HOME/settings.toml``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from onrecord.errors import NotAllowedError, SettingsError


def default_home() -> Path:
    """Return the folder that holds all state: ``ONRECORD_HOME`` or the platform's user data folder."""
    given = os.environ.get("ONRECORD_HOME")
    return Path(given).expanduser() if given else Path(platformdirs.user_data_dir("onrecord", appauthor=False))


class Settings(BaseSettings):
    """Everything that can be set. A tuned number says what it was tuned on and when."""

    model_config = SettingsConfigDict(env_prefix="ONRECORD_", frozen=True, extra="forbid")

    home: Path = Field(default_factory=default_home)
    """Folder of all state: database, snapshots, indexes, logs."""
    database_url: str = ""
    """SQLAlchemy address of the truth; empty: SQLite at ``home/onrecord.db``."""
    chroma_url: str = ""
    """Address of a Chroma server; empty: embedded in ``home/chroma``."""
    embedding_model: str = "all-MiniLM-L6-v2"
    """A sentence-transformers name or folder; the default is carried by a package and verified by hash."""
    stance_model: str = "cascade"
    """``fast`` or ``accurate`` (shipped), ``cascade`` (the fast one chooses the passages that the accurate one decides), or the
    name or folder of any 3-way NLI cross-encoder. Starter claims end to end, 25 November 2026: see docs/methodology.md."""
    stance_passages: Annotated[int, Field(ge=1)] = 6
    """Passages of a claim that the accurate network decides in a cascade; the others decide nothing. Twice as many where a
    claim asks two questions. Kept runs judged again with 7, 6, 5 and 4 (26 November 2026): starter claims 0.783, 0.777, 0.771
    and 0.777, SciFact end to end 0.683, 0.677, 0.677 and 0.689, Check-COVID 0.717, 0.711, 0.691 and 0.678."""
    judgement_cache: Annotated[int, Field(ge=0)] = 200_000
    """Answers of the stance networks kept in the database (about 30 MB), those not asked for longest leaving first; 0: none."""
    threads: Annotated[int, Field(ge=0)] = 0
    """Threads for the networks; 0: as many as the machine has cores."""

    passage_sentences: Annotated[int, Field(ge=1, le=20)] = 3
    """Sentences in a passage window."""
    passage_overlap: Annotated[int, Field(ge=0, le=19)] = 1
    """Sentences shared by neighbouring windows; less than ``passage_sentences``."""
    passage_max_characters: Annotated[int, Field(ge=200)] = 1200
    """A window ends before it grows longer than this (about the 256 word pieces that MiniLM reads)."""

    top_k: Annotated[int, Field(ge=1, le=100)] = 12
    """Passages judged for each claim."""
    own_words: Annotated[int, Field(ge=1, le=100)] = 4
    """Of these, passages that the speaker of a reported claim utters, found apart and judged first, where there are so many.
    A third of ``top_k``, not tuned."""
    candidates: Annotated[int, Field(ge=1, le=1000)] = 300
    """Passages taken from each retriever before fusion. Of 60 and 300, the better on the choosing halves of the retrieval sets,
    2026-11-25 (``evals/results/search-ablation.md``)."""
    dense_weight: Annotated[float, Field(ge=0, le=1)] = 0.6
    """Share of the meaning when a passage's scores by meaning and by words are added. With claims through their adapters, and
    chosen together with the next, the best of 0.5 to 0.65 on the choosing halves of the retrieval sets (2026-11-26,
    ``evals/results/search-claims.md``)."""
    document_weight: Annotated[float, Field(ge=0, le=1)] = 0.05
    """What a passage gains by the next two of its source; of 0.05, 0.1 and 0.2."""
    best_passage_weight: Annotated[float, Field(ge=0, le=1)] = 0.35
    """Share of its source's best passage in a passage's score: the order of sources stays as it is, and of the good ones more
    passages come. Of 0 to 0.5, gold sentences among ten passages on the choosing halves (2026-11-26,
    ``evals/results/search-claims.md``)."""

    check_worthiness_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """Sentences at or above it are claims; ``None``: the threshold shipped with the classifier."""
    decision_margin: Annotated[float, Field(ge=0, le=1)] = 0.15
    """Both sides found, each at least ``conflicting_least``, and closer than this from independent sources: conflicting."""
    conflicting_least: Annotated[float, Field(ge=0, le=1)] = 0.6
    """The weaker side of a conflict: below it a passage that happens to be near outvotes nobody. Chosen on half of the starter
    claims (2026-11-26: 0.759 at 0.65, 0.771 at 0.6 and 0.55; the other half 0.772, 0.793, 0.804), and no lower, because of
    Check-COVID, none of whose claims is conflicting (0.704 at 0.65 and 0.6, 0.697 at 0.55)."""
    nearness_power: Annotated[float, Field(ge=0)] = 1.0
    """Evidence counts by its probability times this power of its cosine to the claim, relative to the nearest passage's. With
    the cosines of claims' adapters (2026-11-26, at 0.5, 1 and 2): starter claims 0.771, 0.789 and 0.777, SciFact 0.659, 0.671
    and 0.671, Check-COVID 0.711, 0.711 and 0.678; before them 2 was better than 0."""

    allow_private_addresses: bool = False
    """Allow fetching from addresses that are not global (loopback, private networks)."""
    fetch_timeout_seconds: Annotated[float, Field(gt=0)] = 20.0
    fetch_max_bytes: Annotated[int, Field(gt=0)] = 20_000_000
    fetch_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """Attempts at an address that fails in a way that may pass (no connection, no answer, an overloaded server)."""
    fetch_pause_seconds: Annotated[float, Field(ge=0)] = 1.0
    """Between two requests to one host when many addresses are fetched; robots.txt may ask for more."""
    max_article_characters: Annotated[int, Field(gt=0)] = 400_000
    """An article longer than this is refused with a clear message, not cut."""
    llm: str = ""
    """``provider:model`` of a LangChain chat model that may cut and word claims; empty: none. The article is sent to it."""
    llm_timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How long one answer of the language model may take before the rules do its part."""
    user: str = ""
    """Who is named as having added, withdrawn or restored a source; empty: the name of the login."""
    role: Literal["viewer", "checker", "maintainer"] = "maintainer"
    """What this person may do: a viewer reads, a checker checks and decides, a maintainer changes the corpus too. With sign-in
    the app sets it for each person from ``roles.toml``."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the signature is pydantic-settings'
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: argument, environment, ``settings.toml`` of the home folder."""
        given = init_settings().get("home")
        home = Path(given) if given else default_home()
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, home / "settings.toml"))

    @property
    def database_address(self) -> str:
        """The SQLAlchemy address in force."""
        return self.database_url or f"sqlite:///{self.home / 'onrecord.db'}"

    @property
    def editor(self) -> str:
        """Who works on the corpus: ``user``, else the name of the login."""
        import getpass  # noqa: PLC0415  once a command

        try:
            return self.user or getpass.getuser()
        except (OSError, KeyError):  # a container may have no names
            return "not known"

    @property
    def snapshots(self) -> Path:
        """Folder of the content-addressed snapshots."""
        return self.home / "snapshots"


def require(role: Literal["checker", "maintainer"], doing: str, *, settings: Settings) -> None:
    """Let through who has ``role`` or a higher one.

    Raises:
        NotAllowedError: ``settings.role`` does not include ``doing`` ("deciding about claims").
    """
    order = ("viewer", "checker", "maintainer")
    if order.index(settings.role) < order.index(role):
        message = (
            f"{doing} is for a {role}; {settings.user or 'this person'} is a {settings.role}. "
            "Ask whoever keeps roles.toml for another role."
        )
        raise NotAllowedError(message)


def load_settings(**given: object) -> Settings:
    """Return the settings in force, with ``given`` arguments winning over environment and file.

    Raises:
        SettingsError: a value that cannot be used; the message names the setting, the value and what is accepted.
    """
    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])} = {item['input']!r}: {item['msg']}"
            for item in error.errors()
        )
        message = (
            f"settings that cannot be used: {problems}. Change the argument, the ONRECORD_… variable or settings.toml."
        )
        raise SettingsError(message) from error
