"""The whole path on the real parts over a small corpus."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from onrecord import stance
from onrecord.errors import (
    DocumentError,
    EmptyDocumentError,
    LanguageError,
    ModelError,
    NotAllowedError,
    NotFoundError,
)
from onrecord.index import applied_state
from onrecord.records import Attribution, Hit, SearchFilters, SourceKind, Span, Unresolved, VerdictLabel
from onrecord.report import parse_json, render
from onrecord.settings import Settings
from onrecord.workflow import Checker, Progress, Wordings, context, merged, pasted, update_corpus, wordings
from tests.record_builders import claim as claim_of

ARTICLE = """The Federal Reserve raised the target range for the federal funds rate to 5.25 to 5.50 per cent on 26 July 2023.
Jane Roe said that the harvest was the largest in ten years. Smallpox was declared eradicated in 1980.
What comes next? I think this is wonderful."""


@pytest.fixture(scope="module")
def checker(small_corpus: tuple[Path, Path]) -> Checker:
    with Checker.open(Settings(home=small_corpus[0])) as opened:
        yield opened


def test_the_whole_path(checker: Checker) -> None:
    seen: list[str] = []
    steps: list[Progress] = []
    checked = checker.check_article(
        pasted(ARTICLE, published=dt.date(2024, 9, 3)),
        filters=SearchFilters(),
        progress=steps.append,
        on_claim=lambda item: seen.append(item.claim.id),
    )
    assert checked.complete
    assert seen == [item.claim.id for item in checked.claims]
    assert len({item.claim.id for item in checked.claims}) == len(checked.claims) >= 3
    assert {"finding claims", "searching", "judging"} <= {step.stage for step in steps}
    for item in checked.claims:
        assert item.claim.span.of(ARTICLE) == item.claim.text
        assert item.evidence, "every claim has passages that were judged"
        for found in item.evidence:
            version = checker.store.version(found.passage.version_id)
            assert found.passage.span.of(version.text) == found.passage.text
            assert found.rationale.of(version.text) == found.rationale_text
            assert found.passage.span.contains(found.rationale)
    assert not {"What comes next?"} & {item.claim.text for item in checked.claims}
    rate = next(item for item in checked.claims if "5.25" in item.claim.text)
    assert rate.verdict.label is VerdictLabel.SUPPORTED
    assert rate.supporting[0].passage.source.id == "test-rates"
    roe = next(item for item in checked.claims if "Jane Roe" in item.claim.standalone)
    assert roe.claim.attribution is not None
    assert any(found.own_words for found in roe.evidence)
    assert {model.role for model in checked.models} >= {"embedding", "stance"}
    assert all(len(model.sha256) == 64 for model in checked.models)
    assert parse_json(render(checked, "json")) == checked


def test_a_person_takes_a_sentence_that_was_left_out(checker: Checker) -> None:
    article = pasted(ARTICLE, published=dt.date(2024, 9, 3))
    found = checker.find_claims(article)
    left = next(item for item in found.skipped if item.reason == "opinion")
    checked = checker.check_article(article, filters=SearchFilters(), promoted=[left.span])
    taken = next(item for item in checked.claims if item.claim.span == left.span)
    assert taken.claim.why == "a person takes it as a claim; the rules left it out: opinion"
    assert taken.evidence
    assert left not in checked.skipped
    assert len(checked.claims) == len(found.claims) + 1


def test_a_failing_step_gives_not_checked_with_its_reason(checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> list[object]:
        message = "the stance model is gone"
        raise ModelError(message)

    monkeypatch.setattr(stance, "judge", broken)
    checked = checker.check_article(pasted(ARTICLE), filters=SearchFilters())
    assert not checked.complete
    assert len(checked.claims) >= 3, "a failure never shortens the list"
    for item in checked.claims:
        assert item.verdict.label is VerdictLabel.NOT_CHECKED
        assert "the stance model is gone" in item.verdict.reasons[0].text


@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        (SearchFilters(kinds=(SourceKind.TRANSCRIPT,)), {"test-speech"}),
        (SearchFilters(primary_only=True), {"test-rates", "test-speech"}),
        (SearchFilters(as_of=dt.date(1990, 1, 1)), {"test-smallpox"}),
        (SearchFilters(publishers=("Federal Reserve",)), {"test-rates"}),
        # nothing is that old: nothing is found, and nothing is claimed
        (SearchFilters(as_of=dt.date(1900, 1, 1)), set()),
    ],
)
def test_filters_hold_for_every_passage(checker: Checker, filters: SearchFilters, allowed: set[str]) -> None:
    checked = checker.check_article(pasted(ARTICLE), filters=filters)
    assert {found.passage.source.id for item in checked.claims for found in item.evidence} <= allowed
    if not allowed:
        assert {item.verdict.label for item in checked.claims} == {VerdictLabel.NOT_ENOUGH_EVIDENCE}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", EmptyDocumentError),
        (" \n ", EmptyDocumentError),
        ("word " * 100_001, DocumentError),  # longer than accepted: refused, not cut
        ("Президент заявил, что переговоры продолжатся на следующей неделе в Стамбуле.", LanguageError),
    ],
)
def test_articles_that_cannot_be_checked_are_refused(checker: Checker, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        checker.check_article(pasted(text), filters=SearchFilters())


def test_equal_sentences_are_two_claims(checker: Checker) -> None:
    sentence = "Smallpox was declared eradicated in 1980."
    checked = checker.check_article(pasted(f"{sentence}\n{sentence}"), filters=SearchFilters())
    assert [item.claim.text for item in checked.claims] == [sentence, sentence]
    assert checked.claims[0].claim.id != checked.claims[1].claim.id


def test_adding_again_changes_nothing_and_a_change_replaces_what_is_found(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    record = tmp_path / "note.md"
    record.write_text(
        "---\ntitle: Bridge\nkind: document\npublisher: City\nid: bridge\n---\nThe bridge is 410 metres long.\n"
    )
    assert update_corpus([record], settings=settings).added == 1
    assert applied_state(settings) == 1
    again = update_corpus([record], settings=settings)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 1)
    record.write_text(record.read_text().replace("410", "520"))
    assert update_corpus([record], settings=settings).changed == 1
    with Checker.open(settings) as checker:
        found = checker.search("How long is the bridge?", filters=SearchFilters(), top_k=5)
        assert [passage.text for _, passage in found] == ["The bridge is 520 metres long."]
        assert [version.number for version in checker.store.versions("bridge")] == [1, 2]


def test_context_shows_the_source_around_the_passage(checker: Checker) -> None:
    checked = checker.check_article(pasted("Smallpox was declared eradicated in 1980."), filters=SearchFilters())
    item = checked.claims[0].evidence[0]
    shown = context(item, settings=checker.settings, characters=5)
    assert shown.passage == item.passage.text
    assert shown.span.of(shown.version.text) == shown.before + shown.passage + shown.after
    assert len(shown.before) <= 5
    moved = item.model_copy(update={"passage": item.passage.model_copy(update={"text": "Other words."})})
    with pytest.raises(NotFoundError, match="another corpus"):
        context(moved, settings=checker.settings)


def test_claims_are_checked_by_themselves(checker: Checker) -> None:
    checked = checker.check_article(pasted(ARTICLE, published=dt.date(2024, 9, 3)), filters=SearchFilters())
    left_out = next(item for item in checked.skipped if "wonderful" in item.text)
    # a sentence that was left out, with white space around it, as a person selects
    (added,) = checker.add_claims(checked, Span(start=left_out.span.start - 1, end=left_out.span.end))
    assert (added.what, added.item.claim.text, added.item.claim.span) == ("added", left_out.text, left_out.span)
    assert added.item.claim.id.startswith("a")
    assert added.item.verdict.label is not VerdictLabel.NOT_CHECKED
    # words that are no sentence are taken as they stand
    start = ARTICLE.index("federal funds rate")
    (part,) = checker.add_claims(checked, Span(start=start, end=start + len("federal funds rate")))
    assert part.item.claim.standalone == "federal funds rate"
    # read in other words, the record says otherwise
    rate = next(item for item in checked.claims if "5.25" in item.claim.text)
    words = "The Federal Reserve raised the target range for the federal funds rate to 3.25 to 3.50 per cent on 26 July 2023."
    again = checker.reword_claim(checked, rate.claim.id, words)
    assert again.item.claim.id == rate.claim.id
    assert again.item.claim.text == rate.claim.text  # what the article says stays
    assert again.item.verdict.label is VerdictLabel.REFUTED
    assert {model.role for model in again.models} >= {"embedding", "stance"}


@pytest.mark.parametrize(
    "span",
    [
        pytest.param(Span(start=0, end=len(ARTICLE) + 1), id="beyond the end"),
        pytest.param(Span(start=5, end=5), id="empty"),
        pytest.param(Span(start=3, end=4), id="white space alone"),
    ],
)
def test_what_is_no_words_of_the_article_is_not_added(checker: Checker, span: Span) -> None:
    checked = checker.check_article(pasted(ARTICLE), filters=SearchFilters())
    with pytest.raises(NotFoundError, match="no words"):
        checker.add_claims(checked, span)


def test_an_unknown_claim_and_no_words_are_not_checked(checker: Checker) -> None:
    checked = checker.check_article(pasted(ARTICLE), filters=SearchFilters())
    for claim_id, words in (("c99-1", "Words."), (checked.claims[0].claim.id, " \n")):
        with pytest.raises(NotFoundError):
            checker.reword_claim(checked, claim_id, words)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param('"the largest in ten years"', True, id="a phrase, word for word"),
        pytest.param("“The  LARGEST in ten years”", True, id="other marks, case and white space"),
        pytest.param('harvest "in ten years"', True, id="a word and a phrase"),
        pytest.param('"the largest in nine years"', False, id="not in these words"),
        pytest.param('"arge"', False, id="whole words only"),
    ],
)
def test_a_phrase_must_stand_in_the_passage(checker: Checker, query: str, *, found: bool) -> None:
    hits = checker.find(query, filters=SearchFilters(), top_k=10)
    assert bool(hits) is found
    assert all("largest in ten years" in passage.text for _, passage in hits)
    assert [hit.passage_id for hit, _ in hits] == [passage.id for _, passage in hits]


def test_a_viewer_checks_nothing_and_changes_nothing(small_corpus: tuple[Path, Path], checker: Checker) -> None:
    settings = Settings(home=small_corpus[0], role="viewer", user="Vera")
    reader = Checker(settings, checker.store, checker.index)
    assert reader.search("harvest", filters=SearchFilters(), top_k=3)
    with pytest.raises(NotAllowedError, match="Vera is a viewer"):
        reader.check_article(pasted(ARTICLE), filters=SearchFilters())
    for role in ("viewer", "checker"):
        with pytest.raises(NotAllowedError, match="for a maintainer"):
            update_corpus([small_corpus[1]], settings=Settings(home=small_corpus[0], role=role))


def test_a_claim_is_searched_with_its_article_s_title_too(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    told = {
        "Kelm": ("harbour", "Ships have left the quay for Norway ever since, laden with timber and salt."),
        "Arden": ("mine", "Two hundred men went down the shaft in its best years."),
        "Brook": ("mill", "Its wheel ground rye for nine villages until the river was moved."),
        "Dale": ("school", "Pupils learnt Latin there before they learnt to count."),
    }
    for name, (place, more) in told.items():
        (folder / f"{name}.md").write_text(
            f"---\nid: {name}\ntitle: The {place} of {name}\nkind: coverage\npublisher: Register\nprimary: true\n"
            f"published: 2020-01-02\nlanguage: en\n---\n\nIt was opened in 1890 by a guild. {more}\n",
            encoding="utf-8",
        )
    settings = Settings(home=tmp_path / "home", top_k=2)
    update_corpus([folder], settings=settings)
    text = "It was opened in 1890."
    it = Unresolved(span=Span(start=0, end=2), text="It", reason="it could be several things")
    claim = claim_of(text).model_copy(update={"unresolved": (it,)})
    alone = claim.model_copy(update={"standalone": "The mine of Arden was opened.", "unresolved": ()})
    assert wordings(claim) == Wordings((text,), ())
    assert wordings(claim, "The mill of Brook") == Wordings((text,), (f"{text} The mill of Brook",))
    with Checker.open(settings) as opened:
        for title in ("The harbour of Kelm", "The mine of Arden", "The mill of Brook", "The school of Dale"):
            (checked,) = opened.check_claims([claim], filters=SearchFilters(), article_title=title)
            assert title in [item.passage.source.title for item in checked.evidence]
            (checked,) = opened.check_claims([alone], filters=SearchFilters(), article_title=title)
            assert "The mine of Arden" in [item.passage.source.title for item in checked.evidence]  # whatever the title


def found_by(query: str, **scores: tuple[float, float]) -> list[Hit]:
    return [
        Hit(passage_id=name, query=query, dense_rank=1, dense_score=near, fused_score=score)
        for name, (score, near) in scores.items()
    ]


def test_the_title_s_wording_counts_as_much_as_the_claim_s_own() -> None:
    own = [found_by("a", p=(0.9, 0.7), q=(0.5, 0.4)), found_by("b", q=(0.6, 0.5), r=(0.2, 0.3))]
    alone = merged(own, [])
    assert [(hit.passage_id, hit.fused_score, hit.query) for hit in alone] == [
        ("p", 0.9, "a"), ("q", 0.6, "b"), ("r", 0.2, "b"),
    ]  # fmt: skip
    both = merged(own, [found_by("a title", q=(1.0, 0.9), s=(0.8, 0.95))])
    assert [(hit.passage_id, hit.fused_score, hit.query) for hit in both] == [
        ("q", 0.8, "b"), ("p", 0.45, "a"), ("s", 0.4, "a title"), ("r", 0.1, "b"),
    ]  # fmt: skip
    # Only the claim's own wordings tell how near a passage is; what they did not find is no nearer than all they found.
    assert {hit.passage_id: hit.dense_score for hit in both} == {"p": 0.7, "q": 0.5, "r": 0.3, "s": 0.3}


def test_of_equal_finds_the_first_wording_s_is_shown() -> None:
    (hit,) = merged([found_by("a", p=(0.5, 0.4)), found_by("b", p=(0.5, 0.6))], [])
    assert hit.query == "a"


def test_a_speaker_s_own_words_come_before_what_is_written_about_them(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "speech.md").write_text(
        "---\nid: speech\ntitle: Address\nkind: transcript\npublisher: Office\nprimary: true\npublished: 2024-09-02\n"
        "speakers: [Jane Roe]\nlanguage: en\n---\n\nOur door stays open for those who dig the coal.\n",
        encoding="utf-8",
    )
    for number, town in enumerate(("Aberdeen", "Bolton", "Crewe", "Derby", "Exeter", "Falmouth")):
        (folder / f"{town}.md").write_text(
            f"---\nid: {town}\ntitle: News from {town}\nkind: coverage\npublisher: The {town} Herald\nprimary: false\n"
            f"published: 2024-09-0{number + 3}\nlanguage: en\n---\n\n"
            f"In {town} it was reported that talks with the miners will continue after week {number}.\n",
            encoding="utf-8",
        )
    settings = Settings(home=tmp_path / "home", top_k=3, own_words=1, candidates=4)
    update_corpus([folder], settings=settings)
    claim = claim_of("Talks with the miners will continue.", speaker="Jane Roe").model_copy(
        update={"standalone": "Jane Roe said that talks with the miners will continue."}
    )
    unnamed = claim.model_copy(
        update={
            "standalone": "She said that talks with the miners will continue.",
            "attribution": Attribution(speaker="she", speaker_resolved=False),
        }
    )
    with Checker.open(settings) as opened:
        found, _ = opened._search([claim, unnamed, claim], "", filters=SearchFilters())
        only, _ = opened._search([claim], "", filters=SearchFilters(speakers=("Jane Roe",)))
    sources = [[hit.passage_id.split("@")[0] for hit in hits] for hits in found]
    assert sources[0] == sources[2]
    assert sources[0][0] == "speech"
    assert len(set(sources[0])) == 3
    assert "speech" not in sources[1], "nobody is named: what is nearest is judged"
    assert [hit.passage_id.split("@")[0] for hit in only[0]] == ["speech"]
