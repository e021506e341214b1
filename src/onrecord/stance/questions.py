"""What is asked of a passage about a claim.

An unattributed claim asks one question: is it *true*? Reported speech asks two. A passage that the speaker utters is put
against the proposition and answers whether it was *said*; it is no evidence that the proposition is so. Every other
passage is put against the claim as a whole ("X said P"), as an account of what was *said*, and against the proposition,
whether it is *true*.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from onrecord.records import Claim, Hit, Passage, QuotationCheck

GIVEN_TO_ANOTHER = "Not support: the source gives this as said by "
"""How the note begins on a passage that shows that it was said, but by somebody else."""
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_TITLES = frozenset(
    [
        "president",
        "prime",
        "minister",
        "foreign",
        "secretary",
        "chancellor",
        "senator",
        "representative",
        "governor",
        "general",
        "mr",
        "mrs",
        "ms",
        "dr",
        "sir",
        "king",
        "queen",
        "his",
        "her",
        "excellency",
        "the",
        "of",
        "former",
        "acting",
        "deputy",
        "chair",
        "chairman",
        "chairwoman",
        "spokesman",
        "spokeswoman",
        "spokesperson",
    ]
)


@dataclass(frozen=True, slots=True)
class JudgeItem:
    """One question: a wording (``hypothesis``) to be judged against a passage."""

    claim: Claim
    passage: Passage
    hit: Hit
    question: Literal["said", "true"]
    hypothesis: str
    own_words: bool = False
    article_date: dt.date | None = None
    quotations: tuple[QuotationCheck, ...] = ()
    """What became of the claim's quotations in the whole corpus; none: they are held against this passage alone."""


def questions(
    claim: Claim,
    passage: Passage,
    hit: Hit,
    *,
    article_date: dt.date | None,
    quotations: tuple[QuotationCheck, ...] = (),
) -> tuple[JudgeItem, ...]:
    """Return the questions that ``passage`` is asked about ``claim``, at least one."""
    if claim.attribution is None:
        return (JudgeItem(claim, passage, hit, "true", claim.standalone, article_date=article_date),)
    own = passage.speaker is not None and same_person(claim.attribution.speaker, passage.speaker)
    said = JudgeItem(
        claim,
        passage,
        hit,
        "said",
        claim.proposition if own else claim.standalone,
        own_words=own,
        article_date=article_date,
        quotations=quotations,
    )
    if own:
        return (said,)
    return said, JudgeItem(claim, passage, hit, "true", claim.proposition, article_date=article_date)


def same_person(first: str, second: str) -> bool:
    """Tell whether two names can be the same person's: the family names are equal and no given names differ.

    >>> same_person("President Vladimir Putin", "Putin"), same_person("George Bush", "Laura Bush")
    (True, False)
    """
    left, right = ([word for word in _WORD.findall(name.casefold()) if word not in _TITLES] for name in (first, second))
    if not left or not right or left[-1] != right[-1]:
        return False
    return not left[:-1] or not right[:-1] or left[0] == right[0]


def names_speaker(passage: Passage, speaker: str) -> bool:
    """Tell whether a passage can be giving words of ``speaker``: utters them, or is an account that names who speaks."""
    if passage.speaker is not None:
        return same_person(speaker, passage.speaker)
    if any(same_person(speaker, other) for other in passage.source.speakers):
        return True
    family = family_name(speaker)
    words = _WORD.findall(f"{passage.source.title} {passage.text}".casefold())
    return bool(family) and family in {word.removesuffix("'s").removesuffix("’s") for word in words}


def other_speakers(passage: Passage, speaker: str) -> str:
    """Return whose words a passage gives instead of ``speaker``'s; empty where it does not tell, or names the speaker too."""
    if names_speaker(passage, speaker):
        return ""
    return passage.speaker or ", ".join(passage.source.speakers)


def family_name(name: str) -> str:
    """Return the last word of a name in lower case, titles left out; empty when nothing but titles is there.

    >>> family_name("President Franklin D. Roosevelt")
    'roosevelt'
    """
    words = _name_words(name)
    return words[-1] if words else ""


def _name_words(name: str) -> list[str]:
    return [word for word in _WORD.findall(name.casefold()) if word not in _TITLES]
