"""Whole articles: are the claims of real texts found at all?

The claims room has rules for hundreds of turns of phrase, and a rule that stumbles stops a whole check. Here it reads every
document of a corpus as an article, once as a check does and once with all sentences that were left out taken as claims. An
article is *read* when both end and every claim's range gives its words; *refused* when the product says why it cannot be
checked (another language); *failed* otherwise, with the place in our code. Nothing is labelled, so nothing is right or wrong
beyond that.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import onrecord
from evals import metrics
from evals.data import CorpusDocument, DataFile, fingerprint, read_corpus, sample
from evals.result import Item
from evals.tasks import Outcome, Request, Task
from onrecord import claims
from onrecord.errors import LanguageError, ModelError
from onrecord.records import Document
from onrecord.settings import Settings

PACKAGE = Path(onrecord.__file__).parent
MOST_CHARACTERS = 12_000
"""Of one article; a book among the documents would take as long as all others."""
DIMENSION = 384


@dataclass(frozen=True, slots=True)
class _Outcome:
    what: str
    """``read``, ``refused`` or ``failed``."""
    why: str = ""
    place: str = ""
    """In our code, of a failure."""
    found: int = 0
    unresolved: int = 0


def _flat(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return embeddings that say nothing: which sentences are taken does not matter where all are tried."""
    return np.zeros((len(texts), DIMENSION), dtype=np.float32)


def _try(document: CorpusDocument, settings: Settings) -> _Outcome:
    article = Document(
        text=document.text[:MOST_CHARACTERS],
        media_type="text/plain",
        content_sha256="0" * 64,
        title=document.title or None,
    )
    try:
        taken = claims.find_claims(article, settings=settings, encode=_flat)
        left_out = [item.span for item in taken.skipped]
        found = claims.find_claims(article, settings=settings, encode=_flat, promoted=left_out).claims
    except LanguageError as error:
        return _Outcome("refused", str(error))
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001  what is measured here
        frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        ours = [
            f"{path.relative_to(PACKAGE).as_posix()}:{line}" for path, line in frames if path.is_relative_to(PACKAGE)
        ]
        return _Outcome("failed", f"{type(error).__name__}: {' '.join(str(error).split())}", ours[-1] if ours else "")
    wrong = [claim.id for claim in found if claim.span.of(article.text) != claim.text or not claim.standalone.strip()]
    if wrong:
        return _Outcome("failed", f"ranges or wordings: {', '.join(wrong)}")
    return _Outcome("read", found=len(found), unresolved=sum(bool(claim.unresolved) for claim in found))


def run(request: Request) -> Outcome:
    """Read every article and count what became of it."""
    path = request.inputs["corpus"]
    documents = sample(read_corpus(path), request.limit, request.seed)
    outcomes: list[_Outcome] = []
    for document in documents:
        outcomes.append(_try(document, request.settings))
        request.progress("reading articles", len(outcomes), len(documents))
    shares = {name: [float(outcome.what == name) for outcome in outcomes] for name in ("read", "refused", "failed")}
    counts = Counter(outcome.place for outcome in outcomes if outcome.what == "failed")
    found = sum(outcome.found for outcome in outcomes)
    return Outcome(
        metrics={
            **{name: metrics.rounded(sum(values) / len(values)) for name, values in shares.items()},
            "claims_found": found,
            "claims_unresolved": sum(outcome.unresolved for outcome in outcomes),
            "failures_by_place": dict(counts.most_common()),
        },
        intervals={name: metrics.mean_interval(values, seed=request.seed) for name, values in shares.items()},
        baselines={},
        items=[
            Item(
                id=document.id,
                claim=document.title,
                gold="read",
                predicted=outcome.what,
                right=outcome.what == "read",
                details={
                    "why": outcome.why,
                    "place": outcome.place,
                    "claims": outcome.found,
                    "unresolved": outcome.unresolved,
                },
            )
            for document, outcome in zip(documents, outcomes, strict=True)
        ],
        models=claims.models(request.settings),
        data=DataFile(path=str(path), sha256=fingerprint(path), n=len(documents)),
        notes=("nothing is labelled: what is measured is that no article stops the claims room",),
    )


TASK = Task(
    name="articles",
    summary="Whole articles: are the claims of real texts found without failing? Takes the documents of a corpus.",
    inputs=("corpus",),
    run=run,
)
