"""Looking after the indexes: compare them with the store, and build them anew beside those in use."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from onrecord.corpus import lock
from onrecord.errors import NotFoundError, SearchIndexError
from onrecord.index.dense import DenseEngine, close_client, forget_embedded, open_client, vector_files
from onrecord.index.embed import load_embedder
from onrecord.index.engine import Engine, PassageStore, Progress, Walked, fingerprint
from onrecord.index.lexical import ENGINE_NAME, LexicalEngine
from onrecord.index.search import Index, Synced, distrusted
from onrecord.index.state import EngineState, database_key, read_states
from onrecord.records import Difference, Passage

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

    from onrecord.corpus.journal import Journal
    from onrecord.settings import Settings

logger = logging.getLogger(__name__)

BESIDE = "rebuilding"
"""Folder in the home where the indexes are built anew."""
PAGE = 1_000
"""Passages compared at a time."""
EXCHANGE_WAIT_SECONDS = 30.0
"""How long a finished build waits for a reader that is mending the old index."""


def rebuild(store: PassageStore, settings: Settings, *, journal: Journal, progress: Progress | None = None) -> Synced:
    """Build both indexes from the store in a folder of their own, and put them in the place of the old ones.

    Searches go on in the old ones meanwhile. Killed before both are complete, nothing has changed; killed later, the journal
    finishes the exchange. Vectors on a Chroma server are put in again where they are.

    Raises:
        CorpusBusyError: another process is updating the indexes.
        SearchIndexError, ModelError: they cannot be built.
    """
    if settings.chroma_url:
        with Index.open(store, settings) as index:
            return index.refill(progress)
    folder = settings.home / BESIDE
    beside = settings.model_copy(update={"home": folder, "database_url": settings.database_address})
    journal.step("building the indexes beside those in use", undo=(BESIDE,))
    shutil.rmtree(folder, ignore_errors=True)
    with Index.open(store, beside, progress=progress) as index:
        synced = Synced(added=index.store.state().passages, removed=0, state=store.state())
    forget_embedded(str(folder / "chroma"))
    with lock.writing(settings, "exchanging the indexes", name="index", wait=EXCHANGE_WAIT_SECONDS):
        moves = tuple((f"{BESIDE}/{name}", name) for name in ("chroma", "tantivy", "index.json"))
        journal.step("exchanging the indexes", moves=moves)
        journal.end()
    forget_embedded(str(settings.home / "chroma"))
    return synced


def differences(store: PassageStore, settings: Settings) -> Iterator[Difference]:
    """Compare both indexes with the store, passage by passage, mending nothing. Nobody may write meanwhile.

    Raises:
        ModelError: the embedding model cannot be loaded.
    """
    known = read_states(settings.home / "index.json")
    database = database_key(settings.database_address)
    embedder = load_embedder(settings)
    folder = settings.home / "tantivy"
    try:
        if not folder.is_dir():
            yield _missing("words", folder)
        else:
            lexical = LexicalEngine(folder)
            yield from _of_engine("words", lexical, store, known.get(ENGINE_NAME), database)
            lexical.close()
    except SearchIndexError as problem:
        yield _broken("words", folder, problem)
    folder = settings.home / "chroma"
    try:
        if not settings.chroma_url and not folder.is_dir():
            yield _missing("vectors", folder)
            return
        client = open_client(settings)
        try:
            dense = DenseEngine(client, embedder, vector_files(settings))
            yield from _of_engine("vectors", dense, store, known.get(dense.name), database)
        finally:
            close_client(client)
    except SearchIndexError as problem:
        yield _broken("vectors", folder, problem)


def _of_engine(
    part: Literal["words", "vectors"], engine: Engine, store: PassageStore, entry: EngineState | None, database: str
) -> Iterator[Difference]:
    state = store.state()
    if entry is None or entry.database != database:
        yield _difference(
            part, engine.name, "its note of the state it has reached is missing, or is about another database"
        )
    elif not entry.clean or entry.number != state.number:
        yield _difference(part, engine.name, f"is at state {entry.number}, the store at {state.number}")
    walked = Walked()
    matched = 0
    for passages in store.iter_passages(batch_size=PAGE):
        there = engine.held([passage.id for passage in passages])
        matched += len(there)
        walked.meet(passages)
        yield from (found for passage in passages if (found := _of_passage(part, passage, there.get(passage.id))))
    # Of everything held, not of ``count``: what stands in the collection and not in the files beside it is not found, but is
    # there.
    strangers = 0
    for identity in walked.strangers(engine):
        strangers += 1
        yield _of_stranger(part, identity, store)
    surplus = engine.count() - matched - strangers
    if surplus > 0:
        yield _difference(part, engine.name, f"holds {surplus} passages twice, or without a usable vector")
    elif surplus < 0:
        yield _difference(part, engine.name, f"holds {-surplus} passages that cannot be found")
    # Last, because it ends the comparison: it says that something is wrong, and not with which passage.
    engine.probe()


def _of_passage(part: Literal["words", "vectors"], passage: Passage, mark: str | None) -> Difference | None:
    if mark is None:
        return _difference(part, passage.id, "is on the record and missing here")
    if mark != fingerprint(passage):
        return _difference(part, passage.id, "is held with other text or facts than are on the record")
    return None


def _of_stranger(part: Literal["words", "vectors"], identity: str, store: PassageStore) -> Difference:
    """Say of what is held and is not current whether it was ever on the record."""
    try:
        store.passages([identity])
    except NotFoundError:
        return _difference(part, identity, "is held here and was never on the record")
    return _difference(part, identity, "is held here and is no longer current")


def _difference(part: Literal["words", "vectors"], subject: str, what: str) -> Difference:
    return Difference(part=part, subject=subject, what=what, mendable=True)


def _missing(part: Literal["words", "vectors"], folder: Path) -> Difference:
    return _difference(part, str(folder), "is missing")


def _broken(part: Literal["words", "vectors"], folder: Path, problem: SearchIndexError) -> Difference:
    return _difference(part, str(folder), f"cannot be used: {problem}")


def mend(store: PassageStore, settings: Settings, found: Sequence[Difference]) -> None:
    """Take away what differs, and bring the indexes into step again: words are read anew, vectors only where they differ.

    Raises:
        CorpusBusyError: another process is updating the indexes.
        SearchIndexError, ModelError: they cannot be mended.
    """
    with distrusted(settings):
        if any(difference.part == "words" for difference in found):
            shutil.rmtree(settings.home / "tantivy", ignore_errors=True)
        vectors = [difference.subject for difference in found if difference.part == "vectors"]
        if vectors:
            try:
                client = open_client(settings)
                try:
                    DenseEngine(client, load_embedder(settings), vector_files(settings)).delete(vectors)
                finally:
                    close_client(client)
            except SearchIndexError as problem:  # it is built again when it is opened
                logger.info("nothing can be deleted from the broken vector index: %s", problem)
    Index.open(store, settings).close()
