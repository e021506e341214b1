"""The index as others see it: open, bring into step with the corpus, search.

Two engines look for every query, by meaning and by words, and their lists are fused by their scores. Both are caches of
the store; what they return is looked up in the store before it leaves, so that a removed, superseded or withdrawn passage
can never be found, even while an update is running.
"""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from onrecord.corpus import lock
from onrecord.errors import CorpusBusyError, ModelError, NotFoundError, OnRecordError, SearchIndexError
from onrecord.index.dense import DenseEngine, close_client, collection_name, forget_embedded, open_client, vector_files
from onrecord.index.embed import Embedder, load_embedder
from onrecord.index.engine import (
    Candidate,
    Engine,
    PassageStore,
    Progress,
    Walked,
    admits,
    day_number,
    fingerprint,
    is_current,
    look_up,
)
from onrecord.index.lexical import ENGINE_NAME, LexicalEngine, matched_words, query_terms, searched
from onrecord.index.quotations import find_passages
from onrecord.index.state import EngineState, database_key, read_states, write_states
from onrecord.records import CorpusState, Hit, Passage, SearchFilters, Span

if TYPE_CHECKING:
    from types import TracebackType

    from onrecord.settings import Settings

logger = logging.getLogger(__name__)

WRITE_BATCH = 2_048
"""Passages read, embedded and added at a time, and how many words an interruption can lose; of the vectors, those that were
written stay. Where every passage has a source of its own, 4,096 hold 40 MB more than 1,024 (measured 2026-11-26)."""
ROOM = 1_000_000
"""Bytes that must be free for a broken cache to be deleted: on a full disk an engine that is whole cannot be opened either."""
ROUNDS = 5
"""How often ``sync`` goes on when the store changed while it worked."""
SAMPLE = 8
"""Passages looked up in the store on opening, to see whether an index belongs to it."""
SAME_WINDOW = 0.9
"""A window is left out when this part of it lies within a better window of the same version.
Measured 2026-11 on passages of three sentences that share one, found by words: leaving out every overlapping window loses
gold evidence within 12 passages (fool_me_twice .935 to .767, scifact .885 to .836, check_covid .655 to .613), leaving out
those that share half still loses 0 to 2 points; a neighbour that brings two new sentences is not a duplicate."""
TIE_DIGITS = 3
"""Fused scores that agree in so many digits are as good as equal."""
_PASSAGE_ID = re.compile(r"(?P<version>.*):(?P<start>\d+)-(?P<end>\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Synced:
    """What bringing the index into step did; ``added`` and ``removed`` count passages."""

    added: int
    removed: int
    state: CorpusState


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one engine lacks and holds too much."""

    engine: Engine
    add: frozenset[str] = frozenset()
    remove: tuple[str, ...] = ()
    walked: Walked | None = None
    """To be compared with every passage of the store: those that were met."""
    anew: bool = False
    """What it holds is to be put in again."""
    empty: bool = False

    def lacking(self, passages: Sequence[Passage]) -> list[Passage]:
        """Return those of the next passages that the engine lacks, or holds with other facts."""
        if self.walked is None:
            return [passage for passage in passages if passage.id in self.add]
        self.walked.meet(passages)
        if self.anew or self.empty:
            return list(passages)
        held = self.engine.held([passage.id for passage in passages], whole=False)
        return [passage for passage in passages if held.get(passage.id) != fingerprint(passage)]

    def strangers(self) -> list[str]:
        """Return the ids of what the engine holds and the store has not, once all of it was met."""
        return [] if self.walked is None or self.empty else list(self.walked.strangers(self.engine))


class _Embedded:
    """What this process knows of one embedded Chroma folder, shared by all indexes opened on it.

    An embedded engine does not notice what another process writes: its graph of neighbours stays as it was loaded (seen with
    Chroma 1.5.9: the count grows, the new vectors are not found). The stamp of the state file tells; then the folder is
    opened anew, and the generation tells every index in this process to take the new engine.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.stamp: tuple[int, int] | None = None
        self.generation = 0


_embedded: dict[Path, _Embedded] = defaultdict(_Embedded)


class Index:
    """The searchable form of a corpus. Made by ``Index.open``; a context manager; safe to use from several threads."""

    def __init__(self, store: PassageStore, settings: Settings, embedder: Embedder) -> None:
        """Prepare; ``open`` is the way in."""
        self.settings = settings
        self.embedder = embedder
        self.store = store
        self._home = settings.home
        self._home.mkdir(parents=True, exist_ok=True)
        self._states = self._home / "index.json"
        self._database = database_key(settings.database_address)
        self._thread_lock = threading.RLock()
        self._shared = _embedded[self._home.resolve()]
        self._generation = -1
        self._coming: Embedder | None = None
        """The model that was asked for, while that of before serves."""
        self._dense: DenseEngine
        self._lexical: LexicalEngine

    @classmethod
    def open(
        cls,
        store: PassageStore,
        settings: Settings,
        *,
        progress: Progress | None = None,
        wait: float = 0.0,
        embedder: Embedder | None = None,
    ) -> Self:
        """Open the index of a store, and bring it into step when it is behind, broken, foreign or missing.

        While another process is updating the index, it is opened as it is: a search finds what is already there. Another
        embedding model than before builds a collection of its own beside the old one; while another process does that, the
        old model and its collection serve, and the first search after it is complete takes the new ones.

        Args:
            store: The corpus.
            settings: Where the index lives (``home``, ``chroma_url``), which model, and how many candidates.
            progress: Called with passages done and passages to do while something is built.
            wait: Seconds to wait for another process that is updating the index: for those who have changed the corpus.
            embedder: Another than the settings name.

        Raises:
            CorpusBusyError: another process is building the index for the first time, or is needed to mend it.
            SearchIndexError: an engine cannot be used and cannot be rebuilt.
            ModelError: the embedding model cannot be loaded.
        """
        index = cls(store, settings, embedder or load_embedder(settings))
        index._open_engines()
        state = store.state()
        if not index._in_step(state):
            try:
                index.sync(progress, wait=wait)
            except CorpusBusyError:
                if not index._usable() and not index._serve_by_former_model():
                    index.close()
                    raise
        return index

    def sync(self, progress: Progress | None = None, *, wait: float = 0.0) -> Synced:
        """Bring both engines into step with the store: delete what is gone, add what is new, mend what is broken.

        An interruption leaves the index usable as far as it came; the next call goes on from there.

        Raises:
            CorpusBusyError: another process is updating the index.
            SearchIndexError: the engines cannot be brought into step.
        """
        added = removed = 0
        with self._writing(wait):
            for _ in range(ROUNDS):
                target = self.store.state()
                if self._in_step(target):
                    break
                more, less = self._bring_into_step(target, progress)
                added, removed = added + more, removed + less
            else:
                logger.warning("the corpus kept changing: the index has reached its state %d", target.number)
        return Synced(added=added, removed=removed, state=target)

    def refill(self, progress: Progress | None = None) -> Synced:
        """Put every passage in again, in place, and take out all others: for a server, whose folder is not here."""
        with self._writing():
            engines = self._engines
            target = self.store.state()
            self._mark(engines)
            plans = [_Plan(engine, walked=Walked(), anew=True) for engine in engines]
            added, removed = self._carry_out(plans, target, progress)
        return Synced(added=added, removed=removed, state=target)

    def behind(self) -> bool:
        """Tell whether the store has changed since the index was last in step (cheap)."""
        return not self._in_step(self.store.state())

    def search(self, queries: Sequence[str], *, filters: SearchFilters, top_k: int) -> list[list[Hit]]:
        """Find the passages that bear on each query.

        Every engine gives its ``settings.candidates`` best passages that pass the filters (more for a large ``top_k``);
        the lists are fused by their scores (see ``fuse``); equal scores are ordered by the better single rank, then by
        similarity, then by id, so that the same index gives the same answer; of passages that tie, those of primary sources
        and the later ones stand first. A window that lies nearly wholly within a better one
        of the same version (``SAME_WINDOW``) is left out.

        Args:
            queries: Texts to search for; all are embedded in one batch.
            filters: What may be found, applied inside both engines' queries.
            top_k: The most hits for one query, at least 1.

        Returns:
            One list for each query, in the order of the queries, best first.

        Raises:
            SearchIndexError: an empty query, a ``top_k`` below 1, or an engine that cannot be used.
        """
        self._check_queries(queries, top_k)
        if not queries:
            return []
        if self._coming is not None:
            self._take_coming_model()
        self._take_news()
        distinct = list(dict.fromkeys(queries))
        limit = max(self.settings.candidates, 2 * top_k)
        dense = self._dense.search(distinct, filters=filters, limit=limit)
        lexical = self._lexical.search(distinct, filters=filters, limit=limit)
        fused = {
            query: fuse(query, by_meaning, by_words, **weights(self.settings))
            for query, by_meaning, by_words in zip(distinct, dense, lexical, strict=True)
        }
        chosen = self._choose(fused, filters, top_k)
        return [chosen[query] for query in queries]

    def search_quotations(self, quotations: Sequence[str], *, filters: SearchFilters) -> list[list[Passage]]:
        """Find the passages that may hold each quotation, whoever they are attributed to; see ``index.quotations``.

        Args:
            quotations: The words between the marks.
            filters: What may be found.

        Returns:
            One list for each quotation, most likely first; empty where nothing shares its words.

        Raises:
            SearchIndexError: the engine cannot be used.
        """
        return find_passages(quotations, self.store, self._lexical, filters=filters)

    def close(self) -> None:
        """Release both engines."""
        if hasattr(self, "_lexical"):
            self._lexical.close()
        with self._shared.lock:
            if hasattr(self, "_dense") and (self.settings.chroma_url or self._generation == self._shared.generation):
                self._dense.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # Searching

    @staticmethod
    def _check_queries(queries: Sequence[str], top_k: int) -> None:
        if isinstance(queries, str):
            message = f"the queries are one string ({queries[:60]!r}); give a list of strings."
            raise SearchIndexError(message)
        for position, query in enumerate(queries):
            if not query.strip():
                message = f"query {position + 1} of {len(queries)} is empty: give it words to search for."
                raise SearchIndexError(message)
        if top_k < 1:
            message = f"top_k = {top_k}: at least 1 is accepted."
            raise SearchIndexError(message)

    def _choose(self, fused: Mapping[str, Iterator[Hit]], filters: SearchFilters, top_k: int) -> dict[str, list[Hit]]:
        """Take the best hits that the store confirms, looking up all queries' passages together."""
        chosen: dict[str, list[Hit]] = {query: [] for query in fused}
        waiting = dict(fused)
        seen: dict[str, Passage | None] = {}
        taken: dict[str, _Windows] = {query: _Windows() for query in fused}
        while waiting:
            # One more round happens only when the store did not confirm some of the passages of the round before.
            drawn = {query: _draw(hits, taken[query], top_k - len(chosen[query])) for query, hits in waiting.items()}
            seen |= look_up({hit.passage_id for hits in drawn.values() for hit in hits} - seen.keys(), self.store)
            for query, hits in drawn.items():
                terms = query_terms(query)
                for hit in hits:
                    passage = seen[hit.passage_id]
                    if passage is None or not is_current(passage) or not admits(filters, passage):
                        continue
                    words = matched_words(terms, searched(passage))
                    chosen[query].append(hit.model_copy(update={"matched_terms": words}))
                if not hits or len(chosen[query]) >= top_k:
                    del waiting[query]
        return {query: sorted(hits, key=lambda hit: _tied(hit, seen)) for query, hits in chosen.items()}

    # Keeping in step

    @property
    def _engines(self) -> tuple[Engine, Engine]:
        return (self._lexical, self._dense)

    def _in_step(self, state: CorpusState) -> bool:
        known = read_states(self._states)
        return all(
            (entry := known.get(engine.name)) is not None
            and entry.clean
            and entry.database == self._database
            and entry.number == state.number
            and entry.passages == engine.count()
            for engine in self._engines
        )

    def _serve_by_former_model(self) -> bool:
        """Take the collection of the model that was in force before, if it was complete and its model is still here."""
        for name, entry in read_states(self._states).items():
            if not entry.model or not entry.clean or entry.database != self._database:
                continue
            try:
                former = load_embedder(self.settings.model_copy(update={"embedding_model": entry.model}))
            except ModelError as problem:
                logger.info("the collection %s cannot serve meanwhile: %s", name, problem)
                continue
            if collection_name(former) == name:
                logger.warning("the vectors of %s are being built; those of %s serve", self.embedder.name, former.name)
                self._coming, self.embedder = self.embedder, former
                self._dense = self._opened_dense()
                return self._usable()
        return False

    def _take_coming_model(self) -> None:
        """Switch to the model that was asked for, once its collection is complete."""
        with self._thread_lock:
            coming = self._coming
            if coming is None:
                return
            entry = read_states(self._states).get(collection_name(coming))
            if entry is not None and entry.clean and entry.database == self._database:
                self.embedder, self._coming = coming, None
                self._dense = self._opened_dense()

    def _usable(self) -> bool:
        """Tell whether the index was complete once, so that it may be searched while another process updates it."""
        known = read_states(self._states)
        return all(
            (entry := known.get(engine.name)) is not None and entry.database == self._database
            for engine in self._engines
        )

    @contextmanager
    def _writing(self, wait: float = 0.0) -> Iterator[None]:
        with self._thread_lock, lock.writing(self.settings, "updating the indexes", name="index", wait=wait):
            # A writer that does not know what was written before would overwrite it.
            self._take_news(unfinished=True)
            yield

    def _stamp(self) -> tuple[int, int] | None:
        """Return what tells one writing of the state file from another; ``None`` when there is none."""
        try:
            status = self._states.stat()
        except FileNotFoundError:
            return None
        return (status.st_mtime_ns, status.st_ino)

    def _take_news(self, *, unfinished: bool = False) -> None:
        """Open the embedded vectors anew when another process has changed them and has finished, or cannot go on."""
        if self.settings.chroma_url or not hasattr(self, "_dense"):
            return
        with self._shared.lock:
            stamp = self._stamp()
            if stamp != self._shared.stamp:
                entry = read_states(self._states).get(self._dense.name)
                if unfinished or entry is None or entry.clean:
                    self._open_anew()
                    self._shared.stamp = stamp
            if self._generation != self._shared.generation:
                self._dense = DenseEngine(open_client(self.settings), self.embedder, vector_files(self.settings))
                self._generation = self._shared.generation

    def _open_anew(self) -> None:
        """Let every index of this process take a new embedded engine."""
        forget_embedded(str(self._home / "chroma"))
        self._shared.generation += 1

    def _mark(self, engines: Sequence[Engine], *, number: int | None = None) -> None:
        """Note that engines are in step with state ``number``, or that they are about to be changed."""
        known = read_states(self._states)
        for engine in engines:
            if number is not None:
                known[engine.name] = EngineState(
                    number=number,
                    passages=engine.count(),
                    database=self._database,
                    clean=True,
                    model=self.embedder.name if engine is self._dense else "",
                )
            elif (entry := known.get(engine.name)) is not None:
                known[engine.name] = entry.model_copy(update={"clean": False})
        with self._shared.lock:
            write_states(self._states, known)
            self._shared.stamp = self._stamp()

    def _bring_into_step(self, target: CorpusState, progress: Progress | None) -> tuple[int, int]:
        """Do one round; return the passages added and removed."""
        plans = self._plans(target)
        self._mark([plan.engine for plan in plans])
        return self._carry_out(plans, target, progress)

    def _carry_out(self, plans: Sequence[_Plan], target: CorpusState, progress: Progress | None) -> tuple[int, int]:
        removed = set[str]()
        try:
            for plan in plans:
                plan.engine.delete(plan.remove)
                removed.update(plan.remove)
            added, walked = self._add(plans, target, progress)
            for plan in plans:
                strangers = plan.strangers()
                plan.engine.delete(strangers)
                removed.update(strangers)
                plan.engine.commit()
        except BaseException:
            # Ctrl-C too: what Chroma has is kept and found again by comparing; Tantivy starts from its last commit.
            for plan in plans:
                plan.engine.rollback()
            raise
        for plan in plans:
            if plan.walked is not None and plan.engine.count() != walked:
                message = (
                    f"{plan.engine.name} holds {plan.engine.count()} passages after it was brought into step, not "
                    f"{walked}. Run 'onrecord corpus rebuild'."
                )
                raise SearchIndexError(message)
        # Should the store have moved on meanwhile, some of that may be here already; to apply it again does no harm.
        self._mark([plan.engine for plan in plans], number=target.number)
        return added, len(removed)

    def _plans(self, target: CorpusState) -> list[_Plan]:
        known = read_states(self._states)
        return [
            self._short_plan(engine, known.get(engine.name), target)
            or _Plan(engine, walked=Walked(), empty=not engine.sample(1))
            for engine in self._engines
        ]

    def _short_plan(self, engine: Engine, entry: EngineState | None, target: CorpusState) -> _Plan | None:
        """Return what the store says has changed, or ``None`` when the engine cannot be trusted to be at its state."""
        if (
            entry is None
            or not entry.clean
            or entry.database != self._database
            or entry.number > target.number
            or entry.passages != engine.count()
        ):
            return None
        try:
            added, removed = self.store.changes_since(entry.number)
        except OnRecordError:
            logger.info("the corpus does not know state %d any more: comparing passage by passage", entry.number)
            return None
        gone = frozenset(removed)
        new = frozenset(added)
        if entry.passages + len(new) - len(gone) != target.passages:
            return None
        return _Plan(engine, new, tuple(sorted(gone)))

    def _walk(self, plans: Sequence[_Plan]) -> Iterator[list[Passage]]:
        """Yield the passages that may have to be added: all of the store's when any engine is to be compared with it."""
        if any(plan.walked is not None for plan in plans):
            yield from self.store.iter_passages(batch_size=WRITE_BATCH)
            return
        ids = sorted(frozenset[str]().union(*(plan.add for plan in plans)))
        for start in range(0, len(ids), WRITE_BATCH):
            yield self.store.passages(ids[start : start + WRITE_BATCH])

    def _add(self, plans: Sequence[_Plan], target: CorpusState, progress: Progress | None) -> tuple[int, int]:
        """Add what is lacking; return how many passages were added to any engine, and how many were looked at."""
        comparing = any(plan.walked is not None for plan in plans)
        total = target.passages if comparing else len(frozenset[str]().union(*(plan.add for plan in plans)))
        report = progress or (lambda _done, _total: None)
        report(0, total)
        added = walked = 0
        for passages in self._walk(plans):
            parts = [(plan.engine, plan.lacking(passages)) for plan in plans]
            done = walked
            for engine, part in parts:
                if not part:
                    continue

                def tick(count: int, end: int = walked + len(part)) -> None:
                    nonlocal done
                    done = min(done + count, end)
                    if done < end:
                        report(done, total)

                engine.upsert(part, progress=tick if engine is self._dense else None)
            added += len({passage.id for _, part in parts for passage in part})
            walked += len(passages)
            report(walked, max(total, walked))
        return added, walked

    # Opening

    def _open_engines(self) -> None:
        """Open both engines; one that is broken or holds another corpus' passages is emptied, to be filled by ``sync``."""
        self._lexical = self._opened_lexical()
        self._dense = self._opened_dense()
        foreign = [engine for engine in self._engines if not self._belongs(engine)]
        if foreign:
            names = " and ".join(engine.name for engine in foreign)
            logger.warning("the index (%s) holds passages that the corpus does not know: comparing with it", names)
            self._mark(foreign)

    def _opened_lexical(self) -> LexicalEngine:
        folder = self._home / "tantivy"

        def attempt() -> LexicalEngine:
            engine = LexicalEngine(folder)
            engine.probe()
            return engine

        try:
            return attempt()
        except SearchIndexError as problem:
            with self._writing():
                self._clear_away(folder, problem)
                return attempt()

    def _opened_dense(self) -> DenseEngine:
        if self.settings.chroma_url:
            return self._attempt_dense()
        with self._shared.lock:
            stamp = self._stamp()
            if stamp != self._shared.stamp:
                self._open_anew()
                self._shared.stamp = stamp
            try:
                engine = self._attempt_dense()
            except SearchIndexError as problem:
                with self._writing():
                    self._clear_away(self._home / "chroma", problem)
                    self._open_anew()
                    engine = self._attempt_dense()
            self._generation = self._shared.generation
            return engine

    def _attempt_dense(self) -> DenseEngine:
        client = open_client(self.settings)
        try:
            engine = DenseEngine(client, self.embedder, vector_files(self.settings))
            engine.probe()
        except SearchIndexError:
            close_client(client)
            raise
        return engine

    def _clear_away(self, folder: Path, problem: SearchIndexError) -> None:
        """Delete a broken cache, unless a full disk breaks it. Only the two folders that this module names are ever passed.

        Raises:
            SearchIndexError: it cannot be deleted, or there is no room to build it again.
        """
        try:
            with tempfile.TemporaryFile(dir=self._home) as trial:
                trial.write(bytes(ROOM))
                trial.flush()
        except OSError as refusal:
            message = (
                f"nothing can be written in {self._home} ({refusal.strerror}), so the index in {folder} is left as it is and "
                f"cannot be used: {problem} Free some space first."
            )
            raise SearchIndexError(message) from problem
        logger.warning("%s Building it again.", problem)
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            message = f"the broken index folder {folder} cannot be deleted: delete it by hand and try again."
            raise SearchIndexError(message) from problem

    def _belongs(self, engine: Engine) -> bool:
        sample = engine.sample(SAMPLE)
        try:
            self.store.passages(sample)
        except NotFoundError:
            return False
        return True


def weights(settings: Settings) -> dict[str, float]:
    """Return the weights that ``fuse`` takes."""
    return {
        "weight": settings.dense_weight,
        "document_weight": settings.document_weight,
        "best_weight": settings.best_passage_weight,
    }


def fuse(  # noqa: PLR0913  what is found, and its weights
    query: str,
    dense: Sequence[Candidate],
    lexical: Sequence[Candidate],
    *,
    weight: float,
    document_weight: float = 0.0,
    best_weight: float = 0.0,
) -> Iterator[Hit]:
    """Yield what two ranked lists hold, best first: by the weighted sum of scores, each list's brought to [0, 1].

    Its last is 0 and its first 1: how far the first is ahead of the others counts, which ranks alone do not tell. What a list
    does not hold has 0 from it, as its last has. A passage gains by the second and third best of its version, which tell that
    the whole is about the query; and a share of its score is that of the version's best, which leaves the order of versions
    as it is and brings more passages of the good ones.
    `evals/results/search-ablation.md` has the measurement beside reciprocal rank fusion.

    Args:
        query: What was searched for.
        dense: Found by meaning.
        lexical: Found by words.
        weight: Of the meaning, in [0, 1]; the words have the rest.
        document_weight: Of the other passages of a version.
        best_weight: Of the best passage of a version, in [0, 1]; the passage itself has the rest.

    >>> by_words = [Candidate("b:0-1", 7.0), Candidate("a:0-1", 6.0)]
    >>> [(hit.passage_id, hit.fused_score) for hit in fuse("q", [Candidate("a:0-1", 0.9)], by_words, weight=0.5)]
    [('a:0-1', 0.5), ('b:0-1', 0.5)]
    """
    ranks: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
    total: dict[str, float] = defaultdict(float)
    for name, candidates, share in (("dense", dense, weight), ("lexical", lexical, 1.0 - weight)):
        scores = [candidate.score for candidate in candidates]
        low, width = (min(scores), max(scores) - min(scores)) if scores else (0.0, 0.0)
        for rank, candidate in enumerate(candidates, start=1):
            # An id that an engine gives twice counts where it stands higher.
            if name not in ranks[candidate.passage_id]:
                ranks[candidate.passage_id][name] = (rank, candidate.score)
                total[candidate.passage_id] += share * ((candidate.score - low) / width if width else 1.0)
    by_version: dict[str, list[float]] = defaultdict(list)
    for identity, score in total.items():
        by_version[_version(identity)].append(score)
    shared = {
        version: best_weight * max(scores) + document_weight * sum(sorted(scores)[-3:-1])
        for version, scores in by_version.items()
    }
    fused = {identity: (1.0 - best_weight) * total[identity] + shared[_version(identity)] for identity in ranks}

    def order(identity: str) -> tuple[float, int, float, str]:
        found = ranks[identity]
        best_rank = min(rank for rank, _ in found.values())
        similarity = found["dense"][1] if "dense" in found else 0.0
        return (-fused[identity], best_rank, -similarity, identity)

    # Few of the hundreds are ever asked for: records are made of those alone.
    for identity in sorted(ranks, key=order):
        dense_rank, dense_score = ranks[identity].get("dense", (None, None))
        lexical_rank, lexical_score = ranks[identity].get("lexical", (None, None))
        yield Hit(
            passage_id=identity,
            query=query,
            dense_rank=dense_rank,
            dense_score=dense_score,
            lexical_rank=lexical_rank,
            lexical_score=lexical_score,
            fused_score=fused[identity],
        )


def _version(passage_id: str) -> str:
    return passage_id.rpartition(":")[0]


def _tied(hit: Hit, known: Mapping[str, Passage | None]) -> tuple[float, bool, int]:
    """Order hits whose scores are as good as equal: primary sources first, then what was published later."""
    passage = known[hit.passage_id]
    day = day_number(passage) if passage else None
    return (-round(hit.fused_score, TIE_DIGITS), not (passage and passage.source.primary), -(day or 0))


class _Windows:
    """The windows taken for one query, to leave out others that say nothing new."""

    def __init__(self) -> None:
        self._spans: dict[str, list[Span]] = defaultdict(list)

    def take(self, passage_id: str) -> bool:
        """Take a window unless it lies nearly within one that was taken; tell whether it was taken."""
        parts = _PASSAGE_ID.fullmatch(passage_id)
        if parts is None:
            return True
        span = Span(start=int(parts["start"]), end=int(parts["end"]))
        taken = self._spans[parts["version"]]
        if any(_within(span, other) for other in taken):
            return False
        taken.append(span)
        return True


def _within(span: Span, other: Span) -> bool:
    shared = min(span.end, other.end) - max(span.start, other.start)
    return shared > 0 and shared >= SAME_WINDOW * (span.end - span.start)


def _draw(hits: Iterator[Hit], windows: _Windows, number: int) -> list[Hit]:
    drawn: list[Hit] = []
    for hit in hits:
        if windows.take(hit.passage_id):
            drawn.append(hit)
            if len(drawn) == number:
                break
    return drawn


@contextmanager
def distrusted(settings: Settings) -> Iterator[None]:
    """Keep everybody from mending the indexes while the store is replaced under them; then they are compared with it.

    Raises:
        CorpusBusyError: another process is updating them.
    """
    states = settings.home / "index.json"
    with lock.writing(settings, "replacing the corpus", name="index"):
        known = read_states(states)
        if known:
            write_states(states, {name: entry.model_copy(update={"clean": False}) for name, entry in known.items()})
        yield


def applied_state(settings: Settings) -> int | None:
    """Return the store's state number that both engines have reached, from their notes alone; ``None``: not built.

    Opens no engine and loads no network, so it answers in the time that hashing the model takes (a tenth of a second).
    """
    known = read_states(settings.home / "index.json")
    database = database_key(settings.database_address)
    numbers: list[int] = []
    for name in (ENGINE_NAME, collection_name(load_embedder(settings))):
        entry = known.get(name)
        if entry is None or not entry.clean or entry.database != database:
            return None
        numbers.append(entry.number)
    return min(numbers)
