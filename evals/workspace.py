"""A corpus and the records around a bare labelled claim, made with the product's own code."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evals.data import CorpusDocument, DataFile, EvalDataError, LabelledClaim, fingerprint, read_corpus
from evals.tasks import Progress
from onrecord import workflow
from onrecord.corpus.windows import cut
from onrecord.documents import iter_documents
from onrecord.records import Claim, Document, Passage, Source, SourceKind, Span
from onrecord.settings import Settings

MARKER = "evaluation-corpus.json"


def bare_claim(text: str, number: int) -> Claim:
    """Return a claim that already stands alone, as labelled claims do; it is its own article."""
    return Claim(
        id=f"c{number}-0",
        span=Span(start=0, end=len(text)),
        text=text,
        standalone=text,
        proposition=text,
        check_worthiness_probability=1.0,
        why="a labelled claim",
    )


def passages_of(text: str, *, settings: Settings) -> list[Passage]:
    """Cut a bare text of evidence into passages as the corpus would cut a document; at least one.

    Raises:
        ValueError: the text is empty.
    """
    if not text.strip():
        message = "evidence without text cannot be cut into passages"
        raise ValueError(message)
    version = f"evidence@{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    source = Source(
        id="evidence",
        title="",
        kind=SourceKind.DOCUMENT,
        publisher="evaluation set",
        primary=False,
        retrieved_at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        current_version_id=version,
    )
    windows = cut(text, kind=SourceKind.DOCUMENT, speakers=(), settings=settings)
    # A text that is nothing but marks has no sentence; it is judged whole rather than left out.
    whole = Span(start=0, end=len(text))
    spans = [(window.span, window.sentences) for window in windows] or [(whole, (whole,))]
    return [
        Passage(
            id=f"{version}:{span.start}-{span.end}",
            source=source,
            version_id=version,
            span=span,
            text=span.of(text),
            sentences=sentences,
        )
        for span, sentences in spans
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Which document of the data set a passage is from, and where that document's annotated sentences lie."""

    sentences: Mapping[str, tuple[Span, ...]]
    """Document → spans of its annotated sentences in the stored text; empty for a folder of files."""
    names: Mapping[str, str]
    """Source id → the data set's own document id."""

    def document(self, passage: Passage) -> str:
        """Return the data set's id of the document that ``passage`` is from."""
        return self.names.get(passage.source.id, passage.source.id)

    def spans(self, claim: LabelledClaim) -> dict[str, list[list[tuple[int, int]]]]:
        """Return the claim's rationales as spans in the stored texts."""
        return {
            document: [[(s.start, s.end) for s in (self.sentences[document][n] for n in part)] for part in alternatives]
            for document, alternatives in claim.rationales.items()
            if document in self.sentences
        }

    def sentences_in(self, document: str, span: Span) -> list[int]:
        """Return the numbers of a document's annotated sentences of which at least half lies in ``span``."""
        return [
            number
            for number, sentence in enumerate(self.sentences.get(document, ()))
            if 2 * (min(span.end, sentence.end) - max(span.start, sentence.start)) >= sentence.end - sentence.start > 0
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace(Places):
    """A corpus built for an evaluation, opened by the product's own ``Checker``."""

    checker: workflow.Checker
    data: DataFile
    """The corpus that was given; ``n`` counts its documents."""
    documents: Mapping[str, int]
    """Document → number of its annotated sentences; 0 where they are not known."""


def _incoming(document: CorpusDocument, source_id: str) -> Document:
    return Document(
        text=document.text,
        media_type="text/plain",
        content_sha256=hashlib.sha256(document.text.encode()).hexdigest(),
        title=document.title or None,
        metadata={"id": source_id, "kind": "document", "publisher": "evaluation set", "origin": "evaluation set"},
    )


def _source_id(document_id: str) -> str:
    """Return an id that every store accepts, for any id of a data set."""
    return f"eval-{hashlib.sha256(document_id.encode()).hexdigest()[:16]}"


@contextmanager
def built(path: Path, settings: Settings, progress: Progress) -> Iterator[Workspace]:
    """Build, or bring up to date, the corpus of ``path`` in ``settings.home`` and open it.

    Args:
        path: A JSON-lines corpus, or a folder of source files as ``onrecord corpus add`` takes.
        settings: The product's settings; ``home`` must be empty or hold this very corpus from an earlier run.
        progress: Called while it goes on.

    Raises:
        EvalDataError: the folder holds another corpus, a document failed, or a stored text is not the given text.
    """
    sha256 = fingerprint(path)
    _claim_home(settings.home, sha256)
    labelled: list[CorpusDocument] = []
    if path.is_dir():
        incoming = iter_documents([path], mapping=None, settings=settings)
    else:
        labelled = read_corpus(path)
        incoming = iter([_incoming(document, _source_id(document.id)) for document in labelled])
    from onrecord import corpus  # noqa: PLC0415  SQLAlchemy is slow to import

    with corpus.Store.open(settings) as store:
        total = len(labelled)
        report = store.add_documents(incoming, progress=lambda done: progress("storing", done, total))
    if report.failed:
        reasons = "; ".join(f"{item.name}: {item.reason}" for item in report.items if item.reason)
        message = f"{path}: {report.failed} documents could not be stored: {reasons[:500]}"
        raise EvalDataError(message)
    with workflow.Checker.open(settings, progress=lambda p: progress(p.stage, p.done, p.total)) as checker:
        names = {_source_id(document.id): document.id for document in labelled}
        _stored_unchanged(checker, labelled)
        yield Workspace(
            checker=checker,
            data=DataFile(path=str(path), sha256=sha256, n=checker.state().sources),
            sentences={d.id: tuple(Span(start=a, end=b) for a, b in d.sentence_spans) for d in labelled},
            names=names,
            documents={d.id: len(d.sentences) for d in labelled}
            or {source.id: 0 for source in checker.store.sources()},
        )


def _claim_home(home: Path, sha256: str) -> None:
    """Mark ``home`` as holding the corpus ``sha256``, or refuse it."""
    marker = home / MARKER
    if marker.exists():
        held = json.loads(marker.read_text(encoding="utf-8"))["sha256"]
        if held != sha256:
            message = (
                f"{home} holds another evaluation corpus ({held[:12]}, wanted {sha256[:12]}): give an empty folder"
            )
            raise EvalDataError(message)
        return
    if home.exists() and any(home.iterdir()):
        message = f"{home} is not empty and holds no evaluation corpus: give an empty folder, or one of an earlier run"
        raise EvalDataError(message)
    home.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps({"sha256": sha256}), encoding="utf-8")


def _stored_unchanged(checker: workflow.Checker, documents: Sequence[CorpusDocument]) -> None:
    """Refuse to score rationales against texts that the store has changed: their offsets would point elsewhere."""
    for document in documents:
        source = checker.store.source(_source_id(document.id))
        if checker.store.version(source.current_version_id).text != document.text:
            message = (
                f"document {document.id!r}: the stored text differs from the given text, so offsets cannot be compared"
            )
            raise EvalDataError(message)
