"""The windows of a passage that are worth a network's time: each sentence that shares most with the claim, and the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onrecord.records import Passage, Span
from onrecord.stance.questions import JudgeItem
from onrecord.text import day

WINDOWS_PER_PASSAGE = 2
"""Single sentences judged besides the passage as a whole, those that share most with the claim first. With 3, 2 and 1 (kept
runs judged again, 26 November 2026) 0.777, 0.777 and 0.783 of the starter claims are right, 0.677, 0.677 and 0.671 of
SciFact's, 0.704, 0.711 and 0.704 of Check-COVID's, 0.626, 0.630 and 0.626 of FoolMeTwice's; sentence F1 on SciFact 0.298,
0.315 and 0.325, on FoolMeTwice 0.218, 0.215 and 0.207."""
RELATED_COSINE = 0.15
"""A passage at least this near (embedding cosine) is judged even where no content word is shared: other words, same thing.
Of such pairs in six development sets, 0.35 between bare vectors lost 33 to 75 % of the true supports in five; 0.2 lost 0 to
33 %, and kept 47 to 91 % of random pairs from the network. Cosines of the claims' adapters are lower."""
NEAR_COSINE = 0.25
"""A passage farther than this from the claim (embedding cosine, where search gives one) decides only where the network is
sure. Right answers at 0.2, 0.25, 0.3 and 0.35: starter claims 0.777, 0.777, 0.777 and 0.771, SciFact 0.665, 0.671, 0.671 and
0.665, Check-COVID 0.678, 0.678, 0.671 and 0.658 (kept runs judged again, 26 November 2026)."""
SURE_OF_FAR = 0.75
"""How sure. Of 247 pairs with evidence farther than 0.35 (bare vectors) in eight development sets, 0.75 are right without this,
0.59 at 0.75, and 0.44 if nothing far decides; of 320 claims beside the nearest evidence of another claim that is as far, 0.12,
0.009 and none are decided (accurate network, 26 November 2026). With a dozen such passages for a claim only the last two do."""
RESTATED = 0.95
"""Share of the claim's content words in a window that restates it."""
MOST_OF_TITLE = 150
"""Characters of a title that a network is told; a longer one would take the place of the passage."""

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_STOP = frozenset(
    re.findall(
        r"\w+",
        """
    a about above after again all also am an and any are as at be because been before being below between both but
    by can could did do does doing down during each few for from further had has have having he her here hers him
    his how i if in into is it its itself just may me might more most must my no nor not now of off on once only or
    other our out over own said same say says shall she should so some such than that the their them then there
    these they this those through to too under until up very was we were what when where which while who whom why
    will with would you your
    """,
    )
)


@dataclass(frozen=True, slots=True)
class Window:
    """A range of a version's text and its words."""

    span: Span
    text: str
    shared: float
    """Share of the claim's content words that it holds, 0 to 1."""
    single: bool
    heading: str = ""
    """Title and date of its source, as a network is told them before the words."""

    @property
    def read(self) -> str:
        """What a network reads: the words under their heading."""
        return self.heading + self.text


def windows_of(item: JudgeItem) -> list[Window]:
    """Return the windows of an item that are worth judging; empty when nothing in the passage is related to the wording."""
    passage, words = item.passage, content_words(item.hypothesis)
    # Without a known cosine only the network can tell: 5 to 25 % of the true pairs of the scientific and colloquial development
    # sets share no content word ("ovine", "sheep").
    near = item.hit.dense_score is None or item.hit.dense_score >= RELATED_COSINE
    heading = heading_of(passage)

    def window(span: Span, *, single: bool) -> Window:
        text = passage.text_in(span)
        shared = len(words & content_words(text)) / len(words) if words else 1.0
        return Window(span, text, shared, single, heading)

    whole = window(passage.span, single=len(passage.sentences) <= 1)
    if not near and whole.shared == 0.0:
        return []
    if whole.single:
        return [whole]
    singles = [window(span, single=True) for span in passage.sentences]
    ranked = sorted((w for w in singles if near or w.shared > 0.0), key=lambda w: -w.shared)[:WINDOWS_PER_PASSAGE]
    return [whole, *sorted(ranked, key=lambda w: w.span.start)]


def heading_of(passage: Passage) -> str:
    """Return title and date of a passage's source, to be read before its words; empty where it has no title.

    A passage torn from its page says "it" and "the draft", and seldom when. Read under its heading, with nothing else changed
    (26 November 2026, kept runs judged again): SciFact end to end 0.580 before, 0.660 after; starter claims 0.731 and 0.760;
    Check-COVID 0.711 and 0.717.
    """
    source = passage.source
    title = " ".join(source.title.split()).rstrip(".")[:MOST_OF_TITLE]
    if not title or passage.text.startswith(title):
        return ""
    return f"{title} ({day(source.published)}). " if source.published else f"{title}. "


def far(item: JudgeItem) -> bool:
    """Tell whether search found the passage far from the claim."""
    return item.hit.dense_score is not None and item.hit.dense_score < NEAR_COSINE


def content_words(text: str) -> frozenset[str]:
    """Return the content words of a text, cut to crude stems so that inflections meet.

    >>> sorted(content_words("The ministries were accepting 1,200 offers"))
    ['1200', 'accept', 'ministry', 'offer']
    """
    return frozenset(_stem(word) for word in (m.group().casefold() for m in _WORD.finditer(text)) if word not in _STOP)


def _stem(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "")
    for ending, kept in (("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) > 2 and not word.endswith("ss"):  # noqa: PLR2004  "is", "red"
            return (word[: -len(ending)] + kept).rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word  # noqa: PLR2004  "the same" for accept/accepts, close/closed
