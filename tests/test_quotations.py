"""What becomes of a quotation in a whole corpus: row by row, with small real records."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from evals.quotations import Record, plain
from onrecord.index.lexical import LexicalEngine
from onrecord.index.quotations import find_passages
from onrecord.records import (
    Attribution,
    Claim,
    Passage,
    Quotation,
    QuotationCheck,
    QuotationOutcome,
    SearchFilters,
    Span,
)
from onrecord.report import render
from onrecord.stance.checks.context import find_reversal
from onrecord.stance.quoted import COMMON, said_when, speaker_of, verify_quotation
from onrecord.ui import present
from onrecord.verdict import decide
from tests.record_builders import checked_article, claim, passage, source

ROE = "We will never raise the tax on bread for any family in this country. I do not believe that our harbour must be sold."
POE = "Our harvest was the largest in ten years of careful work. If the rain stays away, the mills will stand idle by autumn."


def held(text: str, speaker: str | None, name: str, day: dt.date | None = dt.date(2024, 9, 2)) -> Passage:
    return passage(text, of=source(name, published=day), speaker=speaker)


CORPUS = (
    held(ROE, "Jane Roe", "roe"),
    held(POE, "John Poe", "poe"),
    held("The bridge of Northport will be open by May.", None, "desk"),
)


def check(text: str, speaker: str | None = "Jane Roe", said: dt.date | None = None) -> QuotationCheck:
    quotation = Quotation(span=Span(start=0, end=len(text)), text=text)
    return verify_quotation(quotation, CORPUS, speaker=speaker, said=(said, said) if said else None)


Q = QuotationOutcome


@pytest.mark.parametrize(
    ("text", "speaker", "said", "outcome", "words"),
    [
        ("We will never raise the tax on bread", "Jane Roe", None, Q.VERBATIM, "word for word"),
        ("we will never raise the tax … in this country", "Roe", None, Q.MINOR, "ellipsis"),  # words left out, marked
        ("We will always raise the tax on bread", "Roe", None, Q.ALTERED, "[-never-] {+always+}"),  # a word
        ("We will raise the tax on bread for any family", "Roe", None, Q.ALTERED, "[-never-]"),  # a denial left out
        (
            "We will never raise the tax on bread the mills will stand idle by autumn",
            "Roe",
            None,
            Q.SPLICED,
            "stand apart",
        ),  # two speakers' words, joined
        ("our harbour must be sold", "Roe", None, Q.OUT_OF_CONTEXT, "deny"),  # "I do not believe that"
        ("the mills will stand idle by autumn", "Poe", None, Q.OUT_OF_CONTEXT, "condition"),  # "If the rain …"
        (
            "Our harvest was the largest in ten years",
            "Roe",
            None,
            Q.MISATTRIBUTED,
            "those of John Poe, not of Jane Roe",
        ),
        ("Our harvest was the largest in ten years", "the Kremlin", None, Q.VERBATIM, "is not recorded"),  # no person
        ("Our harvest was the largest in ten years", "the President", None, Q.VERBATIM, "is not recorded"),  # no name
        ("Our harvest was the largest in ten years", None, None, Q.VERBATIM, "word for word"),  # nobody is named
        ("The bridge of Northport will be open by May", "Roe", None, Q.VERBATIM, "is not recorded"),  # nobody on record
        ("We will never raise the tax on bread", "Roe", dt.date(2021, 1, 1), Q.WRONGLY_DATED, "2 September 2024"),
        ("We will never raise the tax on bread", "Roe", dt.date(2024, 9, 3), Q.VERBATIM, "word for word"),  # a day off
        ("the moon is made of green cheese", "Roe", None, Q.NOT_FOUND, "not say that it was never said"),
        ("… […]", "Roe", None, Q.NOT_FOUND, "not found"),  # marks only
        ("", "Roe", None, Q.NOT_FOUND, "not found"),  # nothing
        ("<script>alert(1)</script> on bread", "Roe", None, Q.NOT_FOUND, "not found"),  # hostile
    ],
)
def test_what_became_of_a_quotation(
    text: str, speaker: str | None, said: dt.date | None, outcome: QuotationOutcome, words: str
) -> None:
    speaker = "Jane Roe" if speaker == "Roe" else speaker
    found = check(text, speaker, said)
    assert found.outcome is outcome
    assert words in found.message
    assert bool(found.places) == (outcome is not Q.NOT_FOUND)
    assert len(found.places) == 2 or outcome is not Q.SPLICED
    for place in found.places:
        start = place.passage.span.start
        assert place.span.shifted(-start).of(place.passage.text) == place.text
    assert QuotationCheck.model_validate_json(found.model_dump_json()) == found


def test_without_passages_nothing_is_found() -> None:
    quotation = Quotation(span=Span(start=0, end=5), text="a b c")
    assert verify_quotation(quotation, [], speaker="Jane Roe").outcome is Q.NOT_FOUND


def test_words_that_many_have_said_are_not_called_somebody_elses() -> None:
    words = "God bless our great and good country"
    many = [held(f"{words}.", f"Speaker Number{n}", f"s{n}") for n in range(COMMON)]
    quotation = Quotation(span=Span(start=0, end=len(words)), text=words)
    assert verify_quotation(quotation, many, speaker="Jane Roe").outcome is Q.VERBATIM
    assert verify_quotation(quotation, many[:2], speaker="Jane Roe").outcome is Q.MISATTRIBUTED


def test_a_long_quotation_is_found_over_overlapping_passages() -> None:
    text = "One came at dawn to us. Two left at noon by sea. Three stayed on for good here."
    whole = held(text, "Jane Roe", "long")
    ends = [text.index(" Three"), len(text)]
    starts = [0, text.index("Two")]
    parts = [
        whole.model_copy(
            update={
                "id": f"{whole.version_id}:{start}-{end}",
                "span": Span(start=start, end=end),
                "text": text[start:end],
                "sentences": (Span(start=start, end=end),),
            }
        )
        for start, end in zip(starts, ends, strict=True)
    ]
    quotation = Quotation(span=Span(start=0, end=len(text)), text=text)
    found = verify_quotation(quotation, parts[::-1], speaker="Jane Roe")
    assert found.outcome is Q.VERBATIM
    assert found.places[0].span == Span(start=0, end=len(text) - 1)


@pytest.mark.parametrize(
    ("sentence", "quoted", "kind"),
    [
        ("We can thrive if we keep our heads.", "We can thrive", "conditional"),
        ("If the law fails, the process will hit a dead end.", "the process will hit a dead end", "conditional"),
        ("We will not let this happen in our time.", "let this happen in our time", "negated"),
        ("Nobody believes that we are weak.", "we are weak", "negated"),
        ("It is not true that we are weak.", "we are weak", "negated"),
        ("Some say that we are too weak to act.", "we are too weak to act", "reported"),
        ("We are not weak, and we are ready to act at once.", "we are ready to act at once", None),  # another clause
        ("I do not doubt that we are ready.", "we are ready", None),  # a denial denied
        ("We will not accept a tax on bread.", "a tax on bread", None),  # a noun phrase asserts nothing
        ("We are ready for talks.", "We are ready for talks.", None),  # nothing outside
        ("", "", None),  # nothing
        ("if " * 600, "if", None),  # too long to be parsed
    ],
)
def test_what_turns_the_sense(sentence: str, quoted: str, kind: str | None) -> None:
    start = sentence.index(quoted)
    found = find_reversal(sentence, Span(start=start, end=start + len(quoted)))
    assert (found.kind if found else None) == kind


def reported(text: str, cue: str) -> Claim:
    start = text.index("“") + 1
    end = text.index("”")
    made = claim(text, speaker="Jane Roe")
    at = text.index(cue)
    attribution = Attribution(
        speaker="Jane Roe",
        speaker_resolved=True,
        cue_span=Span(start=at, end=at + len(cue)),
        content_spans=(Span(start=start, end=end),),
    )
    quotation = Quotation(span=Span(start=start, end=end), text=text[start:end])
    return made.model_copy(update={"attribution": attribution, "quotations": (quotation,)})


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("On 5 May 2022, Jane Roe said “we are ready”.", dt.date(2022, 5, 5)),  # opens the sentence
        ("“We are ready,” Jane Roe said on 5 May 2022.", dt.date(2022, 5, 5)),  # follows the verb
        ("In her 5 May 2022 address Jane Roe said “we are ready”.", dt.date(2022, 5, 5)),  # names the occasion
        ("Jane Roe said of the law of 5 May 2022, “we are ready”.", None),  # the date of something else
        ("Jane Roe said “we were ready on 5 May 2022”.", None),  # inside the quotation
        ("Jane Roe said “we are ready”.", None),  # no date
    ],
)
def test_said_when(text: str, day: dt.date | None) -> None:
    found = said_when(reported(text, "said"), article_date=dt.date(2024, 1, 1))
    assert found == ((day, day) if day else None)


def test_only_what_is_reported_has_a_speaker() -> None:
    made = reported("Jane Roe said “we are ready”.", "said")
    elsewhere = Quotation(span=Span(start=0, end=4), text="Jane")
    assert (speaker_of(made, made.quotations[0]), speaker_of(made, elsewhere)) == ("Jane Roe", None)


class Shelf:
    """A store that holds the passages above."""

    def passages(self, ids: list[str]) -> list[Passage]:
        return [next(p for p in CORPUS if p.id == identity) for identity in ids]


@pytest.mark.parametrize(
    ("quotation", "first"),
    [
        ("we will never raise the tax on bread", "roe"),  # the phrase
        ("we will … tax on bread", "roe"),  # parted
        ("we shall never lower the tax on bread for families", "roe"),  # words replaced
        ("zebra xylophone", None),  # nothing shared
        ("", None),  # nothing
        ("text:* AND (", None),  # no query language
    ],
)
def test_find_passages(tmp_path: Path, quotation: str, first: str | None) -> None:
    engine = LexicalEngine(tmp_path / "tantivy")
    engine.upsert(CORPUS)
    engine.commit()
    found = find_passages([quotation], Shelf(), engine, filters=SearchFilters())[0]  # type: ignore[arg-type]
    assert (found[0].source.id if found else None) == first


def test_reports_show_the_diff_with_signs_and_escape_everything() -> None:
    hostile = held("We will <b>never</b> raise the tax on bread, my friends.", "Jane Roe", "hostile")
    text = "We will <i>always</i> raise the tax on bread, my friends"
    quotation = Quotation(span=Span(start=0, end=len(text)), text=text)
    found = verify_quotation(quotation, [hostile], speaker="Jane Roe")
    assert found.outcome is Q.ALTERED
    made = claim(text, speaker="Jane Roe")
    from onrecord.settings import Settings

    article = checked_article(text, [(made, decide(made, (), settings=Settings()), ())])
    article = article.model_copy(
        update={
            "claims": (article.claims[0].model_copy(update={"quotations": (found,)}),),
            "quotations": (check("the moon is made of green cheese"),),
        }
    )
    page = render(article, "html")
    assert "<ins>{+" in page
    assert "<del>[−" in page
    assert "<i>" not in page
    assert "<b>" not in page
    assert "≠ Altered" in page
    lines = " ".join(render(article, "text").split())
    assert "≠ Altered" in lines
    assert "? Not found in this corpus" in lines
    shown = present.quotation_check(found)
    assert {step["kind"] for step in shown["steps"]} == {"equal", "delete", "insert"}
    assert any(step["text"].startswith("{+") for step in shown["steps"])


def test_the_plain_record_of_the_benchmark_finds_words_wherever_they_stand() -> None:
    record = Record({"one": "We are, ready — now!", "two": "Nobody is ready now."})
    assert plain("It’s  “so”.") == " it s so "
    assert record.sources("ready now") == {"one", "two"}
    assert record.sources("we are ready") == {"one"}
    assert record.sources("eady now") == frozenset()
    assert record.known("we are ready now") == 1.0
    assert record.known("some other words entirely here") == 0.0
