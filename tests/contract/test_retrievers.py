"""One table of cases over every search engine of the index: what holds for one holds for the other."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from onrecord.index.dense import DenseEngine, close_client, open_client, vector_files
from onrecord.index.embed import load_embedder
from onrecord.index.engine import Engine, admits, fingerprint
from onrecord.index.lexical import LexicalEngine
from onrecord.records import Passage, SearchFilters, Source, SourceKind, Span
from onrecord.settings import load_settings

EVERYTHING = SearchFilters()


def a_passage(  # noqa: PLR0913  one argument per field that a filter looks at
    name: str,
    text: str,
    *,
    kind: SourceKind = SourceKind.TRANSCRIPT,
    publisher: str = "Kremlin",
    primary: bool = True,
    published: dt.date | None = dt.date(2022, 3, 29),
    speaker: str | None = None,
    speakers: tuple[str, ...] = (),
    title: str = "Record",
    collection: str = "",
) -> Passage:
    version = f"{name}@000000000000"
    source = Source(
        id=name,
        title=title,
        kind=kind,
        publisher=publisher,
        primary=primary,
        speakers=speakers,
        published=published,
        collection=collection,
        retrieved_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        current_version_id=version,
    )
    span = Span(start=0, end=len(text))
    return Passage(
        id=f"{version}:0-{len(text)}",
        source=source,
        version_id=version,
        span=span,
        text=text,
        sentences=(span,),
        speaker=speaker,
    )


PASSAGES = [
    a_passage(
        "talks",
        "The delegations agreed in Istanbul on neutrality for Ukraine.",
        speaker="Vladimir Medinsky",
        collection="Transcripts of 2022",
    ),
    a_passage(
        "wire",
        "A news agency reported that the talks in Istanbul on neutrality had failed.",
        kind=SourceKind.COVERAGE,
        publisher="TASS",
        primary=False,
        published=dt.date(2025, 6, 2),
        collection="The wires",
    ),
    a_passage(
        "undated",
        "Notes on the Istanbul talks about neutrality, without a date.",
        kind=SourceKind.DOCUMENT,
        publisher='Archive: "papers" (A OR B)',
        published=None,
        speakers=("Anna Ä", "Boris B"),
    ),
    a_passage("wheat", "Wheat exports rose by twelve per cent in 2023.", kind=SourceKind.DATA, publisher="FAO"),
]
BY_NAME = {passage.source.id: passage for passage in PASSAGES}


def build_dense(home: Path) -> Engine:
    settings = load_settings(home=home)
    return DenseEngine(open_client(settings), load_embedder(settings), vector_files(settings))


def build_chroma(home: Path) -> Engine:
    """As on a Chroma server: without files of its own."""
    settings = load_settings(home=home)
    return DenseEngine(open_client(settings), load_embedder(settings))


def build_lexical(home: Path) -> Engine:
    return LexicalEngine(home / "tantivy")


BUILDERS = {"chroma": build_chroma, "dense": build_dense, "lexical": build_lexical}


@pytest.fixture(params=sorted(BUILDERS))
def build(request: pytest.FixtureRequest) -> Callable[[Path], Engine]:
    return BUILDERS[request.param]


@pytest.fixture
def engine(build: Callable[[Path], Engine], tmp_path: Path) -> Iterator[Engine]:
    made = build(tmp_path)
    made.upsert(PASSAGES)
    made.commit()
    yield made
    made.close()


@pytest.fixture(scope="module", params=sorted(BUILDERS))
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that the test only reads."""
    made = BUILDERS[request.param](tmp_path_factory.mktemp(request.param))
    made.upsert(PASSAGES)
    made.commit()
    yield made
    made.close()


def found(engine: Engine, query: str, filters: SearchFilters = EVERYTHING, limit: int = 10) -> list[str]:
    return [candidate.passage_id.split("@")[0] for candidate in engine.search([query], filters=filters, limit=limit)[0]]


def test_the_passage_with_the_words_comes_first(shared: Engine) -> None:
    assert found(shared, "wheat exports in 2023")[0] == "wheat"
    assert found(shared, "delegations agreed on neutrality in Istanbul")[0] == "talks"


def test_scores_fall_and_ids_are_unique(shared: Engine) -> None:
    candidates = shared.search(["neutrality talks Istanbul"], filters=EVERYTHING, limit=10)[0]
    assert len(candidates) >= 3
    scores = [candidate.score for candidate in candidates]
    assert scores == sorted(scores, reverse=True)
    assert len({candidate.passage_id for candidate in candidates}) == len(candidates)


def test_a_batch_answers_in_the_order_of_the_queries(shared: Engine) -> None:
    queries = ["wheat exports", "Istanbul neutrality delegations", "wheat exports"]
    batch = shared.search(queries, filters=EVERYTHING, limit=2)
    assert batch[0] == batch[2]
    for query, answer in zip(queries, batch, strict=True):
        alone = shared.search([query], filters=EVERYTHING, limit=2)[0]
        assert [c.passage_id for c in answer] == [c.passage_id for c in alone]
    assert shared.search([], filters=EVERYTHING, limit=2) == []


FILTERS = [
    # nothing is filtered
    (SearchFilters(), {"talks", "wire", "undated"}),
    # one kind, and two
    (SearchFilters(kinds=(SourceKind.COVERAGE,)), {"wire"}),
    (SearchFilters(kinds=(SourceKind.COVERAGE, SourceKind.DOCUMENT)), {"wire", "undated"}),
    # a kind that nothing has
    (SearchFilters(kinds=(SourceKind.SUMMARY,)), set()),
    # primary sources only
    (SearchFilters(primary_only=True), {"talks", "undated"}),
    # on the day itself: still known; the undated source is out
    (SearchFilters(as_of=dt.date(2025, 6, 2)), {"talks", "wire"}),
    # a day before
    (SearchFilters(as_of=dt.date(2025, 6, 1)), {"talks"}),
    # before everything
    (SearchFilters(as_of=dt.date(1900, 1, 1)), set()),
    # from that day on, and from the day after
    (SearchFilters(since=dt.date(2025, 6, 2)), {"wire"}),
    (SearchFilters(since=dt.date(2025, 6, 3)), set()),
    # between two days
    (SearchFilters(since=dt.date(2000, 1, 1), as_of=dt.date(2025, 6, 1)), {"talks"}),
    # a language, in other letters; and one that nothing is in
    (SearchFilters(languages=("EN",)), {"talks", "wire", "undated"}),
    (SearchFilters(languages=("fr",)), set()),
    # a part of the corpus, in other letters; and one that does not exist
    (SearchFilters(collections=("the WIRES", "transcripts of 2022")), {"wire", "talks"}),
    (SearchFilters(collections=("wires",)), set()),
    # a publisher in other letters
    (SearchFilters(publishers=("tass",)), {"wire"}),
    # a publisher full of query syntax
    (SearchFilters(publishers=('Archive: "papers" (A OR B)',)), {"undated"}),
    # only a part of a publisher's name
    (SearchFilters(publishers=("Archive",)), set()),
    # the passage's own speaker
    (SearchFilters(speakers=("vladimir medinsky",)), {"talks"}),
    # one of a source's speakers, with an accent
    (SearchFilters(speakers=("ANNA Ä",)), {"undated"}),
    # either of two speakers
    (SearchFilters(speakers=("Boris B", "Vladimir Medinsky")), {"undated", "talks"}),
    # all together
    (
        SearchFilters(
            kinds=(SourceKind.TRANSCRIPT, SourceKind.COVERAGE),
            primary_only=True,
            as_of=dt.date(2022, 12, 31),
            publishers=("Kremlin", "TASS"),
            speakers=("Vladimir Medinsky",),
        ),
        {"talks"},
    ),
    # hostile values find nothing and break nothing
    (SearchFilters(publishers=("*",), speakers=("' OR 1=1 --",)), set()),
    (SearchFilters(publishers=("\ud800", "\x00", "")), set()),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_filters_admit_exactly_what_they_mean(shared: Engine, filters: SearchFilters, expected: set[str]) -> None:
    names = set(found(shared, "Istanbul talks neutrality", filters)) - {"wheat"}
    assert names == expected
    assert {name for name, passage in BY_NAME.items() if admits(filters, passage)} - {"wheat"} == expected


@pytest.mark.parametrize(
    "query",
    [
        '"unclosed quotation',  # query syntax of every kind is only text
        "title:secret AND (text:* OR NOT id:[a TO z])",
        "a" * 100_000,  # one endless word
        "word " * 20_000,  # more words than a query may have
        "\x00\x01\x02 Istanbul",  # control characters
        "\ud800 Istanbul \udfff",  # lone surrogates
        "<script>alert('x')</script>",
        "'; DROP TABLE embeddings; --",
        "Переговоры в Стамбуле 谈判",  # other scripts
        "…!?",  # no word at all
        "to be or not to be",  # only stop words
        "🕊️",
    ],
)
def test_hostile_queries_are_only_text(shared: Engine, query: str) -> None:
    answer = shared.search([query, "wheat exports"], filters=EVERYTHING, limit=3)
    assert len(answer) == 2
    assert answer[1][0].passage_id == BY_NAME["wheat"].id


def test_a_query_cannot_reach_past_a_filter(shared: Engine) -> None:
    filters = SearchFilters(kinds=(SourceKind.COVERAGE,))
    assert found(shared, "kind:transcript OR wheat exports id:wheat", filters) in (["wire"], [])


def everything(engine: Engine) -> dict[str, str]:
    """Return all that an engine holds; no passage is on two of its pages."""
    pages = list(engine.fingerprints())
    held = {identity: mark for page in pages for identity, mark in page.items()}
    assert len(held) == sum(map(len, pages))
    return held


def test_what_is_replaced_is_found_once_and_only_with_its_new_facts(engine: Engine) -> None:
    corrected = a_passage("wire", BY_NAME["wire"].text, kind=SourceKind.COVERAGE, publisher="Reuters", primary=False)
    assert corrected.id == BY_NAME["wire"].id
    engine.upsert([corrected])
    engine.commit()
    assert engine.count() == len(PASSAGES)
    assert found(engine, "agency reported talks failed", SearchFilters(publishers=("TASS",))) == []
    assert found(engine, "agency reported talks failed", SearchFilters(publishers=("Reuters",))) == ["wire"]
    assert everything(engine)[corrected.id] == fingerprint(corrected) != fingerprint(BY_NAME["wire"])


def test_what_is_replaced_twice_before_it_is_committed_is_there_once(engine: Engine) -> None:
    for publisher in ("Reuters", "AFP"):
        engine.upsert([a_passage("fresh", "A fresh record on barley.", publisher=publisher)])
    engine.commit()
    assert engine.count() == len(PASSAGES) + 1
    assert found(engine, "barley", SearchFilters(publishers=("Reuters",))) == []
    assert "fresh" in found(engine, "barley", SearchFilters(publishers=("AFP",)))
    engine.upsert([a_passage("fresh", "A fresh record on barley.", publisher="TASS")])
    engine.rollback()


def test_what_is_deleted_is_not_found(engine: Engine) -> None:
    engine.delete([BY_NAME["talks"].id, "never:0-1"])
    engine.commit()
    assert "talks" not in found(engine, "delegations agreed in Istanbul")
    assert engine.count() == len(PASSAGES) - 1
    assert BY_NAME["talks"].id not in everything(engine)
    engine.delete([])
    engine.commit()
    assert engine.count() == len(PASSAGES) - 1


def test_everything_is_there_after_closing_and_opening(build: Callable[[Path], Engine], tmp_path: Path) -> None:
    first = build(tmp_path)
    first.upsert(PASSAGES)
    first.commit()
    name = first.name
    first.close()
    second = build(tmp_path)
    second.probe()
    assert second.name == name
    assert everything(second) == {passage.id: fingerprint(passage) for passage in PASSAGES}
    assert sorted(second.sample(2)) == sorted(set(second.sample(2)) & {passage.id for passage in PASSAGES})
    assert found(second, "wheat exports")[0] == "wheat"
    second.close()


def test_an_empty_engine_finds_nothing_and_says_nothing(build: Callable[[Path], Engine], tmp_path: Path) -> None:
    empty = build(tmp_path)
    empty.probe()
    assert empty.count() == 0
    assert everything(empty) == {}
    assert empty.sample(3) == []
    assert empty.search(["Istanbul"], filters=EVERYTHING, limit=5) == [[]]
    assert empty.search(["Istanbul"], filters=SearchFilters(primary_only=True), limit=5) == [[]]
    empty.close()


def test_more_than_one_batch_of_the_engine_is_taken(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    # Chroma refuses more than 5,461 records at once; the limit is lowered, so that no thousands must be embedded.
    from onrecord.index import dense

    monkeypatch.setattr(dense, "BATCH_LIMIT", 3)
    monkeypatch.setattr("onrecord.index.lexical.PAGE", 3)
    monkeypatch.setattr(dense, "CHUNK_SIZE", 3)
    many = [a_passage(f"many{number}", f"Statement number {number} on grain.") for number in range(10)]
    done: list[int] = []
    engine.upsert(many, progress=done.append)
    engine.commit()
    assert sum(done) == len(many)
    assert engine.count() == len(PASSAGES) + len(many)
    assert len(everything(engine)) == len(PASSAGES) + len(many)
    # Each under its own words: the parts are not in the order in which they came.
    found = engine.search([many[7].text], filters=EVERYTHING, limit=1)[0]
    assert [candidate.passage_id for candidate in found] == [many[7].id]
    engine.delete([passage.id for passage in many])
    engine.commit()
    assert engine.count() == len(PASSAGES)


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(query=st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip())))
def test_no_text_breaks_a_search(shared: Engine, query: str) -> None:
    assert len(shared.search([query], filters=SearchFilters(primary_only=True), limit=3)) == 1


@pytest.mark.parametrize("fails_at", [1, 2, 4])  # the first part, one in between, the last one, which nobody waits for
def test_a_part_that_cannot_be_written_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    from onrecord.errors import SearchIndexError
    from onrecord.index import dense

    monkeypatch.setattr(dense, "CHUNK_SIZE", 3)
    made = build_dense(tmp_path)
    write, calls = made._write, itertools.count(1)

    def refuse(*given: object) -> None:
        if next(calls) == fails_at:
            message = "no room"
            raise SearchIndexError(message)
        write(*given)

    monkeypatch.setattr(made, "_write", refuse)
    with pytest.raises(SearchIndexError, match="no room"):
        made.upsert([a_passage(f"many{number}", f"Statement number {number} on grain.") for number in range(10)])
    made.close()


def test_langchain_sees_the_same_collection(tmp_path: Path) -> None:
    made = build_dense(tmp_path)
    assert isinstance(made, DenseEngine)
    made.upsert(PASSAGES)
    (document, distance), *_ = made.vector_store.similarity_search_with_score(
        "wheat exports", k=2, filter={"primary": True}
    )
    assert document.id == BY_NAME["wheat"].id
    assert document.page_content == BY_NAME["wheat"].text
    score = made.search(["wheat exports"], filters=EVERYTHING, limit=1)[0][0].score
    assert 1 - distance == pytest.approx(score, abs=1e-5)
    # what LangChain adds is embedded by the same model
    made.vector_store.add_texts(["Barley and oats."], metadatas=[{"primary": True}], ids=["barley:0-16"])
    assert made.search(["barley, oats"], filters=EVERYTHING, limit=1)[0][0].passage_id == "barley:0-16"
    made.close()


def test_nothing_is_sent_anywhere(tmp_path: Path) -> None:
    client = open_client(load_settings(home=tmp_path))
    assert client.get_settings().anonymized_telemetry is False
    assert not client.get_settings().chroma_otel_collection_endpoint
    close_client(client)
