"""Retrieval alone: are the documents, and the sentences, that decide a claim among those found?

Documents are ranked by their best passage in a deep search (``DEEP`` passages, so that recall@100 means something); what the
product would judge, its own ``top_k`` passages, stands beside it under ``judged``. Claims without gold documents have no
relevant document and are left out of these figures. Where a set names the documents that its claims cite, deciding or not
(SciFact), they are ranked for by themselves under ``cited``: the judgements that BEIR measures by (Thakur et al. 2021).
Where it gives the article that a claim is a sentence of (WiCE), the claim is found and worded there by the claims room and
searched as a check does it: ``in_article``.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence

from evals import metrics
from evals.data import (
    DataFile,
    EvalDataError,
    LabelledClaim,
    askable,
    check_gold_documents,
    fingerprint,
    read_claims,
    sample,
    without,
)
from evals.result import Item
from evals.tasks import Outcome, Request, Task
from evals.workspace import Workspace, built
from onrecord.errors import LanguageError
from onrecord.records import Document, Hit, Passage, SearchFilters
from onrecord.workflow import Wordings, merged, wordings

QUERIES_PER_BATCH = 64
DEEP = 300
"""Passages asked for. An abstract of nine sentences makes four or five windows, so this is more than 100 documents."""
DEPTHS = (5, 12, 60)
"""Passages within which a whole rationale must lie."""
SENTENCES = 10
"""Passages among which the sentences of all rationales are counted."""

Found = list[tuple[Hit, Passage]]


def search_all(
    claims: Sequence[LabelledClaim], space: Workspace, request: Request, *, top_k: int = DEEP
) -> list[Found]:
    """Return the ``top_k`` passages that the product's search finds for each claim, best first."""
    found: list[Found] = []
    for start in range(0, len(claims), QUERIES_PER_BATCH):
        batch = [claim.claim for claim in claims[start : start + QUERIES_PER_BATCH]]
        hits = space.checker.index.search(batch, filters=SearchFilters(), top_k=top_k)
        for group in hits:
            passages = space.checker.store.passages([hit.passage_id for hit in group])
            found.append(list(zip(group, passages, strict=True)))
        request.progress("searching", len(found), len(claims))
    return found


def wordings_in_article(claim: LabelledClaim, space: Workspace) -> tuple[Wordings, ...]:
    """Return what a claim is searched by where its article is checked: the wordings of all claims found in its sentence."""
    text = f"{claim.before.strip()} {claim.claim}".strip()
    article = Document(text=text, media_type="text/plain", content_sha256="0" * 64, title=claim.article_title or None)
    start = len(text) - len(claim.claim)
    whole = (Wordings((claim.claim,), ()),)
    try:
        left_out = [item.span for item in space.checker.find_claims(article).skipped if item.span.end > start]
        found = space.checker.find_claims(article, promoted=left_out).claims
    except LanguageError:
        return whole
    return tuple(wordings(one, claim.article_title) for one in found if one.span.end > start) or whole


def search_in_articles(claims: Sequence[LabelledClaim], space: Workspace, request: Request) -> list[Found]:
    """Return the passages found for each claim by its wordings in its article, each with its best score, best first."""
    asked = [wordings_in_article(claim, space) for claim in claims]
    single = [
        claim.model_copy(update={"claim": query})
        for claim, some in zip(claims, asked, strict=True)
        for one in some
        for query in (*one.own, *one.titled)
    ]
    found = iter(search_all(single, space, request))
    ranked: list[Found] = []
    for some in asked:
        passages: dict[str, Passage] = {}
        of_each: list[list[Hit]] = []
        for one in some:
            own, titled = ([next(found) for _ in queries] for queries in (one.own, one.titled))
            passages |= {hit.passage_id: passage for group in (*own, *titled) for hit, passage in group}
            of_each.append(merged(*([[hit for hit, _ in group] for group in groups] for groups in (own, titled))))
        ranked.append([(hit, passages[hit.passage_id]) for hit in merged(of_each, [])])
    return ranked


def document_ranking(found: Found, space: Workspace) -> list[str]:
    """Return documents by their best passage."""
    return list(dict.fromkeys(space.document(passage) for _, passage in found))


def _by_one(found: Found, retriever: str) -> Found:
    """Return what one retriever alone found, in its order."""
    place = "dense_rank" if retriever == "dense" else "lexical_rank"
    ranked = [(getattr(hit, place), hit, passage) for hit, passage in found]
    return [
        (hit, passage) for rank, hit, passage in sorted((r for r in ranked if r[0] is not None), key=lambda r: r[0])
    ]


def score(
    claims: Sequence[LabelledClaim], found: Sequence[Found], space: Workspace, *, seed: int
) -> tuple[dict[str, object], dict[str, metrics.Interval], dict[str, object], dict[str, int | None]]:
    """Return metrics, intervals, each retriever alone, and the rationale's rank by claim (where the set has rationales)."""
    judged = [(claim, group) for claim, group in zip(claims, found, strict=True) if claim.gold_documents]
    relevant = {claim.id: claim.gold_documents for claim, _ in judged}
    rankings = {claim.id: document_ranking(group, space) for claim, group in judged}
    means, per_query = metrics.retrieval(relevant, rankings)
    figures: dict[str, object] = {
        **means,
        "queries": len(judged),
        "documents_found": metrics.rounded(sum(len(r) for r in rankings.values()) / len(rankings)),
    }
    intervals = metrics.retrieval_intervals(per_query, seed=seed)
    ranks: dict[str, int | None] = {}
    for claim, group in judged:
        if spans := space.spans(claim):
            ranks[claim.id] = metrics.rationale_ranks(_places([passage for _, passage in group], space), spans)
    if ranks:
        shares = _sentence_shares(judged, space)
        figures[f"gold_sentences@{SENTENCES}"] = metrics.rounded(sum(shares) / len(shares))
        intervals[f"gold_sentences@{SENTENCES}"] = metrics.mean_interval(shares, seed=seed)
        figures.update(metrics.rationale_recall(list(ranks.values()), depths=DEPTHS))
        for depth in DEPTHS:
            inside = [float(rank is not None and rank <= depth) for rank in ranks.values()]
            intervals[f"rationale_recall@{depth}"] = metrics.mean_interval(inside, seed=seed)
    alone: dict[str, object] = {"majority": _one_list(relevant)}
    for retriever in ("dense", "lexical"):
        single = [(claim, _by_one(group, retriever)) for claim, group in judged]
        one, _ = metrics.retrieval(relevant, {claim.id: document_ranking(group, space) for claim, group in single})
        if ranks:
            shares = _sentence_shares(single, space)
            one[f"gold_sentences@{SENTENCES}"] = metrics.rounded(sum(shares) / len(shares))
        alone[f"{retriever}_alone"] = one
    return figures, intervals, alone, ranks


def _places(passages: Sequence[Passage], space: Workspace) -> list[tuple[str, int, int]]:
    return [(space.document(passage), passage.span.start, passage.span.end) for passage in passages]


def _sentence_shares(judged: Sequence[tuple[LabelledClaim, Found]], space: Workspace) -> list[float]:
    """Return for each claim with rationales the share of their sentences that lie in the first passages found."""
    return [
        metrics.sentence_share(_places([passage for _, passage in group[:SENTENCES]], space), spans)
        for claim, group in judged
        if (spans := space.spans(claim))
    ]


def _by_citation(
    claims: Sequence[LabelledClaim], found: Sequence[Found], space: Workspace, *, seed: int
) -> tuple[dict[str, object], dict[str, metrics.Interval]]:
    """Return means and intervals over all claims that cite a document, those included that it does not decide."""
    rankings = {claim.id: document_ranking(group, space) for claim, group in zip(claims, found, strict=True)}
    means, per_query = metrics.retrieval({claim.id: claim.cited_documents for claim in claims}, rankings)
    bounds = metrics.retrieval_intervals(per_query, seed=seed)
    return {**means, "queries": len(claims)}, {f"cited.{name}": pair for name, pair in bounds.items()}


def _one_list(relevant: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Score giving every claim the same list: the documents that decide most claims, which no search could know."""
    counts = collections.Counter(document for documents in relevant.values() for document in documents)
    ranking = [document for document, _ in counts.most_common(100)]
    return metrics.retrieval(relevant, dict.fromkeys(relevant, ranking))[0]


def judged_recall(
    claims: Sequence[LabelledClaim], judged: Sequence[Sequence[Passage]], space: Workspace, *, seed: int
) -> tuple[dict[str, object], dict[str, metrics.Interval]]:
    """Return what reaches the judge: the share of claims with a gold document, and with a whole rationale, among ``judged``.

    Intervals are under ``judged.<name>``.
    """
    documents: list[bool] = []
    rationales: list[bool] = []
    for claim, passages in zip(claims, judged, strict=True):
        if not claim.gold_documents:
            continue
        documents.append(bool({space.document(passage) for passage in passages} & set(claim.gold_documents)))
        spans = space.spans(claim)
        if spans:
            rationales.append(metrics.rationale_ranks(_places(passages, space), spans) is not None)
    known = {"gold_document": documents, "whole_rationale": rationales}
    return (
        {name: metrics.rounded(sum(found) / len(found)) for name, found in known.items() if found},
        {f"judged.{name}": metrics.mean_interval(found, seed=seed) for name, found in known.items() if found},
    )


def read_for(request: Request, space: Workspace) -> list[LabelledClaim]:
    """Read the claims and check their gold against the corpus."""
    path = request.inputs["claims"]
    claims = read_claims(path)
    check_gold_documents(claims, space.documents, path=path)
    return sample(without(claims, request.without), request.limit, request.seed)


def read_askable(request: Request, space: Workspace) -> tuple[list[LabelledClaim], int]:
    """As ``read_for``, but without claims whose wording stands with several labels; also return how many these are."""
    path = request.inputs["claims"]
    claims, contradicted = askable(read_claims(path))
    check_gold_documents(claims, space.documents, path=path)
    return sample(without(claims, request.without), request.limit, request.seed), contradicted


def run(request: Request) -> Outcome:
    """Search for every claim and score the rankings."""
    path = request.inputs["claims"]
    with built(request.inputs["corpus"], request.settings, request.progress) as space:
        given = read_for(request, space)
        claims = [claim for claim in given if claim.gold_documents]
        if not claims:
            message = f"{path}: no claim has gold_docs, so there is nothing to rank for"
            raise EvalDataError(message)
        found = search_all(claims, space, request)
        shown = search_all(claims, space, request, top_k=request.settings.top_k)
        figures, intervals, alone, ranks = score(claims, found, space, seed=request.seed)
        reaching = [[passage for _, passage in group] for group in shown]
        figures["judged"], bounds = judged_recall(claims, reaching, space, seed=request.seed)
        intervals.update(bounds)
        if citing := [claim for claim in given if claim.cited_documents]:
            figures["cited"], bounds = _by_citation(
                citing, search_all(citing, space, request), space, seed=request.seed
            )
            intervals.update(bounds)
        if told := [claim for claim in claims if claim.before or claim.article_title]:
            figures["in_article"], bounds, _, _ = score(
                told, search_in_articles(told, space, request), space, seed=request.seed
            )
            intervals.update({f"in_article.{name}": pair for name, pair in bounds.items()})
        embedder = space.checker.index.embedder
        items = [
            Item(
                id=claim.id,
                claim=claim.claim,
                gold=" ".join(claim.gold_documents),
                predicted=" ".join(document_ranking(group, space)[:10]),
                right=bool(set(claim.gold_documents) & set(document_ranking(group, space)[:10])),
                details={"rationale_rank": ranks.get(claim.id)},
            )
            for claim, group in zip(claims, found, strict=True)
        ]
        return Outcome(
            metrics=figures,
            intervals=intervals,
            baselines=alone,
            items=items,
            models=embedder.models,
            data=DataFile(path=str(path), sha256=fingerprint(path), n=len(claims)),
            corpus=space.data,
            notes=("claims without gold documents are left out; documents rank by their best passage",),
        )


TASK = Task(
    name="retrieval",
    summary="Retrieval alone: a corpus, and claims with the documents (and sentences) that decide them.",
    inputs=("corpus", "claims"),
    run=run,
    excludes=True,
)
