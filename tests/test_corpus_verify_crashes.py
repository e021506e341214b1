"""Killed processes, a full disk, a folder that cannot be written: clear errors, and nothing is lost."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from onrecord import corpus, workflow
from onrecord.corpus import Store, journal
from onrecord.corpus.journal import Journal
from onrecord.errors import CorpusBusyError, CorpusError, OnRecordError
from onrecord.index import Embedder
from onrecord.records import Document
from onrecord.settings import Settings

ROOT = Path(__file__).parent.parent


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def document(id_: str, words: str = "One. Two. Three.") -> Document:
    return Document(
        text=words,
        media_type="text/plain",
        content_sha256=hashlib.sha256(words.encode()).hexdigest(),
        metadata={"id": id_, "kind": "document"},
    )


# Kills; the long form is `python tests/kill/driver.py`


def test_killed_at_steps_and_at_random_nothing_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "tests/kill/driver.py", "--home", str(tmp_path / "kill"), "--kills", "10", "--short"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  our own script
    assert run.returncode == 0, run.stderr[-3000:]
    assert json.loads(run.stdout)["kills"] >= 8  # a random moment may come after the end


def test_the_killing_would_be_noticed(tmp_path: Path) -> None:
    """A driver that finds nothing wrong in a damaged corpus would prove nothing."""
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        sys.path.insert(0, "tests/kill")
        import driver
        from onrecord.corpus import journal
        journal._drop_unnamed = lambda *_: None  # the tidying up forgets the bytes
        d = driver.Driver(Path(sys.argv[1]), 0, short=True)
        d.prepare(Path("corpus/documents"))
        names = d.steps("add")
        d.random.random = lambda: 1.0
        d.kill("add", at=names.index("after the journal's step 'storing the batch'"))
        """
    )
    run = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", script, str(tmp_path / "kill")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "no version names this file" in run.stderr


# The journal


def killed(settings: Settings, script: str) -> None:
    """Run ``script`` in a process that kills itself."""
    head = "import os, signal, sys\nfrom pathlib import Path\nfrom onrecord.corpus import journal\n"
    head += "from onrecord.settings import Settings\nsettings = Settings(home=Path(sys.argv[1]))\n"
    tail = "\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    code = head + textwrap.dedent(script).rstrip() + tail
    run = subprocess.run([sys.executable, "-c", code, str(settings.home)], capture_output=True, check=False)  # noqa: S603
    assert run.returncode == -signal.SIGKILL, run.stderr


def test_what_was_being_made_is_undone_by_the_next_command(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    Store.open(settings).close()
    killed(
        settings,
        """
        with journal.writing(settings, "making something") as entry:
            entry.step("half way", undo=("half.txt", "folder", "was never there"), snapshots=("ab" * 32,))
            (settings.home / "half.txt").write_text("half")
            (settings.home / "folder").mkdir()
            (settings.home / "folder" / "file").write_text("in it")
            (settings.home / "snapshots" / "ab").mkdir()
            (settings.home / "snapshots" / "ab" / ("ab" * 32)).write_text("bytes")
        """,
    )
    (left,) = corpus.interrupted(settings)
    assert (left.operation, left.step) == ("making something", "half way")
    Store.open(settings).close()
    assert corpus.interrupted(settings) == []
    assert not (settings.home / "half.txt").exists()
    assert not (settings.home / "folder").exists()
    assert not (settings.home / "snapshots" / "ab" / ("ab" * 32)).exists()
    assert "making something" in caplog.text
    assert "undone" in caplog.text


def test_what_was_ready_is_finished_by_the_next_command(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    Store.open(settings).close()
    (settings.home / "place").mkdir()
    (settings.home / "place" / "old").write_text("old")
    killed(
        settings,
        """
        with journal.writing(settings, "making something") as entry:
            (settings.home / "beside" / "place").mkdir(parents=True)
            (settings.home / "beside" / "place" / "new").write_text("new")
            entry.step("exchanging", undo=("beside",), moves=(("beside/place", "place"), ("beside/none", "none")))
        """,
    )
    Store.open(settings).close()
    assert [path.name for path in (settings.home / "place").iterdir()] == ["new"]
    assert not (settings.home / "beside").exists()
    assert not (settings.home / "none").exists()
    assert "was finished" in caplog.text


@pytest.mark.parametrize("name", journal.JOURNALED)
def test_an_entry_killed_while_being_written_first_is_removed(settings: Settings, name: str) -> None:
    """Found by killing a backup there: the next command was none, and left it."""
    Store.open(settings).close()
    draft = settings.home / f"{name}.journal.new"
    draft.write_text('{"operation": "half')
    Store.open(settings).close()
    assert not draft.exists()


def test_a_running_command_s_journal_is_left_alone(settings: Settings) -> None:
    Store.open(settings).close()
    with journal.writing(settings, "going on") as entry:
        (settings.home / "mine").write_text("mine")
        entry.step("working", undo=("mine",))
        Store.open(settings).close()  # as another process would
        assert corpus.interrupted(settings) == []
        assert (settings.home / "mine").exists()
    assert not (settings.home / "mine").exists()


def test_an_error_is_undone_at_once(settings: Settings) -> None:
    Store.open(settings).close()

    def go_wrong() -> None:
        with journal.writing(settings, "going wrong") as entry:
            (settings.home / "mine").write_text("mine")
            entry.step("working", undo=("mine",))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        go_wrong()
    assert sorted(path.name for path in settings.home.glob("*mine*")) == []
    assert not list(settings.home.glob("*.journal.json"))


def test_a_journal_that_cannot_be_read_is_put_aside(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    Store.open(settings).close()
    (settings.home / "writer.journal.json").write_text("{]")
    with Store.open(settings) as store:
        assert store.add_documents([document("a")]).added == 1
    assert (settings.home / "writer.journal.damaged").exists()
    assert "put aside" in caplog.text


def test_bytes_kept_before_stay_when_a_batch_fails(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from onrecord.corpus.batch import BatchWriter

    with Store.open(settings) as store:
        store.add_documents([document("a", "Kept words.")])
        before = {path for path in settings.snapshots.rglob("*") if path.is_file()}

        def fail(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(BatchWriter, "write", fail)
            with pytest.raises(KeyboardInterrupt):
                store.add_documents([document("b", "Kept words."), document("c", "Lost words.")])
        assert {path for path in settings.snapshots.rglob("*") if path.is_file()} == before


# Disks that refuse


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only root may mount a small file system")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(  # noqa: S603
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(place)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode(errors='replace').strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S603, S607


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)  # noqa: S603, S607


def long_words(number: int) -> str:
    return " ".join(hashlib.sha256(f"{number}-{n}".encode()).hexdigest() for n in range(1500)) + "."


def test_a_full_disk_is_a_clear_error_and_loses_nothing(small_disk: Path) -> None:
    settings = Settings(home=small_disk / "home")
    with Store.open(settings) as store:

        def fill() -> None:
            for number in range(100):
                report = store.add_documents([document(f"s{number}", long_words(number))])
                if report.failed:
                    raise CorpusError(report.items[0].reason)

        store.add_documents([document("first")])
        with pytest.raises(CorpusError, match=r"free space"):
            fill()
        state = store.state()
        assert 1 < state.sources == len(store.sources())
    remount(small_disk, "size=20m")  # there is room again
    with Store.open(settings) as store:
        assert list(corpus.differences(store)) == []
        assert store.state() == state
        assert store.add_documents([document("after")]).added == 1


def refusal(command: Callable[[], object]) -> str:
    """Return what a command says that does not work; nothing where it works."""
    try:
        command()
    except OnRecordError as error:
        return str(error)
    return ""


LEFT = (0, 40_000)
"""Bytes that are free: none, where SQLite cannot even open what it reads; and room for a journal alone."""


def test_every_command_on_a_full_disk_says_so_and_loses_nothing(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[str] = []

    def vectors(_: Embedder, texts: Sequence[str], **__: object) -> NDArray[np.float32]:
        embedded.extend(texts)
        return np.eye(384, dtype=np.float32)[[len(text) % 384 for text in texts]]

    monkeypatch.setattr(Embedder, "encode", vectors)
    remount(small_disk, "size=24m")
    settings = Settings(home=small_disk / "home")
    (tmp_path / "files").mkdir()
    for number in range(4):
        (tmp_path / "files" / f"{number}.txt").write_text(f"Ship {number} left the port on Monday.", encoding="utf-8")
    registry = tmp_path / "sources.toml"
    registry.write_text('[[entries]]\nname = "a"\npath = "files"\n', encoding="utf-8")
    workflow.sync_corpus(registry, settings=settings)
    with Store.open(settings) as store:
        state, ids = store.state(), [source.id for source in store.sources()]
    corpus.back_up(settings, tmp_path / "b.zip")

    def change() -> object:
        (tmp_path / "files" / "new.txt").write_text(long_words(1), encoding="utf-8")
        return workflow.sync_corpus(registry, settings=settings)

    def restore() -> object:
        with Store.open(settings) as store:
            return corpus.restore_backup(store, tmp_path / "b.zip", replace=True)

    commands = {
        "sync": change,
        "add": lambda: workflow.add_documents([document("d", long_words(2))], settings=settings),
        "withdraw": lambda: workflow.withdraw_sources(ids[:1], reason="retracted", settings=settings),
        "rebuild": lambda: workflow.rebuild_indexes(settings=settings),
        "verify": lambda: workflow.verify_corpus(settings=settings, repair=True),
        "backup": lambda: corpus.back_up(settings, small_disk / "b.zip"),
        "restore": restore,
        "search": lambda: workflow.Checker.open(settings).close(),
    }
    embedded.clear()
    filler = small_disk / "filler"
    for left in LEFT:
        for name, command in commands.items():
            filler.write_bytes(bytes(max(0, shutil.disk_usage(small_disk).free - left)))
            said = refusal(command)
            assert re.search(r"space|full|disk", said) or (name == "search" and not said), (name, left, said)
            filler.unlink()
            # there is room again: what was there is there, and was not embedded again
            found = workflow.verify_corpus(settings=settings)
            assert (found.differences, found.state) == ((), state), (name, left)
            assert not [text for text in embedded if "Ship" in text] or name == "rebuild", (name, left)
            embedded.clear()


def test_a_backup_to_a_full_disk_leaves_nothing_behind(small_disk: Path, settings: Settings) -> None:
    with Store.open(settings) as store:
        store.add_documents([document(f"s{number}", long_words(number)) for number in range(40)])
    with pytest.raises(CorpusError, match=r"b\.zip could not be finished.*free space"):
        corpus.back_up(settings, small_disk / "b.zip")
    with pytest.raises(CorpusError, match=r"out could not be finished.*free space"):
        corpus.export_corpus(settings, small_disk / "out")
    assert list(small_disk.iterdir()) == []


def test_a_restore_on_a_full_disk_changes_nothing(small_disk: Path, settings: Settings, tmp_path: Path) -> None:
    with Store.open(settings) as store:
        store.add_documents([document(f"s{number}", long_words(number)) for number in range(40)])
    corpus.back_up(settings, tmp_path / "b.zip")
    other = Settings(home=small_disk / "home")
    with Store.open(other) as store:
        store.add_documents([document("mine")])
        with pytest.raises(CorpusError, match="space"):
            corpus.restore_backup(store, tmp_path / "b.zip", replace=True)
        assert [source.id for source in store.sources()] == ["mine"]
        assert list(corpus.differences(store)) == []


def test_a_folder_that_cannot_be_written(small_disk: Path) -> None:
    settings = Settings(home=small_disk / "home")
    with Store.open(settings) as store:
        store.add_documents([document("a")])
    remount(small_disk, "ro")
    with pytest.raises(OnRecordError, match=r"rights|written|locked"), Store.open(settings) as store:
        store.add_documents([document("b")])
    with pytest.raises(CorpusError, match=r"rights|written|locked"):
        corpus.back_up(settings, small_disk / "b.zip")
    remount(small_disk, "rw")
    with Store.open(settings) as store:
        assert [source.id for source in store.sources()] == ["a"]
        assert list(corpus.differences(store)) == []
        assert store.add_documents([document("b")]).added == 1


def test_a_journal_that_cannot_be_written_stops_the_command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(settings) as store:
        store.add_documents([document("a")])

        def refuse(*_: object, **__: object) -> None:
            message = "the journal cannot be written"
            raise CorpusError(message)

        with monkeypatch.context() as patched:
            patched.setattr(Journal, "step", refuse)
            with pytest.raises(CorpusError, match="journal"):
                store.add_documents([document("b")])
        assert store.state().sources == 1
        assert list(corpus.differences(store)) == []


def test_two_backups_at_once_are_refused(settings: Settings, tmp_path: Path) -> None:
    Store.open(settings).close()
    with journal.writing(settings, "backing up", name="backup"), pytest.raises(CorpusBusyError, match="backing up"):
        corpus.back_up(settings, tmp_path / "b.zip")
