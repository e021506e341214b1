"""The store: versions, passages, states, snapshots, migrations, locks."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import event, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

import onrecord.corpus.store as store_module
from onrecord.corpus import PassageChanges, Store, engine, schema
from onrecord.corpus.database import alembic_configuration
from onrecord.corpus.lock import writing
from onrecord.corpus.snapshots import keep, read_snapshot, snapshot_path
from onrecord.corpus.windows import cut
from onrecord.documents import ReadFailure, iter_documents
from onrecord.errors import CorpusBusyError, CorpusDamagedError, CorpusError, NotFoundError, SettingsError
from onrecord.records import Document, SourceKind, UpdateOutcome
from onrecord.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def document(id_: str = "a", words: str = "One. Two. Three. Four. Five.", **changes: object) -> Document:
    metadata = {"id": id_, "kind": "document", "publisher": "Example", "primary": "true"}
    metadata |= changes.pop("metadata", {})  # type: ignore[arg-type]
    values: dict[str, object] = {
        "text": words,
        "media_type": "text/plain",
        "content_sha256": hashlib.sha256(words.encode()).hexdigest(),
        "title": f"Title of {id_}",
        "published": dt.date(2024, 3, 29),
        "metadata": metadata,
    }
    return Document.model_validate(values | changes)


def current(store: Store) -> list[str]:
    return [passage.id for batch in store.iter_passages(batch_size=3) for passage in batch]


# Adding


def test_new_corpus_is_empty(store: Store) -> None:
    state = store.state()
    assert (state.number, state.sources, state.passages) == (0, 0, 0)
    assert store.sources() == []
    assert list(store.iter_passages()) == []
    assert store.changes_since(0) == PassageChanges((), ())


def test_add_and_read_back(store: Store) -> None:
    seen: list[int] = []
    report = store.add_documents([document("a"), document("b", "Other words. More.")], progress=seen.append)
    assert (report.added, report.changed, report.unchanged, report.failed) == (2, 0, 0, 0)
    assert seen == [1, 2]
    assert report.state.number == 1
    assert report.state.sources == 2
    assert report.passages == report.state.passages == len(current(store)) == 3
    source = store.source("a")
    assert source.title == "Title of a"
    assert source.kind is SourceKind.DOCUMENT
    assert source.primary is True
    assert source.published == dt.date(2024, 3, 29)
    assert source.retrieved_at.tzinfo is not None
    version = store.version(source.current_version_id)
    assert version.id == "a@" + version.text_sha256[:12]
    assert version.number == 1
    assert hashlib.sha256(version.text.encode()).hexdigest() == version.text_sha256
    for passage in store.passages(current(store)):
        version = store.version(passage.version_id)
        assert passage.text == passage.span.of(version.text)
        assert passage.id == f"{version.id}:{passage.span.start}-{passage.span.end}"
        assert passage.source == store.source(version.source_id)


def test_adding_twice_changes_nothing(store: Store) -> None:
    store.add_documents([document("a"), document("b")])
    before = (store.state(), current(store), store.sources())
    report = store.add_documents([document("a"), document("b")])
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)
    assert report.items == ()
    assert (store.state(), current(store), store.sources()) == before


def test_changed_text_becomes_a_version(store: Store) -> None:
    store.add_documents([document("a", "Old words. And more.")])
    (old,) = current(store)
    report = store.add_documents([document("a", "New words. And more.")])
    assert (report.added, report.changed) == (0, 1)
    (item,) = report.items
    assert (item.outcome, item.source_id) == (UpdateOutcome.CHANGED, "a")
    assert "new version" in item.reason
    assert [version.text for version in store.versions("a")] == ["Old words. And more.", "New words. And more."]
    (new,) = current(store)
    assert new != old
    assert store.passages([old])[0].text == "Old words. And more."  # a verdict can still show what it saw
    assert store.state().passages == 1


def test_return_to_an_old_text(store: Store) -> None:
    first, second = document("a", "Old words."), document("a", "New words.")
    for given_ in (first, second, first, second, first):
        store.add_documents([given_])
    assert [version.number for version in store.versions("a")] == [1, 2]  # no third
    assert store.source("a").current_version_id == store.versions("a")[0].id
    assert [passage.text for passage in store.passages(current(store))] == ["Old words."]
    assert store.state().passages == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"title": "Another title"}, "title"),
        ({"published": None}, "published"),
        ({"published": dt.date(2025, 1, 1)}, "published"),
        ({"metadata": {"publisher": "Other"}}, "publisher"),
        ({"metadata": {"primary": "false"}}, "is_primary"),
        ({"metadata": {"kind": "coverage"}}, "kind"),
        ({"metadata": {"licence": "CC0"}}, "licence"),
        ({"speakers": ("Anna Berg",)}, "speakers"),
        ({"address": "https://example.org/"}, "address"),
        ({"language": "de"}, "language"),
    ],
)
def test_changed_provenance_is_recorded(store: Store, change: dict[str, object], named: str) -> None:
    store.add_documents([document("a")])
    passages = current(store)
    before = store.state().number
    report = store.add_documents([document("a", **change)])
    assert report.changed == 1
    assert named in report.items[0].reason
    assert len(store.versions("a")) == 1
    assert current(store) == passages
    # The indexes hold provenance for their filters: the passages are to be replaced.
    assert store.changes_since(before) == PassageChanges(tuple(passages), tuple(passages))
    with store.database.connect() as connection:
        rows = connection.execute(select(schema.ChangeRow.what, schema.ChangeRow.before)).all()
    assert [row.what for row in rows] == ["added", "provenance"]
    assert rows[1].before["title"] == "Title of a"


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (document(words=" \n "), "no text"),  # empty
        (document(words="a\x00b"), "NUL"),
        (document(metadata={"kind": "rumour"}), "kind 'rumour'"),
        (document(metadata={"primary": "perhaps"}), "primary 'perhaps'"),
        (document("x" * 301), "id 'xxx"),  # too long
        (document("a\nb"), "control characters"),
        (document("a\u202eb"), "control characters"),  # right-to-left override
        (ReadFailure(name="bad.pdf", reason="bad.pdf: cannot be read"), "bad.pdf"),
    ],
)
def test_what_cannot_be_stored_fails_alone(store: Store, given_: Document | ReadFailure, message: str) -> None:
    report = store.add_documents([document("good1"), given_, document("good2")])
    assert (report.added, report.failed) == (2, 1)
    (item,) = report.items
    assert item.outcome is UpdateOutcome.FAILED
    assert message in item.reason
    assert report.state.sources == 2


def test_half_a_character_fails_alone(store: Store) -> None:
    report = store.add_documents([document("good"), document("bad", "Words.").model_copy(update={"text": "a\ud800b"})])
    assert (report.added, report.failed) == (1, 1)


def test_one_id_for_two_documents(store: Store) -> None:
    report = store.add_documents([document("a", "First."), document("a", "Second."), document("a", "First.")])
    assert (report.added, report.unchanged, report.failed) == (1, 1, 1)
    assert "'a' was given to another document" in report.items[0].reason
    assert [version.text for version in store.versions("a")] == ["First."]


@pytest.mark.parametrize(
    "id_",
    ["../../etc/passwd", "a b", "https://example.org/a?b=c#d", "a@b:0-3", "'; DROP TABLE sources; --", "Äö", "a%"],
)
def test_strange_ids_are_only_names(store: Store, settings: Settings, id_: str) -> None:
    report = store.add_documents([document(id_)])
    assert report.added == 1
    assert store.source(id_).id == id_
    assert {passage.source.id for passage in store.passages(current(store))} == {id_}
    assert {path.parent.parent for path in settings.snapshots.rglob("*") if path.is_file()} == {settings.snapshots}


def test_identities_without_an_id(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    for name in ("a/readme.txt", "b/readme.txt"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(f"Words of {name}.")
    store.add_documents(iter_documents([folder], settings=store.settings))
    ids = [source.id for source in store.sources()]
    assert len(ids) == 2
    assert all(id_.startswith("readme-") for id_ in ids)
    (folder / "a/readme.txt").write_text("Other words.")
    report = store.add_documents(iter_documents([folder], settings=store.settings))
    assert (report.changed, report.unchanged) == (1, 1)  # known by its path
    store.add_documents([document(metadata={"id": ""}, address="https://example.org/news/talks")])
    assert any(source.id.startswith("example.org-news-talks-") for source in store.sources())


def test_windows_are_cut_anew_when_the_rule_changes(store: Store) -> None:
    store.add_documents([document("a"), document("b", "One.")])
    before = store.state()
    other = store.settings.model_copy(update={"passage_sentences": 1, "passage_overlap": 0})
    with Store.open(other) as again:
        report = again.add_documents([document("a"), document("b", "One.")])
    assert report.changed == 2
    assert report.state.passages == 6 == len(current(store))
    added, removed = store.changes_since(before.number)
    assert set(added) == set(current(store))
    assert {passage.source.id for passage in store.passages(removed)} == {"a", "b"}


@pytest.mark.parametrize(
    ("name", "data", "origin"),
    [
        ("a.txt", b"Words.", "file a.txt"),
        ("a.md", b"---\norigin: written for the tests\n---\nWords.", "written for the tests"),
        (
            "a.txt",
            "He said “no”.".encode("cp1252"),
            "file a.txt; encoding guessed: cp1252",
        ),  # a guess is not kept silent
    ],
)
def test_origin_says_how_the_text_came(store: Store, tmp_path: Path, name: str, data: bytes, origin: str) -> None:
    (tmp_path / name).write_bytes(data)
    store.add_documents(iter_documents([tmp_path / name], settings=store.settings))
    assert [source.origin for source in store.sources()] == [origin]


# Reading


def test_missing_things_are_named(store: Store) -> None:
    store.add_documents([document("a")])
    (first, *_) = current(store)
    for attempt in (
        lambda: store.source("b"),
        lambda: store.version("a@000000000000"),
        lambda: store.versions("b"),
        lambda: store.passages([first, "missing:0-1"]),
        lambda: list(store.iter_passages(after="missing:0-1")),
        lambda: store.snapshot("a@000000000000"),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    with pytest.raises(NotFoundError, match="missing:0-1"):
        store.passages([first, "missing:0-1"])


def test_order_and_duplicates_are_kept(store: Store) -> None:
    store.add_documents(
        [document(f"s{number}", f"Words {number}. More. And more. Still.") for number in range(210)]
    )  # 420 passages: more than one look-up
    ids = current(store)
    assert len(ids) == len(set(ids)) == store.state().passages
    wanted = [*reversed(ids), ids[0], ids[0]]
    assert [passage.id for passage in store.passages(wanted)] == wanted
    assert store.passages([]) == []


def test_walk_goes_on_after_a_passage(store: Store) -> None:
    store.add_documents([document(f"s{number}") for number in range(5)])
    ids = current(store)
    for position, after in enumerate(ids):
        rest = [passage.id for batch in store.iter_passages(batch_size=2, after=after) for passage in batch]
        assert rest == ids[position + 1 :]


def test_reading_while_another_thread_writes(store: Store) -> None:
    store.add_documents([document(f"s{number}") for number in range(50)])
    failures: list[BaseException] = []

    def write() -> None:
        try:
            store.add_documents([document(f"t{number}") for number in range(300)])
        except BaseException as error:  # noqa: BLE001  shown below
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        assert store.state().passages in {100, 700}  # the last committed batch, never a part of one
    writer.join()
    assert not failures


# Kept connections


def kept(settings: Settings, *documents: Document) -> Store:
    store = Store.open(settings)
    store.add_documents(documents)
    return store


def test_passages_are_read_in_two_statements_on_a_kept_connection(settings: Settings) -> None:
    asked: list[str] = []
    opened: list[object] = []
    with kept(settings, *(document(f"s{number}") for number in range(20))) as store:
        ids = current(store)
        store.passages(ids[:1])
        event.listen(store._readers, "before_cursor_execute", lambda *given: asked.append(given[2].split()[0]))
        event.listen(store._readers, "connect", lambda *given: opened.append(given))
        assert [passage.id for passage in store.passages(ids[:12])] == ids[:12]
    assert asked == ["BEGIN", "SELECT", "SELECT"]
    assert not opened


def test_kept_connections_serve_many_threads(settings: Settings) -> None:
    with kept(settings, *(document(f"s{number}", f"Only {number}. Two. Three.") for number in range(40))) as store:
        ids = current(store)
        wrong: list[str] = []

        def read(first: int) -> None:
            for turn in range(30):
                some = [ids[(first + turn + step) % len(ids)] for step in range(5)]
                wrong.extend(a for a, b in zip(some, store.passages(some), strict=True) if a != b.id)

        threads = [threading.Thread(target=read, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        store.add_documents([document(f"t{number}") for number in range(50)])
        for thread in threads:
            thread.join()
        assert not wrong


def test_a_forked_process_opens_its_own_connection(settings: Settings) -> None:
    # In a process of its own, for a fork of a process with threads warns.
    code = """
        import os, sys
        from pathlib import Path
        from onrecord.corpus import Store
        from onrecord.settings import Settings

        store = Store.open(Settings(home=Path(sys.argv[1])))
        ids = [passage.id for batch in store.iter_passages() for passage in batch]
        store.passages(ids)
        child = os.fork()
        if child == 0:
            here = len(store.passages(ids))
            with store._readers.connect() as connection:
                opened = connection.connection._connection_record.info["opened"][0]
            os._exit(0 if here == len(ids) and opened == os.getpid() else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert len(store.passages(ids)) == len(ids)
        store.close()
    """
    kept(settings, document("a"), document("b")).close()
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(settings.home)], check=True, timeout=60)  # noqa: S603  our own interpreter


def test_a_replaced_file_is_opened_anew(settings: Settings, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other")
    kept(other, document("b")).close()
    with kept(settings, document("a")) as store:
        (old,) = {passage.source.id for passage in store.passages(current(store))}
        store.close()
        store.passages(current(store))  # one connection is kept again
        (other.home / "onrecord.db").replace(settings.home / "onrecord.db")
        (new,) = {passage.source.id for passage in store.passages(current(store))}
        assert (old, new) == ("a", "b")


# States and changes

TEXTS = st.sampled_from(["One.", "One. Two.", "Three. Four. Five. Six.", "Seven."])
STEPS = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), TEXTS, st.sampled_from(["T", "U"])), min_size=1, max_size=3), max_size=6
)


@hypothesis_settings(max_examples=15, deadline=None)
@given(steps=STEPS, follower_at=st.integers(0, 6))
def test_an_index_that_follows_is_right(
    tmp_path_factory: pytest.TempPathFactory, steps: object, follower_at: int
) -> None:
    """Whatever happens, and from whatever state an index starts, the changes lead to the current passages."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    index: dict[str, str] = {}
    reached = 0
    with Store.open(settings) as store:
        for number, step in enumerate(steps):  # type: ignore[arg-type,var-annotated]
            store.add_documents([document(id_, words, title=title) for id_, words, title in step])
            if number >= follower_at:  # it sleeps through the first steps
                reached = follow(store, index, reached)
        reached = follow(store, index, reached)
        expected = {passage.id: passage.source.title for batch in store.iter_passages() for passage in batch}
        assert index == expected
        assert store.state().passages == len(expected)
        assert store.state().sources == len(store.sources())
        assert store.changes_since(reached) == PassageChanges((), ())


def follow(store: Store, index: dict[str, str], reached: int) -> int:
    number = store.state().number
    added, removed = store.changes_since(reached)
    for id_ in removed:
        index.pop(id_, None)
    for passage in store.passages(added):
        assert passage.id not in index  # put in twice, an index would find it twice
        index[passage.id] = passage.source.title
    return number


def test_state_grows_by_one_with_every_batch(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_BATCH_DOCUMENTS", 10)
    report = store.add_documents([document(f"s{number}") for number in range(35)])
    assert report.state.number == 4
    report = store.add_documents([*(document(f"s{number}") for number in range(35)), document("new")])
    assert (report.unchanged, report.added, report.state.number) == (35, 1, 5)


def test_interrupted_update_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_BATCH_DOCUMENTS", 10)

    def interrupted() -> Iterator[Document]:
        yield from (document(f"s{number}") for number in range(25))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.add_documents(interrupted())
    assert store.state().sources == len(store.sources()) == 20  # whole batches
    report = store.add_documents(document(f"s{number}") for number in range(25))
    assert (report.unchanged, report.added) == (20, 5)


def test_interrupt_inside_a_commit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from onrecord.corpus.batch import BatchWriter

    store.add_documents([document("a", "Old.")])
    before = (store.state(), current(store))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(BatchWriter, "_mark", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.add_documents([document("a", "New."), document("b")])
    monkeypatch.undo()
    assert (store.state(), current(store)) == before
    assert store.add_documents([document("a", "New."), document("b")]).added == 1


def test_killed_while_writing(settings: Settings) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[2])
        import onrecord.corpus.store as module
        from onrecord.corpus import Store
        from onrecord.records import Document
        from onrecord.settings import Settings
        module._BATCH_DOCUMENTS = 5
        with Store.open(Settings(home=Path(sys.argv[1]))) as store:
            store.add_documents(
                (Document(text=f"Words {n}. More. And more. Still.", media_type="text/plain", content_sha256="0" * 64,
                          metadata={"id": f"s{n}"}) for n in range(10**9)),
                progress=lambda n: print(n, flush=True) if n == 12 else None,
            )
        """
    )
    for delay in (0.0, 0.01, 0.05):
        child = subprocess.Popen(  # noqa: S603  our own interpreter
            [sys.executable, "-c", script, str(settings.home), str(Path(__file__).parent.parent / "src")],
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        with Store.open(settings) as store:
            state = store.state()
            assert state.sources == len(store.sources())
            assert state.passages == len(current(store)) == 2 * state.sources
            for passage in itertools.chain.from_iterable(store.iter_passages()):
                assert passage.text == passage.span.of(store.version(passage.version_id).text)
            assert store.add_documents([document(f"after {delay}")]).added == 1  # the lock died with its holder


# Locks


def test_second_writer_is_told_who_holds_the_lock(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.corpus.lock._WAIT_SECONDS", 0.1)
    with (
        writing(settings, "testing"),
        pytest.raises(CorpusBusyError, match=rf"process {os.getpid()} \(testing, since 20"),
    ):
        store.add_documents([document("a")])
    assert store.add_documents([document("a")]).added == 1


def test_holder_note_may_be_damaged(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onrecord.corpus.lock._WAIT_SECONDS", 0.1)
    with writing(settings, "testing"):
        (settings.home / "writer.holder.json").write_text("{")
        with pytest.raises(CorpusBusyError, match="another process"), writing(settings, "again"):
            pytest.fail("two writers")


# Snapshots


def test_bytes_are_kept_as_they_came(store: Store, tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("“No”, he said.\r\n".encode("cp1252"))
    store.add_documents(iter_documents([path], settings=settings))
    (source,) = store.sources()
    version = store.version(source.current_version_id)
    (snapshot,) = store.snapshot(version.id)
    assert version.text == "“No”, he said.\n"
    assert snapshot.sha256 == version.content_sha256
    assert read_snapshot(settings, snapshot.sha256) == path.read_bytes()


def test_a_table_is_kept_once(store: Store, tmp_path: Path, settings: Settings) -> None:
    from onrecord.documents import load_mapping

    (tmp_path / "m.toml").write_text('name="t"\nid="{id}"\n[text]\nparts=[{field="text"}]\n')
    table = tmp_path / "t.jsonl"
    table.write_text("".join(f'{{"id":{number},"text":"Words {number}."}}\n' for number in range(30)))
    mapping = load_mapping(tmp_path / "m.toml")
    store.add_documents(iter_documents([table], mapping=mapping, settings=settings))
    first = table.read_bytes()
    table.write_text(table.read_text().replace("Words 7.", "Other words."))
    report = store.add_documents(iter_documents([table], mapping=mapping, settings=settings))
    assert (report.changed, report.unchanged) == (1, 29)  # another row's change is not one's own
    kept = [path for path in settings.snapshots.rglob("*") if path.is_file()]
    assert len(kept) == 2
    (snapshot,) = store.snapshot(store.source("3").current_version_id)
    assert snapshot.locator == "row 4"
    assert read_snapshot(settings, snapshot.sha256) == first


def test_file_changed_while_being_added(store: Store, tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Words.")

    def read_then_change() -> Iterator[Document | ReadFailure]:
        yield from iter_documents([path], settings=settings)
        path.write_text("Other words.")

    report = store.add_documents(read_then_change())
    assert (report.added, report.failed) == (0, 1)
    assert "changed while being read" in report.items[0].reason
    assert store.state().number == 0


def test_damaged_snapshot_is_noticed(settings: Settings) -> None:
    data = b"words"
    digest = hashlib.sha256(data).hexdigest()
    keep(settings, digest, data)
    assert read_snapshot(settings, digest) == data
    path = snapshot_path(settings, digest)
    path.chmod(0o644)
    path.write_bytes(b"worse")
    with pytest.raises(CorpusDamagedError):
        read_snapshot(settings, digest)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0" * 63, "g" * 64, "0" * 64 + "/"])
def test_snapshot_names_are_hashes(settings: Settings, name: str) -> None:
    with pytest.raises(NotFoundError, match="not a SHA-256"):
        snapshot_path(settings, name)


def test_half_written_snapshots_are_cleared(store: Store, settings: Settings) -> None:
    unfinished = settings.snapshots / ".writing"
    unfinished.mkdir(parents=True)
    (unfinished / "tmpabc").write_bytes(b"half")
    store.add_documents([document("a")])
    assert list(unfinished.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "given_", "language"),
    [
        ("Words.", None, "en"),
        ("Слова и слова.", None, "und"),  # not claimed to be English
        ("Слова и слова.", "ru", "ru"),
        ("2022: 40 %.", None, "en"),  # no letters at all
    ],
)
def test_language(store: Store, words: str, given_: str | None, language: str) -> None:
    store.add_documents([document("a", words, language=given_)])
    assert store.source("a").language == language


def test_wrong_hash_is_not_kept(settings: Settings) -> None:
    with pytest.raises(CorpusError, match="changed while being read"):
        keep(settings, "0" * 64, b"words")
    assert [path for path in settings.snapshots.rglob("*") if path.is_file()] == []


# PostgreSQL


def test_the_same_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    both = [Settings(home=tmp_path / "a"), Settings(home=tmp_path / "b", database_url=postgresql)]
    steps = [
        [document("a", "One. Two. Three. Four."), document("b", "Naïve “words”. 40 %.")],
        [document("a", "One. Two. Three. Four."), document("b", "Other words.", title="T")],
        [document("a", speakers=("Anna Berg",)), document("b", "Naïve “words”. 40 %."), document("c")],
    ]
    told = []
    for settings in both:
        with Store.open(settings) as store:
            reports = [store.add_documents(step).model_dump(exclude={"seconds"}) for step in steps]
            passages = store.passages(current(store))
            told.append(
                (
                    reports,
                    [(passage.id, passage.text, passage.speaker, passage.source.speakers) for passage in passages],
                    [store.changes_since(number) for number in range(4)],
                    [[version.number for version in store.versions(id_)] for id_ in "abc"],
                    store.source("a").published,
                )
            )
            assert store.source("a").retrieved_at.tzinfo is dt.UTC
    assert told[0] == told[1]
    with engine(both[1]).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.Table.metadata) == []
    engine(both[1]).dispose()


# Migrations


def test_from_blank_to_the_newest(settings: Settings) -> None:
    made = engine(settings)
    assert set(inspect(made).get_table_names()) == {*schema.Table.metadata.tables, "alembic_version"}
    with made.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == schema.HEAD
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_the_newest_migration_is_the_one_named() -> None:
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(alembic_configuration())
    assert script.get_current_head() == schema.HEAD
    assert len(script.get_heads()) == 1


def test_migrations_and_tables_do_not_drift(settings: Settings) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine(settings).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.Table.metadata) == []


def test_drift_would_be_found(settings: Settings) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine(settings).begin() as connection:
        connection.execute(text("ALTER TABLE sources ADD COLUMN stray TEXT"))
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.Table.metadata) != []


def test_database_of_a_newer_program(settings: Settings) -> None:
    with engine(settings).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    from onrecord.corpus import database

    database._engines.clear()
    with pytest.raises(CorpusError, match="newer version"):
        engine(settings)


def test_opening_again_is_quick(settings: Settings) -> None:
    engine(settings)
    code = (
        "import sys,time; from pathlib import Path; from onrecord.settings import Settings\n"
        "from onrecord.corpus import Store\n"
        f"Store.open(Settings(home=Path({str(settings.home)!r}))).state()\n"
        "assert 'alembic' not in sys.modules and 'trafilatura' not in sys.modules and 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  our own interpreter


@pytest.mark.parametrize("address", ["nonsense", "sqlite://", "sqlite:///:memory:", "nosuchdatabase://host/name"])
def test_unusable_database_addresses(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="database address"):
        engine(Settings(home=tmp_path, database_url=address))


def test_file_that_is_no_database(settings: Settings) -> None:
    settings.home.mkdir()
    (settings.home / "onrecord.db").write_bytes(b"this is not a database, and it is long enough to be looked at" * 50)
    with pytest.raises(CorpusError, match="cannot be opened"):
        engine(settings)


def test_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CorpusError, match="ONRECORD_HOME"):
        engine(Settings(home=tmp_path / "file" / "home"))


def test_home_removed_under_a_running_program(settings: Settings) -> None:
    import shutil

    with Store.open(settings) as store:
        store.add_documents([document("a")])
    shutil.rmtree(settings.home)
    with Store.open(settings) as store:
        assert store.state().sources == 0


def test_foreign_keys_and_times(settings: Settings) -> None:
    made = engine(settings)
    with pytest.raises(IntegrityError), made.begin() as connection:
        connection.execute(
            schema.DecisionRow.__table__.insert().values(  # type: ignore[attr-defined]
                check_id="none", claim_id="c1", label="SUPPORTED", machine_label="SUPPORTED", note="", who="a",
                decided_at=dt.datetime.now(dt.UTC),
            )
        )  # fmt: skip
    moment = dt.datetime(2024, 3, 29, 12, 30, tzinfo=dt.timezone(dt.timedelta(hours=3)))
    row = {
        "id": "k",
        "created_at": moment,
        "title": "t",
        "article_sha256": "0",
        "complete": True,
        "body": "{}",
        "counts": {},
    }
    with made.begin() as connection:
        connection.execute(schema.CheckRow.__table__.insert().values(**row))  # type: ignore[attr-defined]
        stored = connection.execute(select(schema.CheckRow.created_at)).scalar_one()
    assert stored == moment
    assert stored.tzinfo is dt.UTC


def test_disk_full_is_a_clear_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from onrecord.corpus.batch import BatchWriter

    def full(*_: object) -> None:
        reason = sqlite3.OperationalError("database or disk is full")
        statement = "INSERT"
        raise OperationalError(statement, {}, reason)

    monkeypatch.setattr(BatchWriter, "_insert", full)
    with pytest.raises(CorpusError, match=r"disk is full.*nothing of the batch was stored"):
        store.add_documents([document("a")])
    monkeypatch.undo()
    assert store.state().number == 0
    assert store.add_documents([document("a")]).added == 1


# Windows


def windows(
    text_: str, kind: SourceKind = SourceKind.DOCUMENT, speakers: tuple[str, ...] = (), **given_: object
) -> list[tuple[str, str | None]]:
    settings = Settings(home=Path("unused"), **given_)  # type: ignore[arg-type]
    found = cut(text_, kind=kind, speakers=speakers, settings=settings)
    return [(window.span.of(text_), window.speaker) for window in found]


def test_windows_overlap() -> None:
    assert [words for words, _ in windows("One. Two. Three. Four. Five. Six.")] == [
        "One. Two. Three.",
        "Three. Four. Five.",
        "Five. Six.",
    ]
    assert [words for words, _ in windows("One. Two. Three.")] == ["One. Two. Three."]  # no second, contained one
    assert windows("") == []


WORDS = st.text(alphabet=st.sampled_from("ab .\n!?…[]“”*:A'é\u00a0-1"), max_size=400)


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    text_=st.one_of(WORDS, st.text(max_size=200).filter(lambda value: "\r" not in value)),
    sentences_=st.integers(1, 5),
    overlap=st.integers(0, 4),
    kind=st.sampled_from(list(SourceKind)),
    speakers=st.sampled_from([(), ("Anna Berg",), ("Anna Berg", "José Ruiz")]),
)
def test_windows_of_any_text(
    text_: str, sentences_: int, overlap: int, kind: SourceKind, speakers: tuple[str, ...]
) -> None:
    settings = Settings(
        home=Path("unused"),
        passage_sentences=sentences_,
        passage_overlap=min(overlap, sentences_ - 1),
        passage_max_characters=200,
    )
    found = cut(text_, kind=kind, speakers=speakers, settings=settings)
    assert len({(window.span.start, window.span.end) for window in found}) == len(found)
    for window in found:
        assert window.span.of(text_).strip()
        assert window.span.end - window.span.start <= 200
        assert 1 <= len(window.sentences) <= sentences_
        assert window.sentences[0].start == window.span.start
        assert window.sentences[-1].end == window.span.end
        assert all(left.end <= right.start for left, right in itertools.pairwise(window.sentences))
    if kind is not SourceKind.TRANSCRIPT and "…" not in text_ and "..." not in text_ and "*" not in text_:
        from onrecord.text import sentences

        covered = {position for window in found for position in range(window.span.start, window.span.end)}
        words = {
            position
            for sentence in sentences(text_)
            for position in range(sentence.start, sentence.end)
            if not text_[position].isspace()
        }
        assert words <= covered  # nothing is hidden from search


def test_long_sentence_is_cut_between_words() -> None:
    text_ = "Start " + "word " * 300 + "end."
    found = [words for words, _ in windows(text_, passage_max_characters=200)]
    assert all(len(words) <= 200 for words in found)
    assert all(words.split()[-1] in {"word", "end.", "Start"} for words in found)
    assert found[-1].endswith("end.")


TALK = """Opening words.
Vladimir Putin: We are ready. We always were.
And so on.
Q. When?
Anna Berg (in German): Soon. Very soon.
[…]
Later words."""


@pytest.mark.parametrize(
    ("text_", "kind", "speakers", "expected"),
    [
        # Speaker lines in a transcript of several: the label is no part of the words; nobody goes on after a gap.
        (
            TALK,
            SourceKind.TRANSCRIPT,
            (),
            [
                ("Opening words.", None),
                ("We are ready. We always were.\nAnd so on.", "Vladimir Putin"),
                ("When?", None),
                ("Soon. Very soon.", "Anna Berg"),
                ("Later words.", None),
            ],
        ),
        # The same words in a news story are nobody's.
        ("Vladimir Putin: We are ready.", SourceKind.COVERAGE, (), [("Vladimir Putin: We are ready.", None)]),
        # One speaker: all is his, whatever looks like a label.
        (
            "Members of the Congress: I come here. Our task is this: peace.",
            SourceKind.TRANSCRIPT,
            ("John F. Kennedy",),
            [("Members of the Congress: I come here. Our task is this: peace.", "John F. Kennedy")],
        ),
        # … but the Speaker who presents him is another, and the editor's note is nobody's.
        (
            "Speaker Foley. I present the President.\nThe President. Thank you.\nNOTE: The President spoke at noon.",
            SourceKind.TRANSCRIPT,
            ("George H. W. Bush",),
            [
                ("I present the President.", "Speaker Foley"),
                ("Thank you.", "George H. W. Bush"),
                ("The President spoke at noon.", None),
            ],
        ),
        # Not names: a vocative, a sentence with a colon, an instruction.
        (
            "Fellow Citizens: we meet.\nThe answer is: no.\nMr. Speaker: I rise.",
            SourceKind.TRANSCRIPT,
            (),
            [("Fellow Citizens: we meet.\nThe answer is: no.\nMr. Speaker: I rise.", None)],
        ),
        # Gaps in any kind of source.
        (
            "One.\n[...]\nTwo.\n* * *\nThree.",
            SourceKind.DOCUMENT,
            (),
            [("One.", None), ("Two.", None), ("Three.", None)],
        ),
        # A declared speaker's title and surname.
        (
            "PRESIDENT BERG: Yes.\nMR. RUIZ: No.",
            SourceKind.TRANSCRIPT,
            ("Anna Berg", "José Ruiz"),
            [("Yes.", "Anna Berg"), ("No.", "José Ruiz")],
        ),
    ],
)
def test_speakers_and_gaps(
    text_: str, kind: SourceKind, speakers: tuple[str, ...], expected: list[tuple[str, str | None]]
) -> None:
    assert windows(text_, kind, speakers) == expected
