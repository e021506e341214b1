"""Small, valid records for tests, each field with a sensible default."""

from __future__ import annotations

import datetime as dt
import hashlib

from onrecord.records import (
    Attribution,
    CheckedArticle,
    CheckedClaim,
    Claim,
    CorpusState,
    Document,
    Evidence,
    Finding,
    Hit,
    ModelUsed,
    Passage,
    SearchFilters,
    Skipped,
    Source,
    SourceKind,
    Span,
    Stage,
    Stance,
    StanceProbabilities,
    Verdict,
)

NOW = dt.datetime(2026, 3, 12, 9, 30, tzinfo=dt.UTC)


def source(source_id: str = "talks", **changes: object) -> Source:
    fields = {
        "id": source_id,
        "title": f"Title of {source_id}",
        "kind": SourceKind.TRANSCRIPT,
        "publisher": "Publisher",
        "primary": True,
        "published": dt.date(2022, 3, 29),
        "retrieved_at": NOW,
        "address": f"https://example.org/{source_id}",
        "current_version_id": f"{source_id}@0123456789ab",
        **changes,
    }
    return Source.model_validate(fields)


def passage(
    text: str = "The talks went on. They ended.", *, of: Source | None = None, speaker: str | None = None
) -> Passage:
    owner = of or source()
    middle = text.find(". ") + 1 or len(text)
    spans = [Span(start=0, end=middle)]
    if middle < len(text):
        spans.append(Span(start=middle + 1, end=len(text)))
    return Passage(
        id=f"{owner.current_version_id}:0-{len(text)}",
        source=owner,
        version_id=owner.current_version_id,
        span=Span(start=0, end=len(text)),
        text=text,
        sentences=tuple(spans),
        speaker=speaker,
    )


def hit(passage_id: str = "p", score: float = 0.03) -> Hit:
    return Hit(passage_id=passage_id, query="q", dense_rank=1, dense_score=0.7, fused_score=score)


def evidence(  # noqa: PLR0913  one parameter for each thing that a test varies
    stance: Stance = Stance.SUPPORTS,
    probability: float = 0.9,
    *,
    of: Source | None = None,
    text: str = "The talks went on. They ended.",
    question: str = "true",
    own_words: bool = False,
    findings: tuple[Finding, ...] = (),
    later: bool = False,
) -> Evidence:
    held = passage(text, of=of, speaker="Jane Roe" if own_words else None)
    rest = (1 - probability) / 2
    values = {kind.value: rest for kind in Stance}
    values[stance.value] = probability
    return Evidence(
        passage=held,
        hit=hit(held.id),
        question="said" if question == "said" else "true",
        hypothesis="The talks went on.",
        own_words=own_words,
        stance=stance,
        probabilities=StanceProbabilities.model_validate(values),
        rationale=held.sentences[0],
        rationale_text=held.sentences[0].of(text),
        window=held.span,
        findings=findings,
        later_than_article=later,
    )


def claim(text: str = "The talks went on.", start: int = 0, *, speaker: str | None = None, number: int = 1) -> Claim:
    attribution = Attribution(speaker=speaker, speaker_resolved=True) if speaker else None
    return Claim(
        id=f"c{number}-{start}",
        span=Span(start=start, end=start + len(text)),
        text=text,
        standalone=f"{speaker} said that {text}" if speaker else text,
        proposition=text,
        attribution=attribution,
        check_worthiness_probability=0.9,
        why="states a fact",
    )


def checked_article(
    text: str, items: list[tuple[Claim, Verdict, tuple[Evidence, ...]]], *, skipped: tuple[Skipped, ...] = ()
) -> CheckedArticle:
    return CheckedArticle(
        id="0" * 32,
        created_at=NOW,
        article=Document(
            text=text,
            media_type="text/plain",
            content_sha256=hashlib.sha256(text.encode()).hexdigest(),
            title="An article",
            published=dt.date(2026, 3, 1),
        ),
        claims=tuple(CheckedClaim(claim=c, verdict=v, evidence=e) for c, v, e in items),
        skipped=skipped,
        filters=SearchFilters(),
        corpus=CorpusState(number=1, sources=1, passages=1),
        models=(ModelUsed(role="stance", name="fast", sha256="ab" * 32),),
        settings={"top_k": "12"},
        stages=(Stage(name="judging", seconds=0.5),),
        package_version="0.1.0",
        complete=True,
    )
