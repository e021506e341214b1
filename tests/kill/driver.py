"""Kill a corpus as often as one likes: at every step of a command and at random moments; nothing may be lost.

    python tests/kill/driver.py --home FOLDER --kills 340          # the long form: every step once, the rest at random
    python tests/kill/driver.py --home FOLDER --kills 12 --short   # what the tests run

Each round forks a child that runs one real command on the corpus in the folder (add, change, withdraw, rebuild, backup,
restore-backup, export) and dies by SIGKILL: before or after the n-th of the calls that touch the disk (the journal's steps, the
database's transactions, the writes to Chroma and Tantivy, every rename), or after a random time. Every fifth time the command
that tidies up is killed as well. Then ``corpus verify`` must find no difference, all that was committed must be there, and a
search must find it. The database, Chroma, Tantivy, the files and the embedding network are the real ones; they are loaded
once, and each child is a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.update({"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "ANONYMIZED_TELEMETRY": "False"})

from sqlalchemy import Engine, event, select

from onrecord import corpus, workflow
from onrecord.corpus import store as store_module
from onrecord.corpus.journal import Journal
from onrecord.corpus.schema import ChangeRow, CheckRow, VersionRow
from onrecord.corpus.snapshots import read_snapshot
from onrecord.index import load_embedder
from onrecord.index import search as index_search
from onrecord.index.dense import DenseEngine
from onrecord.index.lexical import LexicalEngine
from onrecord.records import SearchFilters
from onrecord.settings import Settings

BATCH = 3
"""Documents in a batch here, so that a small update has several."""
PATIENCE_SECONDS = 600.0
WORDS = ("wheat harvest port treaty ceasefire election budget tariff vaccine railway bridge reactor court minister"
         " parliament coast border energy school census").split()  # fmt: skip


def records(number: int, words: int, *, generation: int = 0) -> dict[str, str]:
    """Return ``number`` records of a generation: the same identities, other texts."""
    made = {}
    for item in range(number):
        chosen = random.Random(f"{words}-{item}-{generation}").choices(WORDS, k=24)  # noqa: S311  a test's choice
        sentences = " ".join(
            f"The {a} of the {b} stood at {n + generation} per cent."
            for n, (a, b) in enumerate(zip(chosen[::2], chosen[1::2], strict=True))
        )
        made[f"kill-{words}-{item}.md"] = (
            f"---\nid: kill-{words}-{item}\ntitle: Record {item} of round {words}\nkind: document\npublisher: Office\n"
            f"primary: true\npublished: 2024-01-{item % 28 + 1:02}\nlanguage: en\n---\n\n{sentences}\n"
        )
    return made


class Points:
    """Counts the calls that touch the disk, and dies at a given one."""

    def __init__(self, fatal: int | None) -> None:
        self.fatal = fatal
        self.passed = 0
        self.names: list[str] = []

    def __call__(self, name: str) -> None:
        if self.passed == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed += 1
        self.names.append(name)

    def around(self, owner: Any, name: str, label: str) -> None:  # noqa: ANN401  a class or a module
        """Make a function a point before and after each of its calls; ``{}`` in the label is the call's first word."""
        wrapped = getattr(owner, name)

        @functools.wraps(wrapped)
        def called(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            told = label.format(next((item for item in given if isinstance(item, str)), ""))
            self(f"before {told}")
            result = wrapped(*given, **named)
            self(f"after {told}")
            return result

        setattr(owner, name, called)

    def everywhere(self) -> None:
        """Make points of everything that changes what the next command will find."""
        self.around(Journal, "step", "the journal's step {!r}")
        self.around(Journal, "end", "the end of the journal")
        self.around(DenseEngine, "upsert", "vectors written")
        self.around(DenseEngine, "delete", "vectors deleted")
        self.around(LexicalEngine, "upsert", "words written")
        self.around(LexicalEngine, "commit", "words committed")
        self.around(index_search, "write_states", "the indexes' note")
        self.around(Path, "replace", "a rename")
        self.around(shutil, "rmtree", "a folder removed")
        event.listen(Engine, "commit", lambda _: self("before a transaction's commit"))


def add(settings: Settings, work: Path, number: int) -> None:
    """Add the records of a round."""
    _update(settings, work / f"round-{number}", records(8, number))


def change(settings: Settings, work: Path, number: int) -> None:
    """Change some records of the base and leave others."""
    given = records(4, 0, generation=number) | dict(list(records(8, 0).items())[4:])
    _update(settings, work / f"change-{number}", given)


def withdraw(settings: Settings, work: Path, number: int) -> None:  # noqa: ARG001
    """Withdraw some sources, and put back those of the time before."""
    with corpus.Store.open(settings) as store:
        out = [source.id for source in store.sources(include_withdrawn=True) if source.withdrawn]
        held = [source.id for source in store.sources(limit=60) if source.id not in out]
    if out:
        workflow.withdraw_sources(out, reason="the killing goes on", settings=settings, back=True)
    workflow.withdraw_sources(random.Random(number).sample(held, 3), reason="a test", settings=settings)  # noqa: S311


def rebuild(settings: Settings, work: Path, number: int) -> None:  # noqa: ARG001
    """Build the indexes anew."""
    workflow.rebuild_indexes(settings=settings)


def backup(settings: Settings, work: Path, number: int) -> None:
    """Write a backup."""
    corpus.back_up(settings, work / f"backup-{number}.zip")


def export(settings: Settings, work: Path, number: int) -> None:
    """Write an export."""
    corpus.export_corpus(settings, work / f"export-{number}")


def restore(settings: Settings, work: Path, number: int) -> None:  # noqa: ARG001
    """Put the first backup in the place of the corpus."""
    workflow.restore_backup(work / "base.zip", settings=settings, replace=True)


def _update(settings: Settings, folder: Path, given: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, words in given.items():
        (folder / name).write_text(words, encoding="utf-8")
    report = workflow.update_corpus([folder], settings=settings)
    assert report.failed == 0, report.items


OPERATIONS: dict[str, Callable[[Settings, Path, int], None]] = {
    "add": add, "change": change, "withdraw": withdraw, "rebuild": rebuild, "backup": backup, "export": export,
    "restore-backup": restore,
}  # fmt: skip


class Driver:
    """One corpus and its killings."""

    def __init__(self, home: Path, seed: int, *, short: bool) -> None:
        self.settings = Settings(home=home / "home", threads=1)
        self.work = home / "work"
        self.random = random.Random(seed)  # noqa: S311  reproducible
        self.short = short
        self.round = 0
        self.died = Counter[str]()
        self.points: dict[str, list[str]] = {}
        """Every point of every operation, by name."""
        self.at = Counter[str]()
        """How often it died at which point."""
        self.looked = 0
        self.survived = 0
        self.restored = 0

    def prepare(self, documents: Path) -> None:
        """Load what is heavy once, and build the first corpus in a child."""
        import chromadb  # noqa: F401
        import langchain_chroma  # noqa: F401
        import tantivy  # noqa: F401
        import torch

        torch.set_num_threads(1)  # a process with one thread may be forked
        load_embedder(self.settings).encode(["loaded"])
        self.work.mkdir(parents=True)

        loaded = self.work / "modules.json"

        def build() -> None:
            _update(self.settings, self.work / "base", records(8, 0))
            if not self.short:
                workflow.update_corpus([documents], settings=self.settings)
            corpus.back_up(self.settings, self.work / "base.zip")
            workflow.verify_corpus(settings=self.settings)
            loaded.write_text(json.dumps(sorted(sys.modules)))

        self._child(build)
        # Most of what a small command takes is importing: from here on a child is born with it.
        for name in json.loads(loaded.read_text()):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        self.truth = self._committed()

    def steps(self, operation: str) -> list[str]:
        """Return the points of an operation, by running it to its end."""
        found = self.work / "points.json"

        def run() -> None:
            points = Points(None)
            points.everywhere()
            OPERATIONS[operation](self.settings, self.work, self.round)
            found.write_text(json.dumps(points.names))

        self.round += 1
        self._child(run)
        self._check(operation, died=False)
        names: list[str] = json.loads(found.read_text())
        self.points[operation] = names
        return names

    def kill(self, operation: str, *, at: int | None = None, within: float = 0.0) -> None:
        """Run an operation in a child, kill it at a point or at a random time within ``within`` seconds, and look."""
        self.round += 1
        number = self.round

        def run() -> None:
            if at is not None:
                Points(at).everywhere()
            OPERATIONS[operation](self.settings, self.work, number)

        died = self._child(run, after=None if at is not None else self.random.uniform(0.0, within))
        self.died[operation] += died
        self.survived += not died
        if died:
            self.at[f"{operation}: {'a random moment' if at is None else self.points[operation][at]}"] += 1
        if self.random.random() < 0.2:
            # The command that tidies up is killed too, at one of its own first points.
            at_first = self.random.randrange(12)

            def tidy() -> None:
                Points(at_first).everywhere()
                workflow.verify_corpus(settings=self.settings)

            self.died["tidying up"] += self._child(tidy)
        self._check(operation, died=died)

    def _child(self, work: Callable[[], None], *, after: float | None = None) -> bool:
        """Run ``work`` in a process of its own; tell whether it was killed. Any other failure is an error here."""
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with (self.work / "child.log").open("a") as log:
                    os.dup2(log.fileno(), 2)
                store_module._BATCH_DOCUMENTS = BATCH
                work()
                code = 0
            except BaseException:  # noqa: BLE001  told by the exit code, with the trace in the log
                traceback.print_exc()
            os._exit(code)
        started = time.monotonic()
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            passed = time.monotonic() - started
            if after is not None and passed >= after:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                after = None
            if passed > PATIENCE_SECONDS:
                os.kill(child, signal.SIGKILL)
                self._complain("a child did not end")
            time.sleep(0.002)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return True
        if status != 0:
            self._complain(f"a child failed with status {status}")
        return False

    def _committed(self) -> dict[str, Any]:
        """Return what is committed, read in a child."""
        out = self.work / "committed.json"

        def read() -> None:
            with corpus.Store.open(self.settings) as store:
                made = corpus.engine(self.settings)
                with made.connect() as connection:
                    versions = {
                        row.id: row.text_sha256
                        for row in connection.execute(select(VersionRow.id, VersionRow.text_sha256))
                    }
                    changes = list(connection.execute(select(ChangeRow.key)).scalars())
                    checks = list(connection.execute(select(CheckRow.id)).scalars())
                for version_id in versions:
                    for snapshot in store.snapshot(version_id):
                        read_snapshot(self.settings, snapshot.sha256)
                out.write_text(
                    json.dumps({
                        "state": store.state().number, "versions": versions, "changes": changes, "checks": checks,
                        "sources": {s.id: s.current_version_id for s in store.sources(include_withdrawn=True)},
                    })
                )  # fmt: skip

        self._child(read)
        found: dict[str, Any] = json.loads(out.read_text())
        return found

    def _check(self, operation: str, *, died: bool) -> None:
        """Look with ``corpus verify``, then at what was committed, then with a search."""
        verified = self.work / "verified.json"

        def verify() -> None:
            found = workflow.verify_corpus(settings=self.settings)
            verified.write_text(found.model_dump_json())
            with corpus.Store.open(self.settings) as store, workflow.index.Index.open(store, self.settings) as opened:
                for passage in next(store.iter_passages(batch_size=5)):
                    hits = opened.search([passage.text], filters=SearchFilters(), top_k=5)[0]
                    found_ranks = [(hit.dense_rank, hit.lexical_rank) for hit in hits if hit.passage_id == passage.id]
                    assert found_ranks, (passage, hits)
                    assert None not in found_ranks[0], (passage, hits)

        if self._child(verify):
            self._complain("verify was killed by somebody else")
        found = json.loads(verified.read_text())
        if found["differences"]:
            self._complain(f"after {operation}: {found['differences'][:5]}")
        self._check_committed(operation, died=died)
        self._check_files()
        self.looked += 1

    def _check_committed(self, operation: str, *, died: bool) -> None:
        before, after = self.truth, self._committed()
        self.truth = after
        if operation == "restore-backup" and after["state"] < before["state"]:
            self.restored += 1
            kept = sorted((self.settings.home / "replaced").glob("*.zip"))
            if not kept or zipfile.ZipFile(kept[-1]).testzip() is not None:
                self._complain("what was replaced was not backed up")
            for old in kept[:-1]:
                old.unlink()
            return
        for kind in ("versions", "changes", "checks", "sources"):
            if lost := set(before[kind]) - set(after[kind]):
                self._complain(f"after {operation}: {kind} were lost: {sorted(lost, key=str)[:5]}")
        if any(after["versions"][key] != value for key, value in before["versions"].items()):
            self._complain("a committed version has another text")
        if not died and operation in {"add", "change"} and after["state"] == before["state"]:
            self._complain(f"{operation} ended and changed nothing")

    def _check_files(self) -> None:
        home = self.settings.home
        remains = (
            *self.work.glob("*.partial*"),
            *home.glob("*.journal*"),
            *home.rglob("*.partial*"),
            *home.glob("*.replaced"),
        )
        if left := [path for path in (*remains, home / "rebuilding", home / "restoring.db") if path.exists()]:
            self._complain(f"left behind: {left}")
        for file in self.work.glob("backup-*.zip"):
            if zipfile.ZipFile(file).testzip() is not None:
                self._complain(f"{file} is damaged")
            file.unlink()
        for folder in self.work.glob("export-*"):
            if not (folder / "manifest.json").exists():
                self._complain(f"{folder} is incomplete")
            shutil.rmtree(folder)

    def _complain(self, what: str) -> None:
        log = self.work / "child.log"
        tail = "\n".join(log.read_text().splitlines()[-40:]) if log.exists() else ""
        message = f"round {self.round}: {what}\n{tail}"
        raise SystemExit(message)


def plan(driver: Driver, kills: int, only: list[str] | None) -> Iterator[tuple[str, int | None, float]]:
    """Yield each kill's operation and point: every point once, in the short form some of them; then random moments."""
    points: list[tuple[str, int | None, float]] = []
    seconds: dict[str, float] = {}
    chosen = only or (["add", "change", "backup", "rebuild", "withdraw"] if driver.short else list(OPERATIONS))
    for operation in chosen:
        started = time.monotonic()
        names = driver.steps(operation)
        seconds[operation] = max(0.2, (time.monotonic() - started) / 2)  # half of it is looking
        steps = [number for number, name in enumerate(names) if "journal" in name]
        rest = [number for number in range(len(names)) if number not in steps]
        driver.random.shuffle(rest)
        points += [(operation, number, 0.0) for number in (*steps, *rest)]
    if driver.short:
        driver.random.shuffle(points)
    room = max(0, kills - kills // 4) if driver.short else len(points)
    yield from points[:room]
    for _ in range(kills - min(room, len(points))):
        operation = driver.random.choice(chosen)
        yield operation, None, seconds[operation]


def main() -> None:
    """Kill as often as asked, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="an empty folder")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=OPERATIONS, help="only these operations")
    parser.add_argument("--short", action="store_true", help="eight records and no restoring, for the tests")
    parser.add_argument("--results", type=Path, help="a file for what came out")
    parser.add_argument("--documents", type=Path, default=Path(__file__).parents[2] / "corpus" / "documents")
    given = parser.parse_args()
    started = time.monotonic()
    driver = Driver(given.home, given.seed, short=given.short)
    driver.prepare(given.documents)

    def tell(*, complete: bool) -> dict[str, Any]:
        told = {
            "complete": complete,
            "kills": sum(driver.died.values()),
            "found_whole": driver.looked,  # the first difference, and the first thing lost, end the run with an error
            "by_operation": driver.died,
            "points_of_operation": {operation: len(names) for operation, names in driver.points.items()},
            "died_at": dict(sorted(driver.at.items())),
            "ended_before_the_kill": driver.survived,
            "restored": driver.restored,
            "state": driver.truth["state"],
            "versions": len(driver.truth["versions"]),
            "seconds": round(time.monotonic() - started, 1),
        }
        if given.results is not None:
            given.results.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        return told

    for number, (operation, at, within) in enumerate(plan(driver, given.kills, given.only), 1):
        driver.kill(operation, at=at, within=within)
        if number % 10 == 0:
            tell(complete=False)
            sys.stderr.write(f"{number}: {sum(driver.died.values())} died, state {driver.truth['state']}\n")
    sys.stdout.write(json.dumps(tell(complete=True)) + "\n")


if __name__ == "__main__":
    main()
