"""A claim's wording beside a window of evidence, taken apart once for all checks."""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from onrecord.quantities import FUNCTION_WORDS, Word, stem, words
from onrecord.records import Finding, Span

CheckName = Literal["numbers", "dates", "names", "quotes"]
Outcome = Literal["equal", "rounded", "different", "not_comparable"]

_NEGATIONS = frozenset(
    "not no never neither nor none nothing nobody without n't cannot denied denies deny false untrue hardly".split()
)
_UNREAL = frozenset(
    """if would could may might should unless whether expected expects forecast forecasts predicted predicts projected plans
    planned plan target targets aims aim hopes proposed proposes suggested threatens threatened hypothetical likely
    estimate""".split()
)
_CONDITIONS = frozenset({"if", "unless", "whether"})
# "the target range was raised" is a fact; "the target is 2 per cent" is not.
_AIMED_AT = frozenset({"range", "rate"})
_CALENDAR = frozenset(
    """january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday""".split()
)
_CLAUSE_ENDS = frozenset(",;:()—") | {"but", "while", "although", "though", "whereas"}


def _ends_clause(token: Word) -> bool:
    return token.lower in _CLAUSE_ENDS


_SENTENCE_END = re.compile(r"[.!?][\"”’')\]]*\s+(?=[\"“‘(\[]?[A-Z0-9])|\n")


@dataclass(frozen=True)
class Side:
    """One of the two texts: its tokens with their stems, and where its sentences begin."""

    text: str
    tokens: tuple[Word, ...]
    stems: tuple[str, ...]
    """One per token; empty for function words, digits and symbols."""
    sentence_of: tuple[int, ...]
    """The ordinal of the sentence that each token is in."""
    starts: tuple[int, ...]
    """Where each token begins."""
    all_stems: frozenset[str]

    def range_of(self, span: Span) -> tuple[int, int]:
        """Return the tokens that ``span`` covers as a half-open range."""
        return bisect.bisect_left(self.starts, span.start), bisect.bisect_left(self.starts, span.end)

    def near(self, span: Span, *, reach: int = 4) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return up to ``reach`` content stems before and after ``span`` in its sentence, nearest first."""
        first, after = self.range_of(span)
        if first >= len(self.tokens):
            return (), ()
        sentence = self.sentence_of[first]
        left = [
            self.stems[index]
            for index in range(first - 1, -1, -1)
            if self.sentence_of[index] == sentence and self.stems[index]
        ]
        right = [
            self.stems[index]
            for index in range(after, len(self.tokens))
            if self.sentence_of[index] == sentence and self.stems[index]
        ]
        return tuple(left[:reach]), tuple(right[:reach])

    def beside(self, span: Span, *, reach: int = 3) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the lower-cased tokens right before and after ``span``, nearest first, function words included."""
        first, after = self.range_of(span)
        before = [token.lower for token in self.tokens[max(0, first - reach) : first]]
        return tuple(reversed(before)), tuple(token.lower for token in self.tokens[after : after + reach])

    def in_one_sentence(self, one: Span, two: Span) -> bool:
        """Tell whether two spans begin in the same sentence."""
        first, second = self.range_of(one)[0], self.range_of(two)[0]
        count = len(self.tokens)
        return first < count and second < count and self.sentence_of[first] == self.sentence_of[second]

    def sentence(self, span: Span) -> frozenset[str]:
        """Return the content stems of the sentence around ``span``, without those inside it."""
        first, after = self.range_of(span)
        if first >= len(self.tokens):
            return frozenset()
        number = self.sentence_of[first]
        return frozenset(
            self.stems[index]
            for index, at in enumerate(self.sentence_of)
            if at == number and self.stems[index] and not first <= index < after
        )

    def words_of_sentence(self, span: Span) -> tuple[str, ...]:
        """Return the lower-cased words of the sentence around ``span``."""
        first, _ = self.range_of(span)
        if first >= len(self.tokens):
            return ()
        number = self.sentence_of[first]
        return tuple(token.lower for token, at in zip(self.tokens, self.sentence_of, strict=True) if at == number)

    def is_plain_statement(self, span: Span) -> bool:
        """Tell whether the sentence around ``span`` asserts: without negation, condition or forecast."""
        first, after = self.range_of(span)
        if first >= len(self.tokens):
            return True
        if any(word in _CONDITIONS for word in self.words_of_sentence(span)):
            return False
        left, right = first, after
        while (
            left > 0
            and not _ends_clause(self.tokens[left - 1])
            and self.sentence_of[left - 1] == self.sentence_of[first]
        ):
            left -= 1
        while (
            right < len(self.tokens)
            and not _ends_clause(self.tokens[right])
            and self.sentence_of[right] == self.sentence_of[first]
        ):
            right += 1
        clause = [
            token for index, token in enumerate(self.tokens[left:right], start=left) if not first <= index < after
        ]
        limits = {  # "no more than 100,000" denies nothing
            index
            for index, (one, two) in enumerate(itertools.pairwise(clause))
            if (
                one.lower in {"no", "not"}
                and two.lower in {"more", "less", "fewer", "later", "earlier", "only", "just"}
            )
            or (one.lower == "target" and two.lower in _AIMED_AT)
        }
        clause = [token for index, token in enumerate(clause) if index not in limits]
        return not any(
            token.lower in _NEGATIONS
            or (token.lower in _UNREAL and token.text != "May")
            or token.lower.endswith(("n't", "n’t"))
            for token in clause
        )


@lru_cache(maxsize=4096)
def side(text: str) -> Side:
    """Take one text apart; kept by text, because a claim meets many windows and a window many claims."""
    tokens = tuple(words(text))
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if not _after_initial(text, match.start())]
    stems = tuple(
        stem(token.lower) if token.kind == "word" and token.lower not in FUNCTION_WORDS and len(token.text) > 1 else ""
        for token in tokens
    )
    return Side(
        text=text,
        tokens=tokens,
        stems=stems,
        sentence_of=tuple(bisect.bisect_right(ends, token.start) for token in tokens),
        starts=tuple(token.start for token in tokens),
        all_stems=frozenset(stems) - {""},
    )


def _after_initial(text: str, stop: int) -> bool:
    """Tell whether the full stop at ``stop`` ends an initial or a title rather than a sentence."""
    word = re.search(r"(\w+)$", text[max(0, stop - 12) : stop])
    return word is not None and (
        len(word.group(1)) == 1 or word.group(1) in {"Mr", "Mrs", "Ms", "Dr", "St", "Gen", "Sen", "No", "vs"}
    )


@dataclass(frozen=True)
class Pair:
    """What every check is given. Dates are the days on which the two texts were written, where known."""

    claim: Side
    evidence: Side
    claim_date: dt.date | None = None
    source_date: dt.date | None = None
    heading: Side | None = None
    """Title of the source: what it names, the evidence need not name again."""

    @classmethod
    def of(
        cls,
        claim: str,
        evidence: str,
        *,
        claim_date: dt.date | None = None,
        source_date: dt.date | None = None,
        heading: str = "",
    ) -> Pair:
        """Take the texts apart."""
        return cls(side(claim), side(evidence), claim_date, source_date, side(heading) if heading else None)

    def names_missing(self, span: Span) -> frozenset[str]:
        """Return the stems of the names in the claim's sentence around ``span`` that the evidence and its title never mention.

        Months and days of the week are left to the check of dates.
        """
        first, after = self.claim.range_of(span)
        if first >= len(self.claim.tokens):
            return frozenset()
        number = self.claim.sentence_of[first]
        names: set[str] = set()
        start_of_sentence = True
        for index, (token, at) in enumerate(zip(self.claim.tokens, self.claim.sentence_of, strict=True)):
            if at != number:
                continue
            inside = first <= index < after
            if token.kind == "word":
                named = token.text[0].isupper() and self.claim.stems[index] and token.lower not in _CALENDAR
                if named and not inside and not start_of_sentence:
                    names.add(self.claim.stems[index])
                start_of_sentence = False
        known = self.evidence.all_stems | (self.heading.all_stems if self.heading else frozenset())
        return frozenset(names) - known


def same_setting(pair: Pair, mine: Span, theirs: Span) -> float:
    """Return how alike the words right beside two spans are, 0 to 1: an edited copy of a sentence scores 1."""
    score = 0.0
    for one, two in zip(pair.claim.beside(mine), pair.evidence.beside(theirs), strict=True):
        for left, right in zip(one, two, strict=False):
            if left != right:
                break
            score += 1 / 6
    return score


def are_alternatives(text: str, mine: Span, others: list[Span]) -> bool:
    """Tell whether ``mine`` is joined to another span by "or" or a slash: "1889 or 1890"."""
    if re.search(r"\bor\s+(?:the\s+)?$", text[max(0, mine.start - 8) : mine.start]):
        return True  # "the 18th or 19th century"
    for other in others:
        first, second = (mine, other) if mine.start < other.start else (other, mine)
        between = text[first.end : second.start]
        if len(between) <= 12 and re.fullmatch(r"[\s,-]*(?:or|/|and/or)\s*", between):  # noqa: PLR2004
            return True
    return False


def shifted(found: Finding, offset: int) -> Finding:
    """Return a finding whose place in the evidence is ``offset`` characters further: in the version instead of the window."""
    return found.model_copy(update={"evidence_span": found.evidence_span.shifted(offset)})


MOST_CLAIMED: Final = 12
"""Figures or dates of a claim that are compared; a claim is a sentence, and a list of figures is no claim."""
MOST_GIVEN: Final = 80
"""Figures or dates of a window of evidence that are looked at. Without a limit, 300 on each side took minutes."""


def finding(  # noqa: PLR0913, PLR0917  the two spans and the message are what a finding is made of
    check: CheckName, outcome: Outcome, pair: Pair, claim_span: Span, evidence_span: Span, message: str
) -> Finding:
    """Make a finding whose values are the words of both texts; spans are local to each."""
    return Finding(
        check=check,
        outcome=outcome,
        claim_value=claim_span.of(pair.claim.text),
        evidence_value=evidence_span.of(pair.evidence.text),
        claim_span=claim_span,
        evidence_span=evidence_span,
        message=message,
    )
