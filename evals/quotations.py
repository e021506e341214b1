"""Quotations made by rule from real addresses: verbatim ones, retouched ones, and every way of getting one wrong.

Nothing of the addresses is kept here: the rules take sentences from a corpus that was just built and change them. What the
right answer is follows from the rule, never from the product; that a changed quotation does not stand somewhere after all, and
in which sources the unchanged one stands, is looked up in the plain text of the corpus by ``Record``.
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onrecord.records import Passage, QuotationOutcome

LEAST_WORDS, MOST_WORDS = 8, 45
"""Words of a sentence that is quoted: what newspapers quote."""
Days = tuple[dt.date, dt.date]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence of the corpus with its provenance."""

    text: str
    source: str
    speaker: str | None
    published: dt.date | None
    version: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MadeQuotation:
    """A quotation with the right answer."""

    id: str
    kind: str
    text: str
    speaker: str | None
    said: Days | None
    gold: QuotationOutcome
    sources: frozenset[str]
    """The sources in which the quoted words stand, or stood before they were changed; empty when in none."""


def plain(text: str) -> str:
    """Return lower-case words and numbers, single-spaced, with a space at both ends."""
    return " " + " ".join(re.findall(r"[^\W_]+", text.casefold())) + " "


class Record:
    """All sources as plain words: where a text stands to the letter, and how much of it stands anywhere."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Keep ``texts``, source → whole text."""
        self._names = list(texts)
        parts = [plain(text) for text in texts.values()]
        self._starts = [0]
        for part in parts:
            self._starts.append(self._starts[-1] + len(part) + 1)
        self._text = "\n".join(parts)
        self._runs: set[int] = set()
        for part in parts:
            self._runs.update(map(hash, _runs(part)))

    def sources(self, text: str) -> frozenset[str]:
        """Return the sources in which the words stand in this order."""
        wanted, found = plain(text), set()
        at = self._text.find(wanted)
        while at >= 0:
            found.add(self._names[bisect.bisect_right(self._starts, at) - 1])
            at = self._text.find(wanted, at + 1)
        return frozenset(found)

    def known(self, text: str) -> float:
        """Return the share of the text's runs of four words that stand anywhere, 0 to 1."""
        runs = _runs(plain(text))
        return sum(hash(run) in self._runs for run in runs) / len(runs) if runs else 1.0


def _runs(part: str) -> list[tuple[str, ...]]:
    words = part.split()
    return [tuple(words[at : at + 4]) for at in range(len(words) - 3)]


def utterances(passages: Iterator[Passage]) -> list[Utterance]:
    """Return every sentence of the passages once, in order."""
    found: dict[tuple[str, int], Utterance] = {}
    for passage in passages:
        for span in passage.sentences:
            text = " ".join(passage.text_in(span).split())
            source = passage.source
            found.setdefault(
                (passage.version_id, span.start),
                Utterance(text, source.id, passage.speaker, source.published, passage.version_id, span.start, span.end),
            )
    return [found[key] for key in sorted(found)]


@dataclass
class Maker:
    """Makes quotations of every kind from utterances; the same seed makes the same."""

    said: Sequence[Utterance]
    """What the corpus holds."""
    unsaid: Sequence[Utterance]
    """What was kept out of it."""
    record: Record
    rng: random.Random
    made: list[MadeQuotation] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Sort what there is."""
        # Where nobody is named in a source whose speakers are known, it is an editor who speaks.
        known = {u.source for u in self.said if u.speaker is not None}
        usable = [u for u in self.said if _usable(u.text) and (u.speaker is not None or u.source not in known)]
        self.whole = usable
        self.spoken = [u for u in usable if u.speaker is not None]
        self.speakers = sorted({u.speaker for u in self.spoken if u.speaker})
        self.content = sorted({w for u in usable for w in u.text.split() if re.fullmatch(r"[a-z]{5,12}", w)})
        self.names = sorted({w for u in usable for w in _NAME.findall(u.text)})
        self.position = {(u.version, u.start): n for n, u in enumerate(self.said)}

    def add(self, kind: str, count: int, make: Callable[[Utterance], str | None], gold: QuotationOutcome) -> None:
        """Make ``count`` quotations of a kind by a rule that gives the changed text, or ``None`` where it does not apply."""
        changed = gold is QuotationOutcome.ALTERED
        self._collect(kind, count, lambda u: self._one(kind, u, make(u), gold, absent=changed), self.whole)

    def _collect(
        self, kind: str, count: int, make: Callable[[Utterance], MadeQuotation | None], pool: Sequence[Utterance]
    ) -> None:
        order = list(pool)
        self.rng.shuffle(order)
        wanted = len(self.made) + count
        for utterance in order:
            if len(self.made) == wanted:
                return
            item = make(utterance)
            if item is not None:
                self.made.append(item)
        message = f"only {len(self.made) - wanted + count} of {count} quotations of the kind {kind!r} could be made"
        raise ValueError(message)

    def _one(
        self, kind: str, u: Utterance, text: str | None, gold: QuotationOutcome, *, absent: bool = False
    ) -> MadeQuotation | None:
        if text is None or (text == u.text and gold is not QuotationOutcome.VERBATIM):
            return None
        if absent and self.record.sources(text):
            return None
        # The words stand where the whole sentence stands, and where the part that is quoted does.
        return self._item(kind, text, u, gold, self.record.sources(u.text) | self.record.sources(text) | {u.source})

    def _item(  # noqa: PLR0913, PLR0917  what a quotation is made of
        self,
        kind: str,
        text: str,
        u: Utterance,
        gold: QuotationOutcome,
        sources: frozenset[str],
        said: Days | None = None,
        speaker: str | None = None,
    ) -> MadeQuotation:
        who = speaker or u.speaker or "Vladimir Putin"
        if self.rng.random() < 0.5:  # noqa: PLR2004  articles give the family name alone half of the time
            who = who.split()[-1]
        when = said
        if when is None and u.published and self.rng.random() < 0.5:  # noqa: PLR2004  half of the articles say when
            when = (u.published, u.published)
        return MadeQuotation(f"{kind} {len(self.made)}", kind, text, who, when, gold, sources)

    # Rules that take more than one sentence, or change what is said about one

    def several(self, u: Utterance) -> str | None:
        """Two or three sentences in a row."""
        at = self.position[u.version, u.start]
        parts = self.said[at : at + self.rng.choice((2, 3))]
        joined = all(
            a.version == b.version and a.speaker == b.speaker and 0 < b.start - a.end <= 2  # noqa: PLR2004  a gap has more
            for a, b in itertools.pairwise(parts)
        )
        text = " ".join(part.text for part in parts)
        return text if len(parts) > 1 and joined and len(text.split()) <= 2 * MOST_WORDS else None

    def word(self, u: Utterance) -> str | None:
        """Another word in the place of one that carries meaning."""
        words = u.text.split()
        places = [n for n, w in enumerate(words[1:-1], 1) if re.fullmatch(r"[a-z]{5,12}", w)]
        if not places:
            return None
        at = self.rng.choice(places)
        other = self.rng.choice(self.content)
        if other[:4] == words[at][:4]:
            return None
        return " ".join([*words[:at], other, *words[at + 1 :]])

    def name(self, u: Utterance) -> str | None:
        """Another name in the place of one."""
        names = list(_NAME.finditer(u.text))
        if not names:
            return None
        there, other = self.rng.choice(names), self.rng.choice(self.names)
        if other[:3] == there.group()[:3]:
            return None
        return f"{u.text[: there.start()]}{other}{u.text[there.end() :]}"

    def number(self, u: Utterance) -> str | None:
        """Another number in the place of one in digits or words."""
        found = list(re.finditer(r"(?<![\w.,])\d[\d,]*(?![\w,]|\.\d)", u.text)) + [
            m for m in re.finditer(r"\b[a-z]+\b", u.text) if m.group() in _NUMBERS
        ]
        if not found:
            return None
        there = self.rng.choice(found)
        if there.group()[0].isdigit():
            other = f"{int(there.group().replace(',', '')) + self.rng.choice((1, 2, 7, 10, 30)):,}"
            other = other if "," in there.group() else other.replace(",", "")
        else:
            other = self.rng.choice([n for n in _NUMBERS if n != there.group()])
        return u.text[: there.start()] + other + u.text[there.end() :]

    def mark(self, u: Utterance) -> str | None:
        """An ellipsis in the place of some words in the middle, none of them a denial."""
        words = u.text.split()
        length = self.rng.randint(2, 8)
        if len(words) < length + 8:
            return None
        at = self.rng.randint(4, len(words) - length - 4)
        if any(_DENIAL.search(word) for word in words[at : at + length]):
            return None
        sign = self.rng.choice((" ... ", " … ", "... ", " [...] ", " […] "))
        return " ".join(words[:at]).rstrip(",;:") + sign + " ".join(words[at + length :])

    def bracket(self, u: Utterance) -> str | None:
        """A bracketed name in the place of a pronoun, or a bracketed word put in."""
        found = [m for m in re.finditer(r"\b(?:it|they|them|he|this|these|we)\b", u.text) if m.start() > 0]
        if not found:
            return None
        there = self.rng.choice(found)
        kept = f"{there.group()} " if self.rng.random() < 0.3 else ""  # noqa: PLR2004  put in rather than replaced
        return u.text[: there.start()] + kept + f"[{self.rng.choice(self.names)}]" + u.text[there.end() :]

    def filler(self, u: Utterance) -> str | None:
        """A sound of hesitation that only one of the two has."""
        words = u.text.split()
        words.insert(self.rng.randint(1, len(words) - 1), self.rng.choice(("uh,", "um,", "er,", "ah,")))
        return " ".join(words)

    def fragment(self, u: Utterance) -> str | None:
        """A part of a sentence in which nothing denies or conditions."""
        words = u.text.split()
        if len(words) < 14 or _TURNING.search(u.text):  # noqa: PLR2004
            return None
        length = self.rng.randint(8, len(words) - 4)
        start = self.rng.randint(0, len(words) - length)
        return " ".join(words[start : start + length]).strip(" ,;:-")

    def splice(self, count: int) -> None:
        """Join the beginning of one sentence with the end of another, of the same speaker, far apart."""
        by_speaker: dict[str, list[Utterance]] = {}
        for u in self.spoken:
            by_speaker.setdefault(u.speaker or "", []).append(u)

        def make(u: Utterance) -> MadeQuotation | None:
            other = self.rng.choice(by_speaker[u.speaker or ""])
            if other.version == u.version and abs(other.start - u.start) < 1500:  # noqa: PLR2004  several paragraphs
                return None
            if self.rng.random() < 0.5:  # noqa: PLR2004  half join whole sentences, half their parts
                text = f"{u.text} {other.text}"
                if len(text.split()) > MOST_WORDS + 15:
                    return None
            else:
                one, two = u.text.split(), other.text.split()
                text = " ".join([*one[: max(6, len(one) // 2)], *two[-max(6, len(two) // 2) :]])
            if self.record.sources(text):
                return None
            return self._item(
                "spliced", text, u, QuotationOutcome.SPLICED, self.record.sources(u.text) | {u.source, other.source}
            )

        self._collect("spliced", count, make, self.spoken)

    def out_of_context(self, count: int) -> None:
        """A clause without the words in its sentence that deny it or set its condition."""

        def make(u: Utterance) -> MadeQuotation | None:
            for name, pattern in _CUT:
                found = pattern.search(u.text)
                if found is None:
                    continue
                text = found["kept"].strip(" ,;.")
                sources = self.record.sources(text)
                if len(text.split()) < 6 or _TURNING.search(text) or len(sources) != 1:  # noqa: PLR2004
                    return None
                if self.record.sources(found.group()) != sources:
                    return None  # pragma: no cover  stands once, hence with its cut words
                return self._item(f"out of context: {name}", text, u, QuotationOutcome.OUT_OF_CONTEXT, sources)
            return None

        self._collect("out of context", count, make, self.whole)

    def misattributed(self, count: int) -> None:
        """Another president's name on the very words."""

        def make(u: Utterance) -> MadeQuotation | None:
            other = self.rng.choice([s for s in self.speakers if s.split()[-1] != (u.speaker or "").split()[-1]])
            sources = self.record.sources(u.text)
            if {spoken.speaker for spoken in self.spoken if spoken.source in sources} != {u.speaker}:
                return None
            return self._item("misattributed", u.text, u, QuotationOutcome.MISATTRIBUTED, sources, None, other)

        self._collect("misattributed", count, make, self.spoken)

    def wrongly_dated(self, count: int) -> None:
        """Another day, or another year, on the very words."""

        def make(u: Utterance) -> MadeQuotation | None:
            sources = self.record.sources(u.text)
            if u.published is None or sources != {u.source}:
                return None
            day = u.published + dt.timedelta(days=self.rng.choice((-1, 1)) * self.rng.randint(60, 3000))
            said = (day, day)
            if self.rng.random() < 0.5:  # noqa: PLR2004  a year alone
                year = u.published.year + self.rng.choice((-4, -1, 1, 2, 4))
                said = (dt.date(year, 1, 1), dt.date(year, 12, 31))
            if abs((said[0] - u.published).days) < 3 or abs((said[1] - u.published).days) < 3:  # noqa: PLR2004
                return None
            return self._item("wrongly dated", u.text, u, QuotationOutcome.WRONGLY_DATED, sources, said)

        self._collect("wrongly dated", count, make, self.whole)

    def not_found(self, count: int) -> None:
        """A sentence of an address that was kept out, little of which stands elsewhere."""

        def make(u: Utterance) -> MadeQuotation | None:
            if not _usable(u.text) or self.record.known(u.text) > 0.4:  # noqa: PLR2004
                return None
            return self._item("not found", u.text, u, QuotationOutcome.NOT_FOUND, frozenset())

        self._collect("not found", count, make, self.unsaid)


_NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]{3,}\b(?! [A-Z])")
_NUMBERS = (
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "twenty",
    "thirty",
    "fifty",
    "hundred",
)
_DENIAL = re.compile(r"\b(?:not|no|never|nor|neither|cannot|without|nothing|none)\b|n['’]t\b", re.IGNORECASE)
_TURNING = re.compile(
    rf"{_DENIAL.pattern}|\b(?:if|unless|whether|lest|provided|den\w+|doubt|refuse\w*|reject\w*|nobody|false|myth|some|critics|"
    r"others|those who|they say|say|said|think|believe|argue\w*|claim\w*)\b",
    re.IGNORECASE,
)
_DENIED_VERBS = "believe|think|say|mean|accept|pretend|suggest|agree|claim|know"
_SUBJECTS = "the|we|our|this|it|there|they|any|a|an|I|government|America"
_CUT = (
    (
        "denied belief",
        re.compile(
            rf"\b(?:do not|don['’]t|cannot|can['’]t|never) (?:{_DENIED_VERBS}) that (?P<kept>(?:{_SUBJECTS}) [^;:()]+)\.$"
        ),
    ),
    (
        "denied deed",
        re.compile(
            r"\b(?:[Ww]e|I|America|the United States) (?:will not|shall not|must not|cannot|do not|did not|won['’]t|don['’]t) "
            r"(?P<kept>[a-z]+ [^;:(),]+)\.$"
        ),
    ),
    ("condition after", re.compile(r"^(?P<kept>(?:We|I|The|Our|It|This|They) [^;:(),]+),? (?:if|unless) [^;:()]+\.$")),
    ("condition before", re.compile(r"^If [^;:(),]+, (?P<kept>(?:we|I|the|our|it|this|they) [^;:()]+)\.$")),
)
_SPELLINGS = {
    "labor": "labour", "program": "programme", "programs": "programmes", "defense": "defence", "center": "centre",
    "honor": "honour", "favor": "favour", "neighbors": "neighbours", "organization": "organisation", "realize": "realise",
    "recognize": "recognise", "modernization": "modernisation", "modernize": "modernise", "theater": "theatre",
    "color": "colour", "harbor": "harbour", "endeavor": "endeavour", "utilize": "utilise", "percent": "per cent",
    "organizations": "organisations", "stabilization": "stabilisation", "colored": "coloured", "traveled": "travelled",
    "catalog": "catalogue", "toward": "towards", "do not": "don't", "cannot": "can't", "will not": "won't",
}  # fmt: skip


def _usable(text: str) -> bool:
    words = text.split()
    return (
        LEAST_WORDS <= len(words) <= MOST_WORDS
        and text[0].isupper()
        and text[-1] in ".!?"
        and not re.search(r"[\[\]…\"“”]|\.\.", text)
    )


def _case(u: Utterance) -> str | None:
    at = u.text.find(" ")
    first = u.text[:at]
    return None if first in {"I", "God"} or not first.isalpha() else first.lower() + u.text[at:]


def _capitals(u: Utterance) -> str | None:
    return u.text.upper()


def _points(u: Utterance) -> str | None:
    return re.sub(r"[,;](?= )", "", u.text)


def _dashes(u: Utterance) -> str | None:
    return re.sub(r", ", " – ", u.text, count=1)


def _spelling(u: Utterance) -> str | None:
    for american, british in _SPELLINGS.items():
        if re.search(rf"\b{american}\b", u.text):
            return re.sub(rf"\b{american}\b", british, u.text)
    return None


def _denied(u: Utterance) -> str | None:
    text = re.sub(r"\b(is|are|was|were|will|must|can|should|have|has|shall)\b(?! not)", r"\1 not", u.text, count=1)
    return text if "cannot" not in u.text else None


def _affirmed(u: Utterance) -> str | None:
    return re.sub(r"\b(not|never) (?!only)", "", u.text, count=1)


def _clause(u: Utterance) -> str | None:
    """Leave out what stands between two commas, or before "and", without a mark."""
    return re.sub(r", [^,;.]{12,90}(?=,| and )", "", u.text, count=1)


def make_quotations(
    said: Sequence[Utterance], unsaid: Sequence[Utterance], record: Record, *, seed: int
) -> list[MadeQuotation]:
    """Return 2,500 quotations, every kind of every outcome; the same for the same seed and corpus.

    Raises:
        ValueError: the corpus is too small to make so many.
    """
    maker = Maker(said, unsaid, record, random.Random(seed))  # noqa: S311  a sample, not a secret
    exact, minor, altered = QuotationOutcome.VERBATIM, QuotationOutcome.MINOR, QuotationOutcome.ALTERED
    maker.add("verbatim: sentence", 240, lambda u: u.text, exact)
    maker.add("verbatim: several sentences", 120, maker.several, exact)
    maker.add("verbatim: fragment", 160, maker.fragment, exact)
    maker.add("minor: case", 80, _case, minor)
    maker.add("minor: capitals", 40, _capitals, minor)
    maker.add("minor: punctuation", 100, _points, minor)
    maker.add("minor: dash", 60, _dashes, minor)
    maker.add("minor: ellipsis", 120, maker.mark, minor)
    maker.add("minor: brackets", 120, maker.bracket, minor)
    maker.add("minor: spelling", 120, _spelling, minor)
    maker.add("minor: filler", 80, maker.filler, minor)
    maker.add("altered: number", 120, maker.number, altered)
    maker.add("altered: negation put in", 80, _denied, altered)
    maker.add("altered: negation left out", 80, _affirmed, altered)
    maker.add("altered: word", 140, maker.word, altered)
    maker.add("altered: clause left out", 100, _clause, altered)
    maker.add("altered: name", 120, maker.name, altered)
    maker.splice(140)
    maker.out_of_context(100)
    maker.misattributed(120)
    maker.wrongly_dated(120)
    maker.not_found(140)
    return maker.made
