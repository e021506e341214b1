"""Compare the outcome of a vote: so many for, against and abstaining.

The figures of a vote stand side by side and count the same things, so that the check of figures takes one for another: "11
against and no abstentions" of "none against and 11 abstentions". Here each is held against the one of its own role. A role that
one of the texts gives twice, for two votes, is not compared.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from onrecord.quantities import days_meet, read_days
from onrecord.records import Finding, Span
from onrecord.stance.checks.pair import CheckName, Pair, finding

Role = Literal["for", "against", "abstaining"]

_WORDS: Final = {
    word: value
    for value, word in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty""".split()
    )
} | {"no": 0, "none": 0, "nobody": 0}
_FIGURE: Final = rf"(?P<figure>\d{{1,3}}(?:,\d{{3}}){{1,3}}|\d{{1,9}}|{'|'.join(_WORDS)})"
_VOTERS: Final = (
    r"(?:votes?|(?:member )?states|countries|nations|governments|members|delegates|delegations|lawmakers|deputies|senators|MPs|"
    r"representatives|judges|justices|directors|governors|shareholders)"
)
_ROLES: Final = re.compile(
    rf"\b{_FIGURE}(?: {_VOTERS})?(?: (?:voted|voting|were|was|cast|spoke))? "
    r"(?P<role>in favou?r|against|abstentions?|abstain(?:ed|ing)?)\b",
    re.IGNORECASE,
)
_TO: Final = re.compile(
    rf"\b(?:votes?|voted|passed|approved|adopted|carried|rejected|decided)\b[^.;]{{0,30}}?\b{_FIGURE}(?: votes?)?(?: to |[-–])"
    rf"{_FIGURE.replace('figure', 'other')}\b(?!,?\d| per ?cent|%| [a-z]*illion)",
    re.IGNORECASE,
)


def tally(text: str) -> dict[Role, tuple[int, Span]]:
    """Return the outcome of the one vote that a text gives, with where each figure stands.

    >>> {role: count for role, (count, _) in tally("The vote was 124 in favour, none against and 11 abstentions.").items()}
    {'for': 124, 'against': 0, 'abstaining': 11}
    >>> tally("5 against at noon, 7 against in the evening")
    {}
    """
    found: dict[Role, list[tuple[int, Span]]] = {}

    def add(role: Role, match: re.Match[str], group: str) -> None:
        found.setdefault(role, []).append((_value(match[group]), Span(start=match.start(group), end=match.end(group))))

    for match in _ROLES.finditer(text):
        said = match["role"].casefold()
        add("against" if said == "against" else "for" if said.startswith("in ") else "abstaining", match, "figure")
    if not found:
        for match in _TO.finditer(text):
            add("for", match, "figure")
            add("against", match, "other")
    return {role: given[0] for role, given in found.items() if len({count for count, _ in given}) == 1}


def _value(written: str) -> int:
    return _WORDS[written.casefold()] if written.casefold() in _WORDS else int(written.replace(",", ""))


class Votes:
    """The check of votes."""

    name: CheckName = "numbers"

    def compare(self, pair: Pair) -> tuple[Finding, ...]:
        """Return a finding for each role of which both texts give the count, if they can be of one vote."""
        mine, theirs = tally(pair.claim.text), tally(pair.evidence.text)
        roles = [role for role in mine if role in theirs]
        if not roles or not self._of_one_vote(pair, mine[roles[0]][1]):
            return ()
        found: list[Finding] = []
        for role in roles:
            (claimed, at), (given, there) = mine[role], theirs[role]
            message = f"{claimed} {role} in the claim, {given} in the source"
            found.append(finding("numbers", "equal" if claimed == given else "different", pair, at, there, message))
        return tuple(found)

    @staticmethod
    def _of_one_vote(pair: Pair, span: Span) -> bool:
        if pair.names_missing(span):
            return False
        told = read_days(pair.claim.text, pair.claim_date)
        around = read_days(pair.evidence.text, pair.source_date)
        return not told or not around or any(days_meet(day, around) for day in told)
