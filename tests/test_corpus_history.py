"""Withdrawing, restoring, history and diffs, on both databases."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, select, text

from onrecord.corpus import PassageChanges, Store, engine, schema
from onrecord.corpus.database import upgrade
from onrecord.errors import CorpusError, NotFoundError
from onrecord.records import Document
from onrecord.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def document(id_: str = "a", words: str = "One. Two. Three. Four. Five.", **changes: object) -> Document:
    values: dict[str, object] = {
        "text": words,
        "media_type": "text/plain",
        "content_sha256": hashlib.sha256(words.encode()).hexdigest(),
        "title": f"Title of {id_}",
        "metadata": {"id": id_, "publisher": "Example"},
    }
    return Document.model_validate(values | changes)


def current(store: Store) -> list[str]:
    return sorted(passage.id for batch in store.iter_passages() for passage in batch)


def test_withdrawn_is_not_searched_and_still_shown(store: Store) -> None:
    store.add_documents([document("a"), document("b", "Other words.")])
    before, passages = store.state(), current(store)
    assert store.withdraw(["a"], reason="the  publisher\nretracted it") == ["a"]
    state = store.state()
    assert (state.number, state.sources) == (before.number + 1, 1)
    gone = [id_ for id_ in passages if id_.startswith("a@")]
    assert set(store.changes_since(before.number).removed) == set(gone)
    assert current(store) == [id_ for id_ in passages if id_ not in gone]
    assert state.passages == len(current(store))
    assert [source.id for source in store.sources()] == ["b"]
    assert store.count_withdrawn() == 1
    shown = store.passages(gone)  # a verdict can still show what it saw
    assert {passage.source.withdrawn for passage in shown} == {True}
    assert store.version(shown[0].version_id).text == "One. Two. Three. Four. Five."
    told = store.history("a")[-1]
    assert (told.what, told.reason, told.who, told.state) == (
        "withdrawn", "the publisher retracted it", "Anna Keller", state.number,
    )  # fmt: skip


def test_restored_is_as_before(store: Store) -> None:
    store.add_documents([document("a"), document("b", "Other words.")])
    before, passages = store.state(), current(store)
    store.withdraw(["a", "b"], reason="by mistake")
    withdrawn = store.state().number
    assert current(store) == []
    assert store.restore(["a", "b"], reason="it was right", who="Ben Ode") == ["a", "b"]
    assert current(store) == passages
    assert store.state().model_copy(update={"number": before.number}) == before
    added, removed = store.changes_since(withdrawn)
    assert set(added) == set(passages)
    assert set(removed) == set(passages)  # an index may hold them still
    assert [change.what for change in store.history("a")] == ["added", "withdrawn", "restored"]
    assert store.history("a")[-1].who == "Ben Ode"


def test_twice_changes_nothing(store: Store) -> None:
    store.add_documents([document("a")])
    store.withdraw(["a"], reason="x")
    number = store.state().number
    assert store.withdraw(["a"], reason="y") == []
    store.restore(["a"], reason="x")
    assert store.restore(["a", "a"], reason="y") == []
    assert store.state().number == number + 1


@pytest.mark.parametrize("new", ["New words. And more.", "One. Two. Three. Four. Five."])
def test_changed_while_withdrawn(store: Store, new: str) -> None:
    store.add_documents([document("a")])
    store.withdraw(["a"], reason="x")
    report = store.add_documents([document("a", new, title="Another title")])
    assert report.changed == 1
    assert "stays withdrawn" in report.items[0].reason
    assert current(store) == []  # nothing withdrawn comes back by itself
    assert store.state().passages == store.state().sources == 0
    store.restore(["a"], reason="y")
    (source,) = store.sources()
    assert store.version(source.current_version_id).text == new
    assert [passage.text for passage in store.passages(current(store))][:1] == [new.split(" Four", maxsplit=1)[0]]
    assert store.state().passages == len(current(store))
    assert store.changes_since(store.state().number) == PassageChanges((), ())


def test_restored_after_the_rule_for_passages_changed(store: Store) -> None:
    store.add_documents([document("a")])
    store.withdraw(["a"], reason="x")
    other = store.settings.model_copy(update={"passage_sentences": 1, "passage_overlap": 0})
    with Store.open(other) as again:
        again.restore(["a"], reason="y")
        assert again.state().passages == 5 == len(current(again))


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 2001])
def test_a_reason_is_needed(store: Store, reason: str) -> None:
    store.add_documents([document("a")])
    with pytest.raises(CorpusError, match="reason"):
        store.withdraw(["a"], reason=reason)
    assert store.sources()[0].withdrawn is False


def test_unknown_sources_change_nothing(store: Store) -> None:
    store.add_documents([document("a")])
    for attempt in (
        lambda: store.withdraw(["a", "missing"], reason="x"),
        lambda: store.restore(["missing"], reason="x"),
        lambda: store.history("missing"),
        lambda: store.diff("missing", 1, 2),
    ):
        with pytest.raises(NotFoundError, match="missing"):
            attempt()
    assert store.withdraw([], reason="x") == []
    assert store.state().number == 1


def test_history_says_what_it_was_before(store: Store) -> None:
    store.add_documents([document("a", published="2024-03-29")])
    store.add_documents([document("a", title="B", published=None)])
    store.add_documents([document("a", "Other words.", title="C")])
    told = store.history("a")
    assert [change.what for change in told] == ["added", "provenance", "text"]
    assert [dict(change.before) for change in told] == [
        {}, {"title": "Title of a", "published": "2024-03-29"}, {"title": "B"},
    ]  # fmt: skip
    assert {change.who for change in told} == {"Anna Keller"}
    assert store.source("a").added_by == "Anna Keller"


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("One met. Two met. Three.", "One met. Four met. Three.", ["-Two met.", "+Four met."]),
        ("One.", "One. Two.", ["+Two."]),
        ("One.\n\nTwo.", "One.  Two.", ["Only white space differs."]),  # else it would look as if nothing had happened
        ("- One\n- Two", "- One\n* Two", ["-- Two", "+* Two"]),  # a mark before a sentence belongs to the text
        (
            "<b>One</b>.",
            "\u202eOne.",
            ["-<b>One</b>.", "+\u202eOne."],
        ),  # hostile: kept as it is; shown by who prints it
    ],
)
def test_diff(store: Store, old: str, new: str, lines: list[str]) -> None:
    store.add_documents([document("a", old)])
    store.add_documents([document("a", new)])
    told = store.diff("a", 1, 2)
    assert [line for line in told.splitlines() if not line.startswith((" ", "@", "---", "+++"))] == lines
    assert store.diff("a", 1, 1) == ""
    with pytest.raises(NotFoundError, match="no version 3; it has 1, 2"):
        store.diff("a", 1, 3)


def test_what_was_stored_before_is_of_nobody(store: Store) -> None:
    store.add_documents([document("a")])
    with engine(store.settings).begin() as connection:
        connection.execute(schema.ChangeRow.__table__.update().values(who=""))  # as a corpus of the first schema has it
        assert connection.execute(select(schema.SourceRow.story)).scalar() is None
    assert store.history("a")[0].who == ""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_corpus_of_the_first_schema(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> None:
    url = request.getfixturevalue("postgresql") if database == "postgresql" else f"sqlite:///{tmp_path / 'old.db'}"
    made = create_engine(url)
    upgrade(made, "0001")
    with made.begin() as connection:
        values = (
            "'a', 'T', 'document', 'P', true, '', '[]', '2024-01-01 00:00:00', 'en', '', 'a@000000000000', false, 'f',"
            " '2024-01-01 00:00:00'"
        )
        connection.execute(
            text(
                "INSERT INTO sources (id, title, kind, publisher, is_primary, origin, speakers, retrieved_at, language,"  # noqa: S608
                f" licence, current_version_id, withdrawn, fingerprint, added_at) VALUES ({values})"
            )
        )
    made.dispose()
    settings = Settings(home=tmp_path / "home", database_url=url)
    with Store.open(settings) as opened:
        source = opened.source("a")
        assert (source.added_by, source.trust_tier, source.story, source.collection) == ("", None, None, "")
        assert opened.find_copies() == []  # it has no version: nothing to compare
    engine(settings).dispose()
