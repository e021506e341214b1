"""Sentence ranges and offset maps: whatever the text, the way back is exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.records import Span
from onrecord.text import fold, paragraphs, sentences

ANY_TEXT = st.text(
    alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" .!?\n“”\"'…-•")), max_size=200
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # nothing, and nothing but white space
        ("", []),
        (" \n\t\n", []),
        # a headline without a stop is a sentence of its own
        ("Talks resume\nThey met. They left.", ["Talks resume", "They met.", "They left."]),
        # abbreviations, initials and numbers do not end a sentence
        (
            "Mr. J. Smith paid $3.5 million on Jan. 3. He left.",
            ["Mr. J. Smith paid $3.5 million on Jan. 3.", "He left."],
        ),
        # a letter that is no initial
        ("Hunt wrote it on X. He left Paris.", ["Hunt wrote it on X.", "He left Paris."]),
        ("George X. Smith left Paris.", ["George X. Smith left Paris."]),
        # list marks in brackets
        ("(a) Wages rise.\n(b) Taxes fall.", ["Wages rise.", "Taxes fall."]),
        # a missing space after the full stop
        ("He left.She stayed.", ["He left.", "She stayed."]),
        # addresses and decimals are not a missing space
        ("See example.org for 2.5 kg.", ["See example.org for 2.5 kg."]),
        # list marks are not part of the sentence
        ("- one thing\n2. Another thing.\n• third", ["one thing", "Another thing.", "third"]),
        # Windows line ends leave no carriage return in a sentence
        ("One.\r\nTwo.", ["One.", "Two."]),
        # a closing quotation mark stays with its sentence
        ('He said: "We won. It is over." ', ['He said: "We won.', 'It is over."']),
        ("She asked: “Really?” Then “No.”", ["She asked: “Really?”", "Then “No.”"]),
        # "per cent." ends a sentence before a title, and not before a small letter
        ("It fell 5 per cent. Minister Roe left.", ["It fell 5 per cent.", "Minister Roe left."]),
        ("It fell 5 per cent. of all.", ["It fell 5 per cent. of all."]),
        # a whole word ends one, though the model takes "so." and "Hall." for abbreviations
        ("About 900 have done so. Jana Roe left.", ["About 900 have done so.", "Jana Roe left."]),
        ("They met in Mary's Hall. “We won,” she said.", ["They met in Mary's Hall.", "“We won,” she said."]),
        # a title before a nickname does not, nor an abbreviation that points to what follows
        ("Prof. “Bob” Smith met Gen. Roe.", ["Prof. “Bob” Smith met Gen. Roe."]),
        ("It sank ships, e.g. Mary, and approx. Ten boats.", ["It sank ships, e.g. Mary, and approx. Ten boats."]),
        # the same sentence twice is two sentences
        ("It rained. It rained.", ["It rained.", "It rained."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [span.of(text) for span in sentences(text)] == expected


@given(ANY_TEXT)
def test_sentences_are_ordered_disjoint_and_lose_no_word(text: str) -> None:
    spans = sentences(text)
    previous = 0
    for span in spans:
        assert previous <= span.start < span.end <= len(text)
        assert span.of(text) == span.of(text).strip()
        previous = span.end
    covered = {position for span in spans for position in range(span.start, span.end)}
    lost = [character for position, character in enumerate(text) if position not in covered and character.isalpha()]
    assert not lost


@given(ANY_TEXT)
def test_paragraphs_cover_all_words(text: str) -> None:
    spans = paragraphs(text)
    assert "".join("".join(span.of(text).split()) for span in spans) == "".join(text.split())
    assert len(spans) == sum(bool(line.strip()) for line in text.split("\n"))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("“Yes”, he said", '"Yes", he said'),
        ("«Да»", '"Да"'),
        ("it’s 5–6 % — no…", "it's 5-6 % - no..."),
        ("a\u00a0\n  b", "a b"),  # a run of white space is one space
        ("  a  ", "a"),  # none at either end
        ("co\u00adoperate\u200b", "cooperate"),  # soft hyphen and zero-width space disappear
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text).text == folded


@given(ANY_TEXT, st.data())
def test_fold_maps_back_to_the_original(text: str, data: st.DataObject) -> None:
    mapped = fold(text)
    assert len(mapped.origins) == len(mapped.text) + 1
    assert list(mapped.origins) == sorted(mapped.origins)
    start = data.draw(st.integers(0, len(mapped.text)))
    end = data.draw(st.integers(start, len(mapped.text)))
    span = mapped.span_in_original(Span(start=start, end=end))
    assert 0 <= span.start <= span.end <= len(text)
    # Folding the range that it came from gives the same words again.
    piece = mapped.text[start:end]
    if piece.strip() == piece and "..." not in mapped.text:
        assert fold(span.of(text)).text == piece


@given(ANY_TEXT)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once
