"""Search by words: BM25 over stemmed English in a Tantivy index.

User text never reaches a query parser. It goes through the index's own analyser, and the query is built from the tokens
that come out, so quotation marks, colons, brackets or operators in a claim mean nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.errors import SearchIndexError
from onrecord.index.engine import (
    Candidate,
    day_number,
    day_range,
    encodable,
    filter_key,
    fingerprint,
    key_of,
    speakers_of,
    who_speaks,
)
from onrecord.records import Span
from onrecord.text import day

if TYPE_CHECKING:
    import tantivy

    from onrecord.records import Passage, SearchFilters

ANALYSER = "onrecord_english"
SCHEMA_NUMBER = 4
"""Grows with every change of fields or analysis; a folder built under another number is built again."""
ENGINE_NAME = f"tantivy-{SCHEMA_NUMBER}"
WRITER_MEMORY = 16_000_000
"""Bytes that the writer may fill before it writes a segment; Tantivy takes no fewer than 15 million."""
PAGE = 4_096
"""Passages listed at a time."""
MAX_TERMS = 256
"""Different words of one query that are searched; a claim has some twenty."""
MAX_TOKEN_BYTES = 60

STOP_WORDS = frozenset(
    """
    a about after all also an and any are as at be because been but by can could did do does for from had has have he her him
    his how i if in into is it its just me more most my no nor not of on or our s she so some such t than that the their them
    then there these they this those to too very was we were what when where which while who whom why will with would you your
    """.split()
)
"""Left out of queries, never of the index, so that phrases can still be found."""


@lru_cache(maxsize=1)
def analyser() -> tantivy.TextAnalyzer:
    """Return the analyser of texts and queries: words, lower case, without accents, stemmed."""
    import tantivy  # noqa: PLC0415  native library

    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(MAX_TOKEN_BYTES),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()


def stems(text: str) -> list[str]:
    """Return the stems of all words of ``text`` in order, stop words included, as they lie in the index."""
    return list(analyser().analyze(encodable(text)))


def query_terms(query: str) -> dict[str, str]:
    """Return the stems to search for, each with the word of the query that it came from, in the query's order.

    Stop words are left out unless there is nothing else.

    >>> query_terms('The "talks" (talking) of: Kyiv')
    {'talk': 'talks', 'kyiv': 'Kyiv'}
    >>> query_terms("to be")
    {'to': 'to', 'be': 'be'}
    """
    text = encodable(query)
    content: dict[str, str] = {}
    stops: dict[str, str] = {}
    for token in analyser().pre_tokenize(text).tokens:
        word = text[token.char_offset_from : token.char_offset_to]
        (stops if word.casefold() in STOP_WORDS else content).setdefault(token.text, word)
    chosen = content or stops
    return dict(list(chosen.items())[:MAX_TERMS])


def matched_words(terms: Mapping[str, str], text: str) -> tuple[str, ...]:
    """Return the words of a query (see ``query_terms``) whose stem occurs in a text, in the query's order."""
    there = set(stems(text))
    return tuple(word for stem, word in terms.items() if stem in there)


def searched(passage: Passage) -> str:
    """Return the text that claims are looked for in: title, who speaks and day of the source before the passage's own words."""
    source = passage.source
    when = [day(source.published)] if source.published else []
    return "\n".join([source.title, *who_speaks(passage), *when, passage.text])


def highlights(query: str, text: str) -> tuple[Span, ...]:
    """Return where the words of a query stand in a text, in any form that has the same stem, in the text's order.

    >>> [span.of("They talked in Kyiv.") for span in highlights("talks of Kyiv", "They talked in Kyiv.")]
    ['talked', 'Kyiv']
    """
    terms = query_terms(query)
    return tuple(
        Span(start=token.char_offset_from, end=token.char_offset_to)
        for token in analyser().pre_tokenize(encodable(text)).tokens
        if token.text in terms
    )


class LexicalEngine:
    """A Tantivy index in a folder of its own. One writer at a time; readers see the last commit."""

    def __init__(self, folder: Path) -> None:
        """Open the index in ``folder``, or make an empty one.

        Raises:
            SearchIndexError: what is in the folder is broken, or is another program's.
        """
        import tantivy  # noqa: PLC0415  native library

        self._tantivy = tantivy
        self._folder = folder
        self._schema = _schema()
        self._writer: tantivy.IndexWriter | None = None
        self._written: set[int] = set()
        """Keys of what was added since the last commit."""
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        with self._guard("opened"):
            self._index = tantivy.Index(self._schema, str(folder))
            self._index.register_tokenizer(ANALYSER, analyser())

    @property
    def name(self) -> str:
        """Name of the engine with the number of its schema."""
        return ENGINE_NAME

    def count(self) -> int:
        """Return how many passages can be found."""
        return int(self._searcher().num_docs)

    def fingerprints(self) -> Iterator[dict[str, str]]:
        """Yield the fingerprint of every passage held, by id, some thousand at a time."""
        with self._guard("read"):
            searcher = self._searcher()
            everything = self._tantivy.Query.all_query()
            for start in range(0, searcher.num_docs, PAGE):
                hits = searcher.search(everything, limit=PAGE, offset=start, count=False).hits
                documents = [searcher.doc(address) for _, address in hits]
                yield {str(document.get_first("id")): str(document.get_first("fingerprint")) for document in documents}

    def held(self, ids: Sequence[str], *, whole: bool = True) -> dict[str, str]:  # noqa: ARG002  there are no parts
        """Return the fingerprint of those of the passages ``ids`` that are held."""
        with self._guard("read"):
            searcher = self._searcher()
            query = self._tantivy.Query.term_set_query(self._schema, "id", list(ids))
            hits = searcher.search(query, limit=max(1, len(ids)), count=False).hits
            documents = (searcher.doc(address) for _, address in hits)
            return {str(document.get_first("id")): str(document.get_first("fingerprint")) for document in documents}

    def upsert(self, passages: Sequence[Passage], *, progress: Callable[[int], None] | None = None) -> None:
        """Add passages, replacing those with the same id; seen after ``commit``."""
        with self._lock:
            writer = self._open_writer()
            # Every deletion is kept in memory until the commit, 1.2 KB each: nothing is deleted that is not there.
            there = self.held([passage.id for passage in passages])
            for passage in passages:
                key = key_of(passage.id)
                if passage.id in there or key in self._written:
                    writer.delete_documents_by_term("id", passage.id)
                writer.add_document(self._document(passage))
                self._written.add(key)
        if progress is not None:
            progress(len(passages))

    def delete(self, ids: Sequence[str]) -> None:
        """Remove passages; seen after ``commit``."""
        with self._lock:
            writer = self._open_writer()
            for identity in ids:
                writer.delete_documents_by_term("id", identity)

    def commit(self) -> None:
        """Make all changes durable and visible, and let another process write."""
        with self._lock:
            self._written.clear()
            if self._writer is None:
                return
            writer, self._writer = self._writer, None
            with self._guard("written"):
                writer.commit()
                writer.wait_merging_threads()
                self._index.reload()

    def rollback(self) -> None:
        """Forget what was not committed."""
        with self._lock:
            self._written.clear()
            if self._writer is not None:
                writer, self._writer = self._writer, None
                writer.rollback()

    def probe(self) -> None:
        """Find one passage that is held by its id.

        Raises:
            SearchIndexError: it cannot be read or found.
        """
        for identity in self.sample(1):
            with self._guard("read"):
                query = self._tantivy.Query.term_query(self._schema, "id", identity, "basic")
                found = self._searcher().search(query, limit=1).hits
            if not found:
                raise _broken(self._folder, "read", "a passage that it holds cannot be found")

    def sample(self, size: int) -> list[str]:
        """Return up to ``size`` ids that are held."""
        with self._guard("read"):
            searcher = self._searcher()
            hits = searcher.search(self._tantivy.Query.all_query(), limit=size, count=False).hits
            return [str(searcher.doc(address).get_first("id")) for _, address in hits]

    def search(self, queries: Sequence[str], *, filters: SearchFilters, limit: int) -> list[list[Candidate]]:
        """Return the best passages for each query by BM25; none for a query without a single letter or digit."""
        with self._guard("searched"):
            searcher = self._searcher()
            conditions = self._conditions(filters)
            return [self._search_one(searcher, query, conditions, limit) for query in queries]

    def search_runs(
        self, queries: Sequence[Sequence[tuple[str, ...]]], *, filters: SearchFilters, limit: int
    ) -> list[list[Candidate]]:
        """Return the best passages for each query by BM25, where a query is any of some runs of neighbouring ``stems``."""
        make, occur = self._tantivy.Query, self._tantivy.Occur

        def one(run: tuple[str, ...]) -> tantivy.Query:
            if len(run) == 1:
                return make.term_query(self._schema, "text", run[0], "freq")
            return make.phrase_query(self._schema, "text", list(run))

        with self._guard("searched"):
            searcher = self._searcher()
            conditions = self._conditions(filters)
            return [
                self._run(
                    searcher, make.boolean_query([(occur.Should, one(run)) for run in runs if run]), conditions, limit
                )
                for runs in queries
            ]

    def close(self) -> None:
        """Give up the writer, forgetting what was not committed."""
        self.rollback()

    def _search_one(
        self, searcher: tantivy.Searcher, query: str, conditions: list[tantivy.Query], limit: int
    ) -> list[Candidate]:
        make, occur = self._tantivy.Query, self._tantivy.Occur
        terms = query_terms(query)
        if not terms:
            return []
        words = [(occur.Should, make.term_query(self._schema, "words", stem, "freq")) for stem in terms]
        return self._run(searcher, make.boolean_query(words), conditions, limit)

    def _run(
        self, searcher: tantivy.Searcher, built: tantivy.Query, conditions: list[tantivy.Query], limit: int
    ) -> list[Candidate]:
        make, occur = self._tantivy.Query, self._tantivy.Occur
        if conditions:
            must = [(occur.Must, make.const_score_query(condition, 0.0)) for condition in conditions]
            built = make.boolean_query([(occur.Must, built), *must])
        hits = searcher.search(built, limit=limit, count=False).hits
        found = [Candidate(str(searcher.doc(address).get_first("id")), float(score)) for score, address in hits]
        # Equal scores come in the order of segments, which merging changes: the id decides instead.
        return sorted(found, key=lambda candidate: (-candidate.score, candidate.passage_id))

    def _conditions(self, filters: SearchFilters) -> list[tantivy.Query]:
        make = self._tantivy.Query
        conditions = []
        for field, values in (
            ("kind", [kind.value for kind in filters.kinds]),
            ("publisher", [encodable(filter_key(name)) for name in filters.publishers]),
            ("speaker", [encodable(filter_key(name)) for name in filters.speakers]),
            ("language", [encodable(filter_key(name)) for name in filters.languages]),
            ("collection", [encodable(filter_key(name)) for name in filters.collections]),
        ):
            if values:
                conditions.append(make.term_set_query(self._schema, field, values))
        if filters.primary_only:
            conditions.append(make.term_query(self._schema, "primary", "true", "basic"))
        first, last = day_range(filters)
        if first is not None or last is not None:
            integer = self._tantivy.FieldType.Integer
            conditions.append(make.range_query(self._schema, "published", integer, lower_bound=first, upper_bound=last))
        return conditions

    def _document(self, passage: Passage) -> tantivy.Document:
        document = self._tantivy.Document()
        source = passage.source
        document.add_text("id", passage.id)
        document.add_text("fingerprint", fingerprint(passage))
        document.add_text("source_id", encodable(source.id))
        document.add_text("text", encodable(passage.text))
        document.add_text("words", encodable(searched(passage)))
        document.add_text("kind", source.kind.value)
        document.add_text("primary", "true" if source.primary else "false")
        document.add_text("publisher", encodable(filter_key(source.publisher)))
        document.add_text("language", encodable(filter_key(source.language)))
        document.add_text("collection", encodable(filter_key(source.collection)))
        for speaker in speakers_of(passage):
            document.add_text("speaker", encodable(speaker))
        number = day_number(passage)
        if number is not None:
            document.add_integer("published", number)
        return document

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            # One thread, so that passages lie in the order of arrival and two builds are alike.
            with self._guard("written"):
                self._writer = self._index.writer(WRITER_MEMORY, 1)
        return self._writer

    def _searcher(self) -> tantivy.Searcher:
        self._index.reload()
        return self._index.searcher()

    @contextmanager
    def _guard(self, what: str) -> Iterator[None]:
        try:
            yield
        except (ValueError, OSError) as error:
            raise _broken(self._folder, what, str(error)) from error
        except BaseException as error:
            # Damaged files make Tantivy panic, and a panic is no Exception. Everything else goes its way.
            if type(error).__name__ != "PanicException":
                raise
            raise _broken(self._folder, what, str(error)) from error


def _broken(folder: Path, what: str, why: str) -> SearchIndexError:
    return SearchIndexError(
        f"the word index in {folder} could not be {what}: {why}. It is a cache: open the index anew, and it is built again "
        "from the corpus."
    )


def _schema() -> tantivy.Schema:
    import tantivy  # noqa: PLC0415  native library

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("fingerprint", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("source_id", "kind", "primary", "publisher", "speaker", "language", "collection"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    # Quotations are looked for in the text as it stands. Claims are looked for in one field with title, speakers and date,
    # so that one query for each word does; a title in a field of its own, at half the weight, found less (search-ablation.md).
    builder.add_text_field("text", tokenizer_name=ANALYSER, index_option="position")
    builder.add_text_field("words", tokenizer_name=ANALYSER, index_option="freq")
    builder.add_integer_field("published", indexed=True, fast=True)
    return builder.build()
