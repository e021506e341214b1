"""Read the quantities, dates and durations in a text: what they are worth, how exact they claim to be, what they count.

The readers here are grammars of our own. On 40 news phrases of numbers ("$5bn", "two-thirds of voters", "5 to 7 million
refugees", "no more than 100,000 troops", "Boeing 737") quantulum3 0.10 had 27 right: it reads "$5bn" as 5, makes a range
its midpoint, takes years and model numbers for quantities and knows no bounds; text2num 3.1 and numerizer 0.2.4 only
rewrite number words; price-parser 0.5 takes one number of a text. On 30 phrases of dates dateparser 1.5 gave
the right range of days for 11, for it knows days only ("in 2022" is a day of June, "the 1990s" is yesterday, a person named
May is a month); ctparse 0.3.6 reads one date per text, "the first quarter of 2021" as the second of June. The readers here
have all 70 right, but were written with them in view; most of the phrases are rows of ``tests/test_quantities.py`` (measured
2026-11-23). What libraries do well, calendar arithmetic and stemming, is left to python-dateutil and snowballstemmer.
"""

# ruff: noqa: C901, PLR0911, PLR0912  a grammar has a branch and an exit per form it reads

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final, Literal

from dateutil.relativedelta import relativedelta

from onrecord.records import Record, Span

# ------------------------------------------------------------------------------------------------------------ records


class Bound(StrEnum):
    """How the text limits a number: "at least 10", "about 10"; ``exact`` when it says nothing."""

    EXACT = "exact"
    ABOUT = "about"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"


Dimension = Literal[
    "count", "share", "points", "money", "length", "area", "mass", "volume", "temperature", "speed", "power",
    "energy", "time", "calendar", "multiple", "ordinal", "pound", "ton", "concentration",
]  # fmt: skip
"""What a number measures. ``time`` is counted in seconds, ``calendar`` (months and longer) in months."""


class Quantity(Record):
    """One number of a text with its unit and its noun. ``text[span]`` is its figure, scale and unit."""

    span: Span
    value: Decimal
    """In the unit as written, scale words applied: "0.4 million" is 400000. For a range, its lower end."""
    upper: Decimal | None = None
    """The upper end of a range."""
    unit: str
    """Canonical name: ``percent``, ``percentage points``, ``USD``, ``kilometres``; for a count, the noun counted."""
    dimension: Dimension
    factor: Decimal = Decimal(1)
    """What one unit is worth in the base unit of its dimension."""
    bound: Bound = Bound.EXACT
    step: Decimal = Decimal(1)
    """The place to which the figure is written, in its unit: 1.3 million is written to 100000."""
    vague: bool = False
    """A magnitude, not a figure: "hundreds of people" (value 100, upper 1000)."""
    fraction: bool = False
    """Written as a fraction: "a third", "1 in 5"."""
    noun: tuple[str, ...] = ()
    """Stems of the words counted, head last: "400,000 Ukrainian refugees" → (``ukrainian``, ``refuge``)."""
    about: tuple[str, ...] = ()
    """Stems of the other content words of the same clause, in order: what the number is said of."""

    @property
    def base(self) -> Decimal:
        """The value in the base unit of the dimension."""
        return self.value * self.factor

    @property
    def base_upper(self) -> Decimal:
        """The upper end in the base unit of the dimension; the value itself when this is not a range."""
        return (self.value if self.upper is None else self.upper) * self.factor


DateRole = Literal["on", "from", "until", "before", "after"]
Precision = Literal["day", "week", "month", "season", "quarter", "year", "decade", "century"]


class DateMention(Record):
    """One date of a text, as the range of days it may mean. ``text[span]`` is the words of the date."""

    span: Span
    start: dt.date | None
    """First day; ``None`` when the words alone do not fix it and no reference day was given."""
    end: dt.date | None
    """Last day, inclusive."""
    precision: Precision
    relative: bool = False
    """Fixed only by a reference day: "last week", "16 May" without a year."""
    resolved: bool = True
    role: DateRole = "on"
    month: int | None = None
    """The month and day as written, for a date whose year is not known."""
    day: int | None = None
    about: tuple[str, ...] = ()
    """Stems of the content words of the same clause, in order."""


# ------------------------------------------------------------------------------------------------------------ words


@dataclass(frozen=True, slots=True)
class Word:
    """A token of a text: a number in digits, a word, or one other character."""

    kind: Literal["number", "word", "symbol"]
    text: str
    lower: str
    start: int
    end: int


_TOKEN: Final = re.compile(
    r"(?P<number>\d{1,3}(?:[\u00a0\u202f\u2009]\d{3})+(?:\.\d+)?|\d{1,3}(?: 000)+(?![\d,.]\d)|\d+(?:,\d{3})+(?:\.\d+)?(?!\d)"
    r"|\d+\.\d+(?!\.?\d)|\d+)"
    r"|(?P<word>[^\W\d_²³]+(?:['’][^\W\d_²³]+)?)|(?P<symbol>\S)"
)


def words(text: str) -> list[Word]:
    """Return the tokens of ``text`` in order; numbers keep their separators.

    >>> [word.text for word in words("It cost £1,200.50, didn't it?")]
    ['It', 'cost', '£', '1,200.50', ',', "didn't", 'it', '?']
    """
    return [
        Word(match.lastgroup, match.group(), match.group().lower(), match.start(), match.end())  # type: ignore[arg-type]
        for match in _TOKEN.finditer(text)
    ]


FUNCTION_WORDS: Final = frozenset(
    """a about above across after again against all almost along already also although always am among an and another any
    anyone are aren't around as at away back be became because become been before being below between both but by can
    cannot could couldn't did didn't do does doesn't doing don't done down during each either else ever every few for from
    further get had has hasn't have haven't having he he's her here hers herself him himself his how however i if in into
    is isn't it it's its itself just last later least less like made make many may me might more most much must my near
    neither never next no nor not now of off often on once one only onto or other others our out over own per perhaps
    quite rather said same say says several shall she should since so some still such than that the their theirs them
    themselves then there these they this those though through thus to together too toward towards under until up upon us
    very via was wasn't we well were weren't what when where whether which while who whom whose why will with within
    without won't would wouldn't yet you your yours""".split()
)
"""Words that say nothing of what a number or date is about."""


@lru_cache(maxsize=1)
def _stemmer() -> object:
    import snowballstemmer  # noqa: PLC0415  loaded when first needed

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the Porter2 stem of one word, lower case, without a possessive ending.

    >>> stem("Refugees'"), stem("died"), stem("Russia’s")
    ('refuge', 'die', 'russia')
    """
    plain = word.lower().replace("’", "'").removesuffix("'s").strip("'")
    irregular = _IRREGULAR.get(plain)
    if irregular is not None:
        return irregular
    return str(_stemmer().stemWord(plain))  # type: ignore[attr-defined]


# Forms that the stemmer cannot bring together, and the few counted things that reports name in many ways. Kept to exact
# synonyms of counting: a wider table made "victims" of thefts into deaths.
_IRREGULAR: Final = {
    **dict.fromkeys(("people", "person", "persons", "individuals", "individual"), "people"),
    **dict.fromkeys(("men", "man"), "man"),
    **dict.fromkeys(("women", "woman"), "woman"),
    **dict.fromkeys(("children", "child", "kids"), "child"),
    **dict.fromkeys(
        ("died", "dies", "die", "dead", "death", "deaths", "fatalities", "fatality", "killed", "dying"), "die"
    ),
    **dict.fromkeys(("born", "birth"), "born"),
    **dict.fromkeys(("began", "begun", "begin", "begins", "start", "started", "starts"), "begin"),
    **dict.fromkeys(("won", "win", "wins", "winning"), "win"),
    **dict.fromkeys(("rose", "risen", "rise", "rises", "rising"), "rise"),
    **dict.fromkeys(("fell", "fallen", "fall", "falls", "falling"), "fall"),
    **dict.fromkeys(("grew", "grown", "grow", "grows", "growth"), "grow"),
    **dict.fromkeys(("lost", "lose", "loses", "losing"), "lose"),
    **dict.fromkeys(("sold", "sell", "sells", "selling"), "sell"),
    **dict.fromkeys(("written", "wrote", "write", "writes", "writing"), "write"),
    **dict.fromkeys(("met", "meet", "meets"), "meet"),
    **dict.fromkeys(("meeting", "meetings"), "meeting"),
    **dict.fromkeys(("led", "lead", "leads"), "lead"),
    **dict.fromkeys(("built", "build", "builds"), "build"),
    **dict.fromkeys(("left", "leave", "leaves"), "leave"),
    **dict.fromkeys(("held", "hold", "holds"), "hold"),
    **dict.fromkeys(("agreed", "agree", "agrees", "agreement", "agreements"), "agree"),
    **dict.fromkeys(("signed", "signing", "sign", "signs"), "sign"),
}

_NUMBER_UNITS: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
_TEENS: Final = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES: Final = {
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "mln": 10**6, "mn": 10**6, "bln": 10**9, "bn": 10**9, "tn": 10**12, "trn": 10**12,
}  # fmt: skip
_NUMBER_WORDS: Final = {**_NUMBER_UNITS, **_TEENS, **_TENS}
_ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "fortieth": 40,
    "fiftieth": 50, "sixtieth": 60, "seventieth": 70, "eightieth": 80, "ninetieth": 90, "hundredth": 100,
}  # fmt: skip
_FRACTIONS: Final = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "sixth": 6,
    "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8, "ninth": 9, "ninths": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip
_VULGAR: Final = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5), "⅘": (4, 5),
    "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
}  # fmt: skip
_VAGUE: Final = {
    "dozens": (24, 200), "scores": (40, 200), "hundreds": (100, 2000), "thousands": (1000, 20_000),
    "millions": (10**6, 20 * 10**6), "billions": (10**9, 20 * 10**9), "trillions": (10**12, 20 * 10**12),
}  # fmt: skip

_CURRENCY_SIGNS: Final = {
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₽": "RUB", "₴": "UAH", "₹": "INR", "₩": "KRW", "₺": "TRY", "₪": "ILS",
}  # fmt: skip
_DOLLAR_PREFIXES: Final = {
    "us": "USD", "u.s": "USD", "a": "AUD", "au": "AUD", "c": "CAD", "ca": "CAD", "nz": "NZD", "hk": "HKD", "s": "SGD",
    "r": "BRL",
}  # fmt: skip
_CURRENCY_CODES: Final = frozenset(
    {
        "USD",
        "EUR",
        "GBP",
        "JPY",
        "RUB",
        "UAH",
        "INR",
        "KRW",
        "TRY",
        "ILS",
        "CHF",
        "CNY",
        "AUD",
        "CAD",
        "PLN",
        "SEK",
        "NOK",
    }
)
_CURRENCY_WORDS: Final = {
    **dict.fromkeys(("dollar", "dollars"), "USD"), **dict.fromkeys(("euro", "euros"), "EUR"),
    **dict.fromkeys(("rouble", "roubles", "ruble", "rubles"), "RUB"), **dict.fromkeys(("hryvnia", "hryvnias"), "UAH"),
    **dict.fromkeys(("yuan", "renminbi"), "CNY"), "yen": "JPY", **dict.fromkeys(("rupee", "rupees"), "INR"),
    **dict.fromkeys(("lira", "liras"), "TRY"), **dict.fromkeys(("shekel", "shekels"), "ILS"),
    **dict.fromkeys(("franc", "francs"), "CHF"), "sterling": "GBP", **dict.fromkeys(("zloty", "zlotys"), "PLN"),
}  # fmt: skip
_NATIONAL_DOLLARS: Final = {
    "australian": "AUD", "canadian": "CAD", "us": "USD", "american": "USD", "hong": "HKD", "singapore": "SGD",
}  # fmt: skip

_Unit = tuple[str, Dimension, str]
_UNIT_LIST: Final[tuple[tuple[str, Dimension, str, str], ...]] = (
    # canonical name, dimension, worth in the dimension's base unit, ways of writing it
    ("millimetres", "length", "0.001", "mm millimetre millimetres millimeter millimeters"),
    ("centimetres", "length", "0.01", "cm centimetre centimetres centimeter centimeters"),
    ("metres", "length", "1", "m metre metres meter meters"),
    ("kilometres", "length", "1000", "km kms kilometre kilometres kilometer kilometers"),
    ("inches", "length", "0.0254", "inch inches"),
    ("feet", "length", "0.3048", "ft foot feet"),
    ("yards", "length", "0.9144", "yd yard yards"),
    ("miles", "length", "1609.344", "mi mile miles"),
    ("hectares", "area", "10000", "ha hectare hectares"),
    ("acres", "area", "4046.8564224", "acre acres"),
    ("milligrams", "mass", "0.000001", "mg milligram milligrams"),
    ("grams", "mass", "0.001", "g gram grams gramme grammes"),
    ("kilograms", "mass", "1", "kg kgs kilogram kilograms kilo kilos"),
    ("tonnes", "mass", "1000", "tonne tonnes"),
    ("ounces", "mass", "0.028349523125", "oz ounce ounces"),
    ("pounds (mass)", "mass", "0.45359237", "lb lbs"),
    ("tons", "ton", "1", "ton tons"),
    ("pounds", "pound", "1", "pound pounds"),
    ("millilitres", "volume", "0.001", "ml millilitre millilitres milliliter milliliters"),
    ("litres", "volume", "1", "litre litres liter liters"),
    ("barrels", "volume", "158.987294928", "barrel barrels"),
    ("knots", "speed", "0.514444", "knots"),
    ("miles per hour", "speed", "0.44704", "mph"),
    ("kilometres per hour", "speed", "0.2777778", "kph kmh"),
    ("kilowatts", "power", "1000", "kw kilowatt kilowatts"),
    ("megawatts", "power", "1000000", "mw megawatt megawatts"),
    ("gigawatts", "power", "1000000000", "gw gigawatt gigawatts"),
    ("kilowatt-hours", "energy", "1", "kwh"),
    ("megawatt-hours", "energy", "1000", "mwh"),
    ("gigawatt-hours", "energy", "1000000", "gwh"),
    ("terawatt-hours", "energy", "1000000000", "twh"),
    ("parts per million", "concentration", "1", "ppm"),
    ("seconds", "time", "1", "sec secs second seconds"),
    ("minutes", "time", "60", "min mins minute minutes"),
    ("hours", "time", "3600", "hr hrs hour hours"),
    ("days", "time", "86400", "day days"),
    ("weeks", "time", "604800", "week weeks fortnight"),
    ("months", "calendar", "1", "month months"),
    ("years", "calendar", "12", "yr yrs year years"),
    ("decades", "calendar", "120", "decade decades"),
    ("centuries", "calendar", "1200", "century centuries"),
)
_UNITS: Final[dict[str, tuple[str, Dimension, Decimal]]] = {
    written: (name, dimension, Decimal(factor))
    for name, dimension, factor, ways in _UNIT_LIST
    for written in ways.split()
}
_SQUARED: Final = {"square", "sq"}
_AFTER_NUMBER_ONLY_ATTACHED: Final = frozenset({"m", "g", "mi", "ha"})

_BOUND_PHRASES: Final[tuple[tuple[tuple[str, ...], Bound], ...]] = tuple(
    (tuple(phrase.split()), bound)
    for bound, phrases in (
        (
            Bound.AT_LEAST,
            "at least|no fewer than|no less than|not less than|not fewer than|a minimum of|minimum of|as many as at least",
        ),
        (
            Bound.AT_MOST,
            "at most|no more than|not more than|up to|as many as|as much as|a maximum of|maximum of|at the most",
        ),
        (
            Bound.MORE_THAN,
            "more than|over|above|greater than|in excess of|upwards of|exceeding|exceeded|exceeds|surpassed|surpassing",
        ),
        (
            Bound.LESS_THAN,
            "less than|fewer than|under|below|nearly|almost|lower than|just under|just below|shy of|short of",
        ),
        (
            Bound.ABOUT,
            (
                "about|around|approximately|roughly|some|circa|ca|estimated|an estimated|close to|nearly|almost|approx|"
                "in the region of|or so|reportedly|just over|just under|a little over|well over"
            ),
        ),
    )
    for phrase in phrases.split("|")
)
# Longest phrase first, and of two that are alike the later entry: "nearly 10" is about 10, not any number below it.
_BOUNDS: Final = dict(sorted(_BOUND_PHRASES, key=lambda item: (len(item[0]), item[1] is Bound.ABOUT)))
_LONGEST_BOUND: Final = max(len(phrase) for phrase in _BOUNDS)
_BOUNDS_AFTER: Final = {
    ("or", "more"): Bound.AT_LEAST, ("or", "less"): Bound.AT_MOST, ("or", "fewer"): Bound.AT_MOST,
    ("or", "so"): Bound.ABOUT, ("or", "over"): Bound.AT_LEAST, ("or", "older"): Bound.AT_LEAST,
    ("or", "later"): Bound.AT_LEAST, ("or", "higher"): Bound.AT_LEAST, ("or", "under"): Bound.AT_MOST,
}  # fmt: skip

_LABEL_WORDS: Final = frozenset(
    """article articles section chapter paragraph resolution flight boeing airbus route highway channel episode season volume
    level grade type phase group version page room number no nos unit division brigade regiment bn windows apollo
    formula area class block interstate exit gate line order decree law act bill amendment psalm verse part figure table
    appendix annex tier stage day district ward precinct title world war protocol directive regulation super f mi su an
    point step category cat model series mark mk catch track studio radio u euro""".split()
)
_SELDOM_A_NAME, _NEVER_A_NAME = 10_000, 1_000_000
"""Little is numbered so high, and nothing: "cost the world 950,000 lives", "cost the world 18 million"."""
_PLURAL_NOUNS: Final = frozenset(
    """people men women children police troops staff personnel cattle aircraft sheep dead killed wounded injured deaths
    crew clergy youth data media fish deer percent""".split()
)
_NOT_NOUNS: Final = frozenset(
    """was were is are be been had has have did does do will would could should may might can ago old later earlier out
    time times and or but""".split()
)
_SINGULAR_S: Final = frozenset(
    {"was", "is", "has", "does", "its", "this", "us", "as", "his", "across", "press", "plus", "less"}
)
_CLAUSE_BREAKS: Final = frozenset(";:()[]—–.!?")
_CLAUSE_WORDS: Final = frozenset({"while", "whereas", "but", "although", "though"})


# ------------------------------------------------------------------------------------------------------------ quantities


@dataclass(slots=True)
class _Figure:
    """A number being read: tokens [first, after), its value or range, and the place it is written to."""

    first: int
    after: int
    value: Decimal
    step: Decimal
    upper: Decimal | None = None
    kind: Literal["plain", "ordinal", "fraction", "vague", "half"] = "plain"


def read_quantities(text: str) -> list[Quantity]:
    """Return the quantities of ``text`` in order.

    Dates, times of day, scores ("3-1") and numbers that are names ("Boeing 737", "Resolution 2202", "COVID-19") are not
    quantities. Ordinals are, with the dimension ``ordinal``. Durations have the dimension ``time`` (units up to weeks)
    or ``calendar`` (months and longer).

    Args:
        text: Any text; spans are in its code points.

    >>> quantity = read_quantities("More than 0.4 million people fled.")[0]
    >>> quantity.value, quantity.unit, quantity.bound.value
    (Decimal('400000.0'), 'people', 'more_than')
    """
    return list(_read_quantities(text))


def read_durations(text: str) -> list[Quantity]:
    """Return the durations among the quantities of ``text``: "30 minutes", "two and a half years".

    >>> [quantity.unit for quantity in read_durations("It took two and a half years and 40 people.")]
    ['years']
    """
    return [quantity for quantity in _read_quantities(text) if quantity.dimension in {"time", "calendar"}]


_BARRIER: Final = "\ufffc"


@lru_cache(maxsize=4096)
def _read_quantities(text: str) -> tuple[Quantity, ...]:
    if not text:
        return ()
    # The tokens of dates become barriers, so that no figure reaches into one: "1,200 - 1990s".
    taken = _date_ranges(text)
    tokens = [
        Word("symbol", _BARRIER, _BARRIER, token.start, token.end)
        if any(start < token.end and token.start < end for start, end in taken)
        else token
        for token in words(text)
    ]
    found: list[Quantity] = []
    position = 0
    while position < len(tokens):
        figure = _figure(tokens, position)
        if figure is None:
            position += 1
            continue
        figure = _range(tokens, figure)
        quantity = _quantity(tokens, figure)
        if quantity is not None:
            found.append(quantity)
        position = figure.after
    return tuple(found)


def _adjacent(tokens: Sequence[Word], left: int) -> bool:
    return 0 <= left < len(tokens) - 1 and tokens[left].end == tokens[left + 1].start


def _decimal(written: str, next_word: str) -> tuple[Decimal, Decimal]:
    """Return the value of digits and the place they are written to."""
    plain = re.sub(r"[\s\u00a0\u202f\u2009,]", "", written)
    value = Decimal(plain)
    if "." in plain:
        return value, Decimal(1).scaleb(-len(plain.split(".")[1]))
    if next_word in _SCALES or value == 0:
        return value, Decimal(1)
    zeros = len(plain) - len(plain.rstrip("0"))
    return value, Decimal(10) ** zeros


def _figure(tokens: Sequence[Word], at: int) -> _Figure | None:
    token = tokens[at]
    if token.kind == "number":
        return _digits(tokens, at)
    if token.kind == "word":
        return _spelled(tokens, at)
    if token.text in _VULGAR:
        above, below = _VULGAR[token.text]
        return _scaled(tokens, _Figure(at, at + 1, Decimal(above) / below, Decimal("0.01"), kind="fraction"))
    return None


def _digits(tokens: Sequence[Word], at: int) -> _Figure | None:
    token = tokens[at]
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    attached_before = _adjacent(tokens, at - 1)
    attached_after = _adjacent(tokens, at)
    if attached_before and before is not None:
        if before.kind in {"word", "number"} and before.lower not in {"us", "a", "r"}:
            return None  # H1N1, B52
        if before.text in ":/.'’#_" or (before.text in "-‐‑" and at >= 2 and _adjacent(tokens, at - 2)):  # noqa: PLR2004
            earlier = tokens[at - 2] if at >= 2 else None  # noqa: PLR2004
            if not (earlier and earlier.kind == "number" and before.text in "-‐‑"):
                return None  # 10:30, COVID-19, 24/7
            if len(token.text) < 3:  # noqa: PLR2004
                return None  # the second half of a score: 3-1
    if (
        attached_after
        and after is not None
        and after.text in ":/_"
        and at + 2 < len(tokens)
        and _adjacent(tokens, at + 1)
    ):
        following = tokens[at + 2]
        fraction = (token.text, following.text)
        if after.text == "/" and fraction in {("1", "2"), ("1", "3"), ("2", "3"), ("1", "4"), ("3", "4"), ("1", "5")}:
            value = Decimal(token.text) / Decimal(following.text)
            return _Figure(at, at + 3, value, Decimal("0.01"), kind="fraction")
        if following.kind == "number" or after.text != ":":
            return None
    if _is_score(tokens, at):
        return None
    if attached_after and after is not None and after.lower in {"st", "nd", "rd", "th"}:
        return _Figure(at, at + 2, Decimal(token.text.replace(",", "")), Decimal(1), kind="ordinal")
    if after is not None and after.text in _VULGAR and attached_after:
        above, below = _VULGAR[after.text]
        return _scaled(tokens, _Figure(at, at + 2, Decimal(token.text) + Decimal(above) / below, Decimal("0.01")))
    # A decimal comma is only believed before a scale word or a per cent sign: "1,27 million".
    if (
        after is not None
        and after.text == ","
        and attached_after
        and at + 3 < len(tokens)
        and _adjacent(tokens, at + 1)
        and tokens[at + 2].kind == "number"
        and len(tokens[at + 2].text) <= 2  # noqa: PLR2004
        and (tokens[at + 3].lower in _SCALES or tokens[at + 3].text == "%")
    ):
        value, step = _decimal(f"{token.text}.{tokens[at + 2].text}", "")
        return _scaled(tokens, _Figure(at, at + 3, value, step))
    if attached_after and after is not None and after.kind == "word" and not _is_attached_unit(tokens, at):
        return None  # 49ers, 5G, "in his 20s"
    value, step = _decimal(token.text, after.lower if after else "")
    if (
        before is not None
        and before.text in "-−–"
        and attached_before
        and (at == 1 or not _adjacent(tokens, at - 2) or tokens[at - 2].text == "(")
    ):
        value = -value
    figure = _Figure(at, at + 1, value, step)
    if at + 3 < len(tokens) and [word.lower for word in tokens[at + 1 : at + 4]] == ["and", "a", "half"]:
        return _Figure(at, at + 4, value + Decimal("0.5"), Decimal("0.5"))
    share = _one_in(tokens, figure)
    return share or _scaled(tokens, figure)


def _is_attached_unit(tokens: Sequence[Word], at: int) -> bool:
    """Tell whether the letters stuck to a figure are a scale, unit, currency or multiple: 5bn, 100km, 20USD, 3x."""
    letters = tokens[at + 1]
    if letters.lower in _SCALES or letters.text in _CURRENCY_CODES or letters.lower in {"x", "pc", "pp", "c", "f"}:
        return True
    if letters.text in {"G", "S", "D", "T"}:
        return False
    return letters.lower in _UNITS or letters.lower in _LETTER_SCALES


_LONGEST_SCORE: Final = 3


def _is_score(tokens: Sequence[Word], at: int) -> bool:
    """Tell a result ("3-1", "2–2 draw") from a range ("2-3 people")."""
    if at + 2 >= len(tokens) or tokens[at + 1].text not in {"-", "–"} or tokens[at + 2].kind != "number":
        return False
    if (
        not (_adjacent(tokens, at) and _adjacent(tokens, at + 1))
        or max(len(tokens[at].text), len(tokens[at + 2].text)) > _LONGEST_SCORE
    ):
        return False
    following = tokens[at + 3] if at + 3 < len(tokens) else None
    if float(tokens[at].text) >= float(tokens[at + 2].text):
        return True
    return (
        following is None
        or not (following.kind == "word" or following.text in {"%", "°", "-"})
        or (following.lower in FUNCTION_WORDS - {"per"})
    )


def _one_in(tokens: Sequence[Word], figure: _Figure) -> _Figure | None:
    """Read "1 in 5", "nine out of ten"."""
    at = figure.after
    if at >= len(tokens) or tokens[at].lower not in {"in", "out"}:
        return None
    at += 1
    if tokens[at - 1].lower == "out":
        if at >= len(tokens) or tokens[at].lower != "of":
            return None
        at += 1
    if at < len(tokens) and tokens[at].lower == "every":
        at += 1
    if at >= len(tokens):
        return None
    if tokens[at].kind == "number":
        whole, after = _decimal(tokens[at].text, "")[0], at + 1
    else:
        spelled = _spelled_integer(tokens, at)
        if spelled is None:
            return None
        whole, after = spelled[0], spelled[1]
    if not (0 < figure.value < whole <= 1000):  # noqa: PLR2004
        return None
    if tokens[figure.after].lower == "in" and not (figure.value <= 9 and whole <= 100):  # noqa: PLR2004
        return None  # "12 in 50 cities"
    return _Figure(figure.first, after, figure.value / whole, Decimal("0.01"), kind="fraction")


def _spelled_integer(tokens: Sequence[Word], at: int) -> tuple[Decimal, int, Decimal] | None:
    """Read number words: (value, token after, place written to), or ``None``."""
    total = current = Decimal(0)
    smallest = Decimal(1)
    state = "start"
    position = at
    end = at
    while position < len(tokens):
        word = tokens[position].lower
        if word in _NUMBER_UNITS and state in {"start", "tens", "hundred", "scale"}:
            current += _NUMBER_UNITS[word]
            state, smallest = "units", Decimal(1)
        elif word in _TEENS and state in {"start", "hundred", "scale"}:
            current += _TEENS[word]
            state, smallest = "teens", Decimal(1)
        elif word in _TENS and state in {"start", "hundred", "scale"}:
            current += _TENS[word]
            state, smallest = "tens", Decimal(10)
        elif word == "hundred" and state in {"units", "teens", "article"}:
            current = (current or Decimal(1)) * 100
            state, smallest = "hundred", Decimal(100)
        elif word == "dozen" and state in {"units", "teens", "article"}:
            current = (current or Decimal(1)) * 12
            state, smallest, end = "done", Decimal(1), position + 1
        elif word in _SCALES and state in {"units", "teens", "tens", "hundred", "article"}:
            total += (current or Decimal(1)) * _SCALES[word]
            current = Decimal(0)
            state, smallest = "scale", Decimal(_SCALES[word])
        elif word in {"a", "an"} and state == "start" and position + 1 < len(tokens):
            if tokens[position + 1].lower not in {"hundred", "dozen", *_SCALES}:
                return None
            state = "article"
            position += 1
            continue
        elif word == "and" and state in {"hundred", "scale"} and position + 1 < len(tokens):
            if tokens[position + 1].lower not in _NUMBER_WORDS:
                break
            position += 1
            continue
        elif word == "-" and state == "tens" and _adjacent(tokens, position - 1) and _adjacent(tokens, position):
            if tokens[position + 1].lower not in _NUMBER_UNITS:
                break
            position += 1
            continue
        else:
            break
        position += 1
        end = position
        if state == "done":
            break
    if end == at:
        return None
    return total + current, end, smallest


def _spelled(tokens: Sequence[Word], at: int) -> _Figure | None:
    word = tokens[at].lower
    nexts = [token.lower for token in tokens[at + 1 : at + 7]] + [""] * 6
    previous = tokens[at - 1].lower if at else ""
    if _adjacent(tokens, at - 1) and tokens[at - 1].kind == "number":
        return None
    if word in _VAGUE and (nexts[0] == "of" or nexts[0] in _PLURAL_NOUNS or previous in {"many", "several"}):
        low, high = _VAGUE[word]
        return _Figure(at, at + 1, Decimal(low), Decimal(low), upper=Decimal(high), kind="vague")
    if word == "tens" and nexts[0] == "of" and nexts[1] in {"thousands", "millions", "billions"}:
        size = Decimal(_VAGUE[nexts[1]][0])
        return _Figure(at, at + 3, size * 10, size * 10, upper=size * 200, kind="vague")
    if word == "hundreds" and nexts[0] == "of" and nexts[1] in {"thousands", "millions", "billions"}:
        size = Decimal(_VAGUE[nexts[1]][0])
        return _Figure(at, at + 3, size * 100, size * 100, upper=size * 2000, kind="vague")
    if word in {"half", "quarter"} or (word in {"a", "an"} and nexts[0] in {"half", "quarter"}):
        return _half(tokens, at)
    if word in {"a", "an"} and nexts[0] in _ONE_OF and nexts[1] != "time" and previous in _BEFORE_ONE:
        return _Figure(at, at + 1, Decimal(1), Decimal(1))
    if word == "couple" and nexts[0] == "of":
        return _Figure(at, at + 1, Decimal(2), Decimal(1), kind="vague", upper=Decimal(4))
    # "a third of", "one-fifth of", "two thirds", "three-quarters": below the line in words.
    above, skip = (1, 1) if word in {"a", "an"} else (_NUMBER_UNITS.get(word, 0), 1)
    if above:
        offset = skip if nexts[0] != "-" else skip + 1
        below = tokens[at + offset].lower if at + offset < len(tokens) else ""
        if below in _FRACTIONS and below not in {"half", "halves"}:
            plural = below.endswith("s")
            following = tokens[at + offset + 1].lower if at + offset + 1 < len(tokens) else ""
            if (plural and above > 1) or (above == 1 and following == "of") or (offset > skip and word == "one"):
                return _Figure(
                    at, at + offset + 1, Decimal(above) / _FRACTIONS[below], Decimal("0.01"), kind="fraction"
                )
    ordinal = _ordinal(tokens, at)
    if ordinal is not None:
        return ordinal
    if word == "one" and (
        nexts[0] in FUNCTION_WORDS - {"million"} or nexts[0] in {"another", "day", ""} or previous == "no"
    ):
        share = _one_in(tokens, _Figure(at, at + 1, Decimal(1), Decimal(1)))
        if share is not None:
            return share
        if nexts[:3] != ["and", "a", "half"]:
            return None
    if word == "one" and not nexts[0].isalpha() and nexts[0] != "-":
        return None
    spelled = _spelled_integer(tokens, at)
    if spelled is None:
        return None
    value, after, step = spelled
    if after < len(tokens) and tokens[after].lower == "-" and _adjacent(tokens, after - 1) and _adjacent(tokens, after):
        ordinal = _ordinal(tokens, at)
        if ordinal is not None:
            return ordinal
    if [token.lower for token in tokens[after : after + 3]] == ["and", "a", "half"]:
        return _scaled(tokens, _Figure(at, after + 3, value + Decimal("0.5"), Decimal("0.5")))
    figure = _Figure(at, after, value, step)
    return _one_in(tokens, figure) or _scaled(tokens, figure)


_ONE_OF: Final = frozenset(
    {"second", "minute", "hour", "day", "week", "month", "year", "decade", "century", "fortnight"}
)
_BEFORE_ONE: Final = frozenset(
    {
        "than",
        "over",
        "under",
        "about",
        "around",
        "nearly",
        "almost",
        "within",
        "lasted",
        "lasting",
        "lasts",
        "exactly",
        "least",
        "for",
    }
)


def _half(tokens: Sequence[Word], at: int) -> _Figure | None:
    """Read "half of", "half a million", "a quarter of a million", "half an hour", "half the population", "by half"."""
    start = at
    previous = tokens[at - 1].lower if at else ""
    if tokens[at].lower in {"a", "an"}:
        at += 1
    if previous in {"first", "second", "third", "fourth", "last", "final", "other", "each", "and"}:
        return None
    value = Decimal(1) / (2 if tokens[at].lower == "half" else 4)
    nexts = [token.lower for token in tokens[at + 1 : at + 5]] + [""] * 4
    after = at + 1
    if nexts[0] == "of" and nexts[1] in {"a", "an"} and nexts[2] in {"million", "billion", "trillion", "century"}:
        nexts, after = nexts[1:], after + 1
    if nexts[0] in {"a", "an"} or (nexts[0] in _SCALES and tokens[start].lower in {"a", "half"}):
        skip = 1 if nexts[0] in {"a", "an"} else 0
        unit = nexts[skip]
        if unit in _SCALES:
            return _Figure(start, after + skip + 1, value * _SCALES[unit], value * _SCALES[unit])
        if unit == "dozen":
            return _Figure(start, after + skip + 1, value * 12, Decimal(1))
        if unit in _UNITS:
            return _Figure(start, after + skip, value, value, kind="half")
    if nexts[0] in {"of", "the", "all", "its", "their", "his", "her", "our"}:
        return _Figure(start, after, value, Decimal("0.01"), kind="fraction")
    if previous in {"by", "in"} and tokens[start].lower == "half":
        return _Figure(start, after, value, Decimal("0.01"), kind="fraction")
    return None


def _ordinal(tokens: Sequence[Word], at: int) -> _Figure | None:
    word = tokens[at].lower
    if word in _ORDINALS:
        if word == "second" and at and tokens[at - 1].lower in {"a", "per", "one", "each", "every"}:
            return None
        return _Figure(at, at + 1, Decimal(_ORDINALS[word]), Decimal(1), kind="ordinal")
    if word in _TENS and at + 1 < len(tokens):
        offset = 2 if tokens[at + 1].text == "-" else 1
        last = tokens[at + offset].lower if at + offset < len(tokens) else ""
        if 1 <= _ORDINALS.get(last, 0) <= 9 and last != "second":  # noqa: PLR2004  twenty-first to ninety-ninth
            return _Figure(at, at + offset + 1, Decimal(_TENS[word] + _ORDINALS[last]), Decimal(1), kind="ordinal")
        if last == "second" and offset == 2:  # noqa: PLR2004  "twenty-second", not "twenty second delay"
            return _Figure(at, at + 3, Decimal(_TENS[word] + 2), Decimal(1), kind="ordinal")
    return None


_LETTER_SCALES: Final = {"k": 10**3, "m": 10**6, "b": 10**9}


def _scaled(tokens: Sequence[Word], figure: _Figure) -> _Figure:
    """Apply scale words and letters after the digits: "1.3 million", "5bn", "£350m", "1.2m doses"."""
    at = figure.after
    while at < len(tokens):
        token = tokens[at]
        offset = 0
        if token.text == "-" and _adjacent(tokens, at) and at + 1 < len(tokens) and tokens[at + 1].lower in _SCALES:
            offset, token = 1, tokens[at + 1]
        if token.lower in {*_SCALES, "hundred"}:
            size = Decimal(_SCALES.get(token.lower, 100))
        elif token.lower in _LETTER_SCALES and _adjacent(tokens, at - 1) and _letter_is_scale(tokens, figure, at):
            size = Decimal(_LETTER_SCALES[token.lower])
        elif token.lower == "dozen":
            size = Decimal(12)
        else:
            break
        figure.value *= size
        figure.step *= size
        figure.after = at = at + offset + 1
    return figure


def _letter_is_scale(tokens: Sequence[Word], figure: _Figure, at: int) -> bool:
    before = tokens[figure.first - 1].text if figure.first else ""
    if before in _CURRENCY_SIGNS:
        return True
    letter = tokens[at].text
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if letter in {"b", "K"} or (letter == "k" and following is not None and following.kind == "word"):
        return following is not None and following.kind == "word"
    # "1.2m doses" against "a 100m race": a plural after it makes it millions.
    return (
        following is not None
        and following.kind == "word"
        and (
            following.lower in _PLURAL_NOUNS
            or (following.lower.endswith("s") and following.lower not in FUNCTION_WORDS)
        )
    )


def _range(tokens: Sequence[Word], figure: _Figure) -> _Figure:
    """Join "10-12 per cent", "between 10 and 12", "5 to 7 million" into one figure."""
    if figure.kind != "plain" or figure.after >= len(tokens) or figure.upper is not None:
        return figure
    join = tokens[figure.after].text.lower()
    before = [token.lower for token in tokens[max(0, figure.first - 2) : figure.first]]
    lead = bool(before) and (
        before[-1] in {"between", "from"} or (before[-1] in _CURRENCY_SIGNS and before[0] == "between")
    )
    at = figure.after + 1
    if join == "%" and at < len(tokens):  # "10% to 12%"
        join = tokens[at].text.lower()
        at += 1
    if at >= len(tokens):
        return figure
    if join == "and" and not (lead and "between" in before):
        return figure
    if join not in {"-", "–", "—", "to", "and"}:
        return figure
    if join in {"-", "–", "—"} and _adjacent(tokens, at - 2) != _adjacent(tokens, at - 1):
        return figure
    if tokens[at].text in _CURRENCY_SIGNS:
        at += 1
    if at >= len(tokens):
        return figure
    second = _digits_plain(tokens, at) if tokens[at].kind == "number" else _spelled(tokens, at)
    if second is None or second.kind != "plain":
        return figure
    low, step = figure.value, figure.step
    if low < second.value / 100 and second.value >= 1000:  # noqa: PLR2004  "5 to 7 million": the scale is shared
        size = second.value / _significant(second.value)
        if low < 1000:  # noqa: PLR2004
            low, step = low * size, step * size
    if not low < second.value:
        return figure
    if join == "to" and not lead and before and before[-1] not in {"of", "about", "some", "by", "with", "around", "up"}:
        following = tokens[second.after].lower if second.after < len(tokens) else ""
        if before[-1] in {"won", "lost", "beat", "voted", "defeated"} or not (following.isalpha() or following == "%"):
            return figure  # "won 3 to 5": a score
    if join in {"-", "–", "—"}:
        behind = tokens[second.after] if second.after < len(tokens) else None
        if behind is None or not (behind.kind == "word" or behind.text in {"%", "°"}):
            return figure
    return _Figure(figure.first, second.after, low, min(step, second.step), upper=second.value)


def _significant(value: Decimal) -> Decimal:
    for size in (10**12, 10**9, 10**6, 10**3):
        if value >= size:
            return value / size
    return value


def _digits_plain(tokens: Sequence[Word], at: int) -> _Figure | None:
    value, step = _decimal(tokens[at].text, tokens[at + 1].lower if at + 1 < len(tokens) else "")
    return _scaled(tokens, _Figure(at, at + 1, value, step))


def _quantity(tokens: Sequence[Word], figure: _Figure) -> Quantity | None:  # noqa: PLR0915  one pass over what may follow a figure
    first, after = figure.first, figure.after
    start, end = tokens[first].start, tokens[after - 1].end
    if figure.value < 0 and first:
        start = tokens[first - 1].start
    before = [token.lower for token in tokens[max(0, first - 8) : first]]
    nexts = [token.lower for token in tokens[after : after + 4]] + [""] * 4
    unit, factor = "", Decimal(1)
    dimension: Dimension = "count"
    value, upper, step = figure.value, figure.upper, figure.step
    bound_at = first
    if figure.kind == "ordinal":
        dimension, unit = "ordinal", "ordinal"
    elif first and tokens[first - 1].text in _CURRENCY_SIGNS:
        unit, dimension = _CURRENCY_SIGNS[tokens[first - 1].text], "money"
        bound_at = first - 1
        start = tokens[bound_at].start
        if bound_at and unit == "USD" and _adjacent(tokens, bound_at - 1):
            prefix = _DOLLAR_PREFIXES.get(tokens[bound_at - 1].lower)
            if prefix:
                unit, bound_at = prefix, bound_at - 1
                start = tokens[bound_at].start
    elif first and tokens[first - 1].text in _CURRENCY_CODES:
        unit, dimension, bound_at = tokens[first - 1].text, "money", first - 1
        start = tokens[bound_at].start
    elif nexts[0] == "%" or nexts[0] in {"percent", "pc", "pct"} or (nexts[0] == "per" and nexts[1] == "cent"):
        unit, dimension = "percent", "share"
        after += 2 if nexts[0] == "per" else 1
        if after < len(tokens) and tokens[after].lower in {"point", "points"}:
            unit, dimension, after = "percentage points", "points", after + 1
    elif nexts[0] == "percentage" and nexts[1] in {"point", "points"}:
        unit, dimension, after = "percentage points", "points", after + 2
    elif nexts[0] == "percentage" and nexts[1] == "-" and nexts[2] in {"point", "points"}:
        unit, dimension, after = "percentage points", "points", after + 3
    elif nexts[0] == "-" and nexts[1] == "percentage" and nexts[2] in {"-", "point"}:
        unit, dimension, after = "percentage points", "points", after + (4 if nexts[2] == "-" else 3)
    elif nexts[0] == "-" and nexts[1] == "percent" and _adjacent(tokens, after - 1):
        unit, dimension, after = "percent", "share", after + 2
    elif nexts[0] == "basis" and nexts[1] in {"point", "points"}:
        unit, dimension, factor, after = "basis points", "points", Decimal("0.01"), after + 2
    elif nexts[0] == "°" or nexts[0] in {"degrees", "degree"}:
        scale = nexts[1]
        if scale in {"c", "celsius", "centigrade"}:
            unit, dimension, after = "degrees Celsius", "temperature", after + 2
        elif scale in {"f", "fahrenheit"}:
            unit, dimension, after = "degrees Fahrenheit", "temperature", after + 2
        else:
            unit, after = "degrees", after + 1
    elif nexts[0] == "times":
        unit, dimension, after = "times", "multiple", after + 1
    elif nexts[0] in _CURRENCY_WORDS:
        unit, dimension, after = _CURRENCY_WORDS[nexts[0]], "money", after + 1
    elif tokens[after].text in _CURRENCY_CODES if after < len(tokens) else False:
        unit, dimension, after = tokens[after].text, "money", after + 1
    elif nexts[0] in _NATIONAL_DOLLARS and nexts[1] in {"dollar", "dollars"}:
        unit, dimension, after = _NATIONAL_DOLLARS[nexts[0]], "money", after + 2
    else:
        hyphen = 1 if nexts[0] == "-" and _adjacent(tokens, after - 1) and _adjacent(tokens, after) else 0
        at = after + hyphen
        squared = at < len(tokens) and tokens[at].lower in _SQUARED
        at += squared
        name = tokens[at].lower if at < len(tokens) else ""
        attached = at > 0 and _adjacent(tokens, at - 1)
        bare = name in _AFTER_NUMBER_ONLY_ATTACHED and not attached and tokens[first].kind != "number"
        # "mw", "MW" and the like: the case decides between milli and mega, and only the big ones are in the table.
        if name in _UNITS and not bare and not (name == "second" and nexts[0] != "-" and value != 1):
            unit, dimension, factor = _UNITS[name]
            after = at + 1
            if dimension == "pound" and after < len(tokens) and tokens[after].lower == "sterling":
                unit, dimension, after = "GBP", "money", after + 1
            if name == "fortnight":
                factor *= 2
            if squared or (after < len(tokens) and tokens[after].text == "²"):
                if dimension == "length":
                    unit, dimension, factor = f"square {unit}", "area", factor * factor
                    after += 0 if squared else 1
            elif dimension == "length" and after + 1 < len(tokens):
                pair = (tokens[after].lower, tokens[after + 1].lower)
                if pair in {("/", "h"), ("per", "hour"), ("an", "hour")}:
                    unit, dimension, factor = f"{unit} per hour", "speed", factor / 3600
                    after += 2
    if figure.kind == "fraction" and dimension == "count":
        unit, dimension = "percent", "share"
        value, step = value * 100, Decimal(1)
    if figure.kind == "half" and dimension == "count":
        return None
    noun = () if dimension == "ordinal" else _noun(tokens, after)
    if dimension == "ordinal":
        noun = _noun_run(tokens, after)
    if dimension == "count" and tokens[first].kind == "number" and _is_label(tokens, first, value, has_noun=bool(noun)):
        return None
    if dimension == "count":
        unit = _counted(tokens, after, noun)
    if dimension in {"time", "calendar"} and after < len(tokens) and tokens[after].lower == "ago":
        return None  # "500 million years ago" is a time, not how long something took
    bound = _bound(before[: len(before) - (first - bound_at)], [token.lower for token in tokens[after : after + 3]])
    if figure.kind == "vague":
        bound = Bound.ABOUT
    end = tokens[after - 1].end
    return Quantity(
        span=Span(start=start, end=end),
        value=value,
        upper=upper,
        unit=unit,
        dimension=dimension,
        factor=factor,
        bound=bound,
        step=step,
        vague=figure.kind == "vague",
        fraction=figure.kind == "fraction",
        noun=noun,
        about=_about(tokens, first, after),
    )


def _bound(before: Sequence[str], after: Sequence[str]) -> Bound:
    plain = [word for word in before if word not in {'"', "“", "”", "~"}]
    if plain and plain[-1] in {"a", "an", "the"}:
        plain.pop()  # "over a 2 hour run time"
    if before and before[-1] == "~":
        return Bound.ABOUT
    if plain and plain[-1] in {">", "≥"}:
        return Bound.MORE_THAN if plain[-1] == ">" else Bound.AT_LEAST
    if plain and plain[-1] in {"<", "≤"}:
        return Bound.LESS_THAN if plain[-1] == "<" else Bound.AT_MOST
    trail = next((_BOUNDS_AFTER[pair] for pair in itertools.pairwise(after[:3]) if pair in _BOUNDS_AFTER), None)
    if trail is not None:
        return trail
    for length in range(_LONGEST_BOUND, 0, -1):
        bound = _BOUNDS.get(tuple(plain[-length:])) if len(plain) >= length else None
        if bound is not None:
            return bound
        # "more than a quarter": the article belongs to the figure and is already inside it.
    return Bound.EXACT


def _is_label(tokens: Sequence[Word], first: int, value: Decimal, *, has_noun: bool) -> bool:
    """Tell whether a bare number in digits is a name: "Boeing 737", "Article 5", "No 10"."""
    if not first:
        return False
    before = tokens[first - 1]
    if before.text == "#" or (before.text == "." and first > 1 and tokens[first - 2].lower in {"no", "nos"}):
        return True
    if before.kind != "word":
        return False
    noun_may_be_counted = before.lower in {"day", "line", "order", "law", "an", "no"} or value >= _SELDOM_A_NAME
    counted = value >= _NEVER_A_NAME or (has_noun and noun_may_be_counted)
    if before.lower in _LABEL_WORDS and not counted:
        return True
    capital = before.text[0].isupper() and first > 1 and tokens[first - 2].text not in '.!?:"“'
    return capital and not has_noun and before.lower not in FUNCTION_WORDS and value == value.to_integral_value()


def _noun_run(tokens: Sequence[Word], after: int) -> tuple[str, ...]:
    run: list[Word] = []
    for token in tokens[after : after + 5]:
        if token.text in "-‐‑" and run:
            continue
        if token.text in "-‐‑" and not run:
            continue
        if token.kind != "word" or token.lower in FUNCTION_WORDS or token.lower in _NOT_NOUNS:
            break
        run.append(token)
    if not run:
        return ()
    if run[0].text[0].isupper():  # "one Primetime Emmy Award": the whole name
        capitals = next((index for index, token in enumerate(run) if not token.text[0].isupper()), len(run))
        if capitals > 1:
            plural = next((index for index, token in enumerate(run) if token.lower in _PLURAL_NOUNS), capitals - 1)
            return tuple(stem(word.lower) for word in run[: max(capitals, plural + 1)])
    for index, token in enumerate(run):
        lower = token.lower
        if lower in _PLURAL_NOUNS or (
            lower.endswith("s")
            and not lower.endswith("ss")
            and not lower.endswith(("ous", "'s", "’s"))
            and lower not in _SINGULAR_S
        ):
            return tuple(stem(word.lower) for word in run[: index + 1])
    return tuple(stem(token.lower) for token in run[:2])


def _counted(tokens: Sequence[Word], after: int, noun: tuple[str, ...]) -> str:
    """Return the name of what is counted: ``people`` for all words for people, else the head noun as written."""
    if not noun:
        return ""
    if noun[-1] == "people":
        return "people"
    for token in tokens[after : after + 12]:
        if token.kind == "word" and stem(token.lower) == noun[-1]:
            return token.lower
    return noun[-1]


def _noun(tokens: Sequence[Word], after: int) -> tuple[str, ...]:
    """Return the stems of the noun that a figure counts, head last; a partitive ("12 of the members") is followed."""
    at = after
    if at + 1 < len(tokens) and tokens[at].text in "-‐‑" and _adjacent(tokens, at - 1) and _adjacent(tokens, at):
        return (stem(tokens[at + 1].lower),) if tokens[at + 1].kind == "word" else ()  # "an eight-team tournament"
    if at < len(tokens) and tokens[at].lower in {"more", "other", "new", "additional", "further"}:
        at += 1
    if at < len(tokens) and tokens[at].lower == "of":
        at += 1
        while at < len(tokens) and tokens[at].lower in {
            "the",
            "all",
            "its",
            "their",
            "these",
            "those",
            "our",
            "his",
            "her",
        }:
            at += 1
        while at < len(tokens) and (
            tokens[at].kind == "number" or tokens[at].lower in _NUMBER_WORDS or tokens[at].text == "-"
        ):
            at += 1
    elif (
        at < len(tokens)
        and tokens[at].lower in {"the", "its", "their", "all"}
        and at > 0
        and tokens[at - 1].lower == "half"
    ):
        at += 1
    return _noun_run(tokens, at)


def _about(tokens: Sequence[Word], first: int, after: int) -> tuple[str, ...]:
    """Return the stems of the content words of the clause around tokens [first, after)."""
    left = first
    while left > 0 and not _breaks(tokens, left - 1):
        left -= 1
    right = after
    while right < len(tokens) and not _breaks(tokens, right):
        right += 1
    return tuple(
        stem(token.lower)
        for index, token in enumerate(tokens[left:right], start=left)
        if token.kind == "word"
        and not first <= index < after
        and token.lower not in FUNCTION_WORDS
        and token.lower not in _NUMBER_WORDS
        and token.lower not in _SCALES
    )


def _breaks(tokens: Sequence[Word], at: int) -> bool:
    token = tokens[at]
    if token.text in ".!?":
        # A full stop inside "U.S." or after an initial does not end a clause.
        return not (at and tokens[at - 1].kind == "word" and len(tokens[at - 1].text) == 1)
    return token.text in _CLAUSE_BREAKS or token.lower in _CLAUSE_WORDS


# ------------------------------------------------------------------------------------------------------------ dates

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS: Final = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_MONTH: Final = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)(?!\w)"
)
_DAY: Final = r"(?P<day>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_FROM: Final = r"(?P<from>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>1\d{3}|20\d{2})"
_YEAR_2: Final = r"(?P<year2>1\d{3}|20\d{2})"
_SMALL: Final = "a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_DASH: Final = r"\s?(?:-|–|—|to|until|and)\s?"
_ORDINAL_WORD: Final = r"(?P<nth>first|second|third|fourth|last|1st|2nd|3rd|4th)"

_DATE_PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (name, re.compile(pattern, re.IGNORECASE if name in _ANY_CASE else 0))
    for _ANY_CASE in (frozenset({"iso", "relative", "ago", "quarter", "half", "decade", "century", "season"}),)
    for name, pattern in (
        ("iso", r"(?<![\d-])(?P<year>[12]\d{3})-(?P<m>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12]\d|3[01])(?![\d-])"),
        ("numeric", r"(?<![\d/.])(?P<a>\d{1,2})[/.](?P<b>\d{1,2})[/.](?P<year>(?:19|20)\d{2})(?![\d/])"),
        ("bc", r"\b\d{1,4}(?:[-–]\d{1,4})?\s?(?:BC|BCE|B\.C\.|AD|CE)\b"),
        (
            "clock",
            (
                r"\b\d{1,2}[:.]\d{2}\s?(?:[ap]\.?m\.?|GMT|UTC|BST|EST|EDT)\b"
                r"|\b\d{1,2}:\d{2}(?::\d{2})?\b|\b\d{1,2}\s?[ap]\.?m\b"
            ),
        ),
        ("days_month", rf"(?<![\d.,]){_FROM}{_DASH}{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR}\b)?"),
        ("month_days", rf"\b{_MONTH}\s+{_FROM}{_DASH}{_DAY}(?![\d:])(?:,?\s+{_YEAR}\b)?"),
        ("day_month", rf"(?<![\d.,/-]){_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+(?:of\s+)?{_YEAR}\b)?"),
        ("month_day", rf"\b{_MONTH}\s+(?:the\s+)?{_DAY}(?![\d:%]|[.,]\d)(?:,?\s+(?:of\s+)?{_YEAR}\b)?"),
        ("month_year", rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}\b"),
        ("quarter", rf"\bQ(?P<q>[1-4])\s*(?:of\s+)?{_YEAR}\b|\b{_ORDINAL_WORD}\s+quarter\s+of\s+{_YEAR_2}\b"),
        ("half", rf"\bH(?P<h>[12])\s*(?:of\s+)?{_YEAR}\b|\b{_ORDINAL_WORD}\s+half\s+of\s+{_YEAR_2}\b"),
        ("season", rf"\b(?P<season>spring|summer|autumn|fall|winter)(?:\s+of)?\s+{_YEAR}\b"),
        ("decade", r"(?<![\w,.])(?P<decade>1\d|20)(?P<ten>\d)0['’]?s\b|(?<!\w)['’](?P<short>[2-9])0s\b"),
        (
            "century",
            r"\b(?:(?P<c>1\d|2[01]|[5-9])(?:th|st|nd|rd)|(?P<cw>eighteenth|nineteenth|twentieth|twenty-first))[\s-]century\b",
        ),
        ("years", r"(?<![\w,./$€£#-])(?P<y1>1\d{3}|20\d{2})\s?(?:-|–|—)\s?(?P<y2>1\d{3}|20\d{2}|\d{2})(?![\w%/-]|[.,]\d)"),
        ("year", rf"(?<![\w,./$€£#]){_YEAR}(?![\w%/]|[.,:]\d|,\d{{3}}|-\d)"),
        (
            "relative",
            (
                r"\b(?P<rel>the day before yesterday|yesterday|today|tomorrow|tonight)\b"
                r"|\b(?P<which>last|this|next|past)\s+(?P<unit>week|month|year|monday|tuesday|wednesday|thursday|friday"
                r"|saturday|sunday|january|february|march|april|june|july|august|september|october|november|december)\b"
            ),
        ),
        (
            "ago",
            rf"(?<![\w.,])(?P<n>\d{{1,3}}|{_SMALL})\s+(?P<unit>days?|weeks?|months?|years?|decades?)\s+(?P<dir>ago|earlier|later)\b",
        ),
        ("weekday", r"\b(?:on\s+)?(?P<wd>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b"),
        ("month", rf"\b(?:in|since|until|by|during|early|late|mid|from|of|through|before|after)[\s-]{_MONTH}(?!\s+[A-Z])"),
    )
)  # fmt: skip

_ROLES: Final[dict[str, DateRole]] = {
    "from": "from", "since": "from", "starting": "from", "beginning": "from", "until": "until", "till": "until",
    "through": "until", "before": "before", "prior": "before", "by": "before", "after": "after", "following": "after",
    "pre": "before", "post": "after", "to": "until",
}  # fmt: skip
_YEAR_LEADS: Final = frozenset(
    """in since until till by of from to before after during between and through early mid late circa around spring summer
    autumn fall winter year the a an for or season""".split()
)


def read_dates(text: str, reference: dt.date | None = None) -> list[DateMention]:
    """Return the dates of ``text`` in order, each as the range of days it may mean.

    Args:
        text: Any text; spans are in its code points.
        reference: The day the text was written; without it, "last week" and "16 May" stay unresolved.

    >>> mention = read_dates("The talks of March 2026 failed.")[0]
    >>> mention.start.isoformat(), mention.end.isoformat(), mention.precision
    ('2026-03-01', '2026-03-31', 'month')
    >>> read_dates("They met last week.")[0].resolved
    False
    """
    return list(_read_dates(text, reference))


Days = tuple[dt.date, dt.date]
"""The first and the last day that a date may mean."""


def read_days(text: str, reference: dt.date | None = None) -> list[Days]:
    """Return the days of those dates of ``text`` that are fixed; as `read_dates`.

    >>> [[day.isoformat() for day in days] for days in read_days("In March 2026, and last week.")]
    [['2026-03-01', '2026-03-31']]
    """
    return [(date.start, date.end) for date in _read_dates(text, reference) if date.start and date.end]


def days_meet(days: Days, others: Iterable[Days]) -> bool:
    """Tell whether one of ``others`` has a day in common with ``days``."""
    return any(days[0] <= end and start <= days[1] for start, end in others)


def times_meet(days: Sequence[Days], others: Sequence[Days]) -> bool:
    """Tell whether two texts may speak of one time: they have a day in common, or one of them names none."""
    return not days or not others or any(days_meet(day, others) for day in days)


@lru_cache(maxsize=4096)
def _read_dates(text: str, reference: dt.date | None) -> tuple[DateMention, ...]:
    tokens = words(text)
    starts = [token.start for token in tokens]
    found: list[DateMention] = []
    for name, match in _date_matches(text):
        if name in {"bc", "clock"}:
            continue
        for mention in _mentions(name, match, text, reference):
            first = next((index for index, start in enumerate(starts) if start >= mention.span.start), len(tokens))
            after = next((index for index, start in enumerate(starts) if start >= mention.span.end), len(tokens))
            found.append(mention.model_copy(update={"about": _about(tokens, first, after)}))
    found.sort(key=lambda mention: mention.span.start)
    return tuple(found)


@lru_cache(maxsize=4096)
def _date_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges that belong to dates, which are not quantities."""
    return tuple((match.start(), match.end()) for _, match in _date_matches(text))


def _date_matches(text: str) -> list[tuple[str, re.Match[str]]]:
    chosen: list[tuple[str, re.Match[str]]] = []
    covered: list[tuple[int, int]] = []
    for name, pattern in _DATE_PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in covered):
                continue
            if not _believable(name, match, text):
                continue
            chosen.append((name, match))
            covered.append((match.start(), match.end()))
    return chosen


def _believable(name: str, match: re.Match[str], text: str) -> bool:
    """Tell a date from what only looks like one: "2000 people", "May said", "3 to 5 March" kept, "1500 m" left."""
    before = text[: match.start()].rstrip()
    previous = re.search(r"[A-Za-z]+$", before)
    lead = previous.group().lower() if previous else ""
    following = re.match(r"\s*-?\s*([A-Za-z%°]+)", text[match.end() :])
    after = following.group(1).lower() if following else ""
    if name == "year":
        if after in _UNITS or after in _SCALES or after in {"percent", "per", "km", "dollars", "euros", "doses"}:
            return after in {"m", "day", "days", "second", "g", "min"} and lead == "in"
        if lead in _LABEL_WORDS - {"season", "year"}:
            return False
        if (
            previous
            and before[previous.start() :][0].isupper()
            and lead not in FUNCTION_WORDS | _YEAR_LEADS | set(_MONTHS)
        ):
            # "Blade Runner 2049": part of a name, unless a sentence begins with its word ("Circa 1900").
            return not previous.start() or before[: previous.start()].rstrip()[-1:] in set(".!?(")
        if lead in {
            "about",
            "around",
            "some",
            "nearly",
            "over",
            "than",
            "least",
            "approximately",
            "roughly",
            "almost",
            "most",
        }:
            return False
        if after in _PLURAL_NOUNS or (after.endswith("s") and after not in FUNCTION_WORDS and after not in _SINGULAR_S):
            return lead in {
                "the",
                "in",
                "since",
                "after",
                "before",
                "of",
                "during",
                "his",
                "her",
                "its",
                "their",
                "a",
                "until",
            }
        return True
    if name == "month_year" and match.group("month") == "May":
        return True
    if name in {"day_month", "month_day"} and match.group("month") in {"May", "March"}:
        return text[match.start("month")].isupper()
    if name == "month":
        return match.group("month") not in {"March", "May"} or lead not in {"theresa", "brian"}
    if name == "weekday":
        return not re.match(r"\s+(?:Night|Times|Mirror|Telegraph|Post)\b", text[match.end() :])
    return True


def _month_end(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


_OR_LATER: Final = re.compile(r"\s+or\s+(later|after|earlier|before)\b", re.IGNORECASE)


def _role(text: str, start: int, end: int) -> DateRole:
    before = re.search(
        r"([A-Za-z]+)(?:\s+(?:the|early|late|mid|about|around|to|on))?[\s-]*$", text[max(0, start - 30) : start]
    )
    word = before.group(1).lower() if before else ""
    role = _ROLES.get(word, "on")
    trail = _OR_LATER.match(text, end)
    if trail:
        return "after" if trail.group(1).lower() in {"later", "after"} else "before"
    if word == "between":
        return "from"
    if word == "and" and re.search(r"\bbetween\b[^.;,]{3,30}\band\s*$", text[max(0, start - 45) : start]):
        return "until"
    if word == "to" and not re.search(r"\d\s*to\s*$", text[max(0, start - 12) : start]):
        return "on"
    return role


def _mentions(name: str, match: re.Match[str], text: str, reference: dt.date | None) -> Iterator[DateMention]:  # noqa: PLR0915  one branch per form of date
    groups = match.groupdict()
    span = Span(start=match.start(), end=match.end())
    role = _role(text, match.start(), match.end())
    year = int(groups["year"]) if groups.get("year") else None
    month = _MONTHS[groups["month"].lower().rstrip(".")] if groups.get("month") else None

    def fixed(start: dt.date, end: dt.date, precision: Precision, *, relative: bool = False) -> DateMention:
        return DateMention(
            span=span, start=start, end=end, precision=precision, relative=relative, role=role,
            month=start.month if precision in {"day", "month"} else None, day=start.day if precision == "day" else None,
        )  # fmt: skip

    def unresolved(precision: Precision, *, month: int | None = None, day: int | None = None) -> DateMention:
        return DateMention(
            span=span,
            start=None,
            end=None,
            precision=precision,
            relative=True,
            resolved=False,
            role=role,
            month=month,
            day=day,
        )

    if name == "iso" and year:
        day = _day(year, int(groups["m"]), int(groups["d"]))
        yield fixed(day, day, "day") if day else unresolved("day")
    elif name == "numeric" and year:
        first, second = int(groups["a"]), int(groups["b"])
        readings = {day for day in (_day(year, second, first), _day(year, first, second)) if day}
        if len(readings) == 1:
            day = readings.pop()
            yield fixed(day, day, "day")
        elif readings:  # 03/04/2022 may be either; both days are within the range
            yield fixed(min(readings), max(readings), "day").model_copy(
                update={"resolved": False, "month": None, "day": None}
            )
    elif name in {"days_month", "month_days", "day_month", "month_day"} and month:
        number = int(groups["day"])
        begin = int(groups["from"]) if groups.get("from") else number
        if year is None:
            if reference is None:
                yield unresolved("day", month=month, day=number)
                return
            start, end = _nearest(reference, month, begin), _nearest(reference, month, number)
            if start and end and start <= end:
                yield fixed(start, end, "day", relative=True)
            else:
                yield unresolved("day", month=month, day=number)
            return
        first_day, last_day = _day(year, month, begin), _day(year, month, number)
        if first_day and last_day and first_day <= last_day:
            yield fixed(first_day, last_day, "day")
        else:
            yield unresolved("day", month=month, day=number)
    elif name == "month_year" and month and year:
        yield fixed(dt.date(year, month, 1), _month_end(year, month), "month")
    elif name == "month" and month:
        span = Span(start=match.start("month"), end=match.end())
        role = _role(text, match.start("month"), match.end())
        if reference is None:
            yield unresolved("month", month=month)
        else:
            start_day = _nearest(reference, month, 1)
            if start_day:
                yield fixed(start_day, _month_end(start_day.year, month), "month", relative=True)
    elif name in {"quarter", "half"}:
        year = year or int(groups["year2"])
        number = int(groups.get("q") or groups.get("h") or _nth(groups["nth"], 4 if name == "quarter" else 2))
        length = 3 if name == "quarter" else 6
        if 1 <= number <= 12 // length:
            yield fixed(dt.date(year, (number - 1) * length + 1, 1), _month_end(year, number * length), "quarter")
    elif name == "season" and year:
        season = groups["season"].lower()
        if season == "winter":
            yield fixed(dt.date(year - 1, 12, 1), _month_end(year + 1, 3), "season")
        else:
            begin_month = {"spring": 3, "summer": 6}.get(season, 9)
            yield fixed(dt.date(year, begin_month, 1), _month_end(year, min(12, begin_month + 3)), "season")
    elif name == "decade":
        start_year = (
            int(f"{groups['decade']}{groups['ten']}0") if groups.get("decade") else 1900 + int(groups["short"]) * 10
        )
        hundred = groups.get("ten") == "0" and start_year < 2000  # noqa: PLR2004  "the 1900s" are a century
        length = 100 if hundred else 10
        yield fixed(
            dt.date(start_year, 1, 1), dt.date(start_year + length - 1, 12, 31), "century" if hundred else "decade"
        )
    elif name == "century":
        number = int(groups["c"]) if groups.get("c") else _CENTURIES[groups["cw"].lower()]
        yield fixed(dt.date((number - 1) * 100 + 1, 1, 1), dt.date(number * 100, 12, 31), "century")
    elif name == "years":
        first_year = int(groups["y1"])
        last = groups["y2"]
        last_year = int(last) if len(last) == 4 else first_year - first_year % 100 + int(last)  # noqa: PLR2004
        if last_year >= first_year:
            role = "on"
            yield fixed(dt.date(first_year, 1, 1), dt.date(last_year, 12, 31), "year")
    elif name == "year" and year:
        yield fixed(dt.date(year, 1, 1), dt.date(year, 12, 31), "year")
    elif name in {"relative", "ago", "weekday"}:
        yield _relative(name, groups, span, role, reference)


_CENTURIES: Final = {"eighteenth": 18, "nineteenth": 19, "twentieth": 20, "twenty-first": 21}


def _nth(word: str, last: int) -> int:
    return {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": last}.get(word.lower(), 0) or int(word[0])


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None  # 31 June: a date as written, but not a day


def _nearest(reference: dt.date, month: int, day: int) -> dt.date | None:
    """Return the day of this month and number nearest to ``reference``; news speaks of the year it is in."""
    candidates = [day_ for shift in (-1, 0, 1) if (day_ := _day(reference.year + shift, month, day))]
    return min(candidates, key=lambda candidate: abs((candidate - reference).days), default=None)


def _relative(
    name: str, groups: dict[str, str | None], span: Span, role: DateRole, reference: dt.date | None
) -> DateMention:
    start: dt.date | None = None
    end: dt.date | None = None
    precision: Precision = "day"
    if name == "ago":
        unit = (groups["unit"] or "").lower().rstrip("s")
        precision = {"day": "day", "week": "week", "month": "month", "year": "year", "decade": "decade"}[unit]  # type: ignore[assignment]
        if reference is not None and (groups["dir"] or "").lower() == "ago":
            count = _small(groups["n"] or "")
            start, end = _period(reference, unit, -count)
    elif name == "weekday":
        if reference is not None:
            number = _WEEKDAYS[(groups["wd"] or "").lower()]
            start = end = reference - dt.timedelta(days=(reference.weekday() - number) % 7)
    elif groups.get("rel"):
        if reference is not None:
            shift = {"yesterday": -1, "tomorrow": 1, "the day before yesterday": -2}.get(
                (groups["rel"] or "").lower(), 0
            )
            start = end = reference + dt.timedelta(days=shift)
    else:
        which, unit = (groups["which"] or "").lower(), (groups["unit"] or "").lower()
        shift = {"last": -1, "past": -1, "this": 0, "next": 1}[which]
        if unit in {"week", "month", "year"}:
            precision = unit  # type: ignore[assignment]
            if reference is not None and which != "past":
                start, end = _period(reference, unit, shift)
        elif unit in _WEEKDAYS and reference is not None:
            number = _WEEKDAYS[unit]
            back = (reference.weekday() - number) % 7
            start = end = (
                reference - dt.timedelta(days=back or 7) if shift < 0 else reference + dt.timedelta(days=(-back) % 7)
            )
        elif unit in _MONTHS:
            precision = "month"
            if reference is not None:
                year = reference.year
                if shift < 0 and _MONTHS[unit] >= reference.month:
                    year -= 1
                elif shift > 0 and _MONTHS[unit] <= reference.month:
                    year += 1
                start, end = dt.date(year, _MONTHS[unit], 1), _month_end(year, _MONTHS[unit])
    return DateMention(
        span=span, start=start, end=end, precision=precision, relative=True, resolved=start is not None, role=role
    )


def _small(word: str) -> int:
    if word.isdigit():
        return int(word)
    return 1 if word.lower() in {"a", "an"} else int({**_NUMBER_UNITS, **_TEENS}[word.lower()])


def _period(reference: dt.date, unit: str, shift: int) -> tuple[dt.date | None, dt.date | None]:
    """Return first and last day of the day, week, month, year or decade ``shift`` units from the reference day's."""
    try:
        if unit == "day":
            day = reference + dt.timedelta(days=shift)
            return day, day
        if unit == "week":
            monday = reference - dt.timedelta(days=reference.weekday()) + dt.timedelta(weeks=shift)
            return monday, monday + dt.timedelta(days=6)
        if unit == "month":
            moved = reference + relativedelta(months=shift)
            return dt.date(moved.year, moved.month, 1), _month_end(moved.year, moved.month)
        year = reference.year + shift * (10 if unit == "decade" else 1)
        width = 2 if unit == "decade" else 0
        return dt.date(year - width, 1, 1), dt.date(year + width, 12, 31)
    except (ValueError, OverflowError):
        return None, None  # before the year 1 or after 9999
