"""The kept judgements: found again, bounded, shared between processes, and never in the way of a check."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import math
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from typer.testing import CliRunner

from onrecord.cli import app
from onrecord.corpus import Judgements, engine
from onrecord.corpus.schema import JudgementRow
from onrecord.errors import CorpusError
from onrecord.settings import Settings

TODAY = dt.datetime.now(dt.UTC).date()


def key(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def rows(*numbers: int) -> dict[bytes, tuple[float, float, float]]:
    return {key(number): (number / 3, -float(number), 1e-300) for number in numbers}


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "sqlite":
        return Settings(home=tmp_path / "home", judgement_cache=10)
    return Settings(home=tmp_path / "home", judgement_cache=10, database_url=request.getfixturevalue("postgresql"))


def aged(settings: Settings, numbers: list[int], days: int) -> None:
    with engine(settings).execution_options(onrecord_write=True).begin() as connection:
        old = update(JudgementRow).where(JudgementRow.key.in_([key(number) for number in numbers]))
        connection.execute(old.values(used=TODAY - dt.timedelta(days=days)))


def test_what_was_kept_is_found_again_to_the_last_bit(settings: Settings) -> None:
    kept = Judgements(settings)
    kept.keep(rows(1, 2))
    kept.keep(rows(2, 3))  # one of them again: no error, no second row
    assert kept.known([key(number) for number in range(5)]) == rows(1, 2, 3)
    assert Judgements(settings).count() == 3


@pytest.mark.parametrize("numbers", [[], [7]])  # nothing asked; something that is not there
def test_nothing_known(settings: Settings, numbers: list[int]) -> None:
    kept = Judgements(settings)
    kept.keep({})
    assert kept.known([key(number) for number in numbers]) == {}


def test_more_keys_than_a_statement_takes(settings: Settings) -> None:
    wide = settings.model_copy(update={"judgement_cache": 5000})
    kept = Judgements(wide)
    many = rows(*range(2000))
    kept.keep(many)
    aged(wide, list(range(2000)), 1)
    assert kept.known([*many, *many]) == many  # asked twice in one call, and all of them stale


def test_a_full_cache_drops_what_was_not_asked_for_longest(settings: Settings) -> None:
    kept = Judgements(settings)
    kept.keep(rows(*range(10)))
    aged(settings, list(range(10)), 5)
    assert kept.known([key(0)])  # asked for today: it stays
    kept.keep(rows(20, 21))
    left = kept.known([key(number) for number in (*range(10), 20, 21)])
    assert len(left) == kept.count() == 9  # nine tenths of ten
    assert {key(0), key(20), key(21)} <= set(left)


def test_more_at_once_than_fits(settings: Settings) -> None:
    kept = Judgements(settings)
    kept.keep(rows(*range(50)))
    assert kept.count() <= 10


def test_size_zero_keeps_nothing_and_opens_nothing(tmp_path: Path) -> None:
    kept = Judgements(Settings(home=tmp_path / "home", judgement_cache=0))
    kept.keep(rows(1))
    assert kept.known([key(1)]) == {}
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_a_spoilt_row_is_not_known(value: float, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    kept = Judgements(settings)
    kept.keep(rows(1, 2))
    with engine(settings).begin() as connection:
        connection.execute(update(JudgementRow).where(JudgementRow.key == key(1)).values(refutes=value))
    assert kept.known([key(1), key(2)]) == rows(2)


def test_a_locked_database_is_not_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(home=tmp_path)
    kept = Judgements(settings)
    kept.keep(rows(1))
    aged(settings, [1], 3)
    holder = sqlite3.connect(tmp_path / "onrecord.db", isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        started = time.perf_counter()
        with caplog.at_level(logging.WARNING):
            kept.keep(rows(2))
            assert kept.known([key(1), key(2)]) == rows(1)  # reading goes on
        assert time.perf_counter() - started < 5, "the ordinary writer's patience is fifteen seconds"
        assert "locked" in caplog.text
    finally:
        holder.close()
    kept.keep(rows(2))
    assert kept.known([key(2)]) == rows(2)


@pytest.mark.parametrize("harm", ["DROP TABLE judgements", "not a database"])
def test_a_broken_cache_is_only_logged(harm: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(home=tmp_path)
    kept = Judgements(settings)
    kept.keep(rows(1))
    if harm.startswith("DROP"):
        with engine(settings).begin() as connection:
            connection.execute(text(harm))
    else:
        (tmp_path / "onrecord.db").write_bytes(b"spoilt " * 4000)
        for name in ("onrecord.db-wal", "onrecord.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
    with caplog.at_level(logging.WARNING):
        kept.keep(rows(2))
        assert kept.known([key(1)]) == {}
    assert len(caplog.records) == 2
    with pytest.raises(CorpusError):
        kept.count()


def test_status_says_how_much_is_kept(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", judgement_cache=2000)
    Judgements(settings).keep(rows(*range(1200)))
    found = CliRunner(env={"ONRECORD_HOME": str(settings.home), "ONRECORD_JUDGEMENT_CACHE": "2000"}).invoke(
        app, ["corpus", "status"]
    )
    assert found.exit_code == 0
    assert "judgements kept for the next check: 1,200 of at most 2,000" in found.output


_WRITER = """
import sys
from pathlib import Path
from onrecord.corpus import Judgements
from onrecord.settings import Settings
kept = Judgements(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2], judgement_cache=40))
for number in range(25):
    keys = [bytes([int(sys.argv[3]) * part, number]) + bytes(30) for part in (0, 1)]  # one shared by all, one of its own
    kept.keep({key: (float(number), 0.0, 0.0) for key in keys})
    kept.known(keys)
"""


def test_several_processes(settings: Settings) -> None:
    Judgements(settings).keep(rows(1))
    command = [sys.executable, "-c", _WRITER, str(settings.home), settings.database_url]
    running = [
        subprocess.Popen([*command, str(number)], stderr=subprocess.PIPE, text=True)  # noqa: S603  our own interpreter
        for number in (1, 2)
    ]
    assert [(process.communicate(timeout=60)[1].count("Traceback"), process.returncode) for process in running] == [
        (0, 0)
    ] * 2
    with engine(settings).connect() as connection:
        found = connection.execute(select(JudgementRow.key, JudgementRow.supports)).all()
    assert 0 < len(found) <= 40
    assert all(row.supports == row.key[1] for row in found if row.key != key(1))
