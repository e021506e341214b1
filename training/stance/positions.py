"""Pairs about positions: who is for or against what, what is still valid or no longer, in the many words of news.

What the first run lacked most: the same position in other words ("has not closed the door to", "is open to"), and its opposite
without a negation ("reality has changed since", "is off the table"). Each family holds wordings of a position and of its
opposite. Same position → supports; opposite → refutes; another matter or another actor → neutral.

Command (seconds)::

    python -m training.stance.positions --output ../run/stance-fast/positions.jsonl
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

from training.stance.mixture import Label, Pair, write_pairs

ACTORS = (
    ("Russia", "Moscow", "the Kremlin"),
    ("Ukraine", "Kyiv", "Kiev"),
    ("the United States", "Washington", "the White House"),
    ("China", "Beijing"),
    ("Türkiye", "Ankara", "Turkey"),
    ("France", "Paris"),
    ("Germany", "Berlin"),
    ("Britain", "London"),
    ("Iran", "Tehran"),
    ("Israel",),
    ("Poland", "Warsaw"),
    ("India", "New Delhi"),
    ("the European Union", "Brussels", "the EU"),
    ("the company",),
    ("the union",),
    ("the ministry",),
    ("the city council",),
    ("the central bank",),
    ("the opposition",),
    ("the government", "the cabinet"),
    ("the court",),
    ("the club",),
    ("the university",),
    ("the board",),
    ("the regulator",),
)
SPEAKERS = (
    "Lavrov",
    "Peskov",
    "Putin",
    "Zelensky",
    "Macron",
    "Scholz",
    "Erdogan",
    "Trump",
    "Rubio",
    "Starmer",
    "Orban",
    "the minister",
    "the spokeswoman",
    "a senior diplomat",
    "an official",
    "the chairman",
    "the mayor",
    "Tusk",
    "Modi",
    "Guterres",
    "expert",
)
MATTERS = (
    ("talks", "negotiations", "dialogue", "peace talks", "serious negotiations", "a negotiated settlement"),
    ("a ceasefire", "a truce", "a halt to the fighting"),
    ("a summit", "a meeting of the leaders", "a top-level meeting"),
    ("a compromise", "concessions"),
    ("sanctions", "economic penalties"),
    ("the exchange of prisoners", "a prisoner swap"),
    ("a pay rise", "higher wages"),
    ("the merger", "the takeover"),
    ("a referendum", "a popular vote"),
    ("new elections", "a snap vote"),
    ("mediation", "the help of a mediator"),
    ("the inspection", "a visit by inspectors"),
    ("the reform", "the planned changes"),
    ("the construction of the dam", "building the dam"),
    ("nuclear tests", "the testing of nuclear weapons"),
)
DOCUMENTS = (
    (
        "the {place} agreements",
        "the agreements reached in {place}",
        "the {place} accords",
        "the understandings of {place}",
    ),
    ("the drafts of {year}", "the {year} drafts", "the draft texts of {year}"),
    ("the treaties of {year}", "the {year} treaties"),
    ("the terms agreed in {place}", "the {place} terms"),
    ("the old rules", "the previous rules"),
    ("the guidelines of {year}", "the {year} guidelines"),
    ("the proposals made in {place}", "the {place} proposals"),
    ("the guarantees offered in {place}", "the {place} guarantees"),
    ("the figures of {year}", "the {year} figures"),
)
PLACES = (
    "Istanbul",
    "Minsk",
    "Geneva",
    "Oslo",
    "Doha",
    "Vienna",
    "Dayton",
    "Riyadh",
    "Jeddah",
    "Paris",
    "Astana",
    "Anchorage",
)


@dataclass(frozen=True)
class Family:
    """Wordings of one position and of its opposite; ``about`` names what fills ``{n}``."""

    about: str
    same: tuple[str, ...]
    opposite: tuple[str, ...]


FAMILIES = (
    Family(
        "matter",
        (
            "is open to {n}",
            "remains open to {n}",
            "is fully open to {n}",
            "is ready for {n}",
            "has not closed the door to {n}",
            "is prepared to consider {n}",
            "does not rule out {n}",
            "has never refused {n}",
            "is willing to agree to {n}",
            "keeps the door open for {n}",
            "wants {n}",
            "is not against {n}",
            "has signalled readiness for {n}",
        ),
        (
            "rules out {n}",
            "refuses {n}",
            "sees no point in {n}",
            "has closed the door to {n}",
            "is not ready for {n}",
            "does not want {n}",
            "will not agree to {n}",
            "has turned its back on {n}",
            "is unwilling to consider {n}",
            "says no to {n}",
            "is no longer interested in {n}",
        ),
    ),
    Family(
        "matter",
        (
            "has accepted {n}",
            "agreed to {n}",
            "has approved {n}",
            "said yes to {n}",
            "gave its consent to {n}",
            "endorsed {n}",
        ),
        (
            "has rejected {n}",
            "turned down {n}",
            "has refused {n}",
            "dismissed {n}",
            "declined {n}",
            "voted down {n}",
            "vetoed {n}",
        ),
    ),
    Family(
        "matter",
        (
            "supports {n}",
            "backs {n}",
            "is in favour of {n}",
            "advocates {n}",
            "is for {n}",
            "calls for {n}",
            "welcomes {n}",
        ),
        ("opposes {n}", "is against {n}", "objects to {n}", "speaks out against {n}", "condemns {n}", "criticises {n}"),
    ),
    Family(
        "matter",
        (
            "is going on with {n}",
            "continues with {n}",
            "has resumed {n}",
            "is pressing ahead with {n}",
            "has begun {n}",
        ),
        (
            "has suspended {n}",
            "has halted {n}",
            "has broken off {n}",
            "has abandoned {n}",
            "has called off {n}",
            "put an end to {n}",
        ),
    ),
    Family(
        "document",
        (
            "{n} can serve as a basis for a settlement",
            "{n} remain a suitable foundation",
            "{n} are still valid",
            "{n} remain relevant",
            "{n} could be a starting point",
            "{n} still apply",
            "{n} are a good basis",
            "{n} remain in force",
            "one could return to {n}",
            "any deal could be based on {n}",
        ),
        (
            "{n} no longer correspond to reality",
            "{n} have lost their relevance",
            "{n} are obsolete",
            "{n} are void",
            "{n} are no longer a basis for anything",
            "{n} have been overtaken by events",
            "{n} no longer reflect the situation",
            "{n} are off the table",
            "reality has changed since {n}",
            "the situation is different from that of {n}",
            "{n} are a thing of the past",
            "there can be no return to {n}",
            "much has changed since {n}",
        ),
    ),
)


def main() -> None:
    """Write the pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--n", type=int, default=14_000)
    parser.add_argument("--seed", type=int, default=23)
    options = parser.parse_args()
    pairs = make(options.n, seed=options.seed)
    write_pairs(pairs, options.output)
    print(f"{len(pairs)} pairs")


def make(n: int, *, seed: int) -> list[Pair]:
    """Return ``n`` pairs without repetition, a third of them of each label."""
    rng = random.Random(seed)  # noqa: S311  reproducible sampling
    found: dict[tuple[str, str], Label] = {}
    labels: tuple[Label, ...] = ("supports", "refutes", "neutral")
    while len(found) < n:
        label = labels[len(found) % 3]
        evidence, claim = _pair(rng, label)
        if evidence != claim:
            found.setdefault((evidence, claim), label)
    return [
        Pair(claim=claim, evidence=evidence, label=label, dataset="positions", pair_id=f"positions:{number}")
        for number, ((evidence, claim), label) in enumerate(found.items())
    ]


def _pair(rng: random.Random, label: Label) -> tuple[str, str]:
    family = rng.choice(FAMILIES)
    things = MATTERS if family.about == "matter" else DOCUMENTS
    actor, thing = rng.choice(ACTORS), rng.choice(things)
    other_actor, other_thing = actor, thing
    fill = {"place": rng.choice(PLACES), "year": str(rng.randint(1990, 2026))}
    other_fill = fill
    if label == "neutral":
        if rng.random() < 0.5 and family.about == "matter":  # noqa: PLR2004  half of each kind
            other_actor = rng.choice([a for a in ACTORS if a != actor])
        else:
            other_thing = rng.choice([t for t in things if t != thing])
            elsewhere = rng.choice([place for place in PLACES if place != fill["place"]])
            other_fill = {"place": elsewhere, "year": str(rng.randint(1960, 1989))}
    sides = [family.same, family.opposite]
    rng.shuffle(sides)
    first = rng.choice(sides[0])
    second = rng.choice(sides[0] if label == "supports" else sides[1] if label == "refutes" else rng.choice(sides))
    speaker = rng.choice(SPEAKERS)
    evidence = _sentence(rng, family, first, actor, thing, fill, speaker)
    told_by = rng.choice((speaker, ""))
    return evidence, _sentence(rng, family, second, other_actor, other_thing, other_fill, told_by)


def _sentence(  # noqa: PLR0913, PLR0917  what a sentence is made of
    rng: random.Random,
    family: Family,
    wording: str,
    actor: tuple[str, ...],
    thing: tuple[str, ...],
    fill: dict[str, str],
    speaker: str,
) -> str:
    words = wording.format(n=rng.choice(thing).format(**fill))
    if family.about == "matter":
        words = f"{rng.choice(actor)} {words}"
    elif rng.random() < 0.35:  # noqa: PLR2004  a third with whose view it is
        whose = rng.choice(("{actor} considers that {words}", "in the view of {actor}, {words}"))
        words = whose.format(actor=rng.choice(actor), words=words)
    start = words[0].upper() + words[1:]
    if not speaker:
        return start + "."
    named = speaker[0].upper() + speaker[1:]
    return rng.choice((f"{start} — {speaker}", f"{start}.", f"{named} said that {words}.", f"{named}: {words}"))


if __name__ == "__main__":
    main()
