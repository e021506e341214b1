"""Search by meaning: cosine similarity of sentence embeddings in a Chroma collection, through LangChain.

The collection is named by the embedding model's hash and by how a passage is worded for it, so another model builds
another collection beside the old one. Chroma itself computes no embeddings here and sends nothing anywhere.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from onrecord.errors import OnRecordError, SearchIndexError, SettingsError
from onrecord.index.embed import CHUNK_SIZE
from onrecord.index.engine import (
    Candidate,
    day_number,
    day_range,
    encodable,
    filter_key,
    fingerprint,
    speakers_of,
)
from onrecord.index.vectors import Row, Vectors, rows_of
from onrecord.memory import give_back

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from langchain_core.embeddings import Embeddings
    from numpy.typing import NDArray

    from onrecord.index.embed import Embedder
    from onrecord.records import Passage, SearchFilters
    from onrecord.settings import Settings

logger = logging.getLogger(__name__)

WORDING_NUMBER = 2
"""Grows with every change of ``wording`` or of the metadata; part of the collection's name."""
BATCH_LIMIT = 5_000
"""Records in one call; Chroma's embedded client refuses more than 5,461."""
HNSW: CreateHNSWConfiguration = {"space": "cosine", "ef_construction": 200, "ef_search": 400, "max_neighbors": 32}
"""Graph of the nearest neighbours. Chroma's defaults (100, 100, 16) lose a quarter of the 60 nearest in 20,000."""
MOST_KEPT = 16_384
"""Vectors of removed passages kept in memory until the commit: 25 MB."""


_opening = threading.Lock()
"""Chroma's table of embedded engines is not safe against two threads that open the same folder at once."""


def wording(passage: Passage) -> str:
    """Return the text that is embedded for a passage."""
    title = passage.source.title.strip()
    return encodable(f"{title}\n{passage.text}" if title else passage.text)


def open_client(settings: Settings) -> ClientAPI:
    """Return a Chroma client: of the server at ``settings.chroma_url``, else embedded in ``home/chroma``.

    Raises:
        SettingsError: the address is not an http(s) address.
        SearchIndexError: the folder cannot be opened, or no server answers.
    """
    import chromadb  # noqa: PLC0415  takes a second
    from chromadb.config import Settings as ChromaSettings  # noqa: PLC0415

    quiet = ChromaSettings(anonymized_telemetry=False)
    client: ClientAPI
    if not settings.chroma_url:
        folder = settings.home / "chroma"
        folder.mkdir(parents=True, exist_ok=True)
        with _opening, _guard(f"folder {folder}"):
            try:
                client = chromadb.PersistentClient(path=str(folder), settings=quiet)
            except BaseException:
                forget_embedded(str(folder))
                raise
        return client
    address = urlsplit(settings.chroma_url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        message = (
            f"chroma_url = {settings.chroma_url!r} is not an address of a Chroma server; accepted is "
            "http://HOST:PORT or https://HOST:PORT, or nothing for the embedded engine."
        )
        raise SettingsError(message)
    secure = address.scheme == "https"
    port = address.port or (443 if secure else 8000)
    with _guard(f"server {settings.chroma_url}"):
        client = chromadb.HttpClient(host=address.hostname, port=port, ssl=secure, settings=quiet)
    return client


def forget_embedded(path: str) -> None:
    """Make Chroma open this folder anew for the next client.

    It keeps one engine for each path, also one that could not be started, and one whose files another process has changed
    since. Queries that still run on the old engine end on it; its clients must not be closed afterwards, for that would be
    counted against the new one.
    """
    from chromadb.api.shared_system_client import SharedSystemClient  # noqa: PLC0415

    SharedSystemClient._identifier_to_system.pop(path, None)  # noqa: SLF001  there is no public way for one path
    SharedSystemClient._identifier_to_refcount.pop(path, None)  # noqa: SLF001


def vector_files(settings: Settings) -> Path | None:
    """Return where the files of an embedded collection lie: in its own folder, so that they go where it goes."""
    return None if settings.chroma_url else settings.home / "chroma" / "vectors"


def close_client(client: ClientAPI) -> None:
    """Release a client; an embedded engine ends with its last client."""
    close = getattr(client, "close", None)  # not part of the declared interface
    if close is not None:
        close()


def collection_name(embedder: Embedder) -> str:
    """Return the name of the collection of an embedding model: another model or wording builds another one."""
    return f"passages-{embedder.fingerprint[:16]}-{WORDING_NUMBER}"


class DenseEngine:
    """A Chroma collection of passage embeddings."""

    def __init__(self, client: ClientAPI, embedder: Embedder, folder: Path | None = None) -> None:
        """Open the collection of this embedding model, or make an empty one.

        Args:
            client: See ``open_client``.
            embedder: Makes the vectors.
            folder: Where the vectors lie once more as files that are searched faster (see ``vectors``), in a folder of the
                collection's name; ``None``: Chroma itself is searched.

        Raises:
            SearchIndexError: what is there is broken.
        """
        from langchain_chroma import Chroma  # noqa: PLC0415  takes a second

        self._client = client
        self._embedder = embedder
        self._name = collection_name(embedder)
        self._where = f"collection {self._name}"
        self._vectors = Vectors(folder / self._name) if folder else None
        self._database = folder.parent / "chroma.sqlite3" if folder else None
        self._removed: dict[str, NDArray[np.float32]] = {}
        """Vectors of what was removed since the last commit, by fingerprint. Where one line of a long text changes, all of its
        passages get new ids, and nearly all say the same: these are not embedded again."""
        with _guard(self._where):
            self.vector_store = Chroma(
                client=client,
                collection_name=self._name,
                embedding_function=langchain_embeddings(embedder),
                collection_configuration={"hnsw": HNSW},
            )
            """The same collection as LangChain sees it."""
            # Batches of queries are not in LangChain's vector-store interface: those go to the collection itself.
            self._collection = client.get_collection(self._name, embedding_function=None)

    @property
    def name(self) -> str:
        """Name of the collection: model and wording."""
        return self._name

    def count(self) -> int:
        """Return how many passages can be found: what the collection holds, or fewer where the files lack some."""
        held = self._collected()
        return held if self._vectors is None else min(held, self._vectors.count())

    def _collected(self) -> int:
        resting = self._resting()
        if resting is not None:
            return resting[0]
        with _guard(self._where):
            return int(self._collection.count())

    def _resting(self, size: int = 0) -> tuple[int, list[str]] | None:
        """Return how many passages an embedded collection holds, and ``size`` ids; ``None`` where it must be asked itself.

        Before its first answer of any kind Chroma reads its graph and puts in what came since that was last written, which
        takes .8 s of processor time for 40,894 passages, and the graph is not what is searched. So its database is read
        instead, 8 ms, where nothing waits there to be counted.
        """
        if self._database is None:
            return None
        try:
            with closing(sqlite3.connect(f"{self._database.absolute().as_uri()}?mode=ro", uri=True)) as database:
                ((segment, waiting),) = database.execute(
                    "SELECT segments.id, (SELECT COUNT(*) FROM embeddings_queue WHERE seq_id > max_seq_id.seq_id "
                    "AND topic LIKE '%/' || segments.collection) "
                    "FROM segments JOIN collections ON segments.collection = collections.id "
                    "JOIN max_seq_id ON max_seq_id.segment_id = segments.id "
                    "WHERE collections.name = ? AND segments.scope = 'METADATA'",
                    (self._name,),
                )
                ((held,),) = database.execute("SELECT COUNT(*) FROM embeddings WHERE segment_id = ?", (segment,))
                ids = database.execute(
                    "SELECT embedding_id FROM embeddings WHERE segment_id = ? LIMIT ?", (segment, size)
                )
                return None if waiting else (int(held), [str(identity) for (identity,) in ids])
        except (
            sqlite3.Error,
            ValueError,
        ):  # of another version of Chroma's, of no passage yet, or damaged: Chroma will say so
            return None

    def _begin(self) -> None:
        """Tell the files of a change to come."""
        if self._vectors is not None:
            with _guard(self._where):
                self._vectors.begin(empty=not self._vectors.usable and not self._collected())

    def fingerprints(self) -> Iterator[dict[str, str]]:
        """Yield the fingerprint of every passage held, by id, some thousand at a time."""
        for page in self._pages("metadatas"):
            yield {
                identity: str((metadata or {}).get("fingerprint", ""))
                for identity, metadata in zip(page["ids"], page["metadatas"], strict=True)
            }

    def _pages(self, *include: str) -> Iterator[Mapping[str, Any]]:
        """Yield all that the collection holds, some thousand records at a time."""
        offset = 0
        while True:
            with _guard(self._where):
                page: Any = self._collection.get(include=list(include), limit=BATCH_LIMIT, offset=offset)  # type: ignore[arg-type]
            if page["ids"]:
                yield page
            if len(page["ids"]) < BATCH_LIMIT:
                return
            offset += BATCH_LIMIT

    def held(self, ids: Sequence[str], *, whole: bool = True) -> dict[str, str]:
        """Return the fingerprint of those of the passages ``ids`` that are held: ``whole``, with a vector of length 1."""
        found: dict[str, str] = {}
        for start in range(0, len(ids), BATCH_LIMIT):
            some = list(ids[start : start + BATCH_LIMIT])
            with _guard(self._where):
                page = self._collection.get(ids=some, include=["metadatas", "embeddings"] if whole else ["metadatas"])
            vectors: Any = page["embeddings"] if whole else [None] * len(page["ids"])
            for identity, metadata, vector in zip(page["ids"], page["metadatas"] or (), vectors, strict=True):
                if vector is None or _sound(vector):
                    found[identity] = str((metadata or {}).get("fingerprint", ""))
        return found

    def upsert(self, passages: Sequence[Passage], *, progress: Callable[[int], None] | None = None) -> None:
        """Embed passages and add them, replacing those with the same id."""
        # The network gets the longest first, so that little is computed on padding, and works on the next part while the one
        # before is being written: Chroma takes a millisecond for a passage, and holds no lock of Python's.
        texts = [wording(passage) for passage in passages]
        order = sorted(range(len(texts)), key=lambda position: -len(texts[position]))
        self._begin()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="vectors") as writer:
            written: Future[None] | None = None
            for start in range(0, len(order), CHUNK_SIZE):
                part = order[start : start + CHUNK_SIZE]
                some = [passages[position] for position in part]
                vectors = self._embedded(some, [texts[position] for position in part])
                if written is not None:
                    written.result()
                written = writer.submit(self._write, some, vectors)
                give_back()
                if progress is not None:
                    progress(len(part))
            if written is not None:
                written.result()

    def _embedded(self, passages: Sequence[Passage], texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of passages that are worded so: those of removed ones that said the same, or new ones."""
        known = [self._removed.get(fingerprint(passage)) for passage in passages] if self._removed else []
        if not any(vector is not None for vector in known):
            return self._embedder.encode(texts)
        new = [text for text, vector in zip(texts, known, strict=True) if vector is None]
        made = iter(self._embedder.encode(new) if new else ())
        return np.stack([next(made) if vector is None else vector for vector in known])

    def _write(self, passages: Sequence[Passage], vectors: NDArray[np.float32]) -> None:
        ids = [passage.id for passage in passages]
        metadata = [metadata_of(passage) for passage in passages]
        with _guard(self._where):
            self._collection.upsert(
                ids=ids,
                embeddings=vectors,
                metadatas=metadata,  # type: ignore[arg-type]
                documents=[encodable(passage.text) for passage in passages],
            )
        if self._vectors is not None:
            self._vectors.add(map(Row, ids, vectors, metadata))

    def delete(self, ids: Sequence[str]) -> None:
        """Remove passages; ids that are not held are ignored."""
        if not ids:
            return
        self._begin()
        if self._vectors is not None:
            self._vectors.remove(ids)
        for start in range(0, len(ids), BATCH_LIMIT):
            some = list(ids[start : start + BATCH_LIMIT])
            with suppress(SearchIndexError):  # what cannot be read is embedded again
                self._keep(some)
            with _guard(self._where):
                self._collection.delete(ids=some)

    def _keep(self, ids: Sequence[str]) -> None:
        """Remember the vectors of passages that are about to be removed."""
        if len(self._removed) >= MOST_KEPT:
            return
        with _guard(self._where):
            page = self._collection.get(ids=list(ids), include=["metadatas", "embeddings"])
        vectors: Any = page["embeddings"]
        for metadata, vector in zip(page["metadatas"] or (), vectors, strict=True):
            if _sound(vector):
                self._removed[str((metadata or {}).get("fingerprint", ""))] = vector

    def commit(self) -> None:
        """Let the files say what the collection holds; every call to Chroma is durable when it returns."""
        self._removed = {}
        if self._vectors is None:
            return
        with _guard(self._where):
            self._commit_files(self._vectors)

    def _commit_files(self, files: Vectors) -> None:
        if files.trusted:
            files.commit()
        if not files.trusted or files.count() != self._collected():
            logger.info("the vectors of %s are written anew from the collection", self._where)
            files.rewrite(rows_of(self._pages("embeddings", "metadatas")))

    def rollback(self) -> None:
        """Forget what the files do not have yet; what Chroma has, it keeps."""
        self._removed = {}
        if self._vectors is not None:
            self._vectors.forget()

    def sample(self, size: int) -> list[str]:
        """Return up to ``size`` ids that are held."""
        resting = self._resting(size)
        if resting is not None:
            return resting[1]
        with _guard(self._where):
            return list(self._collection.get(limit=size, include=[])["ids"])

    def probe(self) -> None:
        """Search for the vector of one passage that is held.

        Chroma's graph is read into memory for any vector that it is asked for, half a second for 100,000 passages. So it is
        asked only where it may be needed: where there are no files, or a change has not ended.

        Raises:
            SearchIndexError: nothing at that place is found.
        """
        with _guard(self._where):
            if self._vectors is not None and self._vectors.trusted:
                if not all(map(self._vectors.finds, self.sample(1))):
                    raise _broken(self._where, "a passage that it holds is not in its files")
                return
            page = self._collection.get(limit=1, include=["embeddings"])
            if not page["ids"]:
                return
            answer = self._collection.query(query_embeddings=page["embeddings"], n_results=1, include=["distances"])
        distances = (answer["distances"] or [[]])[0]
        if not distances or distances[0] > 1e-3:  # noqa: PLR2004  rounding of float32 is below 1e-6
            raise _broken(self._where, "a passage that it holds cannot be found")

    def search(self, queries: Sequence[str], *, filters: SearchFilters, limit: int) -> list[list[Candidate]]:
        """Return the nearest passages for each query; the score is the cosine similarity in [-1, 1]."""
        if not queries:
            return []
        vectors = self._embedder.encode_claims(queries)
        if self._vectors is not None and self._vectors.usable:
            return self._vectors.search(vectors, filters=filters, limit=limit)
        with _guard(self._where):
            answer = self._collection.query(
                query_embeddings=vectors, n_results=limit, where=where_clause(filters), include=["distances"]
            )
        found = []
        for ids, distances in zip(answer["ids"], answer["distances"] or (), strict=True):
            candidates = [
                Candidate(identity, max(-1.0, min(1.0, 1.0 - float(distance))))
                for identity, distance in zip(ids, distances, strict=True)
            ]
            found.append(sorted(candidates, key=lambda candidate: (-candidate.score, candidate.passage_id)))
        return found

    def close(self) -> None:
        """Release the client."""
        close_client(self._client)


def _sound(vector: NDArray[np.float32]) -> bool:
    """Tell whether a vector has length 1, as the embedder makes them."""
    return abs(float(vector @ vector) - 1.0) < 1e-3  # noqa: PLR2004  float32 rounds below 1e-6


def where_clause(filters: SearchFilters) -> dict[str, Any] | None:
    """Return the filters in Chroma's language, ``None`` when they admit everything."""
    clauses: list[dict[str, Any]] = []
    if filters.kinds:
        clauses.append({"kind": {"$in": [kind.value for kind in filters.kinds]}})
    if filters.primary_only:
        clauses.append({"primary": True})
    if filters.publishers:
        clauses.append({"publisher": {"$in": [encodable(filter_key(name)) for name in filters.publishers]}})
    if filters.speakers:
        speakers = [{"speakers": {"$contains": encodable(filter_key(name))}} for name in filters.speakers]
        clauses.append(speakers[0] if len(speakers) == 1 else {"$or": speakers})
    if filters.languages:
        clauses.append({"language": {"$in": [encodable(filter_key(name)) for name in filters.languages]}})
    if filters.collections:
        clauses.append({"collection": {"$in": [encodable(filter_key(name)) for name in filters.collections]}})
    first, last = day_range(filters)
    clauses += [{"published": {sign: day}} for sign, day in (("$gte", first), ("$lte", last)) if day is not None]
    if not clauses:
        return None
    return clauses[0] if len(clauses) == 1 else {"$and": clauses}


def langchain_embeddings(embedder: Embedder) -> Embeddings:
    """Return the embedder as LangChain's ``Embeddings``."""
    from langchain_core.embeddings import Embeddings  # noqa: PLC0415  takes half a second

    class _Adapter(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            vectors: list[list[float]] = embedder.encode(texts).tolist()
            return vectors

        def embed_query(self, text: str) -> list[float]:
            vector: list[float] = embedder.encode_claims([text])[0].tolist()
            return vector

    return _Adapter()


def metadata_of(passage: Passage) -> dict[str, Any]:
    """Return what a collection holds of a passage beside text and vector: what the filters ask for."""
    source = passage.source
    metadata: dict[str, Any] = {
        "source_id": encodable(source.id),
        "kind": source.kind.value,
        "primary": source.primary,
        "publisher": encodable(filter_key(source.publisher)),
        "language": encodable(filter_key(source.language)),
        "fingerprint": fingerprint(passage),
    }
    # Chroma refuses empty lists and null values: what is unknown is absent, and no filter matches it.
    speakers = [encodable(name) for name in speakers_of(passage)]
    if speakers:
        metadata["speakers"] = speakers
    if source.collection:
        metadata["collection"] = encodable(filter_key(source.collection))
    day = day_number(passage)
    if day is not None:
        metadata["published"] = day
    return metadata


@contextmanager
def _guard(what: str) -> Iterator[None]:
    try:
        yield
    except OnRecordError:
        raise
    except Exception as error:
        # Chroma raises its own tree, sqlite3's, httpx's and bare exceptions from its native code: all mean the same here.
        raise _broken(what, str(error) or type(error).__name__) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _broken(what, str(error)) from error


def _broken(what: str, why: str) -> SearchIndexError:
    return SearchIndexError(
        f"the vector index ({what}) cannot be used: {why}. It is a cache: open the index anew, and it is built "
        "again from the corpus."
    )
