"""Attribution: who says what, by which words, in paragraphs of news.

Paragraphs are read one by one, without their article, so a pronoun has no antecedent beyond its paragraph. Words are compared
by their places in the paragraph. Predicted and annotated attributions are paired one to one, by the overlap of their contents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from rapidfuzz.distance import LCSseq
from scipy.optimize import linear_sum_assignment

from evals import metrics
from evals.data import DataFile, LabelledAttribution, fingerprint, read_attributions, sample
from evals.result import Item
from evals.tasks import Outcome, Request, Task
from onrecord import claims
from onrecord.claims.attribute import attributions
from onrecord.records import Span

Places = frozenset[int]
"""Where words start in a paragraph."""
_WORD = re.compile(r"\w+")
_OPENS_POSTMODIFIER = frozenset("of in for at from on with to who that".split())
FOUND = 0.5
"""Share of a gold content's words from which its attribution counts as found, as the source of one is asked for."""
NOTES = (
    "items are paragraphs, each read without its article; n counts attributions",
    "only paragraphs that hold an annotated attribution are read: precision over whole articles is lower",
    "content.partial: an attribution counts with the share of its words in the best one of the other side",
    "source, cue and exact figures: of attributions paired by content; exact: the same words",
    f"source_head_accuracy: of attributions whose content was found by {FOUND} of its words; source_head_recall: of all",
)


@dataclass(frozen=True, slots=True)
class Parts:
    """One attribution of either side: the places of its words, and the words of its source."""

    content: Places
    source: Places
    cue: Places
    source_words: str


@dataclass(slots=True)
class Sums:
    """What one paragraph adds to the numerators and denominators of the figures."""

    predicted: float = 0
    gold: float = 0
    content_precision: float = 0
    content_recall: float = 0
    content_exact: float = 0
    source_predicted: float = 0
    source_gold: float = 0
    source_precision: float = 0
    source_recall: float = 0
    source_exact: float = 0
    cue_predicted: float = 0
    cue_gold: float = 0
    cue_precision: float = 0
    cue_recall: float = 0
    cue_exact: float = 0
    asked_heads: float = 0
    right_heads: float = 0
    paired_heads: float = 0


NAMES = tuple(field.name for field in fields(Sums))


def run(request: Request) -> Outcome:
    """Read every paragraph and compare."""
    path = request.inputs["data"]
    by_paragraph: dict[str, list[LabelledAttribution]] = {}
    for row in read_attributions(path):
        by_paragraph.setdefault(row.paragraph, []).append(row)
    paragraphs = sample(list(by_paragraph), request.limit, request.seed)
    sums: list[Sums] = []
    whole: list[Sums] = []
    items: list[Item] = []
    for done, paragraph in enumerate(paragraphs, start=1):
        rows = by_paragraph[paragraph]
        gold = [_gold(row) for row in rows]
        predicted = predict(paragraph)
        scored, partners = score(gold, predicted)
        sums.append(scored)
        everything = places(paragraph, [Span(start=0, end=len(paragraph))])
        whole.append(score(gold, [Parts(everything, frozenset(), frozenset(), "")])[0])
        items.extend(
            _item(row, wanted, predicted[partner] if partner is not None else None)
            for row, wanted, partner in zip(rows, gold, partners, strict=True)
        )
        request.progress("reading paragraphs", done, len(paragraphs))
    groups = [by_paragraph[paragraph][0].group for paragraph in paragraphs]
    table = _table(sums)
    weights = np.concatenate([np.ones((1, len(sums))), metrics.resample_weights(groups, seed=request.seed)])
    values = figures(dict(zip(NAMES, (weights @ table).T, strict=True)))
    baseline = figures(dict(zip(NAMES, _table(whole).sum(axis=0, keepdims=True).T, strict=True)))
    return Outcome(
        metrics={
            **_nested({name: metrics.rounded(column[0]) for name, column in values.items()}),
            "predicted": int(table[:, NAMES.index("predicted")].sum()),
            "paragraphs": len(paragraphs),
        },
        intervals={name: metrics.interval(column[1:]) for name, column in values.items()},
        baselines={
            "whole_paragraph": {
                name: metrics.rounded(column[0])
                for name, column in baseline.items()
                if name.startswith("content.partial")
            }
        },
        items=items,
        models=[model for model in claims.models(request.settings) if model.role == "linguistics"],
        data=DataFile(path=str(path), sha256=fingerprint(path), n=sum(len(by_paragraph[p]) for p in paragraphs)),
        notes=NOTES,
    )


def predict(paragraph: str) -> list[Parts]:
    """Return what the product finds in a paragraph by itself."""
    found: list[Parts] = []
    for item in attributions(paragraph):
        source = [item.source_span] if item.source_span else []
        found.append(
            Parts(
                content=places(paragraph, item.content_spans),
                source=places(paragraph, source),
                cue=places(paragraph, [item.cue_span] if item.cue_span else []),
                source_words=source[0].of(paragraph) if source else "",
            )
        )
    return found


def score(gold: Sequence[Parts], predicted: Sequence[Parts]) -> tuple[Sums, list[int | None]]:
    """Compare one paragraph's attributions.

    Returns:
        The paragraph's sums, and for each of ``gold`` the index of the prediction paired with it, ``None`` where there is none.
    """
    sums = Sums(predicted=len(predicted), gold=len(gold))
    # [i, j]: words that gold i and prediction j share.
    shared = np.asarray([[len(g.content & p.content) for p in predicted] for g in gold], dtype=np.float64)
    shared = shared.reshape(len(gold), len(predicted))
    gold_size = np.asarray([max(1, len(g.content)) for g in gold])
    predicted_size = np.asarray([max(1, len(p.content)) for p in predicted])
    recalls = shared / gold_size[:, None]
    if predicted and gold:
        sums.content_precision = float((shared / predicted_size).max(axis=0).sum())
        sums.content_recall = float(recalls.max(axis=1).sum())
    partners: list[int | None] = [None] * len(gold)
    for i, j in zip(
        *linear_sum_assignment(2 * shared / (gold_size[:, None] + predicted_size), maximize=True), strict=True
    ):
        if shared[i, j]:
            partners[int(i)] = int(j)
    sums.source_predicted, sums.source_gold = (sum(bool(item.source) for item in side) for side in (predicted, gold))
    sums.cue_predicted, sums.cue_gold = (sum(bool(item.cue) for item in side) for side in (predicted, gold))
    for i, (wanted, partner) in enumerate(zip(gold, partners, strict=True)):
        if partner is not None:
            other = predicted[partner]
            sums.content_exact += wanted.content == other.content
            precision, recall, exact = _overlap(wanted.source, other.source)
            sums.source_precision, sums.source_recall = sums.source_precision + precision, sums.source_recall + recall
            sums.source_exact += exact
            precision, recall, exact = _overlap(wanted.cue, other.cue)
            sums.cue_precision, sums.cue_recall = sums.cue_precision + precision, sums.cue_recall + recall
            sums.cue_exact += exact
            sums.paired_heads += same_head(wanted.source_words, other.source_words)
        best = recalls[i].max(initial=0.0)
        if best >= FOUND and wanted.source:
            sums.asked_heads += 1
            # Nested reports share most of their content: any that is nearly as close may be the one annotated.
            near = [p for p, recall in zip(predicted, recalls[i], strict=True) if recall >= best - 0.2]
            sums.right_heads += any(same_head(wanted.source_words, p.source_words) for p in near)
    return sums, partners


def figures(sums: Mapping[str, metrics.Floats]) -> dict[str, metrics.Floats]:
    """Return every figure under its dotted name, from sums over paragraphs (one value for each resample)."""
    found: dict[str, metrics.Floats] = {}
    for part in ("content", "source", "cue"):
        ours = sums["predicted" if part == "content" else f"{part}_predicted"]
        theirs = sums["gold" if part == "content" else f"{part}_gold"]
        exact = sums[f"{part}_exact"]
        for kind, right_of_ours, right_of_theirs in (
            ("partial", sums[f"{part}_precision"], sums[f"{part}_recall"]),
            ("exact", exact, exact),
        ):
            precision, recall = metrics.ratio(right_of_ours, ours), metrics.ratio(right_of_theirs, theirs)
            found[f"{part}.{kind}.precision"], found[f"{part}.{kind}.recall"] = precision, recall
            found[f"{part}.{kind}.f1"] = metrics.ratio(2 * precision * recall, precision + recall)
    found["source_head_accuracy"] = metrics.ratio(sums["right_heads"], sums["asked_heads"])
    found["source_head_recall"] = metrics.ratio(sums["paired_heads"], sums["source_gold"])
    return found


def places(text: str, spans: Iterable[Span]) -> Places:
    """Return where the words within ``spans`` start."""
    return frozenset(m.start() for span in spans for m in _WORD.finditer(text, span.start, span.end))


def located(paragraph: str, words: str, *, near: Places = frozenset()) -> Places:
    """Return where annotated words stand: the occurrence nearest to ``near``; discontinuous ones in order along the text.

    >>> sorted(located("He said he left.", "he", near=frozenset({11})))
    [8]
    >>> sorted(located("We shall, she said, overcome.", "We shall overcome"))
    [0, 3, 20]
    """
    whole = [m.span() for m in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", paragraph)]
    if whole:
        start, end = min(whole, key=lambda s: min((min(abs(s[0] - p), abs(s[1] - p)) for p in near), default=0))
        return places(paragraph, [Span(start=start, end=end)])
    here = list(_WORD.finditer(paragraph))
    wanted = _WORD.findall(words)
    steps = LCSseq.opcodes([m.group() for m in here], wanted)
    return frozenset(
        here[at].start() for step in steps if step.tag == "equal" for at in range(step.src_start, step.src_end)
    )


def same_head(gold: str, predicted: str) -> bool:
    """Tell whether two wordings of a source have one head.

    >>> same_head("the U.S. Secretary of State", "Secretary"), same_head("Mr. Smith", "Jones")
    (True, False)
    """
    ours, theirs = _words(predicted), _words(gold)
    if not ours or not theirs:
        return False
    return (ours[-1] in theirs and theirs[-1] in ours) or ours[-1] == theirs[-1] or _head(ours) == _head(theirs)


def _gold(row: LabelledAttribution) -> Parts:
    content = located(row.paragraph, row.content)
    source = located(row.paragraph, row.source, near=content) if row.source else frozenset()
    cue = located(row.paragraph, row.cue, near=source or content) if row.cue else frozenset()
    return Parts(content, source, cue, row.source)


def _overlap(gold: Places, predicted: Places) -> tuple[float, float, bool]:
    both = len(gold & predicted)
    return both / max(1, len(predicted)), both / max(1, len(gold)), bool(gold) and gold == predicted


def _words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[\w’']+", re.sub(r"[’']s?$", "", text))]


def _head(words: Sequence[str]) -> str:
    """Return the last word before a postmodifier: "secretary" of "secretary of state"."""
    return next(
        (words[place - 1] for place, word in enumerate(words) if place and word in _OPENS_POSTMODIFIER), words[-1]
    )


def _table(sums: Sequence[Sums]) -> metrics.Floats:
    """Return (paragraphs, names) sums."""
    return np.asarray([[getattr(item, name) for name in NAMES] for item in sums], dtype=np.float64)


def _nested(flat: Mapping[str, float]) -> dict[str, object]:
    """Return dotted names as nested mappings."""
    nested: dict[str, object] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        here = nested
        for part in path:
            inner = here.setdefault(part, {})
            assert isinstance(inner, dict)
            here = inner
        here[last] = value
    return nested


def _item(row: LabelledAttribution, gold: Parts, found: Parts | None) -> Item:
    overlap = _overlap(gold.content, found.content)[1] if found else 0.0
    return Item(
        id=row.id,
        claim=row.content,
        gold=row.source,
        predicted=found.source_words if found else "",
        right=overlap >= FOUND
        and (not row.source or (found is not None and same_head(row.source, found.source_words))),
        details={"cue": row.cue, "content_recall": metrics.rounded(overlap)},
    )


TASK = Task(
    name="attribution",
    summary="Reported speech: source, cue and content in paragraphs of news.",
    inputs=("data",),
    run=run,
)
