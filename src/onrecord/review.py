"""Kept checks, and what people decided about them. Both are only ever added to; nothing is overwritten."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from onrecord.corpus.database import engine
from onrecord.corpus.schema import CheckRow, DecisionRow
from onrecord.errors import CorpusError, NotFoundError
from onrecord.records import CheckedArticle, CheckSummary, Decision, VerdictLabel
from onrecord.settings import Settings

_CHECK_ID = re.compile(r"[0-9a-f]{32}")


def save_check(checked: CheckedArticle, *, settings: Settings) -> None:
    """Keep a finished check. Keeping the same one twice changes nothing.

    Raises:
        CorpusError: the database could not be written, or holds another check under this id.
    """
    counts = {label.value: 0 for label in VerdictLabel}
    for item in checked.claims:
        counts[item.verdict.label.value] += 1
    row = {
        "id": checked.id,
        "created_at": checked.created_at,
        "title": checked.article.title or first_words(checked.article.text),
        "article_sha256": checked.article.content_sha256,
        "complete": checked.complete,
        "counts": counts,
        "body": checked.model_dump_json(),
    }
    try:
        with engine(settings).execution_options(onrecord_write=True).begin() as connection:
            connection.execute(CheckRow.__table__.insert(), [row])  # type: ignore[attr-defined]
    except IntegrityError as error:
        if load_check(checked.id, settings=settings) != checked:
            message = f"There is another check with the id {checked.id} already; it was kept and this one was not."
            raise CorpusError(message) from error
    except SQLAlchemyError as error:
        message = f"The check could not be kept: {error}. Is the disk full, or the folder read-only?"
        raise CorpusError(message) from error


def load_check(check_id: str, *, settings: Settings) -> CheckedArticle:
    """Return a kept check.

    Raises:
        NotFoundError: there is none with this id, or the id has not the form of one.
        CorpusError: it is there but cannot be read by this version.
    """
    if not _CHECK_ID.fullmatch(check_id):
        message = (
            f"{check_id[:40]!r} is not the id of a check: those are 32 hexadecimal digits. See the history for all."
        )
        raise NotFoundError(message)
    with engine(settings).connect() as connection:
        body = connection.execute(select(CheckRow.body).where(CheckRow.id == check_id)).scalar_one_or_none()
    if body is None:
        message = f"There is no check {check_id} in this database. See the history for those that are kept."
        raise NotFoundError(message)
    try:
        return CheckedArticle.model_validate_json(body)
    except ValidationError as error:
        message = f"The check {check_id} was kept in a form that this version cannot read: {error.errors()[0]['msg']}."
        raise CorpusError(message) from error


def list_checks(*, settings: Settings, limit: int = 200) -> list[CheckSummary]:
    """Return the kept checks, the newest first, at most ``limit``."""
    columns = (CheckRow.id, CheckRow.created_at, CheckRow.title, CheckRow.complete, CheckRow.counts)
    with engine(settings).connect() as connection:
        rows = connection.execute(select(*columns).order_by(CheckRow.created_at.desc(), CheckRow.id).limit(limit)).all()
    return [
        CheckSummary(
            id=row.id,
            created_at=row.created_at,
            title=row.title,
            complete=row.complete,
            counts={label: row.counts.get(label.value, 0) for label in VerdictLabel},
        )
        for row in rows
    ]


def append_decision(decision: Decision, *, settings: Settings) -> None:
    """Add a person's decision about a claim of a kept check.

    Raises:
        NotFoundError: there is no such check, or it has no such claim.
    """
    checked = load_check(decision.check_id, settings=settings)
    if all(item.claim.id != decision.claim_id for item in checked.claims):
        message = f"The check {decision.check_id} has no claim {decision.claim_id!r}: nothing was decided."
        raise NotFoundError(message)
    row = decision.model_dump(mode="python")
    with engine(settings).execution_options(onrecord_write=True).begin() as connection:
        connection.execute(DecisionRow.__table__.insert(), [row])  # type: ignore[attr-defined]


def decisions(check_id: str, *, settings: Settings) -> Sequence[Decision]:
    """Return all decisions about a check, in the order in which they were made; the last of a claim is in force."""
    with engine(settings).connect() as connection:
        rows = connection.execute(
            select(DecisionRow.__table__).where(DecisionRow.check_id == check_id).order_by(DecisionRow.id)
        ).all()
    return [Decision.model_validate({name: getattr(row, name) for name in Decision.model_fields}) for row in rows]


def first_words(text: str, characters: int = 80) -> str:
    r"""Return the first line of a text as its name, cut at a word.

    >>> first_words("Talks resume\nThey met.")
    'Talks resume'
    """
    line = next((line.strip() for line in text.splitlines() if line.strip()), "Untitled")
    return line if len(line) <= characters else line[:characters].rsplit(" ", 1)[0] + " …"
