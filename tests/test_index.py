"""The index as a whole: models, staying in step with the corpus, fusion, and what must never be found."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import onrecord.index.dense as dense_module
from onrecord.corpus import Store
from onrecord.errors import CorpusBusyError, ModelError, NotFoundError, SearchIndexError, SettingsError
from onrecord.index import Index, load_embedder
from onrecord.index.dense import DenseEngine, collection_name, open_client
from onrecord.index.embed import DEFAULT_SHA256, Embedder
from onrecord.index.engine import Candidate
from onrecord.index.lexical import LexicalEngine, matched_words, query_terms
from onrecord.index.search import applied_state, fuse
from onrecord.index.state import read_states
from onrecord.records import CorpusState, Document, Hit, Passage, SearchFilters, Source, SourceKind, Span
from onrecord.settings import Settings, load_settings

EVERYTHING = SearchFilters()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home")


# A store in memory, to make the corpus do what a real one does only by accident


def a_passage(  # noqa: PLR0913  one argument per field that a test varies
    name: str,
    text: str,
    *,
    start: int = 0,
    publisher: str = "Kremlin",
    title: str = "Record",
    published: dt.date | None = dt.date(2022, 3, 29),
    version: str = "000000000000",
    primary: bool = True,
) -> Passage:
    identity = f"{name}@{version}"
    source = Source(
        id=name,
        title=title,
        kind=SourceKind.TRANSCRIPT,
        publisher=publisher,
        primary=primary,
        published=published,
        retrieved_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        current_version_id=identity,
    )
    span = Span(start=start, end=start + len(text))
    return Passage(
        id=f"{identity}:{span.start}-{span.end}",
        source=source,
        version_id=identity,
        span=span,
        text=text,
        sentences=(span,),
    )


class MemoryStore:
    """The least that the index asks of a corpus."""

    def __init__(self, passages: Sequence[Passage] = ()) -> None:
        self.held = {passage.id: passage for passage in passages}
        self.number = 1 if passages else 0
        self.log: list[tuple[int, list[str], list[str]]] = [(self.number, list(self.held), [])]

    def change(self, *, add: Sequence[Passage] = (), remove: Sequence[str] = ()) -> None:
        self.number += 1
        for identity in remove:
            del self.held[identity]
        self.held.update({passage.id: passage for passage in add})
        self.log.append((self.number, [passage.id for passage in add], list(remove)))

    def state(self) -> CorpusState:
        sources = {passage.source.id for passage in self.held.values()}
        return CorpusState(number=self.number, sources=len(sources), passages=len(self.held))

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        missing = [identity for identity in ids if identity not in self.held]
        if missing:
            raise NotFoundError(", ".join(missing))
        return [self.held[identity] for identity in ids]

    def iter_passages(self, *, batch_size: int) -> Iterator[list[Passage]]:
        everything = list(self.held.values())
        for start in range(0, len(everything), batch_size):
            yield everything[start : start + batch_size]

    def changes_since(self, state_number: int, /) -> tuple[Sequence[str], Sequence[str]]:
        added = [i for number, more, _ in self.log if number > state_number for i in more if i in self.held]
        removed = [i for number, _, less in self.log if number > state_number for i in less if i not in self.held]
        return added, removed


PASSAGES = [
    a_passage("talks", "The delegations agreed in Istanbul on neutrality for Ukraine."),
    a_passage("wheat", "Wheat exports rose by twelve per cent in 2023."),
    a_passage("vaccine", "The measles vaccine prevented many deaths among children."),
]


def sources_found(index: Index, query: str, filters: SearchFilters = EVERYTHING, top_k: int = 10) -> list[str]:
    return [hit.passage_id.split("@")[0] for hit in index.search([query], filters=filters, top_k=top_k)[0]]


# The embedding model


def test_the_default_model_is_known_by_its_hash(settings: Settings) -> None:
    embedder = load_embedder(settings)
    assert embedder.sha256 == DEFAULT_SHA256
    assert DEFAULT_SHA256.startswith("53aa5117")
    assert DEFAULT_SHA256.endswith("28d9db")
    assert embedder.name == "all-MiniLM-L6-v2"
    assert embedder.dimension == 384
    assert load_embedder(settings) is embedder


def test_vectors_have_length_one_and_keep_the_order(settings: Settings) -> None:
    embedder = load_embedder(settings)
    texts = ["A much longer sentence about grain, ports and insurance on the Black Sea.", "Peace.", "War and peace."]
    done: list[int] = []
    vectors = embedder.encode(texts, progress=done.append)
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert sum(done) == 3
    for text, vector in zip(texts, vectors, strict=True):
        assert np.allclose(embedder.encode([text])[0], vector, atol=1e-4)
    assert vectors[1] @ vectors[2] > vectors[1] @ vectors[0]
    assert embedder.encode([]).shape == (0, 384)


def test_vectors_are_those_of_the_network_as_it_comes(settings: Settings) -> None:
    from sentence_transformers import SentenceTransformer

    embedder = load_embedder(settings)
    plain = SentenceTransformer(str(embedder.folder), device="cpu", local_files_only=True)
    for texts in (["Talks opened in Kyiv."], ["one two three " * 90, "a", "Ceasefire. " * 40] * 9):  # alone; in batches
        expected = plain.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        assert np.allclose(embedder.encode(texts), expected, atol=2e-6)


def test_the_network_meets_few_shapes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = load_embedder(settings)
    embedder.encode(["loads the network"])
    network = embedder._model[0].auto_model
    met: list[int] = []
    forward = network.forward

    def watched(*given: object, **named: object) -> object:
        met.append(int(named["input_ids"].shape[1]))  # type: ignore[attr-defined]
        return forward(*given, **named)

    monkeypatch.setattr(network, "forward", watched)
    embedder.encode([f"{'grain ' * length}" for length in range(1, 300, 3)])
    for words in range(1, 60, 7):
        embedder.encode(["grain " * words])
    # what is longer than the window of 256 is cut there
    assert {length % 8 for length in met} == {0}
    assert max(met) == 256


def test_claims_are_embedded_by_one_thread_and_others_keep_theirs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    embedder = load_embedder(settings)
    embedder.encode(["loads the network"])
    usual, seen = torch.get_num_threads(), []
    encode = embedder._model.encode
    monkeypatch.setattr(
        embedder._model, "encode", lambda *a, **k: (seen.append(torch.get_num_threads()), encode(*a, **k))[1]
    )
    embedder.encode(["a claim"] * 20)
    embedder.encode(["a passage " * 100] * 9)
    assert seen == [1, usual]
    assert torch.get_num_threads() == usual


def test_texts_over_several_chunks_keep_the_order(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from onrecord.index import embed

    monkeypatch.setattr(embed, "CHUNK_SIZE", 2)
    embedder = load_embedder(settings)
    texts = [f"{'word ' * (number % 4)}number {number}" for number in range(7)]
    done: list[int] = []
    vectors = embedder.encode(texts, progress=done.append)
    assert done == [2, 2, 2, 1]
    assert np.allclose(vectors[3], embedder.encode([texts[3]])[0], atol=1e-4)


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u00a0"])
def test_an_empty_text_is_refused(settings: Settings, text: str) -> None:
    with pytest.raises(ModelError, match="text 2 of 2 to embed is empty"):
        load_embedder(settings).encode(["something", text])


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,  # longer than any window
        "\ud800 half a character",
        "\x00",
        "🕊️",
    ],
)
def test_a_hostile_text_gets_a_vector(settings: Settings, text: str) -> None:
    vector = load_embedder(settings).encode([text])[0]
    assert np.isclose(np.linalg.norm(vector), 1.0, atol=1e-5)


def test_one_model_serves_several_threads(settings: Settings) -> None:
    embedder = load_embedder(settings)
    texts = [f"sentence number {number}" for number in range(8)]
    expected = embedder.encode(texts)
    results: dict[int, bool] = {}

    def work(number: int) -> None:
        results[number] = bool(np.allclose(embedder.encode(texts), expected, atol=1e-5))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(4), True)


def copy_of_the_model(settings: Settings, folder: Path) -> Path:
    shutil.copytree(load_embedder(settings).folder, folder)
    return folder


def test_a_folder_is_a_model(settings: Settings, tmp_path: Path) -> None:
    folder = copy_of_the_model(settings, tmp_path / "my-model")
    mine = load_embedder(load_settings(home=settings.home, embedding_model=str(folder)))
    assert mine.name == str(folder)
    assert mine.sha256 == DEFAULT_SHA256
    default = load_embedder(settings)
    assert np.allclose(mine.encode(["Peace."]), default.encode(["Peace."]), atol=1e-6)
    assert collection_name(mine) == collection_name(default)


def test_other_weights_or_another_pooling_are_another_collection(settings: Settings, tmp_path: Path) -> None:
    folder = copy_of_the_model(settings, tmp_path / "pooled")
    pooling = folder / "1_Pooling" / "config.json"
    changed = json.loads(pooling.read_text()) | {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    pooling.write_text(json.dumps(changed))
    other = load_embedder(load_settings(home=settings.home, embedding_model=str(folder)))
    assert other.sha256 == DEFAULT_SHA256
    assert collection_name(other) != collection_name(load_embedder(settings))


def test_a_model_of_another_dimension_works(settings: Settings, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Dense

    folder = tmp_path / "small"
    model = SentenceTransformer(str(load_embedder(settings).folder), device="cpu", local_files_only=True)
    model.insert(2, Dense(384, 32, bias=False))  # type: ignore[arg-type]
    model.save(str(folder))
    small = load_settings(home=settings.home, embedding_model=str(folder))
    embedder = load_embedder(small)
    assert embedder.dimension == 32
    assert embedder.sha256 != DEFAULT_SHA256
    with Index.open(MemoryStore(PASSAGES), small) as index:
        assert sources_found(index, "wheat exports")[0] == "wheat"


def test_claims_go_through_adapters_and_what_is_searched_does_not(settings: Settings) -> None:
    from sentence_transformers import SentenceTransformer

    embedder = load_embedder(settings)
    texts = ["Aspirin lowers the risk of stroke.", "The talks in Istanbul ended without a result."]
    bare = SentenceTransformer(str(embedder.folder), device="cpu").encode(texts, normalize_embeddings=True)
    assert np.allclose(embedder.encode(texts), bare, atol=1e-4)
    claims = embedder.encode_claims(texts)
    assert claims.shape == bare.shape
    assert np.allclose(np.linalg.norm(claims, axis=1), 1.0, atol=1e-4)
    alike = claims @ bare.T
    assert (np.diag(alike) < 0.99).all(), "adapters that change nothing"
    assert (np.diag(alike) > alike[::-1].diagonal() + 0.3).all()
    assert [model.name for model in embedder.models] == ["all-MiniLM-L6-v2", "onrecord-claims"]
    assert len({model.sha256 for model in embedder.models}) == 2


def test_another_model_embeds_claims_as_texts(settings: Settings, tmp_path: Path) -> None:
    folder = copy_of_the_model(settings, tmp_path / "copy")
    embedder = load_embedder(load_settings(home=settings.home, embedding_model=str(folder)))
    assert np.array_equal(embedder.encode_claims(["one", "two"]), embedder.encode(["one", "two"]))
    assert [model.name for model in embedder.models] == [str(folder)]


def test_damaged_or_missing_adapters_are_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onrecord.index import embed

    shutil.copytree(embed.CLAIMS_FOLDER, tmp_path / "claims")
    (tmp_path / "claims" / "adapter_model.safetensors").write_bytes(b"no tensors")
    monkeypatch.setattr(embed, "CLAIMS_FOLDER", tmp_path / "claims")
    embed._load.cache_clear()
    try:
        embedder = load_embedder(settings)
        assert len(embedder.encode(["texts are embedded all the same"])) == 1
        with pytest.raises(
            ModelError, match=r"onrecord-claims.*could not be loaded.*a part of onrecord: install it again"
        ):
            embedder.encode_claims(["a claim"])
        (tmp_path / "claims" / "adapter_model.safetensors").unlink()
        embed._load.cache_clear()
        with pytest.raises(ModelError, match=r"are missing.*Install the package again"):
            load_embedder(settings)
    finally:
        embed._load.cache_clear()


BAD_MODELS = [
    # nothing of that name on this machine
    ("no-such-model-anywhere", "there is no embedding model"),
    # a path that leads nowhere
    ("/no/such/folder", "there is no embedding model"),
]


@pytest.mark.parametrize(("name", "message"), BAD_MODELS)
def test_a_model_that_is_not_here_is_refused(settings: Settings, name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_embedder(load_settings(home=settings.home, embedding_model=name))


def test_a_folder_without_safe_weights_is_refused(settings: Settings, tmp_path: Path) -> None:
    folder = copy_of_the_model(settings, tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickled weights are not"):
        load_embedder(load_settings(home=settings.home, embedding_model=str(folder)))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match="not found"):
        load_embedder(load_settings(home=settings.home, embedding_model=str(empty)))


def test_a_model_that_brings_code_is_refused(settings: Settings, tmp_path: Path) -> None:
    folder = copy_of_the_model(settings, tmp_path / "with-code")
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "evil.Evil"
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()")
    embedder = load_embedder(load_settings(home=settings.home, embedding_model=str(folder)))
    with pytest.raises(ModelError, match="could not be loaded"):
        embedder.encode(["anything"])
    assert not (tmp_path / "ran").exists()


def test_changed_weights_of_the_default_model_are_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onrecord.index import embed

    folder = copy_of_the_model(settings, tmp_path / "tampered")
    with (folder / "model.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x01")
    monkeypatch.setattr(embed, "packaged_folder", lambda: folder)
    embed._load.cache_clear()
    with pytest.raises(ModelError, match="changed or damaged"):
        load_embedder(settings)
    embed._load.cache_clear()


def test_importing_the_room_loads_nothing_heavy() -> None:
    heavy = ("torch", "chromadb", "tantivy", "langchain_core")
    code = f"import sys, onrecord.index; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout.strip() == "[]"


# Words


QUERY_TERMS = [
    # inflections share a stem; the first word stands for it
    ("talks talking talked", {"talk": "talks"}),
    # accents and case fold
    ("Café CAFE", {"cafe": "Café"}),
    # the word is given as it stands even after letters of several bytes
    ("Łódź naïve Überprüfung", {"lodz": "Łódź", "naiv": "naïve", "uberprufung": "Überprüfung"}),
    # operators are words or nothing
    ('title:"secret" AND (x)', {"titl": "title", "secret": "secret", "x": "x"}),
    # figures are terms
    ("14 % of 3,000", {"14": "14", "3": "3", "000": "000"}),
    # stop words only when there is nothing else
    ("to be or not", {"to": "to", "be": "be", "or": "or", "not": "not"}),
    # no word at all
    ("…!", {}),
    ("", {}),
]


@pytest.mark.parametrize(("query", "terms"), QUERY_TERMS)
def test_query_terms(query: str, terms: dict[str, str]) -> None:
    assert query_terms(query) == terms


def test_matched_words_are_the_query_s_own() -> None:
    terms = query_terms("Negotiations in Kyiv failed")
    assert matched_words(terms, "They were negotiating, and it was failing.") == ("Negotiations", "failed")
    assert matched_words(terms, "") == ()
    assert matched_words({}, "text") == ()


WHERE_WORDS_STAND = [
    # in the text, in the title, and as the day it was published
    ("wheat harvest", "wheat"),
    ("Antalya", "talks"),
    ("29 March 2022", "talks"),
    # and by who speaks
    ("Medinsky", "talks"),
    # the words of an undated source's missing date are nobody's
    ("undated", None),
    # a word in title and text is found once
    ("harvest", "wheat"),
]


@pytest.mark.parametrize(("query", "expected"), WHERE_WORDS_STAND)
def test_claims_are_looked_for_in_text_title_speaker_and_date(tmp_path: Path, query: str, expected: str | None) -> None:
    engine = LexicalEngine(tmp_path)
    talks = a_passage("talks", "The delegations shook hands.", title="Talks in Antalya")
    engine.upsert(
        [
            talks.model_copy(update={"speaker": "Vladimir Medinsky"}),
            a_passage("wheat", "The wheat was in by August.", title="Harvest", published=None),
        ]
    )
    engine.commit()
    found = engine.search([query], filters=EVERYTHING, limit=5)[0]
    engine.close()
    assert [hit.passage_id.split("@")[0] for hit in found] == ([expected] if expected else [])


# Fusion


def candidates(*names: str) -> list[Candidate]:
    return [Candidate(f"{name}@v:0-1", 10.0 - rank) for rank, name in enumerate(names)]


FUSIONS = [
    # found well by both beats found first by one
    (("a", "b", "d"), ("c", "b", "e", "f"), ["b", "a", "c", "e", "d", "f"]),
    # found last by both is as good as nothing
    (("a", "b"), ("c", "b"), ["a", "c", "b"]),
    # one engine found nothing
    (("a", "b"), (), ["a", "b"]),
    ((), ("a", "b"), ["a", "b"]),
    ((), (), []),
    # mirror images tie in score and in best rank; the similarity decides
    (("a", "b"), ("b", "a"), ["a", "b"]),
    # an id that an engine gives twice counts once, where it stands higher
    (("a", "a", "b"), ("b",), ["a", "b"]),
]


@pytest.mark.parametrize(("dense", "lexical", "order"), FUSIONS)
def test_fusion(dense: tuple[str, ...], lexical: tuple[str, ...], order: list[str]) -> None:
    hits = list(fuse("q", candidates(*dense), candidates(*lexical), weight=0.5))
    assert [hit.passage_id.split("@")[0] for hit in hits] == order


def test_a_hit_says_where_it_was_found() -> None:
    first, second = fuse("q", candidates("a"), candidates("b", "a"), weight=0.5)
    assert (first.dense_rank, first.lexical_rank, first.dense_score, first.lexical_score) == (1, 2, 10.0, 9.0)
    assert first.fused_score == pytest.approx(0.5)
    assert (second.dense_rank, second.dense_score, second.lexical_rank) == (None, None, 1)
    assert second.fused_score == pytest.approx(0.5)


def test_how_far_the_first_is_ahead_counts() -> None:
    dense = [Candidate("clear@v:0-1", 0.9), Candidate("b@v:0-1", 0.4), Candidate("last@v:0-1", 0.3)]
    lexical = [Candidate("b@v:0-1", 10.0), Candidate("other@v:0-1", 9.9), Candidate("clear@v:0-1", 9.0)]
    hits = list(fuse("q", dense, lexical, weight=0.7))
    assert [hit.passage_id.split("@")[0] for hit in hits][:2] == ["clear", "b"]
    assert hits[0].fused_score == pytest.approx(0.7)
    assert hits[1].fused_score == pytest.approx(0.7 / 6 + 0.3)


names = st.lists(st.sampled_from("abcdefgh"), unique=True)


@hypothesis_settings(max_examples=100, deadline=None)
@given(dense=names, lexical=names)
def test_fusion_loses_nothing_and_is_ordered(dense: list[str], lexical: list[str]) -> None:
    hits = list(fuse("q", candidates(*dense), candidates(*lexical), weight=0.5))
    assert sorted(hit.passage_id for hit in hits) == sorted(f"{name}@v:0-1" for name in {*dense, *lexical})
    scores = [hit.fused_score for hit in hits]
    assert scores == sorted(scores, reverse=True)


# Searching


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index that the test only reads: one source in overlapping windows beside the others."""
    sentences = ["Grain left the port of Odesa.", "Insurers asked for a corridor.", "The corridor opened in August."]
    windows = [
        a_passage("grain", " ".join(sentences[:2])),
        a_passage("grain", " ".join(sentences[1:]), start=len(sentences[0]) + 1),
        a_passage("grain", sentences[1], start=len(sentences[0]) + 1),
        a_passage("grain", "Two years later the corridor still carried grain.", start=500),
    ]
    settings = load_settings(home=tmp_path_factory.mktemp("shared"))
    with Index.open(MemoryStore([*PASSAGES, *windows]), settings) as index:
        yield index


def test_hits_answer_the_query_and_explain_themselves(shared: Index) -> None:
    query = "How far did wheat exports rise?"
    hits = shared.search([query], filters=EVERYTHING, top_k=3)[0]
    best = hits[0]
    assert best.passage_id == PASSAGES[1].id
    assert best.query == query
    assert best.dense_rank == best.lexical_rank == 1
    assert best.dense_score is not None
    assert 0.5 < best.dense_score <= 1
    assert best.lexical_score is not None
    assert best.lexical_score > 0
    assert best.matched_terms == ("wheat", "exports")
    assert best.fused_score == pytest.approx(1.0)
    assert len({hit.passage_id for hit in hits}) == len(hits)


def test_a_passage_gains_by_the_next_two_of_its_version() -> None:
    dense = [
        Candidate(name, 1.0 - rank / 4)
        for rank, name in enumerate(("a@1:0-1", "b@1:0-1", "b@1:2-3", "b@1:4-5", "c@1:0-1"))
    ]
    assert [hit.passage_id for hit in fuse("q", dense, [], weight=1.0)][:2] == ["a@1:0-1", "b@1:0-1"]
    hits = list(fuse("q", dense, [], weight=1.0, document_weight=0.5))
    assert [hit.passage_id for hit in hits] == ["b@1:0-1", "a@1:0-1", "b@1:2-3", "b@1:4-5", "c@1:0-1"]
    assert [hit.fused_score for hit in hits] == pytest.approx([0.75 + 0.375, 1.0, 0.5 + 0.375, 0.25 + 0.375, 0.0])


def test_a_share_of_the_best_passage_brings_more_of_its_version_and_leaves_the_order_of_versions() -> None:
    scores = {"a@1:0-1": 1.0, "b@1:0-1": 0.6, "c@1:0-1": 0.48, "a@1:2-3": 0.45, "b@1:2-3": 0.4, "d@1:0-1": 0.0}
    dense = [Candidate(name, score) for name, score in scores.items()]
    hits = list(fuse("q", dense, [], weight=1.0, best_weight=0.5))
    assert [hit.passage_id for hit in hits] == ["a@1:0-1", "a@1:2-3", "b@1:0-1", "b@1:2-3", "c@1:0-1", "d@1:0-1"]
    assert [hit.fused_score for hit in hits] == pytest.approx([1.0, 0.725, 0.6, 0.5, 0.48, 0.0])


def test_of_equal_passages_primary_and_later_ones_come_first(settings: Settings) -> None:
    text = "Steel output fell in April."
    older, newer = dt.date(2020, 5, 1), dt.date(2024, 5, 1)
    same = [
        a_passage("a-wire", text, primary=False, published=newer),
        a_passage("b-old", text, published=older),
        a_passage("c-new", text, published=newer),
    ]
    with Index.open(MemoryStore([*same, PASSAGES[1]]), settings) as index:
        assert sources_found(index, "steel output fell in April")[:3] == ["c-new", "b-old", "a-wire"]


def test_a_batch_is_answered_in_order_with_duplicates(shared: Index) -> None:
    queries = ["measles vaccine", "wheat", "measles vaccine"]
    answers = shared.search(queries, filters=EVERYTHING, top_k=2)
    assert [hits[0].passage_id for hits in answers] == [PASSAGES[2].id, PASSAGES[1].id, PASSAGES[2].id]
    assert answers[0] == answers[2]
    assert all(hit.query == query for query, hits in zip(queries, answers, strict=True) for hit in hits)
    assert shared.search([], filters=EVERYTHING, top_k=2) == []


def test_a_window_within_a_better_one_is_left_out_and_neighbours_stay(shared: Index) -> None:
    query = "Grain left the port of Odesa when the corridor opened in August, insurers asked"
    hits = shared.search([query], filters=EVERYTHING, top_k=10)[0]
    ranges = [hit.passage_id.rpartition(":")[2] for hit in hits if hit.passage_id.startswith("grain@")]
    # two windows that share a sentence both bring another one; that sentence alone brings nothing
    assert set(ranges) == {"0-60", "30-91", "500-549"}


def test_a_wider_window_is_kept_after_a_narrow_one(shared: Index) -> None:
    hits = shared.search(["Insurers asked for a corridor."], filters=EVERYTHING, top_k=10)[0]
    ranges = [hit.passage_id.rpartition(":")[2] for hit in hits if hit.passage_id.startswith("grain@")]
    assert ranges[0] == "30-60"
    assert set(ranges) == {"30-60", "0-60", "30-91", "500-549"}


def test_top_k_is_kept_and_the_same_search_gives_the_same_answer(shared: Index) -> None:
    hits = shared.search(["corridor for wheat"], filters=EVERYTHING, top_k=2)
    assert len(hits[0]) == 2
    assert shared.search(["corridor for wheat"], filters=EVERYTHING, top_k=2) == hits
    longer = shared.search(["corridor for wheat"], filters=EVERYTHING, top_k=5)[0]
    assert longer[:2] == hits[0]


def test_a_query_without_words_is_answered_by_meaning_alone(shared: Index) -> None:
    hits = shared.search(["🌾"], filters=EVERYTHING, top_k=5)[0]
    assert hits
    assert all(hit.lexical_rank is None and hit.matched_terms == () for hit in hits)


BAD_SEARCHES = [
    # one string where a list belongs would be searched letter by letter
    ("wheat", 5, "give a list"),
    ([""], 5, "query 1 of 1 is empty"),
    (["wheat", " \n"], 5, "query 2 of 2 is empty"),
    (["wheat"], 0, "top_k = 0"),
    (["wheat"], -1, "top_k = -1"),
]


@pytest.mark.parametrize(("queries", "top_k", "message"), BAD_SEARCHES)
def test_a_search_that_makes_no_sense_is_refused(
    shared: Index, queries: Sequence[str], top_k: int, message: str
) -> None:
    with pytest.raises(SearchIndexError, match=message):
        shared.search(queries, filters=EVERYTHING, top_k=top_k)


def test_filters_hold_for_the_fused_answer(shared: Index) -> None:
    before = SearchFilters(as_of=dt.date(2022, 3, 28))
    assert shared.search(["wheat"], filters=before, top_k=5) == [[]]
    assert sources_found(shared, "wheat", SearchFilters(publishers=("nobody",))) == []
    assert sources_found(shared, "wheat", SearchFilters(as_of=dt.date(2022, 3, 29)))[0] == "wheat"


def test_the_langchain_retriever_gives_documents(shared: Index) -> None:
    from onrecord.index.retriever import IndexRetriever

    retriever = IndexRetriever(index=shared, top_k=2)
    documents = retriever.invoke("wheat exports")
    assert len(documents) == 2
    assert documents[0].id == PASSAGES[1].id
    assert documents[0].page_content == PASSAGES[1].text
    assert documents[0].metadata["source_id"] == "wheat"
    assert documents[0].metadata["published"] == "2022-03-29"
    assert documents[0].metadata["hit"]["dense_rank"] == 1
    none = IndexRetriever(index=shared, filters=SearchFilters(publishers=("nobody",)))
    assert none.invoke("wheat") == []


# In step with the store


def test_building_reports_progress_and_a_second_opening_does_nothing(settings: Settings) -> None:
    store = MemoryStore(PASSAGES)
    seen: list[tuple[int, int]] = []
    with Index.open(store, settings, progress=lambda done, total: seen.append((done, total))):
        pass
    assert seen[0] == (0, 3)
    assert seen[-1] == (3, 3)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert applied_state(settings) == store.number
    seen.clear()
    with Index.open(store, settings, progress=lambda done, total: seen.append((done, total))) as index:
        assert not index.behind()
        assert index.sync().added == 0
    assert seen == []


def test_opening_what_is_in_step_looks_at_a_handful(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [a_passage(f"source{number}", f"Record number {number} is about steel.") for number in range(60)]
    Index.open(MemoryStore(many), settings).close()
    looked_up: list[str] = []

    class Watched(MemoryStore):
        def passages(self, ids: Sequence[str]) -> list[Passage]:
            looked_up.extend(ids)
            return super().passages(ids)

    def refuse(*_: object, **__: object) -> None:
        message = "opening reads what it need not"
        raise AssertionError(message)

    # nothing is embedded, compared, asked of the store or of Chroma's graph: the state number and a sample must do
    for owner, names in (
        (Embedder, ("encode",)),
        (DenseEngine, ("fingerprints", "held", "search", "_pages")),
        (LexicalEngine, ("fingerprints", "held", "search")),
        (MemoryStore, ("iter_passages", "changes_since")),
    ):
        for name in names:
            monkeypatch.setattr(owner, name, refuse)
    # before any of these Chroma would read its graph
    for name in ("query", "get", "count"):
        monkeypatch.setattr(f"chromadb.api.models.Collection.Collection.{name}", refuse)
    with Index.open(Watched(many), settings) as index:
        assert not index.behind()
    assert len(looked_up) <= 2 * 8  # of each engine's passages as many as are looked up to see whose they are


def test_a_first_build_writes_its_vectors_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from onrecord.index import search, vectors

    monkeypatch.setattr(search, "WRITE_BATCH", 10)
    monkeypatch.setattr(vectors, "SEGMENT_ROWS", 10)  # more than one segment is written before the build ends

    def refuse(*_: object) -> None:
        message = "what was written is written anew"
        raise AssertionError(message)

    monkeypatch.setattr(vectors.Vectors, "rewrite", refuse)
    many = [a_passage(f"source{number}", f"Record number {number} is about steel.") for number in range(35)]
    with Index.open(MemoryStore(many), settings) as index:
        assert index._dense.count() == 35
        assert index.search([many[3].text], filters=EVERYTHING, top_k=1)[0][0].passage_id == many[3].id


def test_an_empty_corpus_gives_an_empty_index(settings: Settings) -> None:
    with Index.open(MemoryStore(), settings) as index:
        assert index.search(["anything"], filters=EVERYTHING, top_k=3) == [[]]


def texts_embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that takes down every text that is embedded from now on."""
    embedded: list[str] = []
    encode = Embedder.encode

    def watched(self: Embedder, texts: Sequence[str], **rest: object) -> object:
        embedded.extend(texts)
        return encode(self, texts, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Embedder, "encode", watched)
    return embedded


def test_only_what_changed_is_embedded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(PASSAGES)
    index = Index.open(store, settings)
    embedded = texts_embedded(monkeypatch)
    store.change(add=[a_passage("steel", "Steel output fell in April.")], remove=[PASSAGES[0].id])
    assert index.behind()
    report = index.sync()
    assert (report.added, report.removed, report.state.number) == (1, 1, store.number)
    assert embedded == ["Record\nSteel output fell in April."]
    assert sources_found(index, "steel output")[0] == "steel"
    assert "talks" not in sources_found(index, "delegations Istanbul neutrality")
    index.close()


def test_passages_of_a_new_version_that_say_the_same_are_not_embedded_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["Talks opened in Istanbul.", "Wheat exports rose.", "The vaccine saved many children."]
    before = [a_passage("long", text, start=number * 100) for number, text in enumerate(said)]
    store = MemoryStore(before)
    with Index.open(store, settings) as index:
        embedded = texts_embedded(monkeypatch)
        monkeypatch.setattr(dense_module, "CHUNK_SIZE", 2)  # parts of old ones alone, of new ones alone, of both
        changed = [*said, "Steel output fell in April, by a twelfth of what it was in March of the same year."]
        after = [a_passage("long", text, start=number * 100, version="1" * 12) for number, text in enumerate(changed)]
        # another title is worded otherwise
        after.append(a_passage("long", said[0], start=900, version="1" * 12, title="Another"))
        store.change(add=after, remove=[passage.id for passage in before])
        report = index.sync()
        assert (report.added, report.removed) == (5, 3)
        assert sorted(embedded) == [f"Another\n{said[0]}", f"Record\n{changed[3]}"]
        fresh = index.embedder.encode([f"Record\n{text}" for text in changed])
        held = index._dense._collection.get(ids=[passage.id for passage in after[:4]], include=["embeddings"])
        by_id = dict(zip(held["ids"], held["embeddings"], strict=True))  # type: ignore[arg-type]
        for passage, vector in zip(after, fresh, strict=False):
            assert np.allclose(by_id[passage.id], vector, atol=1e-6)
        # what was kept for one change is gone with it: nothing is taken from versions long past
        embedded.clear()
        store.change(add=[before[0]], remove=[])
        index.sync()
        assert embedded == [f"Record\n{said[0]}"]


def test_a_removed_passage_is_not_found_even_before_the_index_is_in_step(settings: Settings) -> None:
    store = MemoryStore(PASSAGES)
    with Index.open(store, settings) as index:
        store.change(remove=[PASSAGES[1].id])
        assert "wheat" not in sources_found(index, "wheat exports")
        withdrawn = PASSAGES[0].source.model_copy(update={"withdrawn": True})
        store.held[PASSAGES[0].id] = PASSAGES[0].model_copy(update={"source": withdrawn})
        assert sources_found(index, "delegations Istanbul wheat", top_k=1) == ["vaccine"]


def test_corrected_facts_of_an_unchanged_text_reach_the_index(settings: Settings) -> None:
    store = MemoryStore(PASSAGES)
    with Index.open(store, settings) as index:
        corrected = a_passage("wheat", PASSAGES[1].text, publisher="FAO", title="Grain report")
        assert corrected.id == PASSAGES[1].id
        store.change(add=[corrected], remove=[])
        # the old facts must not let it through, and the new ones are not yet known
        assert sources_found(index, "wheat", SearchFilters(publishers=("Kremlin",)))[0] != "wheat"
        store.log[-1] = (store.number, [corrected.id], [])
        index.sync()
        assert sources_found(index, "wheat", SearchFilters(publishers=("FAO",))) == ["wheat"]


def test_an_interrupted_build_goes_on_where_it_stopped(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from onrecord.index import search

    monkeypatch.setattr(search, "WRITE_BATCH", 1)
    store = MemoryStore(PASSAGES)

    def interrupt(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Index.open(store, settings, progress=interrupt)
    assert applied_state(settings) is None
    embedded = texts_embedded(monkeypatch)
    with Index.open(store, settings) as index:
        assert len(embedded) == 1  # two were kept
        assert applied_state(settings) == store.number
        for passage in PASSAGES:
            hit = index.search([passage.text], filters=EVERYTHING, top_k=1)[0][0]
            assert (hit.passage_id, hit.dense_rank, hit.lexical_rank) == (passage.id, 1, 1)


def test_an_interrupted_update_is_mended_on_the_next_opening(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore(PASSAGES)
    index = Index.open(store, settings)
    store.change(add=[a_passage("steel", "Steel output fell in April.")], remove=[PASSAGES[0].id])

    def crash(_: LexicalEngine) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(LexicalEngine, "commit", crash)
        with pytest.raises(KeyboardInterrupt):
            index.sync()
    # Chroma has the change and Tantivy has not: both may be searched, neither is trusted.
    assert index.behind()
    assert "talks" not in sources_found(index, "delegations Istanbul neutrality")
    index.close()
    with Index.open(store, settings) as again:
        assert not again.behind()
        hit = again.search(["steel output"], filters=EVERYTHING, top_k=1)[0][0]
        assert (hit.passage_id.split("@")[0], hit.dense_rank, hit.lexical_rank) == ("steel", 1, 1)


def damage_chroma_database(home: Path) -> None:
    (home / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 1000)


def damage_chroma_vectors(home: Path) -> None:
    for folder in (home / "chroma").iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)


def empty_chroma(home: Path) -> None:
    shutil.rmtree(home / "chroma")


def damage_tantivy_note(home: Path) -> None:
    (home / "tantivy" / "meta.json").write_text("{")


def damage_tantivy_segments(home: Path) -> None:
    for path in (home / "tantivy").glob("*.term"):
        path.write_bytes(b"junk")


def foreign_tantivy(home: Path) -> None:
    import tantivy

    shutil.rmtree(home / "tantivy")
    (home / "tantivy").mkdir()
    tantivy.Index(tantivy.SchemaBuilder().add_text_field("body").build(), str(home / "tantivy"))


def empty_tantivy(home: Path) -> None:
    shutil.rmtree(home / "tantivy")


def lost_note(home: Path) -> None:
    (home / "index.json").unlink()


def damaged_note(home: Path) -> None:
    (home / "index.json").write_text("{]")


def delete_behind_its_back(home: Path) -> None:
    settings = load_settings(home=home)
    engine = DenseEngine(open_client(settings), load_embedder(settings))
    engine.delete(engine.sample(1))
    engine.close()


DAMAGES = [
    damage_chroma_database,
    damage_chroma_vectors,
    empty_chroma,
    damage_tantivy_note,
    damage_tantivy_segments,
    foreign_tantivy,
    empty_tantivy,
    lost_note,
    damaged_note,
    delete_behind_its_back,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_index_is_mended_on_opening(settings: Settings, damage: object) -> None:
    store = MemoryStore(PASSAGES)
    Index.open(store, settings).close()
    damage(settings.home)  # type: ignore[operator]
    seen: list[int] = []
    with Index.open(store, settings, progress=lambda done, _: seen.append(done)) as index:
        assert seen[0] == 0, "mending is told of"
        assert not index.behind()
        for passage in PASSAGES:
            hit = index.search([passage.text], filters=EVERYTHING, top_k=1)[0][0]
            assert (hit.passage_id, hit.dense_rank, hit.lexical_rank) == (passage.id, 1, 1)


def test_the_index_of_another_corpus_is_not_used(settings: Settings) -> None:
    Index.open(MemoryStore(PASSAGES), settings).close()
    # as many passages and the same state number, but another corpus at the same place
    others = [a_passage(f"other{number}", f"Another record, number {number}, on steel.") for number in range(3)]
    with Index.open(MemoryStore(others), settings) as index:
        found = sources_found(index, "wheat exports and steel")
        assert sorted(found) == ["other0", "other1", "other2"]
        assert index._dense.count() == index._lexical.count() == 3


def test_another_database_means_comparing(settings: Settings) -> None:
    Index.open(MemoryStore(PASSAGES), settings).close()
    elsewhere = load_settings(home=settings.home, database_url="sqlite:////elsewhere.db")
    mine = [*PASSAGES[:2], a_passage("steel", "Steel output fell in April.")]
    with Index.open(MemoryStore(mine), elsewhere) as index:
        assert set(sources_found(index, "steel wheat delegations")) == {"steel", "wheat", "talks"}
    assert "elsewhere" not in (settings.home / "index.json").read_text()


def test_another_model_builds_another_collection_beside(settings: Settings, tmp_path: Path) -> None:
    folder = copy_of_the_model(settings, tmp_path / "pooled")
    pooling = folder / "1_Pooling" / "config.json"
    changed = json.loads(pooling.read_text()) | {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    pooling.write_text(json.dumps(changed))
    other = load_settings(home=settings.home, embedding_model=str(folder))
    store = MemoryStore(PASSAGES)
    Index.open(store, settings).close()
    with Index.open(store, other) as index:
        assert sources_found(index, "wheat exports")[0] == "wheat"
    assert len(read_states(settings.home / "index.json")) == 3  # Tantivy and two collections
    with Index.open(store, settings) as index:
        assert not index.behind()
        assert index._dense.count() == 3


def test_one_writer_at_a_time_and_readers_meanwhile(settings: Settings) -> None:
    store = MemoryStore(PASSAGES)
    Index.open(store, settings).close()
    store.change(add=[a_passage("steel", "Steel output fell in April.")])
    # behind, and nobody else may write: a reader reads what is there
    with FileLock(settings.home / "index.lock"), Index.open(store, settings) as reader:
        assert reader.behind()
        assert sources_found(reader, "wheat exports")[0] == "wheat"
        with pytest.raises(CorpusBusyError, match="another process"):
            reader.sync()
    with Index.open(store, settings) as index:
        assert sources_found(index, "steel output")[0] == "steel"


def test_a_first_build_by_another_process_is_waited_for(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    with FileLock(settings.home / "index.lock"), pytest.raises(CorpusBusyError):
        Index.open(MemoryStore(PASSAGES), settings)


def test_searching_goes_on_while_an_update_runs(settings: Settings) -> None:
    store = MemoryStore(PASSAGES)
    with Index.open(store, settings) as index:
        store.change(add=[a_passage(f"more{n}", f"Statement {n} on steel and coal.") for n in range(40)])
        problems: list[str] = []
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                if sources_found(index, "wheat exports")[0] != "wheat":
                    problems.append("wheat was not found")

        reader = threading.Thread(target=read)
        reader.start()
        index.sync()
        stop.set()
        reader.join()
        assert problems == []
        assert len(sources_found(index, "statement on steel and coal", top_k=50)) >= 40


def test_a_store_that_never_stops_changing_does_not_hold_the_index_up(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    class Restless(MemoryStore):
        def state(self) -> CorpusState:
            self.number += 1
            return super().state()

    with Index.open(Restless(PASSAGES), settings) as index:
        assert "kept changing" in caplog.text
        assert index.behind()
        assert sources_found(index, "wheat exports")[0] == "wheat"


def test_an_engine_that_does_not_keep_what_it_is_given_is_not_used(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LexicalEngine, "upsert", lambda *_, **__: None)
    with pytest.raises(SearchIndexError, match="holds 0 passages"):
        Index.open(MemoryStore(PASSAGES), settings)
    assert applied_state(settings) is None


@pytest.mark.parametrize("address", ["ftp://host:1", "host:8000", "http://", "javascript:alert(1)"])
def test_an_address_that_is_no_server_is_refused(settings: Settings, address: str) -> None:
    with pytest.raises(SettingsError, match="not an address of a Chroma server"):
        open_client(load_settings(home=settings.home, chroma_url=address))


UPDATE = """
import datetime as dt, sys
from pathlib import Path
from onrecord.corpus import Store
from onrecord.index import Index
from onrecord.records import Document
from onrecord.settings import load_settings
settings = load_settings(home=Path(sys.argv[1]))
documents = [
    Document(
        text=f"Statement number {n} on the production of steel.", media_type="text/plain", content_sha256="0" * 64,
        title="Steel", published=dt.date(2022, 3, 29), metadata={"id": f"steel{n}", "kind": "data", "publisher": "P"},
    )
    for n in range(10)
]
with Store.open(settings) as store:
    store.add_documents(documents)
    Index.open(store, settings).close()
"""


def test_what_another_process_adds_is_found_by_an_open_index(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Chroma writes its graph to disk every so many records; an engine that is open does not see that by itself.
    monkeypatch.setitem(dense_module.HNSW, "sync_threshold", 4)  # type: ignore[misc]
    with Store.open(settings) as store:
        store.add_documents([a_document("The ceasefire will hold for thirty days.")])
        with Index.open(store, settings) as index, Index.open(store, settings) as second:
            subprocess.run([sys.executable, "-c", UPDATE, str(settings.home)], check=True, capture_output=True)  # noqa: S603
            for opened in (index, second, index):
                assert not opened.behind()
                hit = opened.search(["statement number 7 on steel"], filters=EVERYTHING, top_k=1)[0][0]
                assert (hit.passage_id.split("@")[0], hit.dense_rank, hit.lexical_rank) == ("steel7", 1, 1)
            store.add_documents([a_document("The truce will hold for ninety days.")])
            second.sync()
            assert index._dense.count() == index._lexical.count() == 11
            hit = index.search(["truce for ninety days"], filters=EVERYTHING, top_k=1)[0][0]
            assert (hit.dense_rank, hit.lexical_rank) == (1, 1)


def test_one_of_two_indexes_may_be_closed(settings: Settings) -> None:
    store = MemoryStore(PASSAGES)
    with Index.open(store, settings) as first:
        Index.open(store, settings).close()
        assert sources_found(first, "wheat exports")[0] == "wheat"


def test_a_server_that_does_not_answer_is_said_so_and_nothing_is_deleted(settings: Settings) -> None:
    store = MemoryStore(PASSAGES)
    Index.open(store, settings).close()
    with pytest.raises(SearchIndexError, match="server http://127"):
        Index.open(store, load_settings(home=settings.home, chroma_url="http://127.0.0.1:9"))
    assert (settings.home / "chroma" / "chroma.sqlite3").exists()


# With the real corpus


def a_document(text: str, *, publisher: str = "Kremlin", published: dt.date = dt.date(2022, 3, 29)) -> Document:
    return Document(
        text=text,
        media_type="text/plain",
        content_sha256="0" * 64,
        title="A record",
        published=published,
        metadata={"id": "record", "kind": "transcript", "publisher": publisher, "primary": "true"},
    )


def the_texts(store: Store, hits: Sequence[Hit]) -> str:
    return " ".join(passage.text for passage in store.passages([hit.passage_id for hit in hits]))


def test_the_old_text_of_a_changed_source_is_never_found(settings: Settings) -> None:
    with Store.open(settings) as store:
        store.add_documents([a_document("The ceasefire will hold for thirty days. Nobody doubts it.")])
        with Index.open(store, settings) as index:
            query = "ceasefire for thirty days"
            assert "thirty" in the_texts(store, index.search([query], filters=EVERYTHING, top_k=5)[0])
            store.add_documents([a_document("The truce will hold for ninety days. Some doubt it.")])
            assert "thirty" not in the_texts(store, index.search([query], filters=EVERYTHING, top_k=5)[0])
            index.sync()
            assert "ninety" in the_texts(store, index.search([query], filters=EVERYTHING, top_k=5)[0])
            assert index._dense.count() == index._lexical.count() == store.state().passages


def test_a_corrected_publisher_is_what_the_filter_sees(settings: Settings) -> None:
    text = "The ceasefire will hold for thirty days."
    with Store.open(settings) as store:
        store.add_documents([a_document(text)])
        with Index.open(store, settings) as index:
            store.add_documents([a_document(text, publisher="Foreign Ministry")])
            assert index.sync().state == store.state()
            old, new = SearchFilters(publishers=("Kremlin",)), SearchFilters(publishers=("Foreign Ministry",))
            assert index.search(["ceasefire"], filters=old, top_k=5) == [[]]
            assert len(index.search(["ceasefire"], filters=new, top_k=5)[0]) == 1
