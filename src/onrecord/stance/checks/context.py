"""Whether the words beside a quotation, in the source's own sentence, say the opposite or set a condition.

"I do not believe that [we are ready for war]" and "[taxes will rise] if nothing is done" hold the bracketed words, and nobody
has asserted them. Only clauses are looked at, by the grammar of the sentence: what denies or conditions one must govern it. A
noun phrase asserts nothing, whatever surrounds it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from onrecord.grammar import pipeline
from onrecord.records import Record, Span

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

LONGEST: Final = 1_200
"""Characters of a sentence that is parsed: the longest piece of one that a passage holds by default."""
_CUE: Final = re.compile(
    r"\b(?:not|never|no|none|nobody|neither|nor|cannot|if|unless|provided|whether|lest|without|den(?:y|ies|ied)|doubt\w*|refus\w+|"
    r"reject\w*|false|untrue|myth|wrong|lie|some|they|critics|opponents|others|many|those|skeptics|sceptics|who|people)\b|n['’]t\b",
    re.IGNORECASE,
)
_NEGATIVE: Final = frozenset({"not", "n't", "n’t", "never", "no", "neither", "nor"})
_NOBODY: Final = frozenset({"nobody", "none", "nothing", "neither"})
_DENYING: Final = frozenset({"deny", "doubt", "refuse", "reject", "dispute", "disbelieve", "disprove", "fail"})
_UNTRUE: Final = frozenset({"false", "untrue", "wrong", "myth", "lie", "mistake", "illusion", "fallacy", "nonsense"})
_CONDITIONS: Final = frozenset({"if", "unless", "lest", "whether", "provided", "providing"})
_TELLING: Final = frozenset(
    {"say", "claim", "argue", "think", "believe", "suppose", "pretend", "tell", "contend", "suggest", "allege"}
)
_OTHERS: Final = frozenset(
    {"some", "they", "critic", "opponent", "other", "many", "those", "skeptic", "sceptic", "who", "people"}
)
_CARRIERS: Final = frozenset({"ccomp", "xcomp", "acl", "csubj", "pcomp", "csubjpass"})
"""How a clause hangs on what is said of it; a relative or adverbial clause is not what its governor denies."""


class Reversal(Record):
    """What turns the sense of a quotation: the word, and how."""

    kind: Literal["negated", "conditional", "reported"]
    word: str


def find_reversal(sentence: str, span: Span) -> Reversal | None:
    """Return what in ``sentence`` outside ``span`` negates, conditions or gives as others' words what the span says.

    >>> find_reversal("I do not believe that we are ready for war.", Span(start=22, end=42)).word
    'not'
    >>> find_reversal("We are ready for war, and I do not fear it.", Span(start=0, end=20)) is None
    True
    """
    outside = sentence[: span.start] + " " + sentence[span.end :]
    if len(sentence) > LONGEST or not _CUE.search(outside):
        return None
    doc = _parsed(sentence)
    inside = {token.i for token in doc if token.idx >= span.start and token.idx + len(token) <= span.end}
    heads = [token for token in doc if token.i in inside and (token.head.i not in inside or token.head == token)]
    for head in heads:
        if head.pos_ in {"VERB", "AUX"} and not head.is_punct and (found := _turned(head, inside)) is not None:
            return found
    return None


@lru_cache(maxsize=256)
def _parsed(sentence: str) -> Doc:
    return pipeline()(sentence)


def _turned(head: Token, inside: set[int]) -> Reversal | None:
    """Look at the quoted clause's own dependants outside the quotation, then up through what it depends on."""
    found = _denied(head, inside) or _condition_of(head, inside)
    token = head
    while found is None and token.head != token:
        mark = next((c for c in token.children if c.dep_ == "mark" and c.i not in inside), None)
        if token.dep_ == "advcl" and mark is not None and mark.lower_ in _CONDITIONS:
            return Reversal(kind="conditional", word=mark.text)
        parent = token.head
        if token.dep_ == "conj":
            token = parent
            continue
        # "The claim that we are weak is false": the noun carries the clause on to what is said of it.
        carried = token.dep_ in _CARRIERS or (token.dep_ == "nsubj" and token.i != head.i)
        if not carried or parent.i in inside:
            return None
        found = _denied(parent, inside) or _untrue(parent, inside) or _told_by_others(parent, inside)
        token = parent
    return found


def _denied(token: Token, inside: set[int]) -> Reversal | None:
    """Find a negation of the word, or take the word itself for one; a denial that is denied ("I do not doubt") is none."""
    found = next((child for child in token.children if child.i not in inside and _negates(child)), None)
    if token.lemma_.lower() in _DENYING and token.i not in inside:
        before = token.doc[token.i - 1].lower_ if token.i else ""
        return None if found is not None or before in _NEGATIVE else Reversal(kind="negated", word=token.text)
    return Reversal(kind="negated", word=found.text) if found is not None else None


def _negates(child: Token) -> bool:
    negative = child.dep_ == "neg" or (child.dep_ in {"advmod", "preconj"} and child.lower_ in _NEGATIVE)
    subject = child.dep_ in {"nsubj", "nsubjpass"}
    nobody = subject and (child.lower_ in _NOBODY or any(c.lower_ in {"no", "neither"} for c in child.children))
    return (negative or nobody) and not _only(child)


def _only(negation: Token) -> bool:
    """Tell whether a negation denies nothing: "not only we are ready"."""
    following = negation.doc[negation.i + 1] if negation.i + 1 < len(negation.doc) else None
    return following is not None and following.lower_ in {"only", "just", "merely", "simply", "alone", "least", "doubt"}


def _untrue(token: Token, inside: set[int]) -> Reversal | None:
    for word in (token, *token.children):
        if (
            word.i not in inside
            and word.lemma_.lower() in _UNTRUE
            and word.dep_ in {"acomp", "attr", "ROOT", "dobj", "oprd"}
        ):
            return Reversal(kind="negated", word=word.text)
    return None


def _told_by_others(token: Token, inside: set[int]) -> Reversal | None:
    if token.lemma_.lower() not in _TELLING:
        return None
    for child in token.children:
        if child.i not in inside and child.dep_ == "nsubj" and child.lemma_.lower() in _OTHERS:
            return Reversal(kind="reported", word=f"{child.text} {token.text}")
    return None


def _condition_of(head: Token, inside: set[int]) -> Reversal | None:
    for child in head.children:
        if child.dep_ == "advcl" and child.i not in inside:
            mark = next((c for c in child.children if c.dep_ == "mark" and c.i not in inside), None)
            if mark is not None and mark.lower_ in _CONDITIONS:
                return Reversal(kind="conditional", word=mark.text)
    return None
