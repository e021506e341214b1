"""Measure attribution on rows of the PolNeAR form: source, cue, content, paragraph.

    python -m training.claims.measure_attribution [--data FILE] [--limit N] [--misses N]

Paragraphs are read one by one, without their article. Content is compared by tokens: a predicted content counts with
the share of its
tokens inside the best gold content (precision), a gold content with the share of its tokens inside the best predicted
one (recall).
A source head is right when the last word of the gold source's first noun group is in the predicted source, or the
other way round,
for the gold attributions whose content was found at least by half.
"""

from __future__ import annotations

import argparse
import difflib
import gzip
import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

from onrecord.claims.attribute import attributions

_WORD = re.compile(r"\w+")


def measure(rows: list[dict[str, Any]], *, show_misses: int = 0) -> dict[str, float]:
    """Return content precision, recall and F1 (partial), the same for exact, and source accuracy."""
    by_paragraph: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_paragraph.setdefault(row["paragraph"], []).append(row)
    precision: list[float] = []
    recall: list[float] = []
    exact = heads = matched = 0
    missed_cues: Counter[str] = Counter()
    false_cues: Counter[str] = Counter()
    shown = 0
    for paragraph, gold in by_paragraph.items():
        found = attributions(paragraph)
        predicted = [_positions(paragraph, [(s.start, s.end) for s in a.content_spans]) for a in found]
        wanted = [_located(paragraph, row["content"]) for row in gold]
        for attribution, tokens in zip(found, predicted, strict=True):
            best = max((len(tokens & w) / max(1, len(tokens)) for w in wanted), default=0.0)
            precision.append(best)
            if best < 0.5 and attribution.cue_span is not None:  # noqa: PLR2004
                false_cues[attribution.cue_span.of(paragraph).lower()] += 1
        for row, tokens in zip(gold, wanted, strict=True):
            scored = [(len(tokens & p) / max(1, len(tokens)), i) for i, p in enumerate(predicted)]
            best = max((score for score, _ in scored), default=0.0)
            recall.append(best)
            exact += any(tokens == p for p in predicted)
            if best < 0.5:  # noqa: PLR2004
                missed_cues[row["cue"].lower()] += 1
                if shown < show_misses:
                    shown += 1
                    print("MISSED", row["source"], "|", row["cue"], "|", row["content"], "\n   ", paragraph[:600])
                continue
            if not row["source"]:
                continue
            matched += 1
            candidates = [i for score, i in scored if score >= best - 0.2]
            heads += any(
                _same_head(row["source"], found[i].source_span.of(paragraph))
                for i in candidates
                if found[i].source_span
            )
    p, r = sum(precision) / max(1, len(precision)), sum(recall) / max(1, len(recall))
    print("missed cues", missed_cues.most_common(40))
    print("false cues", false_cues.most_common(60))
    return {
        "content_partial_precision": round(p, 4),
        "content_partial_recall": round(r, 4),
        "content_partial_f1": round(2 * p * r / max(1e-9, p + r), 4),
        "content_exact_recall": round(exact / max(1, len(rows)), 4),
        "source_head_accuracy": round(heads / max(1, matched), 4),
        "matched": matched,
        "gold": len(rows),
        "predicted": len(precision),
    }


def _positions(text: str, spans: list[tuple[int, int]]) -> set[int]:
    return {m.start() for start, end in spans for m in _WORD.finditer(text, start, end)}


def _located(paragraph: str, content: str) -> set[int]:
    """Return where the words of a gold content stand; a discontinuous one is laid along the paragraph in order."""
    whole = re.search(rf"(?<!\w){re.escape(content)}(?!\w)", paragraph)
    if whole:
        return _positions(paragraph, [whole.span()])
    words = [m.group() for m in _WORD.finditer(content)]
    here = list(_WORD.finditer(paragraph))
    positions: set[int] = set()
    matcher = difflib.SequenceMatcher(None, [m.group() for m in here], words, autojunk=False)
    for block in matcher.get_matching_blocks():
        positions.update(here[block.a + k].start() for k in range(block.size))
    return positions


def _same_head(gold: str, predicted: str) -> bool:
    def words(text: str) -> list[str]:
        return [w.lower() for w in re.findall(r"[\w’']+", re.sub(r"[’']s?$", "", text))]

    g, p = words(gold), words(predicted)
    if not g or not p:
        return False
    return p[-1] == g[-1] or (p[-1] in g and g[-1] in p) or _head(g) == _head(p)


def _head(words: list[str]) -> str:
    for place, word in enumerate(words):
        if word in ("of", "in", "for", "at", "from", "on", "with", "to", "who", "that") and place:
            return words[place - 1]
    return words[-1]


def main() -> None:
    """Print the measures of one file as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/attribution/polnear.dev.jsonl.gz"))
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--misses", type=int, default=0)
    given = parser.parse_args()
    with gzip.open(given.data, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    started = time.monotonic()
    result = measure(rows[: given.limit] if given.limit else rows, show_misses=given.misses)
    result["seconds"] = round(time.monotonic() - started, 1)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
