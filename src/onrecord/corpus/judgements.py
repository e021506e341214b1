"""What stance networks answered before, so that a check of an edited article reads only what changed.

A cache and nothing more: where the database is broken, locked or read-only, nothing is known and nothing is kept, a line goes
to the log, and the check goes on.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import math
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from onrecord.corpus.batch import LOOKED_UP
from onrecord.corpus.database import engine
from onrecord.corpus.schema import JudgementRow
from onrecord.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from onrecord.settings import Settings

_PATIENCE_MILLISECONDS = 250
"""A check waits no longer than this for another writer; it then goes without."""
_KEPT_SHARE = 0.9
"""What is left of a full cache: so that not every batch has to delete."""

_log = logging.getLogger(__name__)


class Judgements:
    """Logits (supports, refutes, neutral) by the sha256 of network and texts. Safe in several threads and processes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def known(self, keys: Sequence[bytes]) -> dict[bytes, tuple[float, float, float]]:
        """Return what is kept of ``keys``, and note that it was asked for today."""
        found: dict[bytes, tuple[float, float, float]] = {}
        if not keys or not self._settings.judgement_cache:
            return found
        today = dt.datetime.now(dt.UTC).date()
        stale: list[bytes] = []
        with self._forgiving("read"), engine(self._settings).connect() as connection:
            for start in range(0, len(keys), LOOKED_UP):
                some = JudgementRow.key.in_(keys[start : start + LOOKED_UP])
                for row in connection.execute(select(JudgementRow.__table__).where(some)):
                    logits = (row.supports, row.refutes, row.neutral)
                    if all(math.isfinite(value) for value in logits):
                        found[row.key] = logits
                        if row.used < today:
                            stale.append(row.key)
        if stale:
            with self._forgiving("written"), self._writing() as connection:
                for start in range(0, len(stale), LOOKED_UP):
                    some = JudgementRow.key.in_(sorted(stale)[start : start + LOOKED_UP])
                    connection.execute(update(JudgementRow).where(some).values(used=today))
        return found

    def keep(self, judged: Mapping[bytes, tuple[float, float, float]]) -> None:
        """Keep logits; beyond ``settings.judgement_cache`` those not asked for longest are dropped."""
        if not judged or not self._settings.judgement_cache:
            return
        today = dt.datetime.now(dt.UTC).date()
        # In the order of the keys: two writers that take row locks in different orders would wait for each other.
        rows = [
            {"key": key, "supports": logits[0], "refutes": logits[1], "neutral": logits[2], "used": today}
            for key, logits in sorted(judged.items())
        ]
        with self._forgiving("written"), self._writing() as connection:
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            connection.execute(insert(JudgementRow).on_conflict_do_nothing(), rows)
            surplus = _count(connection) - self._settings.judgement_cache
            if surplus > 0:
                surplus += math.ceil(self._settings.judgement_cache * (1 - _KEPT_SHARE))
                oldest = select(JudgementRow.key).order_by(JudgementRow.used, JudgementRow.key).limit(surplus)
                connection.execute(delete(JudgementRow).where(JudgementRow.key.in_(oldest)))

    def count(self) -> int:
        """Return how many are kept.

        Raises:
            CorpusError: the database cannot be opened or read.
        """
        try:
            with engine(self._settings).connect() as connection:
                return _count(connection)
        except SQLAlchemyError as error:
            message = f"the kept judgements cannot be counted ({error}); `onrecord corpus verify` looks for damage"
            raise CorpusError(message) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Open a write transaction that waits for others only briefly."""
        with engine(self._settings).connect().execution_options(onrecord_write=True) as connection:
            if connection.dialect.name == "sqlite":
                driver: sqlite3.Connection | None = connection.connection.driver_connection
                assert driver is not None  # noqa: S101  an open connection has one
                driver.execute(f"PRAGMA busy_timeout={_PATIENCE_MILLISECONDS}")  # this connection closes after its use
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_PATIENCE_MILLISECONDS}")
                yield connection

    @contextlib.contextmanager
    def _forgiving(self, what: str) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, CorpusError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
            _log.warning("kept judgements cannot be %s (%s); this check goes without them", what, reason)


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(JudgementRow)).scalar_one()
