"""What decides a verdict in this process → plain data for the Methodology page; see ``present``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from onrecord.report import count
from onrecord.ui.service import Configuration

Json = dict[str, Any]


_STEPS = """\
The article is cut into sentences, each with its place in the text. Questions, opinions, predictions and headings are
left out with their reason. Of the others, those are taken that are worth a check with a probability of
{worthiness} or more, and all that somebody is reported to have said.

Pronouns, names and relative dates are resolved from the article itself, so that each claim can be read alone. What
cannot be resolved is marked, never guessed.

Reported speech is taken apart: who says it, and what. It is asked twice: was it said, and is it so?

The record ({sources}, in {passages} of a few sentences) is searched by meaning and by words, {candidates} passages each;
the two scores are added (that of meaning counts {dense_weight}, the other the rest), a passage has a share of the score of its
source’s best, and the first {top_k} passages are judged. Each claim is searched with the article’s title too, which
counts as much. Copies of one story are found once.

A neural network, trained to compare two texts, reads each passage against the claim and says how probable it is that it
supports the claim, contradicts it, or neither. The probabilities are calibrated: of a hundred passages that it calls 80 %
sure, about 80 should be right; how far that is off stands below. A passage counts only from the thresholds below. Being
similar is never support. {networks}

Rules compare figures, dates, names and quotations beside the network. A difference can turn a supposed support into a
conflict or into nothing, never the other way round; only the days between two dates are counted for a network that cannot.

Then all passages of a claim are looked at together: the same words in another person’s mouth on that day are misattributed,
and a figure that another source names as an earlier or disputed one, or gives otherwise in the same words, makes the
sources conflict.

Quotations are looked for in the whole record, word by word, whoever is said to have spoken them.

The table below makes the verdict; evidence farther from the claim counts for less in it. Whatever fails gives “not
checked” with the reason, never a verdict.

A person decides. The decision stands beside the software’s verdict and overwrites nothing."""


def steps(running: Configuration) -> Json:
    """Return the way from an article to a verdict, with the numbers in force."""
    cascade = running.settings["stance_model"] == "cascade"
    told = _STEPS.format(
        networks=(
            f"Two networks share the work: a fast one reads all, and picks {running.settings['stance_passages']} for an "
            "accurate one, which alone decides."
            if cascade
            else ""
        ),
        worthiness=f"{100 * running.worthiness:.0f} %",
        sources=count(running.corpus.sources, "source"),
        passages=count(running.corpus.passages, "passage"),
        **{name: running.settings[name] for name in ("candidates", "dense_weight", "top_k")},
    )
    return {
        "title": "From article to verdict",
        "numbered": True,
        "lines": [" ".join(paragraph.split()) for paragraph in told.split("\n\n")],
    }


def rules(running: Configuration) -> Json:
    """Return the table of verdicts with the margin in force."""
    margin, least = running.settings["decision_margin"], running.settings["conflicting_least"]
    return {
        "caption": "The table of verdicts",
        "columns": ["Support found", "Conflict found", "And", "Verdict"],
        "rows": [
            ["no", "no", "", "Not enough evidence"],
            ["yes", "no", "", "Supported"],
            ["no", "yes", "", "Contradicted"],
            [
                "yes",
                "yes",
                f"from independent sources, each at least {least}, less than {margin} apart",
                "Conflicting sources",
            ],
            [
                "yes",
                "yes",
                "from independent sources, and the one that contradicts names the claim’s figure beside its own",
                "Conflicting sources",
            ],
            ["yes", "yes", "otherwise, support is the stronger", "Supported; the conflict is named"],
            ["yes", "yes", "otherwise, conflict is at least as strong", "Contradicted; the support is named"],
            ["any", "any", "the check failed", "Not checked"],
        ],
    }


def models(running: Configuration) -> Json:
    """Return the models in force with the hashes of their weights."""
    return {
        "caption": "Models",
        "columns": ["What for", "Name", "sha256 of the weights"],
        "rows": [[model.role, model.name, model.sha256 or "not at hand"] for model in running.models],
    }


def thresholds(running: Configuration) -> Json:
    """Return the calibration of each stance network."""
    return {
        "caption": "Thresholds of the stance networks",
        "columns": ["Network", "Supports from", "Conflicts from", "Temperature", "Calibrated on", "Calibration error"],
        "rows": [
            [
                name,
                {"text": f"{one.support_threshold:.3f}"},
                {"text": f"{one.refute_threshold:.3f}"},
                {"text": f"{one.temperature:.3f}"},
                f"{one.pairs:,} pairs, {one.date}" if one.pairs else "not calibrated",
                f"{one.ece_before:.3f}, after it {one.ece_after:.3f}"
                if one.ece_before is not None and one.ece_after is not None
                else "not measured",
            ]
            for name, one in running.thresholds
        ],
    }


def limits(document: Path) -> Json:
    """Return the known limits as ``docs/methodology.md`` names them."""
    text = document.read_text(encoding="utf-8") if document.is_file() else ""
    part = text.partition("## Known limits")[2].partition("\n## ")[0]
    found = [" ".join(line.split()) for line in re.split(r"^- ", part, flags=re.MULTILINE)[1:]]
    return {
        "title": "Known limits",
        "numbered": False,
        "lines": [re.sub(r"[*`]", "", re.sub(r"\*([^*]+)\*", r"“\1”", line)) for line in found]
        or ["The verdict is about the record: what is not in it is “not enough evidence”, however well known."],
    }


def settings(running: Configuration) -> Json:
    """Return every setting that bears on a verdict."""
    return {
        "label": "Every setting that bears on a verdict",
        "open": False,
        "rows": [[name.replace("_", " "), value or "none"] for name, value in sorted(running.settings.items())],
    }
