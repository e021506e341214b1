"""The starter claims against the starter corpus: labelled by us, shipped with the package, needing nothing else.

Three readings. *Standing alone*: each labelled wording goes through the claims room as an article of one sentence, so that
attribution and quotations are read as in any article, and is checked; where the claims room would pass it over, it is checked
as it stands. *In the article*: the example articles are checked as they are, and each labelled sentence gets the verdict of the
claims found in it. *Finding*: which of the articles' sentences are taken as claims.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from evals import metrics
from evals.data import EvalDataError, StarterClaim, check_gold_documents, read_starter, sample
from evals.keep import KeptClaim
from evals.tasks import Outcome, Request, Task
from evals.tasks.end_to_end import FROM_VERDICT, check, outcome_of
from evals.workspace import Workspace, bare_claim, built
from onrecord import documents, workflow
from onrecord.claims import title_of
from onrecord.records import CheckedClaim, Claim, Document, Span, Verdict, VerdictLabel

ROOT = Path(__file__).resolve().parents[2]
ARTICLES = ROOT / "corpus" / "examples"
SHARED = 0.5
"""A claim belongs to a labelled sentence when at least this share of the claim lies in it."""
_WORST_FIRST = (
    VerdictLabel.NOT_CHECKED,
    VerdictLabel.REFUTED,
    VerdictLabel.CONFLICTING,
    VerdictLabel.NOT_ENOUGH_EVIDENCE,
    VerdictLabel.SUPPORTED,
)
"""A sentence of several claims is as good as the worst of them."""


def merged(parts: Sequence[CheckedClaim]) -> CheckedClaim:
    """Return one checked claim for all claims of one sentence: the worst verdict, everybody's evidence."""
    worst = min(parts, key=lambda part: _WORST_FIRST.index(part.verdict.label))
    if len(parts) == 1:
        return worst
    verdict = Verdict(
        label=worst.verdict.label,
        confidence=min(part.verdict.confidence for part in parts),
        reasons=tuple(reason for part in parts for reason in part.verdict.reasons),
        proposition_label=worst.verdict.proposition_label,
    )
    return CheckedClaim(
        claim=worst.claim, verdict=verdict, evidence=tuple(item for part in parts for item in part.evidence)
    )


def _articles(rows: Sequence[StarterClaim], space: Workspace) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for name in dict.fromkeys(row.article for row in rows if row.article is not None):
        path = ARTICLES / f"{name}.md"
        if not path.exists():
            message = f"the labelled claims name the article {name!r}, but there is no {path}"
            raise EvalDataError(message)
        found[name] = documents.read(path, settings=space.checker.settings)
    for row in rows:
        if row.article is not None and row.span is not None and row.span[1] > len(found[row.article].text):
            message = f"claim {row.id!r}: its span {row.span} ends beyond the text of {row.article}"
            raise EvalDataError(message)
    return found


def _standing_alone(
    rows: Sequence[StarterClaim], articles: Mapping[str, Document], space: Workspace, request: Request
) -> tuple[list[KeptClaim], int]:
    """Check every wording by itself; also return how many the claims room would have passed over."""
    groups: list[list[Claim]] = []
    dates: list[dt.date | None] = []
    passed_over = 0
    for number, row in enumerate(rows):
        date = articles[row.article].published if row.article is not None else None
        found = space.checker.find_claims(workflow.pasted(row.text, published=date)).claims
        passed_over += not found
        groups.append(list(found) or [bare_claim(row.text, number)])
        dates.append(date)
        request.progress("reading claims", number + 1, len(rows))
    kept: dict[int, KeptClaim] = {}
    for date in dict.fromkeys(dates):
        places = [place for place, given in enumerate(dates) if given == date]
        flat = [claim for place in places for claim in groups[place]]
        answers = iter(check(flat, space, request, article_date=date))
        for place in places:
            labelled = rows[place].labelled
            assert labelled is not None
            parts = tuple(next(answers) for _ in groups[place])
            kept[place] = KeptClaim(labelled=labelled, parts=parts, article_date=date.isoformat() if date else "")
    return [kept[place] for place in range(len(rows))], passed_over


def _inside(claim: Span, sentence: tuple[int, int]) -> bool:
    shared = min(claim.end, sentence[1]) - max(claim.start, sentence[0])
    return shared >= SHARED * (claim.end - claim.start)


def _in_articles(
    rows: Sequence[StarterClaim], articles: Mapping[str, Document], space: Workspace, request: Request
) -> tuple[dict[str, object], dict[str, object], dict[str, metrics.Interval]]:
    """Check the articles as they are; return figures of the verdicts on labelled sentences and of finding claims.

    Intervals of both are under ``in_articles.<name>`` and ``claim_finding.<name>``, drawn over sentences.
    """
    right: list[bool] = []
    worth: list[int] = []
    taken: list[int] = []
    missed: list[str] = []
    for name, article in articles.items():
        claims = space.checker.find_claims(article).claims
        checked = check(claims, space, request, article_date=article.published, article_title=title_of(article))
        for row in rows:
            if row.article != name or row.span is None:
                continue
            parts = [item for item in checked if _inside(item.claim.span, row.span)]
            worth.append(int(row.labelled is not None))
            taken.append(int(bool(parts)))
            if row.labelled is not None:
                right.append(bool(parts) and FROM_VERDICT[merged(parts).verdict.label] == row.labelled.gold)
                if not parts:
                    missed.append(row.id)
    verdicts: dict[str, object] = {
        "n": len(right),
        "accuracy": metrics.rounded(sum(right) / len(right)),
        "not_taken_as_claims": len(missed),
    }
    finding = metrics.binary(worth, taken)
    places = [str(place) for place in range(len(worth))]
    drawn = metrics.classification_intervals(
        list(map(str, worth)), list(map(str, taken)), groups=places, seed=request.seed
    )
    bounds = {"in_articles.accuracy": metrics.mean_interval(list(map(float, right)), seed=request.seed)}
    bounds |= {f"claim_finding.{name}": drawn[f"{name}:1"] for name in ("f1", "precision", "recall")}
    bounds["claim_finding.accuracy"] = drawn["accuracy"]
    return (
        verdicts,
        {name: finding[name] for name in ("f1", "precision", "recall", "accuracy")} | {"n": len(worth)},
        bounds,
    )


def run(request: Request) -> Outcome:
    """Check the labelled claims three ways and score them."""
    path = request.inputs["claims"]
    rows = read_starter(path)
    with built(request.inputs["corpus"], request.settings, request.progress) as space:
        articles = _articles(rows, space)
        chosen = sample([row for row in rows if row.labelled is not None], request.limit, request.seed)
        claims = [row.labelled for row in chosen if row.labelled is not None]
        check_gold_documents(claims, space.documents, path=path)
        kept, passed_over = _standing_alone(chosen, articles, space, request)
        notes = ("the main figures are those of the wordings standing alone",)
        checked = [merged(item.parts) for item in kept]
        outcome = outcome_of(kept, checked, space, request, notes=notes)
        in_articles, finding, bounds = (
            _in_articles(rows, articles, space, request) if request.limit is None else ({}, {}, {})
        )
    kinds, right = [claim.kind for claim in claims], [item.right for item in outcome.items]
    by_kind = metrics.shares_of_kinds(kinds, right)
    bounds |= metrics.share_intervals(by_kind, groups=[claim.claim for claim in claims], seed=request.seed)
    extra: dict[str, object] = {
        "per_kind": metrics.per_kind(kinds, right),
        "passed_over_by_claim_finding": passed_over,
        "in_articles": in_articles,
        "claim_finding": finding,
    }
    return replace(
        outcome,
        metrics={**outcome.metrics, **{name: value for name, value in extra.items() if value != {}}},
        intervals={**outcome.intervals, **bounds},
    )


TASK = Task(
    name="starter",
    summary="The shipped labelled claims against the shipped corpus, standing alone and in their articles.",
    inputs=("corpus", "claims"),
    run=run,
    defaults={"corpus": ROOT / "corpus" / "documents", "claims": ROOT / "evals" / "claims" / "starter.jsonl"},
)
