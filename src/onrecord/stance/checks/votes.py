"""Compare the outcome of a vote: so many in favour, against and abstaining.

The figures of a vote stand side by side and count the same things, so that the check of figures takes one for another: "11
against and no abstentions" of "none against and 11 abstentions". Here each is held against the one of its own role. Only plain
counts are read ("more than 140", "two of the nine" and "25.5" are not), only beside voters or a word of voting, and of a source
only its whole outcome, two roles at least. Every content word of the claim must be in the passage or its title: the upper house
is not the lower one, nor an amendment the bill. A role that a text gives twice, for two votes, is not compared.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from onrecord.quantities import read_days, times_meet
from onrecord.records import Finding, Span
from onrecord.stance.checks.pair import CheckName, Pair, finding

Role = Literal["in favour", "against", "abstaining"]

_WORDS: Final = {
    word: value
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty""".split()
    )
} | {"no": 0, "none": 0, "nobody": 0}
_VOTERS: Final = (
    r"(?:votes?|(?:member )?states|countries|nations|governments|members|delegates|delegations|lawmakers|deputies|senators|MPs|"
    r"representatives|judges|justices|directors|governors|shareholders)"
)
# Before a plain count stands no other number, and nothing that makes it a bound, a part or an address.
_PLAIN: Final = (
    r"(?<![\w.,%/–-])(?<!\bno )(?<!than )(?<!least )(?<!most )(?<!about )(?<!nearly )(?<!almost )(?<!around )(?<!over )"
    r"(?<!under )(?<!some )(?<!up to )(?<!of )(?<!of the )(?<!roughly )(?<!to )(?<!in )(?<!resolution )"
)
_ROLES: Final = re.compile(
    rf"{_PLAIN}(?P<figure>\d{{1,3}}(?:,\d{{3}}){{1,3}}|\d{{1,9}}|{'|'.join(_WORDS)})(?P<voters> {_VOTERS})?"
    r"(?P<voting> (?:voted|voting|cast|spoke))? "
    r"(?:(?P<favour>in favou?r)|(?P<against>against)|(?P<abstaining>abstentions?|abstain(?:ed|ing)?))\b",
    re.IGNORECASE | re.ASCII,
)
_VOTE: Final = re.compile(r"\b(?:vot(?:e|es|ed|ing)|abstain\w*|abstentions?|ballot)\b", re.IGNORECASE)
_WHOLE: Final = 2
"""Roles that make the outcome of a vote."""
_LIST: Final = 30
"""Characters between two counts of one outcome."""


def tally(text: str) -> dict[Role, tuple[int, Span]]:
    """Return the outcome of the one vote that a text gives, with where each figure stands.

    >>> {role: count for role, (count, _) in tally("The vote was 124 in favour, none against and 11 abstentions.").items()}
    {'in favour': 124, 'against': 0, 'abstaining': 11}
    >>> tally("5 voted against at noon, 7 voted against in the evening"), tally("It lost 8 against the euro.")
    ({}, {})
    """
    if not _VOTE.search(text):
        return {}
    found: dict[Role, list[tuple[int, Span]]] = {}
    end = -_LIST
    for match in _ROLES.finditer(text):
        role: Role = "in favour" if match["favour"] else "against" if match["against"] else "abstaining"
        listed = match.start() - end <= _LIST  # "143 in favour, 5 against": who votes is said once
        opens = role == "in favour" and not re.match(r"\s+of\b", text[match.end() :])
        if match["voters"] or match["voting"] or listed or role == "abstaining" or opens:
            at = Span(start=match.start("figure"), end=match.end("figure"))
            found.setdefault(role, []).append((_value(match["figure"]), at))
            end = match.end()
    return {role: given[0] for role, given in found.items() if len({count for count, _ in given}) == 1}


def _value(written: str) -> int:
    known = _WORDS.get(written.casefold())
    return int(written.replace(",", "")) if known is None else known


class Votes:
    """The check of votes."""

    name: CheckName = "numbers"

    def compare(self, pair: Pair) -> tuple[Finding, ...]:
        """Return a finding for each role of which both texts give the count, if they can be of one vote."""
        mine = tally(pair.claim.text)
        theirs = tally(pair.evidence.text) if mine else {}
        roles = [role for role in mine if role in theirs]
        if not roles or len(theirs) < _WHOLE or not self._of_one_vote(pair, [at for _, at in mine.values()]):
            return ()
        found: list[Finding] = []
        for role in roles:
            (claimed, at), (given, there) = mine[role], theirs[role]
            message = f"{claimed} {role} in the claim, {given} in the source"
            found.append(finding("numbers", "equal" if claimed == given else "different", pair, at, there, message))
        return tuple(found)

    @staticmethod
    def _of_one_vote(pair: Pair, figures: list[Span]) -> bool:
        counted = {pair.claim.range_of(span)[0] for span in figures}
        words = {
            stem
            for index, (token, stem) in enumerate(zip(pair.claim.tokens, pair.claim.stems, strict=True))
            if stem
            and index not in counted
            and not re.fullmatch(rf"{_VOTERS}|favou?r|none|nobody", token.text, re.IGNORECASE)
            and not _VOTE.fullmatch(token.text)
        }
        known = pair.evidence.all_stems | (pair.heading.all_stems if pair.heading else frozenset())
        told = read_days(pair.claim.text, pair.claim_date)
        around = read_days(pair.evidence.text, pair.source_date)
        return words <= known and times_meet(told, around)
