"""Measure the checks beside the network on labelled pairs: how often each says ``different``, and on what.

Usage::

    python -m training.stance.measure_checks --pairs ../shared/data/pairs/dev [--show numbers] [--without-parser]

On pairs labelled ``supports`` every ``different`` is a false alarm; on ``refutes`` it is a find. Progress and examples go to
standard error, one JSON object to standard output.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from onrecord.stance.checks import CHECKS, VOTES
from onrecord.stance.checks.pair import Pair

SAMPLE: Final = 1500
SEED: Final = 7


def rows(path: Path, size: int) -> Iterator[dict[str, str]]:
    """Yield at most ``size`` rows of a file of pairs, sampled with a fixed seed."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        everything = [json.loads(line) for line in lines]
    if len(everything) > size:
        everything = random.Random(SEED).sample(everything, size)  # noqa: S311  sampling, not a secret
    yield from everything


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder of .jsonl.gz files of pairs")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="rows per file")
    parser.add_argument("--only", nargs="*", default=(), help="stems of the files to measure")
    parser.add_argument("--show", nargs="*", default=(), help="checks whose findings of 'different' are shown")
    parser.add_argument("--without-parser", action="store_true", help="leave out the check of names")
    options = parser.parse_args()
    checks = {check.name: check for check in CHECKS if not (options.without_parser and check.name == "names")}
    checks["votes"] = VOTES
    result: dict[str, dict[str, object]] = {}
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    seconds: Counter[str] = Counter()
    pairs = 0
    for path in sorted(options.pairs.glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        if options.only and name not in options.only:
            continue
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for row in rows(path, options.sample):
            pair = Pair.of(row["claim"], row["evidence"])
            pairs += 1
            for kind, check in checks.items():
                began = time.perf_counter()
                found = check.compare(pair)
                seconds[kind] += time.perf_counter() - began  # type: ignore[assignment]
                outcomes = {item.outcome for item in found}
                label = row["label"]
                for counter in (counts[kind], totals[kind]):
                    counter[f"{label}:n"] += 1
                    counter[f"{label}:any"] += bool(outcomes)
                    for outcome in outcomes:
                        counter[f"{label}:{outcome}"] += 1
                if "different" in outcomes and kind in options.show:
                    said = "; ".join(item.message for item in found if item.outcome == "different")
                    print(f"{name} {label} {kind}: {said}\n  C {row['claim'][:300]}\n  E {row['evidence'][:500]}",
                          file=sys.stderr)  # fmt: skip
        result[name] = {check: rates(counter) for check, counter in counts.items()}
    print(
        json.dumps(
            {
                "pairs": pairs,
                "milliseconds_per_pair": {
                    name: round(1000 * spent / max(1, pairs), 3) for name, spent in seconds.items()
                },
                "all": {check: rates(counter) for check, counter in totals.items()},
                "sets": result,
            },
            indent=1,
        )
    )
    return 0


def rates(counter: Counter[str]) -> dict[str, str]:
    """Return, per label, how many of its pairs got ``different`` and the other outcomes."""
    shown: dict[str, str] = {}
    for label in ("supports", "refutes", "neutral"):
        total = counter[f"{label}:n"]
        if not total:
            continue
        different = counter[f"{label}:different"]
        shown[label] = (
            f"different {different}/{total} = {100 * different / total:.2f} %, equal {counter[f'{label}:equal']}, "
            f"rounded {counter[f'{label}:rounded']}, not_comparable {counter[f'{label}:not_comparable']}, "
            f"any finding {counter[f'{label}:any']}"
        )
    return shown


if __name__ == "__main__":
    sys.exit(main())
