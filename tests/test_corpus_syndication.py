"""Copies of one story: what is one, what only looks like one, and what stands for all, on both databases."""

from __future__ import annotations

import datetime as dt
import hashlib
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from onrecord.corpus import Store, without_copies
from onrecord.corpus import syndication_rows as rows_module
from onrecord.corpus.syndication import containment, signature, story
from onrecord.records import Document, Passage

DAY = dt.date(2026, 3, 2)
HEADLINE = "Grain ministers of six countries agree on a common store in Odessa\nThe ministers met for two days."
REPORT = (
    "The ministers of six countries agreed on Monday to keep a common store of grain. The store will hold four million"
    " tonnes by the end of 2027, said Jane Roe, who led the talks. Each country pays a share of the cost, and the largest"
    " share falls to the two exporters. Storage begins in spring at the port, where three silos stand empty since the flood."
    " Farmers had asked for a higher price and did not get it. A second meeting is planned for the autumn in Vienna, where"
    " the rules for lending from the store will be settled. Observers from the fund called the plan sound but slow."
)


def document(
    id_: str, words: str = REPORT, *, publisher: str = "", day: dt.date | None = DAY, primary: bool = False
) -> Document:
    return Document(
        text=words,
        media_type="text/plain",
        content_sha256=hashlib.sha256(words.encode()).hexdigest(),
        title=id_,
        published=day,
        metadata={"id": id_, "publisher": publisher or f"Press {id_}", "primary": str(primary).lower()},
    )


def stories(store: Store) -> dict[str, str | None]:
    return {source.id: source.story for source in store.sources(include_withdrawn=True)}


@pytest.mark.parametrize(
    ("other", "copy"),
    [
        (REPORT, True),
        ("A store against hunger\nBy Anna Keller\n" + REPORT, True),  # headline and byline
        (REPORT[: len(REPORT) * 6 // 10], True),  # cut from the end
        (REPORT.replace("agreed", "decided").replace("sound but slow", "slow yet sound"), True),  # edited
        (REPORT.replace("ministers", "minsters").replace("Jane Roe", "Jane Rowe"), True),  # slips, one in a name
        (REPORT.replace("four million", "nine million").replace("2027", "2031").replace("six", "ten")
            .replace("Monday", "Friday").replace("Jane Roe", "Marc Lund").replace("Vienna", "Oslo"), False),  # another event
        (" ".join(reversed(REPORT.split())), False),  # the same words
        ("The store will hold four million tonnes by the end of 2027, said Jane Roe.", False),  # what it quotes
        ("Nothing of this kind. " * 20, False),
        ("", False),
    ],
)  # fmt: skip
def test_long_texts(other: str, copy: bool) -> None:  # noqa: FBT001
    first = story(REPORT, published=DAY, publisher="A")
    second = story(other, published=DAY, publisher="B")
    assert (containment(first, second) is not None) is copy
    assert containment(first, second) == pytest.approx(containment(second, first) or 0) or not copy


@pytest.mark.parametrize(
    ("first", "second", "days", "publisher", "copy"),
    [
        (HEADLINE, HEADLINE, 0, "B", True),
        (HEADLINE, "UPDATE 1-" + HEADLINE, 1, "B", True),
        (HEADLINE, HEADLINE.partition("\n")[0], 0, "B", True),  # the lead was cut
        (HEADLINE, HEADLINE, 9, "B", False),  # a bulletin of another day
        (HEADLINE, HEADLINE, 1, "A", False),  # one publisher's of two days
        (HEADLINE, HEADLINE, 0, "A", True),  # printed twice
        (HEADLINE, HEADLINE.replace("six", "6"), 0, "B", True),
        (HEADLINE, HEADLINE.replace("Odessa", "Varna"), 0, "B", False),  # another place
        ("Air defences down 12 drones over Belgorod", "Air defences down 15 drones over Belgorod", 0, "B", False),
        ("Kyiv says talks go on in Istanbul today", "Kiev says talks go on in Istanbul today", 0, "B", True),
        ("Rain", "Rain", 0, "B", False),  # too little to tell
    ],
)
def test_short_texts(first: str, second: str, days: int, publisher: str, copy: bool) -> None:  # noqa: FBT001
    one = story(first, published=DAY, publisher="A")
    two = story(second, published=DAY + dt.timedelta(days=days), publisher=publisher)
    assert (containment(one, two) is not None) is copy


def test_undated_bulletins_of_one_publisher_are_not_copies() -> None:
    one, two = (story(HEADLINE, published=day, publisher="A") for day in (None, DAY))
    assert containment(one, two) is None


@hypothesis_settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_any_text(one: str, two: str) -> None:
    first, second = (story(text, published=DAY, publisher=text[:3]) for text in (one, two))
    share = containment(first, second)
    assert share is None or 0 < share <= 1
    assert len(signature(first.words)) == len(signature(second.words)) == 504


def test_copies_form_a_story(store: Store) -> None:
    store.add_documents(
        [
            document("late", "Another headline\n" + REPORT, day=DAY + dt.timedelta(days=2)),
            document("early"),
            document("cut", REPORT[:420]),
            document("other", "Quite another matter. It rained in the hills for the third day, and the river rose."),
        ]
    )
    found = store.find_copies()
    # Of the two of one day, the identity decides, so that it is always the same.
    assert stories(store) == {"early": "cut", "late": "cut", "cut": "cut", "other": None}
    assert {copy.source_id: copy.story for copy in found} == {"early": "cut", "late": "cut"}
    assert store.find_copies() == []
    assert store.has_copies()
    state = store.state()
    assert state.number == 1  # nothing to do for the indexes


def test_the_most_primary_stands_for_all(store: Store) -> None:
    store.add_documents([document("a"), document("b")])
    store.find_copies()
    assert stories(store) == {"a": "a", "b": "a"}
    store.add_documents([document("z", day=DAY + dt.timedelta(days=9), primary=True)])
    (told,) = store.find_copies()
    assert (told.source_id, told.story, told.others) == ("z", "z", ("a", "b"))
    assert stories(store) == {"a": "z", "b": "z", "z": "z"}
    store.withdraw(["z"], reason="x")
    store.find_copies()
    assert stories(store) == {"a": "a", "b": "a", "z": "a"}
    store.restore(["z"], reason="x")
    store.find_copies()
    assert set(stories(store).values()) == {"z"}


def test_a_changed_text_leaves_its_story(store: Store) -> None:
    store.add_documents([document("a"), document("b")])
    store.find_copies()
    store.add_documents([document("b", "It rained. " * 30)])
    assert store.find_copies() == []
    assert stories(store) == {"a": None, "b": None}
    store.add_documents([document("b")])
    store.find_copies()
    assert stories(store) == {"a": "a", "b": "a"}
    store.add_documents([document("a", day=DAY + dt.timedelta(days=3))])  # a corrected date: no longer the earliest
    store.find_copies()
    assert stories(store) == {"a": "b", "b": "b"}


def test_no_chains(store: Store) -> None:
    words = REPORT.split()
    filler = [f"w{number}" for number in range(200)]
    # Each shares four fifths with the next, the first and the last nearly nothing.
    texts = [" ".join((words + filler)[at : at + 100]) for at in range(0, 101, 20)]
    store.add_documents([document(f"s{number}", text) for number, text in enumerate(texts)])
    store.find_copies()
    told = stories(store)
    for one, two in combinations(sorted(told), 2):
        if told[one] is not None and told[one] == told[two]:
            assert abs(int(one[1:]) - int(two[1:])) <= 4
    assert len(set(told.values())) > 1


def test_a_bulletin_of_every_day(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onrecord.corpus.syndication.MOST_IN_BAND", 10)
    monkeypatch.setattr(rows_module, "_PAGE", 40)
    monkeypatch.setattr(rows_module, "_COMPARED", 30)
    monkeypatch.setattr(rows_module, "_SIGNED", 25)
    days = [DAY + dt.timedelta(days=5 * number) for number in range(60)]
    bulletins = [document(f"d{number:02}", HEADLINE, publisher="Wire", day=day) for number, day in enumerate(days)]
    taken_over = [document(f"x{number:02}", HEADLINE, publisher="Post", day=day) for number, day in enumerate(days)]
    store.add_documents([*bulletins, *taken_over])
    store.find_copies()
    assert stories(store) == {f"{kind}{number:02}": f"d{number:02}" for kind in "dx" for number in range(60)}


def test_interrupted_and_gone_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_documents([document("a"), document("b")])
    for step in ("_page", "_store"):
        with monkeypatch.context() as patched:
            patched.setattr(rows_module, step, lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                store.find_copies()
        assert stories(store) == {"a": None, "b": None}
    store.find_copies()
    assert stories(store) == {"a": "a", "b": "a"}


def test_addresses_too_long_to_be_aligned(store: Store) -> None:
    speech = " ".join(
        f"Sentence {number} says {hashlib.sha256(bytes([number % 256, 1])).hexdigest()}." for number in range(999)
    )
    store.add_documents([document("a", speech), document("b", "In full\n" + speech), document("c", speech[::-1])])
    store.find_copies()
    assert stories(store) == {"a": "a", "b": "a", "c": None}


def test_evidence_without_copies(store: Store) -> None:
    rest = " The guard of the port was doubled for the night, and two ships had to wait outside until the morning came."
    store.add_documents(
        [document("a"), document("b", "A headline\n" + REPORT + rest), document("c", "Rain fell. " * 9)]
    )
    store.find_copies()
    passages = [passage for batch in store.iter_passages() for passage in batch]
    passages.sort(key=lambda passage: passage.source.id == "a")  # the copy was found before what it copies
    kept = without_copies(passages)
    by_id = {passage.id: passage for passage in passages}
    assert all(by_id[id_].source.id == "a" for id_, copies in kept.items() if copies == ("b",))
    assert any(copies == ("b",) for copies in kept.values())
    left = [by_id[id_] for id_ in kept if by_id[id_].source.id == "b"]
    assert any("two ships" in passage.text for passage in left)  # only the longer copy says this
    assert {by_id[id_].source.id for id_ in kept} == {"a", "b", "c"}


def test_nothing_to_leave_out() -> None:
    passages: list[Passage] = []
    assert without_copies(passages) == {}
