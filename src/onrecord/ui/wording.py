"""Every word that the pages say about a verdict, a source or a stage, in one place; the verdicts' names are the reports'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from onrecord.records import SourceKind, VerdictLabel
from onrecord.report import WORDS


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """How a verdict is named and explained. ``icon`` names a drawing in ``components/shared.js``."""

    word: str
    icon: str
    meaning: str
    said: str
    """The answer to "was it said?"."""


VERDICTS: dict[VerdictLabel, VerdictWords] = {
    VerdictLabel.SUPPORTED: VerdictWords(
        WORDS[VerdictLabel.SUPPORTED], "check", "The record supports this.", "The record shows it."
    ),
    VerdictLabel.REFUTED: VerdictWords(
        WORDS[VerdictLabel.REFUTED], "cross", "The record contradicts this.", "The record says otherwise."
    ),
    VerdictLabel.CONFLICTING: VerdictWords(
        WORDS[VerdictLabel.CONFLICTING],
        "split",
        "Independent sources disagree about this.",
        "Independent sources disagree.",
    ),
    VerdictLabel.NOT_ENOUGH_EVIDENCE: VerdictWords(
        WORDS[VerdictLabel.NOT_ENOUGH_EVIDENCE],
        "question",
        "Nothing on record settles this either way.",
        "Nothing on record settles it.",
    ),
    VerdictLabel.NOT_CHECKED: VerdictWords(
        WORDS[VerdictLabel.NOT_CHECKED],
        "gap",
        "This could not be checked. That says nothing about the claim.",
        "This could not be checked.",
    ),
}
"""In the order in which the pages count them; ``NOT_CHECKED`` comes last and stands apart."""

KINDS: dict[SourceKind, str] = {
    SourceKind.TRANSCRIPT: "Transcript",
    SourceKind.DOCUMENT: "Document",
    SourceKind.DATA: "Data",
    SourceKind.COVERAGE: "Coverage",
    SourceKind.SUMMARY: "Summary",
}

PLURALS: dict[SourceKind, str] = {
    SourceKind.TRANSCRIPT: "transcripts",
    SourceKind.DOCUMENT: "documents",
    SourceKind.DATA: "sets of data",
    SourceKind.COVERAGE: "reports in the press",
    SourceKind.SUMMARY: "summaries",
}

THE_ARTICLE = "The article itself"

CLAIM_KINDS: dict[str, str] = {
    "own": "The article’s own statement",
    "reported": "Reported speech",
    "quoted": "With a quotation",
    "figure": "With a figure or a date",
    "added": "Added by a person",
}

TIERS: dict[int | None, str] = {
    1: "From the publisher itself",
    2: "As a copy by somebody else",
    3: "As somebody’s account of it",
    None: "",
}

CHECKS: dict[str, str] = {"numbers": "Figures", "dates": "Dates", "names": "Names", "quotes": "Quotation"}

OUTCOMES: dict[str, str] = {
    "equal": "the same",
    "rounded": "the same, rounded",
    "different": "different",
    "not_comparable": "not comparable",
}

QUESTIONS: dict[Literal["said", "true"], str] = {"said": "Was it said?", "true": "Is it so?"}

STAGES: tuple[tuple[str, str], ...] = (
    ("finding claims", "Finding claims"),
    ("searching", "Searching the record"),
    ("judging", "Judging passages"),
    ("deciding", "Deciding"),
)
"""The stages of ``workflow.check_article``, as it names them and as the page does."""


MEASURED: dict[str, tuple[str, str]] = {
    "starter": ("Whole checks", "is the verdict on a claim of this project’s own right?"),
    "end-to-end": (
        "Whole checks, on claims of others",
        "searched in an open collection and judged: is the verdict right?",
    ),
    "stance": ("Reading a passage", "does a given passage support a claim, contradict it, or neither?"),
    "retrieval": ("Finding passages", "are those that decide a claim among the first?"),
    "quotations": ("Quotations", "word for word, altered, or not on record?"),
    "claims": ("Choosing sentences", "is a sentence worth a check?"),
    "claim-room": ("Wording claims", "is a sentence taken apart into claims that can be read alone?"),
    "articles": ("Whole articles", "are the claims of real texts found without failing?"),
    "attribution": ("Reported speech", "who says what?"),
    "syndication": ("Copies", "is one story known in all its copies?"),
}
"""What an evaluation asks: its name and the question, in the order in which a reader wants them."""

SETS: dict[str, str] = {
    "starter": "Starter claims, close to the record",
    "blind": "Claims by another hand",
    "develop": "Hard claims by another hand, to develop against",
    "unseen": "Claims by a third hand, mistakes never read",
    "claim-room": "Written articles",
    "news": "News, written for this project",
    "fever_dev": "FEVER: facts of Wikipedia",
    "fever_symmetric": "FEVER, turned round",
    "fool_me_twice": "FoolMeTwice: claims meant to mislead",
    "scifact": "SciFact: science",
    "check_covid": "Check-COVID: news on the pandemic",
    "healthver": "HealthVer: health",
    "climate_fever": "Climate-FEVER: climate",
    "ling_in_loop": "LingNLI: everyday sentences",
    "wice": "WiCE: Wikipedia’s own references",
    "politihop": "PolitiHop: what politicians said",
    "checkthat24-dev": "CheckThat! 2024: debates",
    "checkthat24-devtest": "CheckThat! 2024, test: debates",
}
"""Labelled sets with what they are about."""

FIGURES: dict[str, str] = {
    "accuracy": "share right",
    "read": "share read",
    "f1": "F1",
    "macro_f1": "F1 over the verdicts",
    "ndcg@10": "nDCG@10",
}
"""Figures as a reader meets them; the others stand under their own names."""


def duration(seconds: float) -> str:
    """Return a length of time, roughly, as a reader would say it.

    >>> [duration(3.2), duration(44), duration(100), duration(4000)]
    ['a few seconds', 'about 45 seconds', 'about 2 minutes', 'about 67 minutes']
    """
    if seconds < 8:  # noqa: PLR2004  below this the rounding to five seconds would mislead
        return "a few seconds"
    if seconds < 57:  # noqa: PLR2004  the last that rounds to less than a minute
        return f"about {round(seconds / 5) * 5} seconds"
    minutes = max(1, round(seconds / 60))
    return f"about {minutes} minute{'' if minutes == 1 else 's'}"
