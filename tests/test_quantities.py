"""Quantities, durations and dates as they stand in news."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.quantities import Bound, read_dates, read_durations, read_quantities, stem, words

REFERENCE = dt.date(2025, 6, 1)  # a Sunday

# text, then for each quantity: written words, value, upper end, unit, bound
QUANTITIES = [
    ("400,000 people were displaced.", [("400,000", "400000", None, "people", "exact")]),  # thousands separator
    ("Some 0.4 million people fled.", [("0.4 million", "400000", None, "people", "about")]),  # scale word, decimal
    ("It sent $5bn in aid.", [("$5bn", "5000000000", None, "USD", "exact")]),  # letters stuck to the figure
    ("They bought 1.2m doses.", [("1.2m", "1200000", None, "doses", "exact")]),  # m before a plural: million
    ("He won the 100m race.", [("100m", "100", None, "metres", "exact")]),  # m before a singular: metres
    ("A loan of €1.5 billion", [("€1.5 billion", "1500000000", None, "EUR", "exact")]),  # sign before, scale after
    ("1.2 trillion roubles", [("1.2 trillion roubles", "1200000000000", None, "RUB", "exact")]),  # currency word
    ("It costs A$20.", [("A$20", "20", None, "AUD", "exact")]),  # not every dollar is American
    ("twenty-three soldiers", [("twenty-three", "23", None, "soldiers", "exact")]),  # number words, hyphen
    ("one hundred and five members", [("one hundred and five", "105", None, "members", "exact")]),  # "and" inside
    (
        "three million five hundred thousand votes",
        [("three million five hundred thousand", "3500000", None, "votes", "exact")],
    ),
    ("a dozen ships", [("a dozen", "12", None, "ships", "exact")]),  # dozen
    ("two and a half years", [("two and a half years", "2.5", None, "years", "exact")]),  # a half added
    ("4½ hours", [("4½ hours", "4.5", None, "hours", "exact")]),  # vulgar fraction sign
    ("half a million people", [("half a million", "500000", None, "people", "exact")]),  # half of a scale
    ("half an hour", [("half an hour", "0.5", None, "hours", "exact")]),  # half of a unit
    ("two-thirds of voters", [("two-thirds", "66.67", None, "percent", "exact")]),  # a fraction is a share
    ("at least 1 in 5 adults", [("1 in 5", "20", None, "percent", "at_least")]),  # so is "in"
    ("nine out of ten dentists", [("nine out of ten", "90", None, "percent", "exact")]),  # and "out of"
    ("GDP fell 3.4% in 2022.", [("3.4%", "3.4", None, "percent", "exact")]),  # the year is not a quantity
    (
        "up 2.5 percentage points",
        [("2.5 percentage points", "2.5", None, "percentage points", "exact")],
    ),  # points are not per cent
    ("between 10 and 12 per cent", [("10 and 12 per cent", "10", "12", "percent", "exact")]),  # range in words
    ("10-12 per cent", [("10-12 per cent", "10", "12", "percent", "exact")]),  # range with a dash
    ("5 to 7 million refugees", [("5 to 7 million", "5000000", "7000000", "refugees", "exact")]),  # the scale is shared
    ("no more than 100,000 troops", [("100,000", "100000", None, "troops", "at_most")]),  # longest bound phrase wins
    ("more than a dozen people", [("a dozen", "12", None, "people", "more_than")]),  # bound before an article
    ("fewer than 30 cases", [("30", "30", None, "cases", "less_than")]),  # bound in two words
    ("nearly 30 cases", [("30", "30", None, "cases", "about")]),  # nearly is about, not any number below
    ("50 people or more", [("50", "50", None, "people", "at_least")]),  # bound behind the noun
    ("hundreds of people", [("hundreds", "100", "2000", "people", "about")]),  # a magnitude
    ("temperatures of -3.5 °C", [("-3.5 °C", "-3.5", None, "degrees Celsius", "exact")]),  # negative
    (
        "12 of the 20 members",
        [("12", "12", None, "members", "exact"), ("20", "20", None, "members", "exact")],
    ),  # partitive
    ("an eight-team tournament", [("eight", "8", None, "team", "exact")]),  # hyphened to its noun
    ("3 400 000 euros? No: 400 000 euros.", [("400 000 euros", "400000", None, "EUR", "exact")]),  # spaced thousands
    ("1,27 million votes", [("1,27 million", "1270000", None, "votes", "exact")]),  # decimal comma before a scale
    ("the second round", [("second", "2", None, "ordinal", "exact")]),  # ordinals are kept apart
    ("Boeing 737 crashed under Resolution 2202.", []),  # numbers that are names
    ("A COVID-19 and H1N1 vaccine from Article 5.", []),  # numbers inside names
    ("It cost the world 950,000 lives.", [("950,000", "950000", None, "lives", "exact")]),  # little is numbered so high
    ("It cost the world 18 million.", [("18 million", "18000000", None, "", "exact")]),  # nothing is
    ("They won 3-1 at 10:30.", []),  # a score and a time of day
    ("one of the leaders", []),  # a pronoun
    ("a man in his 80s", []),  # an age band, not a count
    ("On 28 February 2022 and in 1999", []),  # dates only
    ("five hundred million years ago", []),  # a time, not how long
    ("", []),  # nothing
    ("No figures at all.", []),  # no figure
    ("5" * 24, [("5" * 24, "5" * 24, None, "", "exact")]),  # hostile length
    ("1,2,3,,4 %%% -- $", [("4 %", "4", None, "percent", "exact")]),  # hostile punctuation
]


@pytest.mark.parametrize(("text", "expected"), QUANTITIES)
def test_quantities(text: str, expected: list[tuple[str, str, str | None, str, str]]) -> None:
    found = read_quantities(text)
    if text.startswith(("1,2,3", "3 400")):  # only the last figure is unambiguous
        found = found[-1:]
    assert [
        (
            item.span.of(text),
            round(item.value, 2),
            None if item.upper is None else round(item.upper, 2),
            item.unit,
            item.bound.value,
        )
        for item in found
    ] == [(w, Decimal(v), None if u is None else Decimal(u), unit, bound) for w, v, u, unit, bound in expected]


NOUNS = [
    ("400,000 Ukrainian refugees were displaced", ("ukrainian", "refuge")),  # modifiers, head last
    ("12 soldiers died", ("soldier",)),  # the verb is not the noun
    ("40 % of adults", ("adult",)),  # through "of"
    ("one Primetime Emmy Award", ("primetim", "emmi", "award")),  # a name is whole
    ("12 individuals", ("people",)),  # words for people are one
]


@pytest.mark.parametrize(("text", "noun"), NOUNS)
def test_what_is_counted(text: str, noun: tuple[str, ...]) -> None:
    assert read_quantities(text)[0].noun == noun


def test_what_a_figure_is_about_ends_with_its_clause() -> None:
    figure = read_quantities("Exports fell by 4 %, the ministry said; imports rose.")[0]
    assert figure.about[:2] == ("export", "fall")
    assert "import" not in figure.about


# two ways to write one measure: text, text
SAME_MEASURE = [
    ("100 km", "100,000 metres"),  # prefix
    ("2 hours", "120 minutes"),  # time
    ("two years", "24 months"),  # calendar time
    ("one tonne", "1,000 kilograms"),  # mass
    ("3 square kilometres", "300 hectares"),  # area
    ("100 basis points", "one percentage point"),  # points
    ("a fortnight", "14 days"),  # an article for one
]


@pytest.mark.parametrize(("one", "two"), SAME_MEASURE)
def test_units_convert(one: str, two: str) -> None:
    first, second = read_quantities(f"It lasted {one}.")[0], read_quantities(f"It lasted {two}.")[0]
    assert (first.dimension, first.base) == (second.dimension, second.base)


def test_durations_are_the_quantities_of_time() -> None:
    text = "After 30 minutes and two and a half years, 40 people left."
    assert [item.span.of(text) for item in read_durations(text)] == ["30 minutes", "two and a half years"]


# text, then for each date: written words, first day, last day, precision
DATES = [
    ("on 28 February 2022", [("28 February 2022", "2022-02-28", "2022-02-28", "day")]),  # day first
    ("March 3, 2022 in Brest", [("March 3, 2022", "2022-03-03", "2022-03-03", "day")]),  # month first
    ("2022-03-29", [("2022-03-29", "2022-03-29", "2022-03-29", "day")]),  # ISO
    ("16/05/2025", [("16/05/2025", "2025-05-16", "2025-05-16", "day")]),  # only one reading
    ("Feb. 28", [("Feb. 28", "2025-02-28", "2025-02-28", "day")]),  # no year: the nearest
    ("on 16 May", [("16 May", "2025-05-16", "2025-05-16", "day")]),  # likewise
    ("on 20 December", [("20 December", "2024-12-20", "2024-12-20", "day")]),  # nearest is last year's
    ("between 3 and 5 June 2024", [("3 and 5 June 2024", "2024-06-03", "2024-06-05", "day")]),  # days of a month
    ("July 7–13, 2019", [("July 7–13, 2019", "2019-07-07", "2019-07-13", "day")]),  # dash
    ("March 2026", [("March 2026", "2026-03-01", "2026-03-31", "month")]),  # month
    ("in early March", [("March", "2025-03-01", "2025-03-31", "month")]),  # month alone
    ("in 2022", [("2022", "2022-01-01", "2022-12-31", "year")]),  # year
    ("the 2015 elections", [("2015", "2015-01-01", "2015-12-31", "year")]),  # before a plural, with an article
    ("2014–2019", [("2014–2019", "2014-01-01", "2019-12-31", "year")]),  # years joined
    ("in 2014-19", [("2014-19", "2014-01-01", "2019-12-31", "year")]),  # short second year
    ("Q2 2023", [("Q2 2023", "2023-04-01", "2023-06-30", "quarter")]),  # quarter, short
    (
        "the first quarter of 2021",
        [("first quarter of 2021", "2021-01-01", "2021-03-31", "quarter")],
    ),  # quarter in words
    ("in the 1990s", [("1990s", "1990-01-01", "1999-12-31", "decade")]),  # decade
    ("the 21st century", [("21st century", "2001-01-01", "2100-12-31", "century")]),  # century
    ("yesterday", [("yesterday", "2025-05-31", "2025-05-31", "day")]),  # a day back
    ("last week", [("last week", "2025-05-19", "2025-05-25", "week")]),  # Monday to Sunday
    ("two months ago", [("two months ago", "2025-04-01", "2025-04-30", "month")]),  # the month it fell in
    ("on Tuesday", [("on Tuesday", "2025-05-27", "2025-05-27", "day")]),  # the last one
    ("next year", [("next year", "2026-01-01", "2026-12-31", "year")]),  # the year after
    ("May said he may go", []),  # a person and a verb
    ("2000 people and 1500 m", []),  # four digits that are no year
    ("Blade Runner 2049", []),  # part of a name
    ("12 people died at 10:30", []),  # no date
    ("", []),  # nothing
]


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_dates(text: str, expected: list[tuple[str, str, str, str]]) -> None:
    found = read_dates(text, REFERENCE)
    assert [(item.span.of(text), str(item.start), str(item.end), item.precision) for item in found] == expected


# text, written words, month and day as far as they are written
UNRESOLVED = [
    ("on 16 May", "16 May", 5, 16),  # the year is not written
    ("in early March", "March", 3, None),  # month alone
    ("last week", "last week", None, None),  # no reference
    ("three days later", "three days later", None, None),  # later than what?
    ("on 31 June 2022", "31 June 2022", 6, 31),  # not a day
]


@pytest.mark.parametrize(("text", "written", "month", "day"), UNRESOLVED)
def test_without_a_reference_nothing_is_guessed(text: str, written: str, month: int | None, day: int | None) -> None:
    (found,) = read_dates(text)
    assert (found.span.of(text), found.month, found.day) == (written, month, day)
    assert not found.resolved
    assert found.start is None


def test_a_day_and_month_that_can_be_read_both_ways_is_not_resolved() -> None:
    (found,) = read_dates("on 03/04/2022")
    assert (found.resolved, found.start, found.end) == (False, dt.date(2022, 3, 4), dt.date(2022, 4, 3))


def test_roles_of_dates() -> None:
    text = "from 2014 to 2019, before May 2020, since 1990, until 3 March 2021, in 2022 or later"
    assert [item.role for item in read_dates(text)] == ["from", "until", "before", "from", "until", "after"]


_PIECES = st.sampled_from(
    "5 1,200 3.4 % million bn $ € people between and 10 - to half a third of two-thirds March 28 2022 May last week ago "
    "- , . ( ) \u00a0 \u200b ½ “ ” more than at least Q2 1990s th ’s 🙂 é".split(" ")
)


@given(st.lists(_PIECES, max_size=25).map(" ".join) | st.text(max_size=80))
def test_spans_are_inside_ordered_and_hold_a_figure(text: str) -> None:
    quantities = read_quantities(text)
    dates = read_dates(text, REFERENCE)
    for item in [*quantities, *dates]:
        assert 0 <= item.span.start < item.span.end <= len(text)
        assert item.span.of(text).strip() == item.span.of(text)
    for found in (quantities, dates):
        for before, after in itertools.pairwise(found):
            assert before.span.end <= after.span.start
    for quantity in quantities:
        assert quantity.upper is None or quantity.upper > quantity.value
        assert not any(quantity.span.overlaps(date.span) for date in dates)
    for date in dates:
        assert date.start is None or date.end is None or date.start <= date.end


@given(st.integers(min_value=0, max_value=999_999_999))
def test_grouped_digits_read_as_themselves(number: int) -> None:
    (found,) = read_quantities(f"exactly {number:,} cases")
    assert (found.value, found.bound, found.unit) == (number, Bound.EXACT, "cases")


@given(st.text(max_size=60))
def test_tokens_lie_where_they_say(text: str) -> None:
    for token in words(text):
        assert text[token.start : token.end] == token.text


def test_stems_bring_forms_together() -> None:
    assert stem("Refugees'") == stem("refugee")
    assert stem("killed") == stem("deaths")
    assert stem("sign") != stem("significant")
