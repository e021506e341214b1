"""The data mixture of the fast stance model: which sets, how much of each, and in which order.

Every set has traps that its size does not show (templates, captions, one label only), so each has a *weight*: the number
of its pairs we want in a stream of about 350,000. A set smaller than its weight is repeated; a larger one is sampled. Sets
belong to a stage, and the share of the stages moves linearly with the progress of the run: general inference is dense at
the start, verification against evidence is dense at the end.

Nothing here reads ``measure_only/``; claims that occur in any ``pairs/dev`` file are dropped from training.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Label = Literal["supports", "refutes", "neutral"]
LABELS: tuple[Label, ...] = ("supports", "neutral", "refutes")
"""Index of a label in the network's output: entailment, neutral, contradiction."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One labelled pair. ``evidence`` is the premise (text A), ``claim`` the hypothesis (text B)."""

    claim: str
    evidence: str
    label: Label
    dataset: str
    doc_id: str = ""
    pair_id: str = ""
    teacher: tuple[float, float, float] | None = None
    """Logits of the network that labelled the pair, in the order of `LABELS`; None: a person or a rule did."""


@dataclass(frozen=True, slots=True)
class SetPlan:
    """How one set is used: stage, wanted pairs in the whole stream, and the cap on distinct pairs read (0: all)."""

    stage: Literal["general", "edits", "verification", "neutrals", "contrast"]
    weight: float
    cap: int = 0


# Weights are wanted pairs in a stream of ~350,000; the reason stands beside each that is not simply its size.
PLAN: dict[str, SetPlan] = {
    "multinli_more": SetPlan("general", 45000),
    "ling_in_loop": SetPlan("general", 45000),
    "multinli_taxinli": SetPlan("general", 10000),
    "snli": SetPlan("general", 3000, cap=3000),  # captions; refutes there are often merely unrelated
    "snli_more": SetPlan("general", 9000, cap=8000),  # same
    "counterfactual_nli": SetPlan("general", 7000),
    "conjnli": SetPlan("general", 6000),  # automatic labels
    "semi_automatic_wiki": SetPlan("general", 5000),
    "breaking_nli": SetPlan("general", 1800, cap=1800),  # 87 % refutes
    "negation_nli": SetPlan("general", 4500),
    "dnc_function_words": SetPlan("general", 2500),
    "med": SetPlan("general", 1200, cap=1200),  # no refutes
    "help": SetPlan("general", 800, cap=1000),  # automatic, no refutes
    "monli": SetPlan("general", 1000, cap=1000),  # no refutes
    "commitment_bank": SetPlan("general", 500),
    "commitment_bank_more": SetPlan("general", 800),
    "control_nli": SetPlan("general", 900),
    "semantic_fragments": SetPlan("general", 4000, cap=4000),  # templates
    "folio": SetPlan("general", 1000),
    "tracie": SetPlan("general", 700),
    "scitail": SetPlan("general", 1500, cap=1500),  # no refutes
    "presuppositions": SetPlan("general", 600, cap=600),  # 82 % supports
    "verb_veridicality": SetPlan("general", 2000),
    "propsegment": SetPlan("general", 400),
    "mrpc_positive": SetPlan("general", 3500, cap=2500),  # supports only
    "stsb_high": SetPlan("general", 700),  # supports only
    "wikipedia_nli_base": SetPlan("edits", 17000),
    "wikipedia_nli_contrast": SetPlan("edits", 13000),  # no neutral
    "wikipedia_nli_edit_other": SetPlan("edits", 17000),
    "wikipedia_nli_edit_premise": SetPlan("edits", 17000),
    "fever_dev": SetPlan("verification", 23000),
    "fever_nli": SetPlan("verification", 5000),  # x3, has a real neutral class
    "fever_symmetric": SetPlan("verification", 2500),
    "vitaminc_sample": SetPlan("verification", 2400),
    "fool_me_twice": SetPlan("verification", 6000),
    "scifact": SetPlan("verification", 8000),
    "check_covid": SetPlan("verification", 7000),
    "healthver": SetPlan("verification", 10000),
    "climate_fever": SetPlan("verification", 14000),
    "factcheck_gpt": SetPlan("verification", 6000),  # 72 % neutral
    "emergent": SetPlan("verification", 8000),  # news headlines
    "infotabs": SetPlan("verification", 8000),  # tables, 145 word pieces each: dear
    "nli4ct": SetPlan("verification", 1000, cap=1000),  # very long
    "politihop": SetPlan("verification", 600),  # evidence alone sometimes not decisive
    "feverous": SetPlan("verification", 1800, cap=1500),  # its refutes often lack the contradiction
    "scitab": SetPlan("verification", 500, cap=400),  # tables
    "pubhealthtab": SetPlan("verification", 300),  # tables
    "mined_near": SetPlan("neutrals", 25000),
    "mined_random": SetPlan("neutrals", 17000),
    "rule_made": SetPlan("contrast", 40000),
    "positions": SetPlan("contrast", 12000),  # templates
    "searched": SetPlan("contrast", 150000),  # what is met in use; only where a run is given them
    "written": SetPlan("contrast", 150000),  # small and worth the most: seen several times
}

# Share multiplier of a stage at the start and at the end of the run.
STAGE_DENSITY: dict[str, tuple[float, float]] = {
    "general": (1.45, 0.45),
    "edits": (0.9, 1.1),
    "verification": (0.45, 1.6),
    "neutrals": (0.7, 1.25),
    "contrast": (0.5, 1.5),
}

# verb_veridicality: raters took "commented that P" as support of P. Saying so is not a proof for us, so these rows are dropped.
_SAYING = re.compile(
    r"\b(comment|say|said|claim|argu|alleg|suggest|believ|think|assum|assert|contend|maintain|insist|hop|estimat|predict)",
    re.IGNORECASE,
)


def normalised(text: str) -> str:
    """Return the text in lower case with runs of anything but letters and digits as one space.

    >>> normalised("The  U.S. economy grew 3.1%!")
    'the u s economy grew 3 1'
    """
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


WRITTEN = Path(__file__).parent / "news"
"""Groups in news style that were written for training, one JSON object a line; see the README there."""


def read_written(folder: Path) -> list[Pair]:
    """Return the pairs of groups written for training: each claim of a group with the group's evidence.

    Raises:
        ValueError: a row without kind, evidence or claims, or with a claim under two labels.
    """
    pairs: dict[tuple[str, str], Pair] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            row = json.loads(line)
            for label in LABELS:
                for claim in row.get(label, ()):
                    pair = Pair(claim, row["evidence"], label, "written", pair_id=f"{path.stem}:{number}:{row['kind']}")
                    known = pairs.setdefault((normalised(claim), normalised(row["evidence"])), pair)
                    if known.label != label:
                        msg = f"{path}, line {number}: {claim!r} is both {known.label} and {label}; keep one"
                        raise ValueError(msg)
            if not any(row.get(label) for label in LABELS):
                msg = f"{path}, line {number}: no claim; give a list under {', '.join(LABELS)}"
                raise ValueError(msg)
    return list(pairs.values())


def write_pairs(pairs: Iterable[Pair], path: Path) -> None:
    """Write pairs made here as JSON lines, in the form that the training run reads."""
    with path.open("w", encoding="utf-8") as out:
        for pair in pairs:
            row = {"claim": pair.claim, "evidence": pair.evidence, "label": pair.label, "dataset": pair.dataset}
            out.write(json.dumps({**row, "id": pair.pair_id}, ensure_ascii=False) + "\n")


def read_pairs(path: Path) -> Iterator[Pair]:
    """Yield the pairs of one gzipped JSON-lines file, texts with white space collapsed.

    Raises:
        ValueError: a row's label is not one of supports, refutes, neutral.
    """
    name = path.name.removesuffix(".jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["label"] not in LABELS:
                msg = f"{path}: label {row['label']!r} in row {row.get('id')!r}; accepted: {', '.join(LABELS)}"
                raise ValueError(msg)
            claim, evidence = " ".join(row["claim"].split()), " ".join(row["evidence"].split())
            if claim and evidence:
                yield Pair(claim, evidence, row["label"], name, str(row.get("doc_id") or ""), str(row.get("id") or ""))


def dev_claims(pairs_folder: Path) -> frozenset[str]:
    """Return the normalised claims of every development set: none of them may be trained on."""
    folders = (pairs_folder / "dev", pairs_folder / "measure_only")
    return frozenset(
        normalised(pair.claim)
        for folder in folders
        for path in sorted(folder.glob("*.jsonl.gz"))
        for pair in read_pairs(path)
    )


def load_sets(pairs_folder: Path, *, seed: int) -> dict[str, list[Pair]]:
    """Read the training sets named in `PLAN`, without development claims and duplicates, capped as planned.

    Args:
        pairs_folder: the folder that holds ``train/`` and ``dev/``.
        seed: decides which rows of a capped set are kept.

    Returns:
        Pairs by set name, in the order of `PLAN`.

    Raises:
        FileNotFoundError: a planned set is missing.
    """
    forbidden = dev_claims(pairs_folder)
    seen: set[tuple[str, str]] = set()
    sets: dict[str, list[Pair]] = {}
    for name, plan in PLAN.items():
        if plan.stage in {"neutrals", "contrast"}:
            continue
        kept: list[Pair] = []
        for pair in read_pairs(pairs_folder / "train" / f"{name}.jsonl.gz"):
            key = (normalised(pair.claim), normalised(pair.evidence))
            if key[0] in forbidden or key in seen:
                continue
            if name == "verb_veridicality" and pair.label == "supports" and _SAYING.search(pair.evidence):
                continue
            seen.add(key)
            kept.append(pair)
        if plan.cap and len(kept) > plan.cap:
            kept = random.Random(f"{seed}:{name}").sample(kept, plan.cap)  # noqa: S311 - reproducible sampling, not secrecy
        sets[name] = kept
    return sets


class Shuffled:
    """An endless queue of pairs, shuffled anew when it runs out, so that none is repeated before all were seen."""

    def __init__(self, pairs: Sequence[Pair], chance: random.Random) -> None:
        """Prepare the queue; ``chance`` decides its order."""
        self._pairs, self._chance = list(pairs), chance
        self._queue: list[Pair] = []

    def __len__(self) -> int:
        """Return how many different pairs there are."""
        return len(self._pairs)

    def take(self) -> Pair:
        """Return the next pair."""
        if not self._queue:
            self._queue = self._chance.sample(self._pairs, len(self._pairs))
        return self._queue.pop()


class Stream:
    """An endless stream of pairs whose mixture depends on the progress of the run. Each set is a ``Shuffled`` queue."""

    def __init__(self, sets: dict[str, list[Pair]], *, seed: int, weights: Mapping[str, float] | None = None) -> None:
        """Prepare the queues.

        Args:
            sets: Pairs by name of `PLAN`; empty sets are left out.
            seed: Decides the order.
            weights: Weights that this run has instead of those of `PLAN`.

        Raises:
            ValueError: a weight is for a set that is not in `PLAN`.
        """
        self._weights = dict(weights or {})
        if strange := sorted(self._weights.keys() - PLAN.keys()):
            msg = f"weights for {', '.join(strange)}; accepted are the names of PLAN: {', '.join(PLAN)}"
            raise ValueError(msg)
        self._random = random.Random(seed)  # noqa: S311 - reproducible order, not secrecy
        self._sets = {name: Shuffled(pairs, self._random) for name, pairs in sets.items() if pairs}
        self.drawn: dict[str, int] = dict.fromkeys(self._sets, 0)

    def shares(self, progress: float) -> dict[str, float]:
        """Return the probability of each set at a progress in [0, 1]."""
        weights = {}
        for name in self._sets:
            plan = PLAN[name]
            start, end = STAGE_DENSITY[plan.stage]
            weights[name] = self._weights.get(name, plan.weight) * (start + (end - start) * progress)
        total = sum(weights.values())
        return {name: weight / total for name, weight in weights.items()}

    def draw(self, n: int, progress: float) -> Sequence[Pair]:
        """Draw ``n`` pairs for the given progress in [0, 1]."""
        shares = self.shares(progress)
        pairs = []
        for name in self._random.choices(list(shares), weights=list(shares.values()), k=n):
            pairs.append(self._sets[name].take())
            self.drawn[name] += 1
        return pairs
