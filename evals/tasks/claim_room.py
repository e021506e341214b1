"""The claims room on written articles: sentences, selection, atomic claims, standing alone, who says what.

A folder holds one labelled article per YAML file (``evals/claims/room.md`` gives the form). The articles of the half
"development" were looked at while the room was made; those of the half "reporting" were only counted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from evals import metrics
from evals.data import DataFile, EvalDataError, fingerprint, sample
from evals.result import Item, flat
from evals.tasks import Outcome, Request, Task
from onrecord import claims
from onrecord.claims.linguistics import parse
from onrecord.index import load_embedder
from onrecord.records import Claim, ClaimSet, Document, ModelUsed, Span
from onrecord.text import fold

ROOT = Path(__file__).resolve().parent.parent.parent
MATCH = 0.8
"""Share of words (Dice) from which two ranges are the same atomic claim: a conjunction or a title more or less is no matter."""

ADDED = 8
_PRONOUNS = frozenset("he she it they him them his her its their hers theirs this these those".split())

Half = Literal["development", "reporting"]
HALVES: tuple[Half, ...] = ("development", "reporting")


def _several(value: object) -> object:
    return value if isinstance(value, list) else [value]


Strings = Annotated[tuple[str, ...], BeforeValidator(_several)]


class _Label(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(_Label):
    """Who says what. An empty ``cue`` stands outside the sentence, or there is none, and is not scored."""

    who: Strings
    cue: str
    what: Strings


class Wording(_Label):
    """What a claim must be in words that stand alone.

    It is right when it equals one of ``accept``, or when it has all of ``has`` and none of ``lacks``; when neither is given,
    the words of the article are right. Up to ``ADDED`` words may stand between the words wanted ("the nine-day strike" for
    "the strike"), but no pronoun that was not there. ``unresolved`` must be left as it is, and marked.
    """

    accept: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()


class LabelledPart(Wording):
    """One atomic claim: its words in the sentence, and its wording."""

    text: str


class LabelledSentence(Wording):
    """One sentence: not a claim (``skip``), one claim, or several."""

    text: str
    gap: str = " "
    """What stands between the sentence before and this one."""
    skip: Strings = ()
    """The reasons of which one must be given for leaving it out."""
    either: bool = False
    """Taken or left out: both are right."""
    claims: tuple[LabelledPart, ...] = ()
    says: Annotated[tuple[Said, ...], BeforeValidator(_several)] = ()
    note: str = ""

    @model_validator(mode="after")
    def _inside(self) -> Self:
        words = [part.text for part in self.claims] + [w for said in self.says for w in (*said.what, said.cue)]
        outside = [word for word in words if word not in self.text]
        outside += [word for part in self.parts for word in part.unresolved if word not in part.text]
        if outside:
            message = f"not in the sentence {self.text!r}: {outside}"
            raise ValueError(message)
        return self

    @property
    def parts(self) -> tuple[LabelledPart, ...]:
        """The atomic claims; the sentence itself when it is one."""
        wording = {name: getattr(self, name) for name in Wording.model_fields}
        return self.claims or (LabelledPart(text=self.text, **wording),)


class LabelledArticle(_Label):
    """One article with the labels of all its sentences."""

    kind: str
    half: Half
    published: date
    names: tuple[str, ...]
    """Whoever could be put in the place of a pronoun; one of them in a wording that does not want it is a wrong resolution."""
    sentences: tuple[LabelledSentence, ...]

    def placed(self) -> tuple[str, tuple[Span, ...]]:
        """Return the article's text and the range of each sentence."""
        text, spans = "", []
        for sentence in self.sentences:
            text += sentence.gap if text else ""
            spans.append(Span(start=len(text), end=len(text) + len(sentence.text)))
            text += sentence.text
        return text, tuple(spans)


def read_articles(folder: Path) -> dict[str, LabelledArticle]:
    """Return the labelled articles of a folder by file name.

    Raises:
        EvalDataError: no folder, no article in it, or one that does not have the form; the message names the file.
    """
    found: dict[str, LabelledArticle] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            found[path.stem] = LabelledArticle.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
            message = f"{path}: not a labelled article: {error}"
            raise EvalDataError(message) from error
    if not found:
        message = f"{folder}: no labelled articles; give a folder with one .yaml file per article"
        raise EvalDataError(message)
    return found


@dataclass(slots=True)
class Tally:
    """Counts of right things, of things given and of things wanted."""

    right: float = 0
    given: int = 0
    wanted: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Return both counts together."""
        return Tally(self.right + other.right, self.given + other.given, self.wanted + other.wanted)

    def figures(self) -> dict[str, object]:
        """Return precision, recall and F1."""
        precision = self.right / self.given if self.given else 0.0
        recall = self.right / self.wanted if self.wanted else 0.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        shares = {"precision": precision, "recall": recall, "f1": f1}
        return {**{name: metrics.rounded(value) for name, value in shares.items()}, "n": self.wanted}


@dataclass(slots=True)
class Score:
    """Everything counted over the articles of one half."""

    segmentation: Tally = field(default_factory=Tally)
    selected: list[tuple[int, int]] = field(default_factory=list)
    """Wanted and taken (0 or 1) of each sentence."""
    reasons: list[bool] = field(default_factory=list)
    atomic: Tally = field(default_factory=Tally)
    wrongly_parted: int = 0
    whole: int = 0
    wordings: list[tuple[str, bool]] = field(default_factory=list)
    """Outcome of each wording, and whether the words of the article had to be changed."""
    unresolved: Tally = field(default_factory=Tally)
    attribution: Tally = field(default_factory=Tally)
    speakers: list[bool] = field(default_factory=list)
    cues: list[bool] = field(default_factory=list)
    contents: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, object]:
        """Return all figures of the half."""
        changed = [outcome for outcome, change in self.wordings if change]
        outcomes = [outcome for outcome, _ in self.wordings]
        return {
            "segmentation": self.segmentation.figures(),
            "selection": metrics.binary([w for w, _ in self.selected], [t for _, t in self.selected]),
            "reasons": {"accuracy": _mean(self.reasons), "n": len(self.reasons)},
            "atomic": {**self.atomic.figures(), "wrongly_parted": _ratio(self.wrongly_parted, self.whole)},
            "standing_alone": {
                "right": _share(outcomes, "exact", "acceptable"),
                "exact": _share(outcomes, "exact"),
                "wrongly_resolved": _share(outcomes, "wrong"),
                "n": len(outcomes),
                "right_where_changed": _share(changed, "exact", "acceptable"),
                "wrongly_resolved_where_changed": _share(changed, "wrong"),
                "n_where_changed": len(changed),
            },
            "unresolved": self.unresolved.figures(),
            "attribution": {
                **self.attribution.figures(),
                "speaker": _mean(self.speakers),
                "cue": _mean(self.cues),
                "content_exact": _mean([value == 1.0 for value in self.contents]),
                "content_partial_f1": _mean(self.contents),
            },
        }


def together(scores: Sequence[Score]) -> Score:
    """Return what several articles come to."""
    whole = Score()
    for score in scores:
        for counted in fields(Score):
            one, other = getattr(whole, counted.name), getattr(score, counted.name)
            setattr(whole, counted.name, one + other)
    return whole


def _intervals(scores: Sequence[Score], *, seed: int) -> dict[str, metrics.Interval]:
    """Return 95 % bootstrap intervals over articles of every figure that is a share."""
    names = [str(place) for place in range(len(scores))]
    # Two hundred, since each resample is scored anew as a whole.
    weights = metrics.resample_weights(names, seed=seed, resamples=200).astype(int)
    drawn: dict[str, list[float]] = {}
    for row in weights:
        taken = together([score for score, times in zip(scores, row, strict=True) for _ in range(times)])
        for name, value in flat(taken.figures()):
            if isinstance(value, float):
                drawn.setdefault(name, []).append(value)
    return {name: metrics.interval(np.asarray(values)) for name, values in drawn.items()}


def _ratio(part: float, whole: int) -> float:
    return metrics.rounded(part / whole) if whole else 0.0


def _mean(values: Sequence[float]) -> float:
    return _ratio(sum(values), len(values))


def _share(outcomes: Sequence[str], *wanted: str) -> float:
    return _ratio(sum(outcome in wanted for outcome in outcomes), len(outcomes))


_WORD = re.compile(r"\w+")


def _words(text: str, spans: Iterable[Span]) -> frozenset[int]:
    """Return where the words in ``spans`` start."""
    return frozenset(m.start() for span in spans for m in _WORD.finditer(text, span.start, span.end))


def _dice(one: frozenset[int], other: frozenset[int]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0


def _plain(words: str) -> str:
    """Return words for comparison: folded marks and white space, no case, no full stop at the end."""
    return fold(words).text.casefold().strip(" .,;:\"'")


def _pairs(text: str, wanted: Sequence[Span], given: Sequence[Span], least: float) -> list[tuple[int, int, float]]:
    """Match ranges one to one, the likest first."""
    gold, found = [_words(text, [s]) for s in wanted], [_words(text, [s]) for s in given]
    scored = sorted(((_dice(g, f), -i, -j) for i, g in enumerate(gold) for j, f in enumerate(found)), reverse=True)
    pairs: list[tuple[int, int, float]] = []
    for value, i, j in scored:
        if value >= least and all(-i != a and -j != b for a, b, _ in pairs):
            pairs.append((-i, -j, value))
    return pairs


def _outcome(part: LabelledPart, sentence: LabelledSentence, names: Sequence[str], claim: Claim) -> str:
    """Say what became of one wording: exact, acceptable, wrong (somebody else's name) or not standing alone."""
    standalone = _plain(claim.standalone)
    accepted = part.accept or (() if part.has else (part.text,))
    wanted = (words for other in sentence.parts for words in (*other.accept, *other.has))
    expected = " ".join((sentence.text, *wanted))
    if any(name in claim.standalone and name not in expected for name in names):
        return "wrong"
    words = _WORD.findall(standalone)
    marked = [_WORD.findall(_plain(item.text)) for item in claim.unresolved]
    for left in part.unresolved:
        if not _contains(words, left, between=0):
            return "wrong"
        if not any(_contains(mark, left, between=0) for mark in marked):
            return "unmarked"
    if standalone in map(_plain, accepted):
        return "exact"
    if any(_contains(words, lacking, between=0) for lacking in part.lacks) or (
        _PRONOUNS & set(words) - set(_WORD.findall(_plain(expected)))
    ):
        return "unclear"
    has = all(_contains(words, wanted, between=ADDED) for wanted in part.has)
    in_full = any(_contains(words, wanted, between=ADDED) for wanted in accepted)
    return "acceptable" if has and (part.has or in_full) else "unclear"


def _contains(words: Sequence[str], wanted: str, *, between: int) -> bool:
    """Tell whether the words of ``wanted`` stand in ``words`` in order, with so many others between them in all.

    >>> _contains("the nine day strike ended".split(), "the strike", between=2)
    True
    """
    sought = _WORD.findall(_plain(wanted))
    for start, word in enumerate(words):
        if word != sought[0]:
            continue
        at = 0
        for following in words[start : start + len(sought) + between]:
            at += following == sought[at]
            if at == len(sought):
                return True
    return False


def _needs_change(part: LabelledPart) -> bool:
    words = _WORD.findall(_plain(part.text))
    return any(not _contains(words, item, between=ADDED) for item in part.has) or bool(
        part.accept and _plain(part.text) not in map(_plain, part.accept)
    )


def score_article(
    name: str, article: LabelledArticle, found: ClaimSet, cut: Sequence[Span], score: Score
) -> list[Item]:
    """Add one article to ``score``; return what became of each sentence.

    Args:
        name: of the article.
        article: its labels.
        found: what the room found in it.
        cut: the sentences that the room saw.
        score: is added to.
    """
    text, spans = article.placed()
    score.segmentation.right += len(set(cut) & set(spans))
    score.segmentation.given += len(cut)
    score.segmentation.wanted += len(spans)
    taken: list[list[Claim]] = [[] for _ in spans]
    for claim in found.claims:
        at = max(range(len(spans)), key=lambda i: len(_words(text, [spans[i]]) & _words(text, [claim.span])))
        taken[at].append(claim)
    reasons = {item.span: item.reason for item in found.skipped}
    items: list[Item] = []
    for number, (sentence, span, given) in enumerate(zip(article.sentences, spans, taken, strict=True), start=1):
        details: dict[str, object] = {"article": name, "half": article.half}
        if not sentence.either:
            score.selected.append((int(not sentence.skip), int(bool(given))))
        right = bool(given) != bool(sentence.skip) or sentence.either
        if sentence.skip and not given:
            reason = reasons.get(span, "")
            score.reasons.append(reason in sentence.skip)
            details["reason"] = reason
        elif given and not sentence.skip:
            right = _score_claims(text, article, sentence, span, given, score, details)
            right &= _score_said(text, sentence, span, given, score, details)
        items.append(
            Item(
                id=f"{name}-{number}",
                claim=sentence.text,
                gold=", ".join(sentence.skip) or "claim",
                predicted="claim" if given else reasons.get(span, "not a sentence"),
                right=right,
                details=details,
            )
        )
    return items


def _score_claims(  # noqa: PLR0913, PLR0917  what is compared, and where it is counted
    text: str,
    article: LabelledArticle,
    sentence: LabelledSentence,
    span: Span,
    given: Sequence[Claim],
    score: Score,
    details: dict[str, object],
) -> bool:
    """Score the atomic claims of a sentence and their wordings."""
    parts = sentence.parts
    starts = [span.start + sentence.text.index(part.text) for part in parts]
    wanted = [Span(start=s, end=s + len(part.text)) for s, part in zip(starts, parts, strict=True)]
    pairs = _pairs(text, wanted, [claim.span for claim in given], MATCH)
    score.atomic.right += len(pairs)
    score.atomic.given += len(given)
    score.atomic.wanted += len(parts)
    if len(parts) == 1:
        score.whole += 1
        score.wrongly_parted += len(given) > 1
    outcomes: list[str] = []
    for i, j, _ in pairs:
        outcomes.append(_outcome(parts[i], sentence, article.names, given[j]))
        score.wordings.append((outcomes[-1], _needs_change(parts[i])))
    marks = {item.span for claim in given for item in claim.unresolved}
    left = [
        Span(start=start + part.text.index(words), end=start + part.text.index(words) + len(words))
        for start, part in zip(starts, parts, strict=True)
        for words in part.unresolved
    ]
    score.unresolved.right += sum(any(mark.overlaps(item) for item in left) for mark in marks)
    score.unresolved.given += len(marks)
    score.unresolved.wanted += len(left)
    details |= {
        "wanted": [part.text for part in parts],
        "given": [claim.text for claim in given],
        "standalone": [claim.standalone for claim in given],
        "outcomes": outcomes,
        "unresolved": [item.text for claim in given for item in claim.unresolved],
    }
    return len(pairs) == len(parts) == len(given) and all(outcome in ("exact", "acceptable") for outcome in outcomes)


def _score_said(  # noqa: PLR0913, PLR0917  as above
    text: str,
    sentence: LabelledSentence,
    span: Span,
    given: Sequence[Claim],
    score: Score,
    details: dict[str, object],
) -> bool:
    """Score who is said to say what in a sentence."""
    reports = list(dict.fromkeys(claim.attribution for claim in given if claim.attribution is not None))
    inside = [_words(text, report.content_spans) & _words(text, [span]) for report in reports]
    wanted = [
        _words(
            text, [Span(start=at, end=at + len(w)) for w in said.what for at in [span.start + sentence.text.index(w)]]
        )
        for said in sentence.says
    ]
    scored = sorted(((_dice(w, g), -i, -j) for i, w in enumerate(wanted) for j, g in enumerate(inside)), reverse=True)
    pairs: list[tuple[int, int]] = []
    right = len(reports) == len(sentence.says)
    for value, i, j in scored:
        if value == 0 or any(-i == a or -j == b for a, b in pairs):
            continue
        pairs.append((-i, -j))
        said, report = sentence.says[-i], reports[-j]
        speaker = _plain(report.speaker) in {_plain(re.sub(r"^[Tt]he ", "", w)) for w in said.who} | set(
            map(_plain, said.who)
        )
        score.speakers.append(speaker)
        right &= speaker
        score.contents.append(value)
        if said.cue:
            cue = report.cue_span.of(text) if report.cue_span else ""
            score.cues.append(bool(cue) and (_plain(cue) in _plain(said.cue) or _plain(said.cue) in _plain(cue)))
    score.attribution.right += len(pairs)
    score.attribution.given += len(reports)
    score.attribution.wanted += len(sentence.says)
    details["said"] = [(r.speaker, [s.of(text) for s in r.content_spans]) for r in reports]
    return right and len(pairs) == len(reports)


def _as_they_are(text: str, spans: Sequence[Span]) -> ClaimSet:
    """Return every sentence as one claim in its own words: the baseline."""
    found = tuple(
        Claim(
            id=f"c{number}-{span.start}",
            span=span,
            text=span.of(text),
            standalone=span.of(text),
            proposition=span.of(text),
            check_worthiness_probability=1.0,
            why="every sentence",
        )
        for number, span in enumerate(spans, start=1)
    )
    return ClaimSet(claims=found, skipped=(), language="en")


def run(request: Request) -> Outcome:
    """Find the claims of the labelled articles and score them."""
    folder = request.inputs["claims"]
    articles = read_articles(folder)
    chosen = sample(list(articles), request.limit, request.seed)
    embedder = load_embedder(request.settings)
    by_article: Mapping[Half, list[Score]] = {half: [] for half in HALVES}
    plain: Mapping[Half, Score] = {half: Score() for half in HALVES}
    items: list[Item] = []
    for done, name in enumerate(chosen, start=1):
        article = articles[name]
        text, spans = article.placed()
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        document = Document(text=text, media_type="text/plain", content_sha256=sha256, published=article.published)
        found = claims.find_claims(document, settings=request.settings, encode=embedder.encode)
        cut = [sentence.span for sentence in parse(text).sentences]
        by_article[article.half].append(Score())
        items += score_article(name, article, found, cut, by_article[article.half][-1])
        score_article(name, article, _as_they_are(text, spans), spans, plain[article.half])
        request.progress("finding claims", done, len(chosen))
    scores = {half: together(parts) for half, parts in by_article.items() if parts}
    intervals: dict[str, metrics.Interval] = {}
    for half in scores:
        found_in = _intervals(by_article[half], seed=request.seed)
        intervals |= {f"{half}.{figure}": bounds for figure, bounds in found_in.items()}
    return Outcome(
        metrics={half: score.figures() for half, score in scores.items()},
        intervals=intervals,
        baselines={"every_sentence_as_it_is": {half: plain[half].figures() for half in scores}},
        items=items,
        models=(
            ModelUsed(role="embedding", name=embedder.name, sha256=embedder.sha256),
            *claims.models(request.settings),
        ),
        data=DataFile(path=str(folder), sha256=fingerprint(folder), n=len(items)),
        notes=(
            "atomic claims, wordings and attributions are scored on the sentences that are claims and were taken",
            "intervals are drawn over the articles of a half, since sentences of one article are not independent",
            f"two ranges are the same atomic claim from {MATCH:.0%} common words (Dice)",
        ),
    )


TASK = Task(
    name="claim-room",
    summary="The claims room on written articles: sentences, atomic claims, standing alone, attribution.",
    inputs=("claims",),
    run=run,
    defaults={"claims": ROOT / "evals" / "claims" / "room"},
)
