"""The pages' one door to the library: a corpus, an index and models opened once per process and shared by all sessions.

Nothing here knows Streamlit, so a check can run in a thread that no session owns. The library's rooms are imported when
they are first needed: the first page is on screen before a neural network is loaded.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from onrecord.errors import NotFoundError

if TYPE_CHECKING:
    import datetime as dt

    from onrecord.records import (
        CheckedArticle,
        CheckedClaim,
        CheckSummary,
        CorpusState,
        Document,
        Evidence,
        SearchFilters,
    )
    from onrecord.settings import Settings
    from onrecord.workflow import Checker, Progress, SourceContext

_CHECK_ID = re.compile(r"[0-9a-f]{32}")


class Service(Protocol):
    """What the pages ask of the library."""

    settings: Settings

    def paste(self, text: str) -> Document:
        """Return pasted text as a document."""

    def read(self, data: bytes, name: str) -> Document:
        """Return an uploaded file as a document."""

    def check(
        self,
        document: Document,
        *,
        filters: SearchFilters,
        passages: int,
        progress: Callable[[Progress], None],
        on_claim: Callable[[CheckedClaim], None],
    ) -> CheckedArticle:
        """Check an article; nothing is kept."""

    def save(self, checked: CheckedArticle) -> None:
        """Keep a finished check."""

    def load(self, check_id: str) -> CheckedArticle:
        """Return a kept check."""

    def checks(self) -> Sequence[CheckSummary]:
        """Return the kept checks, the latest first."""

    def context(self, evidence: Evidence, characters: int) -> SourceContext:
        """Return the source's text around a piece of evidence."""

    def state(self) -> CorpusState:
        """Return what the corpus holds."""

    def warm(self) -> None:
        """Open corpus, index and models, so that the first check need not wait for them."""


class Library:
    """The service over the real library."""

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; nothing is opened yet."""
        self.settings = settings
        self._lock = threading.Lock()
        self._checker: Checker | None = None

    def paste(self, text: str) -> Document:
        """Return pasted text as a document; empty text is refused when it is checked."""
        from onrecord import workflow  # noqa: PLC0415  heavy

        return workflow.pasted(text)

    def read(self, data: bytes, name: str) -> Document:
        """Return an uploaded file as a document, by its content and the ending of its name.

        Raises:
            DocumentError: it cannot be read as text; the message says what can.
        """
        from onrecord import documents  # noqa: PLC0415  heavy

        return documents.read_bytes(data, name=name, settings=self.settings)

    def check(
        self,
        document: Document,
        *,
        filters: SearchFilters,
        passages: int,
        progress: Callable[[Progress], None],
        on_claim: Callable[[CheckedClaim], None],
    ) -> CheckedArticle:
        """Check an article with ``passages`` judged for each claim."""
        from onrecord import workflow  # noqa: PLC0415  heavy

        shared = self._open(progress)
        # Another number of passages is another set of settings over the same open corpus and index.
        checker = workflow.Checker(self.settings.model_copy(update={"top_k": passages}), shared.store, shared.index)
        return checker.check_article(document, filters=filters, progress=progress, on_claim=on_claim)

    def save(self, checked: CheckedArticle) -> None:
        """Keep a finished check in the database."""
        from onrecord import review  # noqa: PLC0415  heavy

        review.save_check(checked, settings=self.settings)

    def load(self, check_id: str) -> CheckedArticle:
        """Return a kept check.

        Raises:
            NotFoundError: no check has this identity, or it is not one.
        """
        from onrecord import review  # noqa: PLC0415  heavy

        return review.load_check(valid_check_id(check_id), settings=self.settings)

    def checks(self) -> Sequence[CheckSummary]:
        """Return the kept checks, the latest first."""
        from onrecord import review  # noqa: PLC0415  heavy

        return review.list_checks(settings=self.settings)

    def context(self, evidence: Evidence, characters: int) -> SourceContext:
        """Return the source's text around a piece of evidence, ``characters`` to each side."""
        from onrecord import workflow  # noqa: PLC0415  heavy

        return workflow.context(evidence, settings=self.settings, characters=characters)

    def state(self) -> CorpusState:
        """Return the corpus' number and counts, without opening an index."""
        from onrecord import corpus  # noqa: PLC0415  heavy

        with corpus.Store.open(self.settings) as store:
            return store.state()

    def warm(self) -> None:
        """Open everything that a check needs."""
        self._open(lambda _: None)

    def _open(self, progress: Callable[[Progress], None]) -> Checker:
        from onrecord import workflow  # noqa: PLC0415  heavy

        with self._lock:
            if self._checker is None:
                self._checker = workflow.Checker.open(self.settings, progress=progress)
            return self._checker


def valid_check_id(check_id: str) -> str:
    """Return ``check_id`` if it has the form of one; it may come from an address typed by anybody.

    Raises:
        NotFoundError: it has another form.
    """
    if not _CHECK_ID.fullmatch(check_id):
        message = (
            "This address names no check: a check's identity has 32 hexadecimal digits. Open the check from History."
        )
        raise NotFoundError(message)
    return check_id


def examples(folder: Path) -> list[Path]:
    """Return the example articles of ``folder`` in the order of their names; none when there is no such folder."""
    return sorted(path for path in folder.glob("*.md") if path.is_file() and path.stem.upper() != "README")


def with_date(document: Document, published: dt.date | None) -> Document:
    """Return ``document`` with the date that a person gave, if one was given."""
    return document.model_copy(update={"published": published}) if published else document
