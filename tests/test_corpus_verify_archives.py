"""Backups and exports: identical on arrival, from and to both databases, refused when they are not what they should be."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from onrecord import corpus
from onrecord.corpus import Store, schema
from onrecord.corpus.snapshots import snapshot_path
from onrecord.corpus.transfer import all_tables, corpus_tables
from onrecord.errors import CorpusDamagedError, CorpusError
from onrecord.records import Document
from onrecord.settings import Settings


def document(id_: str, words: str) -> Document:
    return Document(
        text=words,
        media_type="text/plain",
        content_sha256=hashlib.sha256(words.encode()).hexdigest(),
        title=f"Title of {id_}",
        published=dt.date(2024, 3, 29),
        speakers=("Anna Berg",),
        metadata={"id": id_, "kind": "transcript", "publisher": "Näme “quoted”"},
    )


def fill(settings: Settings) -> None:
    """Several versions, changed provenance, odd characters, a text without a date, a check."""
    with Store.open(settings) as store:
        store.add_documents(
            [document("a", "One. Two."), document("ü/🕊", "Naïve “words”.\u2028More."), document("b", "B.")]
        )
        store.add_documents([document("a", "One. Three."), document("b", "B.").model_copy(update={"published": None})])
        store.add_documents([document("a", "One. Two.")])
    with corpus.engine(settings).begin() as connection:
        row = {
            "id": "c" * 32,
            "created_at": dt.datetime.now(dt.UTC),
            "title": "t",
            "article_sha256": "0",
            "complete": True,
        }
        connection.execute(schema.CheckRow.__table__.insert().values(**row, counts={"SUPPORTED": 1}, body="{}"))  # type: ignore[attr-defined]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "home")
    fill(made)
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def exported(settings: Settings, name: str) -> dict[str, bytes]:
    corpus.export_corpus(settings, settings.home / name)
    return contents(settings.home / name)


def checks(settings: Settings) -> list[str]:
    with corpus.engine(settings).connect() as connection:
        return list(connection.execute(schema.CheckRow.__table__.select()).scalars())


def test_what_is_imported_is_identical(settings: Settings, tmp_path: Path) -> None:
    corpus.export_corpus(settings, settings.home / "out")
    other = Settings(home=tmp_path / "other")
    with Store.open(other) as store:
        archive = corpus.import_corpus(store, settings.home / "out")
        assert archive.state == store.state()
        with Store.open(settings) as first:
            assert [first.versions(id_) for id_ in ("a", "b")] == [store.versions(id_) for id_ in ("a", "b")]
            assert first.sources() == store.sources()
        assert store.add_documents([document("a", "One. Two.")]).unchanged == 1
        assert store.add_documents([document("new", "New.")]).added == 1  # keys go on where they stopped
    assert checks(other) == []  # checks are the people's, not the corpus'


def test_export_import_export_gives_the_same_bytes(settings: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other")
    before = exported(settings, "out")
    with Store.open(other) as store:
        corpus.import_corpus(store, settings.home / "out")
    assert exported(other, "out") == before
    assert len(before) == len(corpus_tables()) + archive_snapshots(settings)


def archive_snapshots(settings: Settings) -> int:
    return sum(1 for path in settings.snapshots.rglob("*") if path.is_file())


def test_a_backup_holds_everything(settings: Settings, tmp_path: Path) -> None:
    corpus.back_up(settings, tmp_path / "b.zip")
    other = Settings(home=tmp_path / "other")
    with Store.open(other) as store:
        archive = corpus.restore_backup(store, tmp_path / "b.zip")
        assert archive.state.number == store.state().number == 3
    assert exported(other, "out") == exported(settings, "out")
    assert checks(other) == checks(settings) == ["c" * 32]
    assert [path.name for path in tmp_path.glob("b.zip*")] == ["b.zip"]


def test_a_backup_is_one_state_while_another_thread_writes(settings: Settings, tmp_path: Path) -> None:
    import threading

    stop = threading.Event()

    def write() -> None:
        with Store.open(settings) as store:
            number = 0
            while not stop.is_set():
                number += 1
                store.add_documents([document(f"w{number}-{n}", f"Words {number}. {n}.") for n in range(20)])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            corpus.back_up(settings, tmp_path / f"{number}.zip")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        other = Settings(home=tmp_path / f"home{number}")
        with Store.open(other) as store:
            corpus.restore_backup(store, tmp_path / f"{number}.zip")
            assert list(corpus.differences(store)) == []


def test_replacing_keeps_a_backup_of_what_was_there(settings: Settings, tmp_path: Path) -> None:
    corpus.back_up(settings, tmp_path / "b.zip")
    with Store.open(settings) as store:
        store.add_documents([document("later", "Later words.")])
        with pytest.raises(CorpusError, match="not empty"):
            corpus.restore_backup(store, tmp_path / "b.zip")
        corpus.restore_backup(store, tmp_path / "b.zip", replace=True)
        assert store.state().number == 3
        assert list(corpus.differences(store)) == []
        (kept,) = (settings.home / "replaced").iterdir()
        corpus.restore_backup(store, kept, replace=True)
        assert store.source("later").title == "Title of later"
        assert list(corpus.differences(store)) == []


def test_who_is_reading_meanwhile_sees_the_last_complete_state(settings: Settings, tmp_path: Path) -> None:
    corpus.back_up(settings, tmp_path / "b.zip")
    with Store.open(settings) as store:
        store.add_documents([document("later", "Later words.")])
        with corpus.engine(settings).connect() as reader:
            assert reader.execute(schema.StateRow.__table__.select()).one().number == 4
            corpus.restore_backup(store, tmp_path / "b.zip", replace=True)
            assert reader.execute(schema.StateRow.__table__.select()).one().number == 4
        with corpus.engine(settings).connect() as reader:
            assert reader.execute(schema.StateRow.__table__.select()).one().number == 3


def test_the_same_from_and_to_postgresql(postgresql: str, tmp_path: Path) -> None:
    there = Settings(home=tmp_path / "there", database_url=postgresql)
    fill(there)
    here = Settings(home=tmp_path / "here")
    corpus.back_up(there, tmp_path / "b.zip")
    with Store.open(here) as store:
        corpus.restore_backup(store, tmp_path / "b.zip")
    assert exported(here, "out") == exported(there, "out")
    assert checks(here) == checks(there)
    with Store.open(there) as store:
        store.add_documents([document("later", "Later words.")])
        corpus.restore_backup(store, tmp_path / "b.zip", replace=True)
        assert store.add_documents([document("new", "New.")]).added == 1  # the counters of keys go on
        assert list(corpus.differences(store)) == []
    corpus.engine(there).dispose()


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip(data: bytes) -> bytes:
    middle = len(data) // 3
    return data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]


BAD_BACKUPS = [
    # half of the file: a copy that was interrupted
    (cut, "damaged or no backup"),
    # one byte is another
    (flip, "."),
    # no zip at all
    (lambda _: b"hello", "damaged or no backup"),
    (lambda _: b"", "damaged or no backup"),
]


@pytest.mark.parametrize(("damage", "message"), BAD_BACKUPS)
def test_a_bad_backup_changes_nothing(
    settings: Settings, tmp_path: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    corpus.back_up(settings, tmp_path / "b.zip")
    (tmp_path / "bad.zip").write_bytes(damage((tmp_path / "b.zip").read_bytes()))
    other = Settings(home=tmp_path / "other")
    with Store.open(other) as store:
        with pytest.raises(CorpusError, match=message):
            corpus.restore_backup(store, tmp_path / "bad.zip")
        assert store.state().number == 0
        assert list(corpus.differences(store)) == []
    assert [path for path in other.home.rglob("*") if path.is_file() and path.suffix != ".lock"] == [
        other.home / "onrecord.db"
    ]


def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("note.txt", "another program's")


def newer(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("onrecord.db", b"")
        archive.writestr("manifest.json", json.dumps({"format": 1, "revision": "9999"}))


def no_manifest(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("onrecord.db", b"")
        archive.writestr("manifest.json", "{]")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (other_zip, "no backup of a corpus"),
        (newer, "made by a newer version"),
        (no_manifest, "cannot be read"),
        (lambda _: None, "No such file"),
    ],
)
def test_what_is_no_backup_is_said_so(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    make(tmp_path / "x.zip")
    with Store.open(Settings(home=tmp_path / "other")) as store, pytest.raises(CorpusError, match=message):
        corpus.restore_backup(store, tmp_path / "x.zip")


def change_a_row(folder: Path) -> None:
    path = folder / "sources.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("Anna Berg", "Otto Berg"), encoding="utf-8")


def break_a_row(folder: Path) -> None:
    (folder / "versions.jsonl").write_text("{]\n", encoding="utf-8")


def lose_a_table(folder: Path) -> None:
    (folder / "passages.jsonl").unlink()


def lose_a_snapshot(folder: Path) -> None:
    next(path for path in (folder / "snapshots").rglob("*") if path.is_file()).unlink()


def change_a_snapshot(folder: Path) -> None:
    next(path for path in (folder / "snapshots").rglob("*") if path.is_file()).write_bytes(b"other")


def strange_table(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["../../etc/passwd.jsonl"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change_a_row, "not the file that was exported"),
        (break_a_row, "line 1: not a row of versions"),
        (lose_a_table, "could not be finished"),
        (lose_a_snapshot, "cannot be written"),
        (change_a_snapshot, "changed while being read"),
        (strange_table, "no table of this name"),
    ],
)
def test_a_bad_export_changes_nothing(
    settings: Settings, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    corpus.export_corpus(settings, tmp_path / "out")
    damage(tmp_path / "out")
    with Store.open(Settings(home=tmp_path / "other")) as store:
        with pytest.raises(CorpusError, match=message):
            corpus.import_corpus(store, tmp_path / "out")
        assert store.state().number == 0
        assert list(corpus.differences(store)) == []


def test_nothing_is_overwritten(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"mine")
    with pytest.raises(CorpusError, match="exists already"):
        corpus.back_up(settings, tmp_path / "b.zip")
    with pytest.raises(CorpusError, match="exists already"):
        corpus.export_corpus(settings, tmp_path)
    assert (tmp_path / "b.zip").read_bytes() == b"mine"
    corpus.export_corpus(settings, tmp_path / "out")
    with Store.open(settings) as store, pytest.raises(CorpusError, match="not empty"):
        corpus.import_corpus(store, tmp_path / "out")


def test_an_incomplete_backup_is_not_made(settings: Settings, tmp_path: Path) -> None:
    with Store.open(settings) as store:
        lost = store.snapshot(store.source("b").current_version_id)[0].sha256
    snapshot_path(settings, lost).unlink()
    with pytest.raises(CorpusDamagedError, match="verify --repair"):
        corpus.back_up(settings, tmp_path / "b.zip")
    with pytest.raises(CorpusDamagedError, match="verify --repair"):
        corpus.export_corpus(settings, tmp_path / "out")
    assert not list(tmp_path.glob("b.zip*"))
    assert not list(tmp_path.glob("out*"))


def test_every_table_is_carried_by_a_backup_and_an_export_knows_its_own() -> None:
    assert {table.name for table in all_tables()} == set(schema.Table.metadata.tables)
    names = {table.name for table in corpus_tables()}
    assert {"sources", "versions", "passages", "snapshots", "version_snapshots", "state", "source_changes"} <= names
    assert names.isdisjoint({"checks", "decisions", "judgements"})
