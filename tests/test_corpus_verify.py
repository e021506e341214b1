"""Verify names every difference between store, snapshots and indexes, and a repair mends what can be mended."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onrecord import corpus
from onrecord.cli import app
from onrecord.corpus import Store
from onrecord.corpus.lock import holder, writing
from onrecord.corpus.snapshots import snapshot_path
from onrecord.errors import CorpusBusyError
from onrecord.index import Index, applied_state, load_embedder
from onrecord.index.dense import DenseEngine, open_client, vector_files
from onrecord.index.lexical import LexicalEngine
from onrecord.records import SearchFilters, Verification
from onrecord.settings import Settings
from onrecord.workflow import Checker, rebuild_indexes, update_corpus, verify_corpus

EVERYTHING = SearchFilters()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three sources: one of plain text with a second version, one with front matter, one table row."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "plain.txt").write_text("Grain left the port on Monday. Twelve ships were counted.", encoding="utf-8")
    (folder / "record.md").write_text(
        "---\nid: record\nkind: document\n---\n\nSteel output fell. Coal rose.", encoding="utf-8"
    )
    (folder / "bell.md").write_text("---\nid: bell\nkind: document\n---\n\nThe bell rang twice.", encoding="utf-8")
    home = tmp_path_factory.mktemp("made")
    update_corpus([folder], settings=Settings(home=home))
    (folder / "record.md").write_text(
        "---\nid: record\nkind: document\n---\n\nSteel output rose. Coal fell.", encoding="utf-8"
    )
    assert update_corpus([folder], settings=Settings(home=home)).changed == 1
    corpus.back_up(Settings(home=home), home / "backup.zip")
    return home


@pytest.fixture
def settings(made: Path, tmp_path: Path) -> Settings:
    shutil.copytree(made, tmp_path / "home")
    # Another address of the database than the indexes' note says: compare once, so that the note is this one's.
    copied = Settings(home=tmp_path / "home")
    with Store.open(copied) as store:
        Index.open(store, copied).close()
    return copied


def told(found: Verification) -> list[tuple[str, str]]:
    return [(item.part, item.what) for item in found.differences]


def test_a_sound_corpus_has_no_differences(settings: Settings) -> None:
    found = verify_corpus(settings=settings)
    assert told(found) == []
    assert (found.state.number, found.state.sources, found.snapshots, found.finished) == (2, 3, 4, ())


def test_an_empty_corpus_has_none_either(tmp_path: Path) -> None:
    found = verify_corpus(settings=Settings(home=tmp_path / "new"))
    assert told(found) == []
    assert found.state.sources == 0


def execute(statement: str) -> Callable[[Settings], None]:
    def damage(settings: Settings) -> None:
        with sqlite3.connect(settings.home / "onrecord.db") as connection:
            assert connection.execute(statement).rowcount > 0
        connection.close()

    return damage


def snapshot_of(settings: Settings, name: str) -> Path:
    with sqlite3.connect(settings.home / "onrecord.db") as connection:
        (sha256,) = connection.execute("SELECT sha256 FROM snapshots WHERE name LIKE ?", (f"%{name}",)).fetchone()
    connection.close()
    return snapshot_path(settings, sha256)


def lose_plain_bytes(settings: Settings) -> None:
    snapshot_of(settings, "plain.txt").unlink()


def change_plain_bytes(settings: Settings) -> None:
    path = snapshot_of(settings, "plain.txt")
    path.chmod(0o644)
    path.write_bytes(b"something else")


def lose_marked_bytes(settings: Settings) -> None:
    snapshot_of(settings, "bell.md").unlink()


def change_marked_bytes(settings: Settings) -> None:
    path = snapshot_of(settings, "bell.md")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])


def strange_snapshot(settings: Settings) -> None:
    (settings.snapshots / "ab").mkdir(exist_ok=True)
    (settings.snapshots / "ab" / ("ab" * 32)).write_bytes(b"nobody knows me")


def half_a_snapshot(settings: Settings) -> None:
    (settings.snapshots / ".writing").mkdir(exist_ok=True)
    (settings.snapshots / ".writing" / "tmp123").write_bytes(b"half")


def lose_words(settings: Settings) -> None:
    shutil.rmtree(settings.home / "tantivy")


def damage_words(settings: Settings) -> None:
    for path in (settings.home / "tantivy").glob("*.term"):
        path.write_bytes(b"junk")


def forget_a_word(settings: Settings) -> None:
    engine = LexicalEngine(settings.home / "tantivy")
    engine.delete(engine.sample(1))
    engine.commit()


def lose_vectors(settings: Settings) -> None:
    shutil.rmtree(settings.home / "chroma")


def damage_vectors(settings: Settings) -> None:
    (settings.home / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 1000)


def in_chroma(action: Callable[[DenseEngine], object]) -> Callable[[Settings], None]:
    def damage(settings: Settings) -> None:
        engine = DenseEngine(open_client(settings), load_embedder(settings))
        action(engine)
        engine.close()

    return damage


def forget_a_vector(settings: Settings) -> None:
    client = open_client(settings)
    engine = DenseEngine(client, load_embedder(settings), vector_files(settings))
    assert engine._vectors
    engine._vectors.begin()
    engine._vectors.remove(engine.sample(1))
    engine._vectors.commit()
    engine.close()


def point_elsewhere(engine: DenseEngine) -> None:
    engine._collection.update(ids=engine.sample(1), metadatas=[{"fingerprint": "of another text"}])


def lengthen(engine: DenseEngine) -> None:
    engine._collection.update(ids=engine.sample(1), embeddings=[[1.0] * 384])


def hold_a_stranger(engine: DenseEngine) -> None:
    engine._collection.add(ids=["stranger@0:0-1"], embeddings=[[1.0] + [0.0] * 383], metadatas=[{"fingerprint": "x"}])


def keep_the_old_version(settings: Settings) -> None:
    with Store.open(settings) as store:
        old = store.versions("record")[0]
        passages = store.passages([f"{old.id}:0-{len(old.text)}"])
        engine = LexicalEngine(settings.home / "tantivy")
        engine.upsert(passages)
        engine.commit()


MENDABLE = [
    # the state's counts do not say what is there
    (execute("UPDATE state SET passages = passages + 1"), "store", "says 3 sources and"),
    # a state number that an index may have passed already
    (execute("UPDATE state SET number = 1"), "store", "is lower than that of a change"),
    # an old version's passage that is current: stale text could be found
    (execute("UPDATE passages SET removed_state = NULL"), "store", "is current, and its version or source is not"),
    # bytes that are the text itself can be written again
    (lose_plain_bytes, "snapshots", "is missing"),
    (change_plain_bytes, "snapshots", "do not have the SHA-256"),
    # nothing is deleted, only put aside
    (strange_snapshot, "snapshots", "no version names this file"),
    (half_a_snapshot, "snapshots", "no version names this file"),
    (lose_words, "words", "is missing"),
    (damage_words, "words", "cannot be used"),
    (forget_a_word, "words", "is on the record and missing here"),
    (keep_the_old_version, "words", "is held here and is no longer current"),
    (lose_vectors, "vectors", "is missing"),
    (damage_vectors, "vectors", "cannot be used"),
    (in_chroma(lambda engine: engine.delete(engine.sample(1))), "vectors", "is on the record and missing here"),
    (in_chroma(point_elsewhere), "vectors", "with other text or facts"),
    # a vector that no embedding can be
    (in_chroma(lengthen), "vectors", "missing here"),
    (in_chroma(hold_a_stranger), "vectors", "was never on the record"),
    # the files that are searched lack what the collection holds
    (forget_a_vector, "vectors", "holds 1 passages that cannot be found"),
]


@pytest.mark.parametrize(("damage", "part", "what"), MENDABLE)
def test_a_difference_is_named_and_mended(
    settings: Settings, damage: Callable[[Settings], None], part: str, what: str
) -> None:
    damage(settings)
    before = {path: path.stat().st_mtime_ns for path in settings.snapshots.rglob("*")}
    found = verify_corpus(settings=settings)
    assert any(item.part == part and what in item.what and item.mendable for item in found.differences), found
    assert {
        path: path.stat().st_mtime_ns for path in settings.snapshots.rglob("*")
    } == before  # looking changes nothing
    again = verify_corpus(settings=settings, repair=True)
    assert again.mended != ()
    assert told(again) == []
    assert told(verify_corpus(settings=settings)) == []
    with Checker.open(settings) as checker:
        assert "Monday" in checker.search("ships leaving the port", filters=EVERYTHING, top_k=1)[0][1].text


LOST = [
    # bytes with front matter are more than the text
    (lose_marked_bytes, "snapshots", "is missing"),
    (change_marked_bytes, "snapshots", "do not have the SHA-256"),
]


def test_lost_graph_files_are_named_and_mended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from onrecord.index import dense

    # Chroma writes its graph to files after a thousand changes; here after two, in a collection that is made anew.
    monkeypatch.setattr(dense, "HNSW", {**dense.HNSW, "batch_size": 2, "sync_threshold": 2})
    rebuild_indexes(settings=settings)
    (graph,) = (path.parent for path in (settings.home / "chroma").glob("*/data_level0.bin"))
    dense.forget_embedded(str(settings.home / "chroma"))  # as a new process finds it
    shutil.rmtree(graph)
    with Checker.open(settings) as checker:  # the files beside the collection are whole: searches go on
        assert "Monday" in checker.search("ships leaving the port", filters=EVERYTHING, top_k=1)[0][1].text
    found = verify_corpus(settings=settings)
    assert [(item.part, item.mendable) for item in found.differences] == [("vectors", True)], found
    assert told(verify_corpus(settings=settings, repair=True)) == []
    assert told(verify_corpus(settings=settings)) == []


@pytest.mark.parametrize(("damage", "part", "what"), LOST)
def test_lost_bytes_come_from_a_backup(
    settings: Settings, damage: Callable[[Settings], None], part: str, what: str
) -> None:
    damage(settings)
    found = verify_corpus(settings=settings, repair=True)  # of no avail
    assert [(item.part, item.mendable) for item in found.differences] == [(part, False)]
    assert what in found.differences[0].what
    found = verify_corpus(settings=settings, repair=True, backup=settings.home / "backup.zip")
    assert told(found) == []
    assert len(found.mended) == 1


NOT_MENDABLE = [
    # a text that is not the text whose hash is its name
    (execute("UPDATE versions SET text = replace(text, 'twice', 'once')"), "its text has the SHA-256"),
    (execute('UPDATE passages SET "end" = "end" + 99, id = id || \'9\''), "is not in its version's text"),
    (execute("UPDATE sources SET current_version_id = 'nothing@0' WHERE id = 'bell'"), "is not among its versions"),
    (execute("DELETE FROM version_snapshots"), "no bytes are kept for it"),
    (execute("DELETE FROM versions WHERE source_id = 'bell'"), "that is not there"),
]


@pytest.mark.parametrize(("damage", "what"), NOT_MENDABLE)
def test_a_damaged_truth_is_named_and_not_guessed(
    settings: Settings, damage: Callable[[Settings], None], what: str
) -> None:
    from onrecord.corpus.verify import differences

    damage(settings)
    with Store.open(settings) as store:
        found = list(differences(store))
        assert any(item.part == "store" and what in item.what and not item.mendable for item in found), found


def test_what_an_interrupted_command_left_is_finished_first(settings: Settings) -> None:
    with Store.open(settings) as store:
        from onrecord.documents import iter_documents

        (settings.home / "new.txt").write_text("A third thing happened.", encoding="utf-8")
        store.add_documents(iter_documents([settings.home / "new.txt"], mapping=None, settings=settings))
    found = verify_corpus(settings=settings)
    assert told(found) == []
    assert found.finished == ("the indexes were at state 2, and were brought to 3",)


# Rebuilding


def test_rebuilding_goes_on_beside_an_open_reader(settings: Settings) -> None:
    with Checker.open(settings) as reader:
        code = "import sys; from pathlib import Path; from onrecord.settings import Settings; from onrecord import workflow;"
        code += "workflow.rebuild_indexes(settings=Settings(home=Path(sys.argv[1])))"
        subprocess.run([sys.executable, "-c", code, str(settings.home)], check=True, capture_output=True)  # noqa: S603
        hit, passage = reader.search("ships leaving the port", filters=EVERYTHING, top_k=1)[0]
        assert "Monday" in passage.text
        assert (hit.dense_rank, hit.lexical_rank) == (1, 1)
    assert not (settings.home / "rebuilding").exists()
    assert told(verify_corpus(settings=settings)) == []


def test_a_writer_waits_for_a_reader_that_mends(settings: Settings) -> None:
    import threading
    import time

    (settings.home / "new.txt").write_text("A third thing happened.", encoding="utf-8")
    begun = threading.Event()

    def mend() -> None:
        with writing(settings, "mending", name="index"):
            begun.set()
            time.sleep(1.5)

    reader = threading.Thread(target=mend)
    reader.start()
    begun.wait()
    report = update_corpus([settings.home / "new.txt"], settings=settings)
    reader.join()
    assert applied_state(settings) == report.state.number == 3


def test_rebuilding_reaches_the_store_s_state(settings: Settings) -> None:
    assert rebuild_indexes(settings=settings).number == applied_state(settings) == 2


def test_the_former_model_serves_until_the_new_collection_is_complete(settings: Settings, tmp_path: Path) -> None:
    import json

    folder = tmp_path / "pooled"
    shutil.copytree(load_embedder(settings).folder, folder)
    pooling = folder / "1_Pooling" / "config.json"
    changed = json.loads(pooling.read_text()) | {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    pooling.write_text(json.dumps(changed))
    other = settings.model_copy(update={"embedding_model": str(folder)})
    with Store.open(settings) as store:
        with writing(settings, "building", name="index"):  # another process builds the new collection
            reader = Index.open(store, other)
            assert reader.embedder.name == settings.embedding_model
            assert reader.search(["ships in the port"], filters=EVERYTHING, top_k=1)[0][0].dense_rank == 1
        Index.open(store, other).close()
        assert reader.search(["ships in the port"], filters=EVERYTHING, top_k=1)[0][0].dense_rank == 1
        assert reader.embedder.name == str(folder)
        reader.close()
        assert applied_state(settings) == 2  # the old collection is still there


# The lock and the commands


HOLD = """
import sys
from pathlib import Path
from onrecord.corpus.lock import writing
from onrecord.settings import Settings
with writing(Settings(home=Path(sys.argv[1])), "holding on"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_says_who_holds_it_and_dies_with_its_holder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setattr("onrecord.corpus.lock._WAIT_SECONDS", 0.1)
    child = subprocess.Popen(  # noqa: S603  our own interpreter
        [sys.executable, "-c", HOLD, str(settings.home), "an argument"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdin is not None
    child.stdout.readline()
    held = holder(settings)
    assert held is not None
    assert (held.pid, held.host, held.purpose) == (child.pid, socket.gethostname(), "holding on")
    assert "an argument" in held.command
    with pytest.raises(CorpusBusyError, match=rf"process {child.pid} \(holding on, since 20.*an argument"):
        verify_corpus(settings=settings)
    with Checker.open(settings) as reader:  # reading goes on
        assert reader.search("ships", filters=EVERYTHING, top_k=1)
    child.kill()
    child.wait()
    child.stdout.close()
    child.stdin.close()
    assert (settings.home / "writer.holder.json").exists()  # its note outlived it
    assert holder(settings) is None
    assert told(verify_corpus(settings=settings)) == []


def test_the_commands_tell_and_exit_as_they_should(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONRECORD_HOME", str(settings.home))
    runner = CliRunner()

    def run(*command: str) -> tuple[int, str]:
        done = runner.invoke(app, ["corpus", *command])
        return done.exit_code, done.output

    assert run("verify")[0] == 0
    strange_snapshot(settings)
    code, output = run("verify")
    assert code == 1
    assert "differs: snapshots" in output
    assert "--repair" in output
    code, output = run("verify", "--repair")
    assert code == 0
    assert "mended: snapshots" in output
    lose_marked_bytes(settings)
    code, output = run("verify", "--repair")
    assert code == 1
    assert "[needs a backup]" in output
    assert run("verify", "--repair", "--backup", str(settings.home / "backup.zip"))[0] == 0
    code, output = run("rebuild")
    assert (code, "built anew: state 2" in output) == (0, True)
    code, output = run("backup", str(tmp_path / "b.zip"))
    assert (code, "3 sources" in output) == (0, True)
    assert run("export", str(tmp_path / "out"))[0] == 0
    monkeypatch.setenv("ONRECORD_HOME", str(tmp_path / "second"))
    assert run("import", str(tmp_path / "out"))[0] == 0
    assert run("restore-backup", str(tmp_path / "b.zip"), "--replace")[0] == 0
    assert run("verify")[0] == 0
