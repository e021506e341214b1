"""The checks beside the network: figures, dates, names and quotations of a claim against a window of evidence."""

from __future__ import annotations

import datetime as dt
import doctest
import importlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord.records import Span
from onrecord.stance.checks import CHECKS, VOTES, Check, interval, run_checks, tally
from onrecord.stance.checks.pair import Pair
from onrecord.stance.checks.quotes import find_quotation

DAY = dt.date(2025, 6, 1)
LATER = dt.date(2025, 9, 1)


def outcomes(
    check: str, claim: str, evidence: str, claim_date: dt.date | None = None, source_date: dt.date | None = None
) -> list[str]:
    (one,) = [item for item in CHECKS if item.name == check]
    pair = Pair.of(claim, evidence, claim_date=claim_date, source_date=source_date)
    return [found.outcome for found in one.compare(pair)]


# ---------------------------------------------------------------------------------------------------------- contract


@pytest.mark.parametrize("check", [*CHECKS, VOTES], ids=[*(check.name for check in CHECKS), "votes"])
@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("", ""),  # nothing on both sides
        ("", "Prices rose by 40 % on 3 March 2022."),  # no claim
        ("Prices rose by 40 % on 3 March 2022.", ""),  # no evidence
        ("Prices rose by 40 %.", "Prices rose by 40 %."),  # the same text twice
        ("Russia attacked Ukraine.", "Ukraine attacked Russia."),  # roles
        ('He said "we will never give this up".', "We will never give this up."),  # a quotation
        ("\u200b\ufeff“…”\x00 5 %%% [[[ (", "½ ½ ½ 1/0 31 June 2022 \x00"),  # hostile characters
        ("5 " * 300, "6 " * 300),  # hostile repetition
        (f"{'5' * 5_000} against, " * 3, "6 voted against, " * 300),  # hostile votes
        ("The vote: s\u0131x in favour, 5 against.", "The vote: s\u0131x in favour, 6 against."),  # letters like others
        ("On 30 February 2022, $$$ 1,1,1 people died.", "On 99/99/2022 one people died."),  # what is no date
    ],
)
def test_every_check_keeps_the_contract(check: Check, claim: str, evidence: str) -> None:
    pair = Pair.of(claim, evidence)
    found = check.compare(pair)
    assert found == check.compare(pair)  # the same question has the same answer
    for item in found:
        assert item.check == check.name
        assert item.outcome in {"equal", "rounded", "different", "not_comparable"}
        assert item.claim_span.of(claim) == item.claim_value
        assert item.evidence_span.of(evidence) == item.evidence_value
        assert item.claim_value
        assert item.evidence_value
        assert item.message
        assert "\n" not in item.message.strip() or check.name == "quotes"


def test_the_catalogue_names_each_check_once() -> None:
    assert [check.name for check in CHECKS] == ["numbers", "dates", "names", "quotes"]


# ---------------------------------------------------------------------------------------------------------- numbers

# claim, evidence, outcome
NUMBERS = [
    ("40 % of voters backed the deal.", "14 % of voters backed the deal.", "different"),  # the plain case
    ("Forty percent of voters backed it.", "40 per cent of voters backed it.", "equal"),  # words and signs
    ("About 0.4 million people were displaced.", "400,000 people were displaced.", "equal"),  # scale word
    ("The bridge cost £1.2m.", "The bridge cost 1,200,000 pounds sterling.", "equal"),  # sign and word of a currency
    ("The talks lasted five hours.", "The talks lasted 300 minutes.", "equal"),  # another unit
    ("The trial lasted for a year.", "The trial lasted 12 months.", "equal"),  # an article for one
    ("The pipeline is 100 km long.", "The pipeline is 62 miles long.", "rounded"),  # conversion leaves a rest
    ("The pipeline is 100 km long.", "The pipeline is 100 miles long.", "different"),  # same figure, other unit
    ("Temperatures reached 104 °F.", "Temperatures reached 40 degrees Celsius.", "equal"),  # not a mere factor
    ("They bought 1.3 million doses.", "They bought 1,270,000 doses.", "rounded"),  # written to one place
    ("Prices rose by 185 %.", "Prices rose by 185.34 %.", "rounded"),  # written without decimals
    ("Prices rose by 5 %.", "Prices rose by 5.25 %.", "different"),  # of a small figure decimals are not left out
    ("They bought about 5 million doses.", "They bought 5.3 million doses.", "rounded"),  # said to be rough
    ("Inflation was 5.3 %.", "Inflation was about 5 %.", "rounded"),  # the source is rough
    ("Two-thirds of Poles support it.", "67 % of Poles support it.", "rounded"),  # a fraction of a share
    ("One in five adults smokes.", "20 % of adults smoke.", "equal"),  # a fraction in words
    ("More than 10 ships left the port of Odesa.", "12 ships left the port of Odesa.", "equal"),  # borne out
    ("More than 10 ships left the port of Odesa.", "Nine ships left the port of Odesa.", "different"),  # not reached
    ("More than 10 ships left the port.", "Ten ships left the port.", "not_comparable"),  # loose speech
    ("Ten ships left the port.", "At least eight ships left the port.", "not_comparable"),  # excludes nothing
    ("Less than 1,000 shops closed in Kyiv.", "Over 1,000 shops closed in Kyiv.", "different"),  # bounds that exclude
    ("No more than 100,000 troops remain.", "150,000 troops remain.", "different"),  # "no more than" denies nothing
    ("Between 5 and 7 million people left.", "6 million people left.", "equal"),  # inside the range
    ("6 million people left.", "Between 5 and 7 million people left.", "rounded"),  # inside the source's range
    ("Hundreds of shops closed.", "320 shops closed.", "not_comparable"),  # a magnitude is no figure
    ("The third round of talks ended.", "The second round of talks ended.", "different"),  # ordinals of one noun
    ("It is worth $5bn.", "It is worth €5bn.", "not_comparable"),  # other currency
    (
        "Unemployment rose by 2 percentage points.",
        "Unemployment rose by 2 %.",
        "not_comparable",
    ),  # points are not per cent
    ("12 tanks were destroyed.", "12 aircraft were destroyed.", "not_comparable"),  # right number, wrong subject
    ("Exports fell 40 %.", "Imports fell 40 %.", "not_comparable"),  # right share, wrong subject
    (
        "12 soldiers left Kharkiv.",
        "12 tanks left Kharkiv; three soldiers were hurt.",
        "not_comparable",
    ),  # its own count differs
    ("1,200 people work there.", "1.2 thousand workers work there.", "equal"),  # workers are people
    (
        "15 people were freed.",
        "Seven people were freed in Kyiv and eight people were freed in Lviv.",
        "not_comparable",
    ),  # total
    ("Five countries signed it.", "France, Germany, Italy, Spain and Poland signed it.", "not_comparable"),  # a list
    ("Inflation was 3.4 % in 2022.", "Inflation was 8.6 percent in 2022.", "different"),  # same year
    ("Inflation was 3.4 % in 2022.", "Inflation was 8.6 percent in 2023.", "not_comparable"),  # another year
    ("Ukraine got 1,000 missiles.", "Ukraine would get 500 missiles if talks fail.", "not_comparable"),  # a condition
    ("Ukraine got 1,000 missiles.", "Ukraine did not get 500 missiles.", "not_comparable"),  # a denial
    ("One player touches the wall.", "Four players touch the wall.", "not_comparable"),  # "one" as an article
    ("Only one player touched the wall.", "Four players touched the wall.", "different"),  # "one" as a count
    ("Romania ordered 54 tanks.", "Poland ordered 180 tanks and Romania 54.", "not_comparable"),  # its noun is left out
    (
        "Estonia takes seventy of the children.",
        "Latvia takes 900 of the children, Estonia 70.",
        "not_comparable",
    ),  # in words
    (
        "€325m of the price was paid in shares.",
        "The price was €1.3bn, a quarter of it in shares.",
        "not_comparable",
    ),  # a part
    ("Unemployment rose by 2 %.", "Unemployment rose to 5 %.", "not_comparable"),  # a change and a level
    (
        "Life expectancy fell by 1.8 years.",
        "In the Americas life expectancy fell by 3.1 years.",
        "not_comparable",
    ),  # a part
    (
        "Life expectancy fell by 1.8 years in 2021.",
        "In 2021 life expectancy fell by 3.1 years.",
        "different",
    ),  # no place
    ("Unemployment was 2 % in May 2023.", "Unemployment rose to 5 % in May 2023.", "different"),  # both are levels
    ("Life expectancy was 76.1 years in 2021.", "Life expectancy was 76.4 years in 2021.", "different"),  # to the tenth
    (
        "The bank raised its target range by half a percentage point on 16 March 2022.",
        "The bank raised its target range by a quarter of a percentage point on 16 March 2022.",  # no forecast
        "different",
    ),
    ("Ukraine was given 40 tanks in the draft of April.", "Ukraine was given 50 tanks in the draft.", "different"),
    ("MacDonald has published four more books.", "MacDonald has published eight books.", "not_comparable"),  # four more
    ("Quoridor is a 2- or 4-player game.", "Quoridor is a 2-player game.", "not_comparable"),  # alternatives
    (
        "He was 15 years and 232 days old.",
        "He was 15 years and 200 days old.",
        "not_comparable",
    ),  # parts of one duration
    (
        "The park covers 300 hectares.",
        "The park covers 3 km² (1.2 sq mi).",
        "equal",
    ),  # the same figure twice in the source
]


@pytest.mark.parametrize(("claim", "evidence", "expected"), NUMBERS)
def test_numbers(claim: str, evidence: str, expected: str) -> None:
    found = outcomes("numbers", claim, evidence)
    assert found[-1:] == [expected]
    assert ("different" in found) == (expected == "different")


# dates of claim and source, outcome
RUNNING = [
    (DAY, DAY, "different"),  # reports of one day must agree
    (DAY, LATER, "not_comparable"),  # a toll grows
    (DAY, None, "not_comparable"),  # unknown: not said
]


@pytest.mark.parametrize(("claim_date", "source_date", "expected"), RUNNING)
def test_a_running_toll_is_compared_within_days_only(
    claim_date: dt.date, source_date: dt.date | None, expected: str
) -> None:
    found = outcomes("numbers", "The death toll rose to 40.", "The death toll rose to 14.", claim_date, source_date)
    assert found == [expected]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("", "not_comparable"),  # nothing says that it is of Norway
        ("Norway: catches of 2023", "different"),  # its title does
        ("Iceland: catches of 2023", "not_comparable"),
    ],
)
def test_what_the_title_names_the_passage_need_not_name_again(heading: str, expected: str) -> None:
    pair = Pair.of("The fleet of Norway caught 40 tonnes.", "The fleet caught 90 tonnes.", heading=heading)
    assert [found.outcome for found in CHECKS[0].compare(pair)] == [expected]


def test_figures_without_a_counterpart_are_passed_over() -> None:
    assert outcomes("numbers", "40 people left.", "Many people left.") == []


def test_the_message_names_both_figures_with_their_bounds() -> None:
    (found,) = run_checks(
        "No more than 100,000 troops remain.", "150,000 troops remain.",
        evidence_offset=7, claim_date=None, source_date=None,
    )  # fmt: skip
    assert found.message == "at most 100,000 in the claim, 150,000 in the source"
    assert found.evidence_span == Span(start=7, end=14)


# ---------------------------------------------------------------------------------------------------------- dates

# claim, evidence, outcome
DATES = [
    ("The treaty was signed in 2015.", "The treaty was signed in 2014.", "different"),  # year
    ("The treaty was signed in 2015.", "The treaty was signed on 12 February 2015.", "equal"),  # inside the claim's
    (
        "The treaty was signed on 12 February 2015.",
        "The treaty was signed in 2015.",
        "rounded",
    ),  # the source is coarser
    ("Parliament ratified it on 5 March 2021.", "Parliament ratified it on 15 March 2021.", "different"),  # day
    ("Cruz was born in 1973.", "Penélope Cruz (born 28 April 1974) is an actress.", "different"),  # a note of a life
    ("Brown died in 1995.", "Brown (June 26, 1915 – August 4, 1996) was a player.", "different"),  # second date: death
    ("Brown was born in 1915.", "Brown (June 26, 1915 – August 4, 1996) was a player.", "equal"),  # first date: birth
    (
        "Brown died in 1915.",
        "Brown (June 26, 1915 – August 4, 1996) was a player.",
        "not_comparable",
    ),  # birth, not death
    ("It was founded in the 1990s.", "It was founded in 1994.", "equal"),  # decade
    ("It was founded in 2022 or later.", "It was founded in 2023.", "not_comparable"),  # open to later
    ("Putin visited Beijing in May 2024.", "Putin visited Beijing in October 2023.", "not_comparable"),  # visits recur
    ("Inflation was 9 % in 2022.", "Inflation was 8 % in 2023.", "not_comparable"),  # the time of a figure
    ("The 2021 Annual Conference opened.", "The 2023 Annual Conference opened.", "not_comparable"),  # part of a name
    ("It was founded in 1912 or 1915.", "It was founded in 1915.", "not_comparable"),  # alternatives
    ("It was signed in 2015.", "Retrieved January 15, 2022. It was signed.", None),  # a date of the page
    ("It would be signed in 2015 if they agree.", "It was signed in 2014.", "not_comparable"),  # a condition
    (
        "He was exiled in 1925 and returned in 1935.",
        "He was exiled in 1925 and returned in 1929.",
        "different",
    ),  # best aligned
    (
        "It was declared in July 2022 and in August 2024.",
        "It had been declared on 23 July 2022 and ended on 11 May 2023.",
        "not_comparable",
    ),  # the sentence is about the other date
    (
        "The Kremlin calls the agreements of 2022 a basis.",
        "Putin of 4 July 2024 and Peskov of 7 March 2025 of the Kremlin call the agreements a basis.",
        "not_comparable",
    ),  # which agreements, not when
    ("Jacob was born in December.", "Jacob (born 26 May 1970) is an actor.", "different"),  # months, no year
    ("The war lasted from 2014 to 2019.", "The war lasted from 2014 to 2021.", "not_comparable"),  # an end of a period
    (
        "Definitely, the album came out in summer 1994.",
        "The album came out in January 1994.",
        "not_comparable",
    ),  # southern summer
]


@pytest.mark.parametrize(("claim", "evidence", "expected"), DATES)
def test_dates(claim: str, evidence: str, expected: str | None) -> None:
    found = outcomes("dates", claim, evidence)
    assert ("different" in found) == (expected == "different")
    assert expected in found if expected else found == []


# claim, evidence, day of the claim, day of the source, outcome
RELATIVE = [
    (
        "The deal was signed last week.",
        "The deal was signed on 22 May 2025.",
        DAY,
        DAY,
        "equal",
    ),  # resolved by the article
    (
        "The deal was signed last week.",
        "The deal was signed yesterday.",
        DAY,
        dt.date(2025, 5, 23),
        "equal",
    ),  # and the source
    (
        "The deal was signed last week.",
        "The deal was signed on 22 May 2025.",
        None,
        DAY,
        "not_comparable",
    ),  # unresolved
    (
        "The deal was signed on 16 May.",
        "The deal was signed on 16 May 2025.",
        None,
        DAY,
        "equal",
    ),  # no year: day and month
    (
        "The deal was signed on 16 May.",
        "The deal was signed on 16 May 2024.",
        DAY,
        DAY,
        "not_comparable",
    ),  # a guessed year
    ("The deal was signed on 16 May.", "The deal was signed on 18 May 2025.", DAY, DAY, "different"),  # another day
]


@pytest.mark.parametrize(("claim", "evidence", "claim_date", "source_date", "expected"), RELATIVE)
def test_relative_dates(
    claim: str, evidence: str, claim_date: dt.date | None, source_date: dt.date | None, expected: str
) -> None:
    assert outcomes("dates", claim, evidence, claim_date, source_date) == [expected]


# ---------------------------------------------------------------------------------------------------------- names

# claim, evidence, outcome
NAMES = [
    ("Russia attacked Ukraine in February.", "Ukraine attacked Russia in February.", "different"),  # swapped
    ("Ukraine was attacked by Russia.", "Russia attacked Ukraine.", "equal"),  # a passive is turned round
    ("Macron was criticised by Merz.", "Macron criticised Merz.", "different"),  # swapped through a passive
    ("Germany lost to Spain.", "Spain lost to Germany.", "different"),  # through a preposition
    ("Trump met Putin in Alaska.", "Putin met Trump in Alaska.", "not_comparable"),  # mutual
    ("Turkey did not invite Israel.", "Israel invited Turkey.", "not_comparable"),  # a denial
    (
        "Sergei Lavrov led the Russian delegation.",
        "Vladimir Medinsky led the Russian delegation.",
        "not_comparable",
    ),  # two may
    ("Joanne Rowling founded Amazon in 1994.", "Jeff Bezos founded Amazon in 1994.", "different"),  # only one did
    ("Putin visited China.", "Xi visited China.", "not_comparable"),  # both may
    ("Putin and Xi praised China.", "China praised Putin.", None),  # one of several: passed over
    ("Prices rose.", "Prices fell.", None),  # no names: not even parsed
]


@pytest.mark.parametrize(("claim", "evidence", "expected"), NAMES)
def test_names(claim: str, evidence: str, expected: str | None) -> None:
    assert outcomes("names", claim, evidence) == ([expected] if expected else [])


# ---------------------------------------------------------------------------------------------------------- quotations

SPEECH = (
    "Colleagues, uh, we are ready for talks at any time. But we will not give up one inch of our land, and the "
    "programme of reforms [applause] will go on. Don’t believe those who say otherwise – they are wrong…"
)
# quotation, outcome, the passage's own words
QUOTATIONS = [
    ("we are ready for talks at any time", "verbatim", "we are ready for talks at any time"),  # the same characters
    (
        "we are ready for talks at any time,",
        "verbatim",
        "we are ready for talks at any time",
    ),  # the comma is the article's
    (
        "Don't believe those who say otherwise - they are wrong...",
        "verbatim",
        "Don’t believe those who say otherwise – they are wrong",
    ),
    ("We are ready for talks", "minor", "we are ready for talks"),  # case
    ("we are ready, for talks", "minor", "we are ready for talks"),  # punctuation
    ("Colleagues, we are ready for talks", "minor", "Colleagues, uh, we are ready for talks"),  # a filler
    ("we are ready ... at any time", "minor", "we are ready for talks at any time"),  # ellipsis
    ("we are ready […] at any time", "minor", "we are ready for talks at any time"),  # ellipsis in brackets
    ("[they] are ready for talks", "minor", "are ready for talks"),  # a bracketed word
    ("the program of reforms will go on", "minor", "the programme of reforms [applause] will go on"),  # spelling
    (
        "and the programme of re-forms",
        "minor",
        "and the programme of reforms",
    ),  # hyphen
    ("Do not believe those who say otherwise", "minor", "Don’t believe those who say otherwise"),  # contraction
    ("we will give up one inch of our land", "altered", "we will not give up one inch of our land"),  # "not" dropped
    (
        "we will ... give up one inch of our land",
        "altered",
        "we will not give up one inch of our land",
    ),  # hidden by dots
    ("we are [not] ready for talks at any time", "altered", "we are ready for talks at any time"),  # put in by brackets
    ("we are ready for war at any time", "altered", "we are ready for talks at any time"),  # replaced
    ("the moon is made of green cheese", "not_found", None),  # another text
    ("ready for talks", "verbatim", "ready for talks"),  # three words
    ("ready for", "verbatim", "ready for"),  # two words: only as they stand
    ("for ready", "not_found", None),  # two words: nothing else
    ("alks at any tim", "not_found", None),  # not inside words
    ("", "not_found", None),  # nothing
    ("… […] ...", "not_found", None),  # marks only
]


@pytest.mark.parametrize(("quotation", "outcome", "there"), QUOTATIONS)
def test_find_quotation(quotation: str, outcome: str, there: str | None) -> None:
    match = find_quotation(quotation, SPEECH)
    assert match.outcome == outcome
    assert (match.span.of(SPEECH) if match.span else None) == there
    assert bool(match.changes) == (outcome == "altered")


def test_an_altered_quotation_shows_its_words() -> None:
    assert find_quotation("we will never give up one inch", SPEECH).diff == "we will [-not-] {+never+} give up one inch"


def test_nothing_is_found_in_an_empty_passage() -> None:
    assert find_quotation("we are ready for talks", "").outcome == "not_found"


# claim, evidence, outcome
QUOTED_CLAIMS = [
    ('He said "we are ready for talks".', "We said: we are ready for talks.", "equal"),  # verbatim
    ("He said “we are ready for talks”.", "WE ARE READY FOR TALKS.", "rounded"),  # minor
    (
        'He said "for a king and free parliament".',
        "He was for a king and a free parliament.",
        "rounded",
    ),  # an article only
    (
        'He said "we are ready for talks at any time".',
        "We are not ready for talks at any time.",
        "different",
    ),  # altered
    (
        'He said "our histories should remind us of war".',
        "Our history should remind us of war.",
        "rounded",
    ),  # an ending
    (
        'He said ""we are not ready for talks at any time"".',
        "We are ready for talks at any time.",
        None,
    ),  # doubled marks
    ('He said "the greenhouse effect".', "The big greenhouse gas effect is known.", "not_comparable"),  # too few words
    ('He said "the moon is made of cheese".', "We are ready for talks.", "not_comparable"),  # not here
    ('He said "no".', "He said no.", None),  # too short to be a quotation
    ("He said nothing.", "We are ready for talks.", None),  # no quotation
]


@pytest.mark.parametrize(("claim", "evidence", "expected"), QUOTED_CLAIMS)
def test_quotations_in_claims(claim: str, evidence: str, expected: str | None) -> None:
    assert outcomes("quotes", claim, evidence) == ([expected] if expected else [])


_WORDS = st.lists(
    st.sampled_from("we are not ready for talks Istanbul peace on land never the and — “so” é".split()), max_size=40
)


@given(_WORDS, st.integers(0, 30), st.integers(3, 12))
def test_a_stretch_of_the_passage_is_always_found_verbatim(passage_words: list[str], start: int, length: int) -> None:
    passage = " ".join(passage_words)
    quotation = " ".join(passage_words[start : start + length])
    match = find_quotation(quotation, passage)
    if any(character.isalnum() for character in quotation):
        assert match.outcome == "verbatim"
    if match.span is not None:
        assert 0 <= match.span.start < match.span.end <= len(passage)


@given(st.text(max_size=60), st.text(max_size=120))
def test_any_quotation_has_an_answer_inside_the_passage(quotation: str, passage: str) -> None:
    match = find_quotation(quotation, passage)
    assert (match.span is None) == (match.outcome == "not_found")
    if match.span is not None:
        assert 0 <= match.span.start < match.span.end <= len(passage)


# ---------------------------------------------------------------------------------------------------------- the door

_PARTS = st.sampled_from(
    "prices rose fell by 40 % 14 people more than in 2022 on 3 March 2021 May last week $5bn the treaty was signed "
    "not if . , ( ) “we are ready for talks” “ ” two-thirds of 10 - 12 km miles".split(" ")
)
_TEXTS = st.lists(_PARTS, max_size=25).map(" ".join)


@settings(deadline=None, max_examples=40)  # each example is parsed
@given(_TEXTS, _TEXTS, st.integers(0, 10_000), st.sampled_from([None, DAY]))
def test_spans_point_into_both_texts(claim: str, evidence: str, offset: int, day: dt.date | None) -> None:
    for found in run_checks(claim, evidence, evidence_offset=offset, claim_date=day, source_date=day):
        assert found.claim_span.of(claim) == found.claim_value
        assert found.evidence_span.shifted(-offset).of(evidence) == found.evidence_value


@settings(deadline=None, max_examples=40)
@given(_TEXTS)
def test_a_text_never_differs_from_itself(text: str) -> None:
    for found in run_checks(text, text, evidence_offset=0, claim_date=DAY, source_date=DAY):
        assert found.outcome != "different"


def test_findings_come_in_the_order_of_the_catalogue() -> None:
    found = run_checks(
        'Russia attacked Ukraine with 40 missiles on 3 March 2022, "as we always said we would".',
        'Ukraine attacked Russia with 40 missiles on 3 March 2022, "as we always said we would".',
        evidence_offset=0, claim_date=None, source_date=None,
    )  # fmt: skip
    assert [item.check for item in found] == ["numbers", "dates", "names", "quotes"]


def test_checks_are_cheap_without_the_parser() -> None:
    evidence = "In 2021 prices rose by {} % and {} people left, the ministry said on 3 March 2022. " * 4
    pairs = [("Prices rose by 40 % in 2021.", evidence.format(*range(number, number + 8))) for number in range(200)]
    began = time.process_time()  # of this process alone: the machine may be busy
    for claim, passage in pairs:
        pair = Pair.of(claim, passage)
        for check in CHECKS:
            if check.name != "names":
                check.compare(pair)
    assert (time.process_time() - began) / len(pairs) < 0.02  # about 2 ms


@pytest.mark.parametrize("module", ["onrecord.quantities", "onrecord.stance.checks", "onrecord.stance.checks.quotes"])
def test_the_examples_in_the_documentation_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0
    assert result.failed == 0


# ------------------------------------------------------------------------------------------------------------- votes


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("The vote was 124 in favour, none against and 11 abstentions.", {"124": 124, "none": 0, "11": 11}),
        (
            "It was adopted with 143 states in favour, five against and 35 abstaining.",
            {"143": 143, "five": 5, "35": 35},
        ),
        ("11 countries abstained; nobody voted against.", {"nobody": 0, "11": 11}),
        ("1,204 delegates voted against.", {"1,204": 1204}),
        ("The vote was approved with no abstentions.", {"no": 0}),
        ("5 voted against at noon, 7 voted against in the evening.", {}),  # two votes
        # No plain counts of voters.
        ("More than 140 countries voted in favour, nearly 150 states.", {}),
        ("No one voted against the resolution.", {}),
        ("Two of the nine members voted against the cut.", {}),
        ("Forty-one members voted against the vote.", {}),
        ("Hungary in 2024 abstained in the vote.", {}),
        ("Resolution 377 in favour of peace was put to the vote.", {}),
        ("The vote came as the pound lost 8 against the euro, 25.5 against the dollar.", {}),
        ("There are 3 cases against him; the jury will vote.", {}),
        ("The bill passed by 312 votes to 101.", {}),
        ("s\u0131x voted against, 5 voted aga\u0131nst", {}),  # a dotless i is another letter
    ],
)
def test_the_outcome_of_a_vote_is_read_by_role(text: str, counts: dict[str, int]) -> None:
    found = tally(text)
    assert sorted((span.of(text), count) for count, span in found.values()) == sorted(counts.items())


@pytest.mark.parametrize(
    ("claim", "evidence", "expected"),
    [
        ("The vote was 124 in favour, 11 against and no abstentions.", "The vote: 124 in favour, none against, 11 abstentions.",
         ["equal", "different", "different"]),
        ("It was adopted with 134 votes in favour.", "It was adopted; the vote was 143 states in favour, 5 against.",
         ["different"]),
        ("It was adopted with 143 votes in favour.", "It was adopted; the vote was 143 states in favour, 5 against.",
         ["equal"]),
        ("It was adopted with 134 votes in favour on 2 March 2022.",
         "It was adopted on 12 October 2022; the vote was 143 in favour and 5 against.", []),  # another vote
        ("The lower house adopted it with 312 votes in favour.",
         "The upper house adopted it; the vote was 60 in favour and 30 against.", []),
        ("The Senate passed the bill with 60 votes in favour.",
         "The Senate passed the bill. An amendment on tax had won 45 votes in favour.", []),  # not the whole outcome
        ("The motion of Hungary had 134 votes in favour.", "The vote was 143 states in favour, 5 against.", []),  # whose?
        ("It was adopted.", "The vote was 143 states in favour, 5 against.", []),
    ],
)  # fmt: skip
def test_a_vote_is_held_against_the_count_of_the_same_role(claim: str, evidence: str, expected: list[str]) -> None:
    assert [found.outcome for found in VOTES.compare(Pair.of(claim, evidence))] == expected


# --------------------------------------------------------------------------------------------------------- intervals


GOMEL = "Delegations met in Gomel on 28 February 2022. The invasion began on 24 February 2022."


@pytest.mark.parametrize(
    ("claim", "evidence", "found"),
    [
        ("Delegations met in Gomel on 28 February 2022, four days after the invasion began.", GOMEL, "four days"),
        ("The invasion began on 24 February 2022, four days before delegations met in Gomel.", GOMEL, "four days"),
        ("The strike ended on 3 May 2021 eighteen months after it had begun.",
         "The strike had begun on 3 November 2019. The strike ended on 3 May 2021.", "eighteen months"),
        ("The strike ended on 3 May 2021 eighteen months after it had begun.",
         "The strike had begun on 4 November 2019. The strike ended on 3 May 2021.", ""),
        ("Delegations met in Gomel on 28 February 2022, four days before the invasion began.", GOMEL, ""),  # the other order
        ("Delegations met in Gomel on 28 February 2022, more than four days after the invasion began.", GOMEL, ""),
        ("The invasion began on 28 February 2022, four days after delegations met in Gomel.", GOMEL, ""),  # swapped
        ("Delegations met in Gomel on 28 February 2022, four days after the invasion began.",
         f"{GOMEL.replace('24', '21')} An evacuation began on 24 February 2022.", ""),  # a third day
        ("Delegations met in Gomel, four days after the invasion began.", GOMEL, ""),  # after which day?
        ("Delegations met in Gomel on 28 February 2022 for four days after a break.", GOMEL, ""),
    ],
)  # fmt: skip
def test_a_duration_is_the_time_between_two_days(claim: str, evidence: str, found: str) -> None:
    one = interval(Pair.of(claim, evidence))
    assert (one.claim_value if one else "") == found


def test_many_days_and_durations_take_no_time() -> None:
    days = " ".join(f"On {n % 28 + 1} March {1900 + n} it rained." for n in range(300))
    lengths = " ".join(f"It ended {n} days after the rain." for n in range(300))
    began = time.process_time()
    assert interval(Pair.of(f"On 3 May 1999 it began. {lengths}", days)) is None
    assert time.process_time() - began < 5
