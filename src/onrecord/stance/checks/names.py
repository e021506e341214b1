"""Compare who does what: roles swapped, or another person in the same role.

Rests on the dependency parse of spaCy's small English model, so it runs only on pairs that share a name and another word.

Measured 2026-11-23 by ``python -m training.stance.measure_checks --pairs ../shared/data/pairs/dev --sample 400`` (6,252 pairs):
``different`` on 0 of 2,387 pairs labelled supports and on 1 of 2,036 labelled refutes: swapped roles hardly occur in these
sets, so the recall is not known beyond the rows of ``tests/test_checks.py``. 15 ms per pair on a busy core, nearly all of it
parsing; the parser takes 3 s to load, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from onrecord.grammar import pipeline
from onrecord.quantities import stem
from onrecord.records import Finding, Span
from onrecord.stance.checks.pair import CheckName, Pair, finding

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_LONGEST: Final = 2000
"""Code points of evidence that are parsed; a window of sentences is shorter."""
# What two do together or to each other: swapping them changes nothing.
_MUTUAL: Final = frozenset(
    """meet marry divorce date play fight join talk negotiate discuss debate face compete contact resemble equal border agree
    cooperate collaborate clash differ exchange trade accompany match be have include feature star neighbour know like love
    hate become call phone tell say ask speak own help support visit work see use make do get take give""".split()
)
# What, of one object, only one does: another doer excludes the first.
_EXCLUSIVE: Final = frozenset(
    """write author compose direct found invent discover paint design assassinate murder shoot defeat beat win create sculpt
    coin acquire buy purchase overthrow succeed conquer annex invade appoint nominate""".split()
)
_SUBJECTS: Final = frozenset({"nsubj", "csubj"})
_OBJECTS: Final = frozenset({"dobj", "obj"})
_NEGATIONS: Final = frozenset({"not", "never", "n't", "no", "n’t"})
_SAYING: Final = frozenset(
    """say tell state add declare claim announce argue warn insist reiterate stress repeat note assert explain deny confirm
    promise""".split()
)
_MODALS: Final = frozenset(
    {"would", "could", "may", "might", "should", "if", "whether", "want", "try", "attempt", "refuse", "fail"}
)


@dataclass(frozen=True, slots=True)
class Action:
    """Who does what to whom; a passive is turned round."""

    verb: str
    doer: str
    doer_span: Span
    doer_named: bool
    target: str
    target_span: Span
    target_named: bool
    plain: bool
    """Neither denied nor merely possible."""


@lru_cache(maxsize=256)  # a parse is large; what is read from it is kept longer, below
def parse(text: str) -> Doc:
    """Parse ``text``; kept by text, because a claim meets many windows."""
    return pipeline()(text)


class Names:
    """The check of names and roles."""

    name: CheckName = "names"

    def compare(self, pair: Pair) -> tuple[Finding, ...]:
        """Return a finding for each action of the claim that stands in the evidence with the same verb."""
        if not _worth_parsing(pair):
            return ()
        mine = actions(pair.claim.text)
        if not mine:
            return ()
        theirs = actions(pair.evidence.text[:_LONGEST])
        found: list[Finding] = []
        for action in mine:
            candidates = [other for other in theirs if other.verb == action.verb]
            if candidates:
                result = _compare(pair, action, candidates)
                if result is not None:
                    found.append(result)
        return tuple(found)


def _worth_parsing(pair: Pair) -> bool:
    """Tell whether the two texts share enough for a role to be compared: a name, and another content word."""
    claim_names = {
        stem_
        for token, stem_ in zip(pair.claim.tokens, pair.claim.stems, strict=True)
        if stem_ and token.text[0].isupper()
    }
    shared = claim_names & pair.evidence.all_stems
    return len(claim_names) > 1 and bool(shared) and len(pair.claim.all_stems & pair.evidence.all_stems) > 1


@lru_cache(maxsize=4096)
def actions(text: str) -> tuple[Action, ...]:
    """Return the actions in ``text`` that have both a doer and a target."""
    found: list[Action] = []
    for token in parse(text):
        if token.pos_ != "VERB":
            continue
        doer, target = _doer(token), _target(token)
        verb = token.lemma_.lower()
        if doer is not None and target is None:
            target = _target_of_preposition(token)
            verb = f"{verb} {target.head.lower_}" if target is not None else verb
        if (
            doer is None
            or target is None
            or doer.i == target.i
            or "NUM" in {doer.pos_, target.pos_}
            or doer.text == "%"
        ):
            continue
        if doer.conjuncts or target.conjuncts:
            continue  # one of several
        plain = (
            not any(child.lower_ in _NEGATIONS | _MODALS for child in token.children)
            and token.head.lemma_ not in _MODALS
        )
        found.append(
            Action(
                verb=verb,
                doer=_words(doer), doer_span=_span(doer), doer_named=_named(doer),
                target=_words(target), target_span=_span(target), target_named=_named(target),
                plain=plain,
            )
        )  # fmt: skip
    return tuple(found)


@lru_cache(maxsize=4096)
def sayers(text: str, part: Span | None = None) -> tuple[tuple[str, Span], ...]:
    """Return the persons who say something in ``text``, or in a part of it, by their names, with where they are named.

    Each is the one subject of a verb of saying, not one of several; "he" and "she" are the one person who was named before.

    >>> [name for name, _ in sayers("The foreign minister, Sergei Lavrov, left. He said nothing was agreed.")]
    ['Sergei Lavrov']
    """
    found: dict[str, Span] = {}
    for token in parse(text[:_LONGEST]):
        within = part is None or part.start <= token.idx < part.end
        if not within or token.pos_ != "VERB" or token.lemma_.lower() not in _SAYING:
            continue
        subject = _doer(token)
        person = _named_person(subject) if subject is not None and not subject.conjuncts else None
        if person is not None:
            name = [child for child in _phrase(person) if child.ent_type_ == "PERSON"]
            span = Span(start=name[0].idx, end=name[-1].idx + len(name[-1].text))
            found.setdefault(span.of(text), span)
    return tuple(found.items())


def _named_person(subject: Token) -> Token | None:
    """Return the name of a subject: its own, that in apposition to an office, or for "he" and "she" the only one before."""
    if subject.ent_type_ == "PERSON":
        return subject
    named = next((child for child in subject.children if child.dep_ == "appos" and child.ent_type_ == "PERSON"), None)
    if named is not None or subject.lower_ not in {"he", "she"}:
        return named
    before = [entity for entity in subject.doc.ents if entity.label_ == "PERSON" and entity.end <= subject.sent.start]
    alone = len({entity.root.lower_ for entity in before}) == 1
    return before[-1].root if alone else None


def is_person(text: str, family: str) -> bool:
    """Tell whether the word ``family`` (lower case) is part of a person's name in ``text``."""
    return any(token.ent_type_ == "PERSON" and token.lower_ == family for token in parse(text))


def _doer(verb: Token) -> Token | None:
    for child in verb.children:
        if child.dep_ == "agent":
            return next((grandchild for grandchild in child.children if grandchild.dep_ == "pobj"), None)
    if any(child.dep_ in {"nsubjpass", "auxpass"} for child in verb.children):
        return None
    subject = next((child for child in verb.children if child.dep_ in _SUBJECTS), None)
    if subject is None and verb.dep_ == "conj" and verb.head.pos_ == "VERB":
        return next((child for child in verb.head.children if child.dep_ in _SUBJECTS), None)
    return subject


def _target(verb: Token) -> Token | None:
    passive = next((child for child in verb.children if child.dep_ == "nsubjpass"), None)
    if passive is not None:
        return passive
    if verb.dep_ == "acl" and any(child.dep_ == "agent" for child in verb.children):
        return verb.head  # "a film directed by her"
    return next((child for child in verb.children if child.dep_ in _OBJECTS), None)


def _target_of_preposition(verb: Token) -> Token | None:
    """Return the object of "lost to", "apologised to", "surrendered to": the only one, and a name."""
    prepositions = [
        child for child in verb.children if child.dep_ == "prep" and child.lower_ in {"to", "against", "from"}
    ]
    if len(prepositions) != 1:
        return None
    return next((child for child in prepositions[0].children if child.dep_ == "pobj" and child.pos_ == "PROPN"), None)


def _phrase(head: Token) -> list[Token]:
    inner = [child for child in head.lefts if child.dep_ in {"compound", "amod", "nummod", "nmod", "flat"}]
    inner += [child for child in head.rights if child.dep_ == "flat"]
    return sorted([*inner, head], key=lambda token: token.i)


def _words(head: Token) -> str:
    return " ".join(token.text for token in _phrase(head))


def _span(head: Token) -> Span:
    phrase = _phrase(head)
    return Span(start=phrase[0].idx, end=phrase[-1].idx + len(phrase[-1].text))


def _named(head: Token) -> bool:
    return head.pos_ == "PROPN" or bool(head.ent_type_ and head.text[0].isupper())


def _same(one: str, two: str) -> bool:
    """Tell whether two noun phrases may name the same: their last word or any capitalised word is shared."""
    mine, theirs = {stem(word) for word in one.split()}, {stem(word) for word in two.split()}
    return bool(mine & theirs)


def _all_same(one: str, two: str) -> bool:
    mine, theirs = {stem(word) for word in one.split()}, {stem(word) for word in two.split()}
    return bool(mine) and (mine <= theirs or theirs <= mine)


def _mentioned(name: str, pair: Pair) -> bool:
    return any(stem(word) in pair.evidence.all_stems for word in name.split() if len(word) > 1)


def _compare(pair: Pair, claim: Action, others: list[Action]) -> Finding | None:
    for other in others:
        named = claim.doer_named or other.doer_named
        if named and _same(claim.doer, other.doer) and _same(claim.target, other.target):
            message = f"in both, {other.doer} is the one who does it"
            return finding("names", "equal", pair, claim.doer_span, other.doer_span, message)
    for other in others:
        swapped = _all_same(claim.doer, other.target) and _all_same(claim.target, other.doer)
        if not swapped or _same(claim.doer, claim.target):
            continue
        sure = (
            claim.plain and other.plain and claim.verb.split()[0] not in _MUTUAL and len(others) == 1
            and (claim.doer_named or other.target_named) and (claim.target_named or other.doer_named)
        )  # fmt: skip
        message = f"in the claim {claim.doer} does it to {claim.target}, in the source {other.doer} to {other.target}"
        return finding(
            "names", "different" if sure else "not_comparable", pair, claim.doer_span, other.doer_span, message
        )
    for other in others:
        if not _all_same(claim.target, other.target) or len(others) > 1:
            continue
        sure = (
            claim.plain and other.plain and claim.verb in _EXCLUSIVE and claim.doer_named and other.doer_named
            and (claim.target_named or other.target_named) and not _mentioned(claim.doer, pair)
        )  # fmt: skip
        message = f"{claim.doer} in the claim, {other.doer} in the source"
        return finding(
            "names", "different" if sure else "not_comparable", pair, claim.doer_span, other.doer_span, message
        )
    return None
