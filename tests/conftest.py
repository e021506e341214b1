"""Fixtures shared by several rooms' tests: a small real corpus, built once."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from onrecord.corpus import Store

# Nothing may be fetched from a model hub during a test, and the tests share the machine's cores.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Most tests are about what becomes of a stance, not about how right it is: the small network is enough, and joins no base.
os.environ.setdefault("ONRECORD_STANCE_MODEL", "fast")

RECORDS = {
    "smallpox.md": """---
id: test-smallpox
title: Smallpox declared eradicated
kind: summary
publisher: World Health Organization
origin: summary written for this project
primary: false
published: 1980-05-08
address: https://example.org/smallpox
language: en
licence: Apache-2.0
---

The Thirty-third World Health Assembly declared on 8 May 1980 that smallpox had been eradicated.

The last known natural case of smallpox occurred in Somalia in October 1977.
""",
    "rates.md": """---
id: test-rates
title: Decision on the federal funds rate, July 2023
kind: document
publisher: Federal Reserve
primary: true
published: 2023-07-26
address: https://example.org/rates
language: en
---

On 26 July 2023 the Federal Reserve raised the target range for the federal funds rate to 5.25 to 5.50 per cent.

The decision of the committee was unanimous.
""",
    "speech.md": """---
id: test-speech
title: Address on the harvest
kind: transcript
publisher: Office of the Minister
primary: true
published: 2024-09-02
address: https://example.org/speech
speakers: [Jane Roe]
language: en
---

We will not raise the tax on bread. Our harvest was the largest in ten years.
""",
}


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return (home, folder): a home whose corpus holds ``RECORDS``, and the folder they were read from."""
    from onrecord.settings import Settings
    from onrecord.workflow import update_corpus

    folder = tmp_path_factory.mktemp("records")
    for name, text in RECORDS.items():
        (folder / name).write_text(text, encoding="utf-8")
    home = tmp_path_factory.mktemp("home")
    report = update_corpus([folder], settings=Settings(home=home))
    assert (report.added, report.failed) == (len(RECORDS), 0)
    return home, folder


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL for tests: given by ONRECORD_TEST_POSTGRESQL, or started from its programs."""
    given_ = os.environ.get("ONRECORD_TEST_POSTGRESQL")
    if given_:
        yield given_
        return
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not programs:
        reason = "no PostgreSQL on this machine: apt-get install postgresql, or name one in ONRECORD_TEST_POSTGRESQL"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Not below pytest's folder: every session closes that to others, and the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="onrecord-postgresql-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    become = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        become = {"user": owner.pw_uid, "group": owner.pw_gid}
        os.chown(folder, owner.pw_uid, owner.pw_gid)

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **become)  # type: ignore[call-overload]  # noqa: S603

    data = str(folder / "data")
    run(str(programs[-1].with_name("initdb")), "-D", data, "-A", "trust", "-U", "tester", "-N")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    run(str(programs[-1]), "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
    yield f"postgresql+psycopg://tester@127.0.0.1:{port}/postgres"
    run(str(programs[-1]), "-D", data, "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


_DATABASES = itertools.count()


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[str]:
    """Return the address of an empty database that no other test uses."""
    import psycopg
    from sqlalchemy.engine import make_url

    name = f"onrecord_test_{os.getpid()}_{next(_DATABASES)}"
    server = make_url(postgresql_server)
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty corpus on either database."""
    from onrecord.corpus import Store, engine
    from onrecord.settings import Settings

    url = request.getfixturevalue("postgresql") if request.param == "postgresql" else ""
    settings = Settings(home=tmp_path / "home", database_url=url, user="Anna Keller")
    with Store.open(settings) as opened:
        yield opened
    engine(settings).dispose()
