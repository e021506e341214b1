"""The corpus' state and what was done to it → plain data for the page's components; see ``present``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from onrecord.records import Source, UpdateOutcome, UpdateReport, Verification
from onrecord.report import count, day, moment
from onrecord.ui.service import Holdings
from onrecord.ui.wording import PLURALS, TIERS

Json = dict[str, Any]

Updates = Sequence[tuple[dt.datetime, str, UpdateReport | None]]


def holdings(held: Holdings) -> Json:
    """Return the numbers of the corpus."""
    told = "All of it can be searched."
    if held.indexed != held.state.number:
        told = "What came last is not in the search yet; the next check or search takes it in first."
    return {
        "facts": [
            {"number": f"{held.state.sources:,}", "name": "sources"},
            {"number": f"{held.state.passages:,}", "name": "passages"},
            *({"number": f"{number:,}", "name": PLURALS[kind]} for kind, number in held.kinds.items()),
            {"number": f"{held.withdrawn:,}", "name": "withdrawn"},
        ],
        "lines": [
            f"A passage is a few sentences of a source, as much as is read at once. {told}",
            *([f"Being written by {held.writer}."] if held.writer else []),
            f"{count(held.judgements, 'reading')} of passages remembered, so that an edited article is soon checked again.",
        ],
    }


def updates(told: Updates) -> Json:
    """Return the last runs over the registry."""
    return {
        "caption": "Last times it was brought up to date",
        "nothing": (
            "It was never brought up to date from a list of sources. “Bring up to date” reads such a list, takes in what is "
            "new or changed, and withdraws what is gone."
        ),
        "columns": ["Began", "By", "What came of it"],
        "rows": [
            [moment(began), who or "not known", update_line(report) if report else "Interrupted; the next one goes on."]
            for began, who, report in told
        ],
    }


def failures(told: Updates) -> Json:
    """Return what the newest run could not read, with the reasons."""
    newest = next((report for _, _, report in told if report is not None), None)
    items = [item for item in newest.items if item.outcome is UpdateOutcome.FAILED] if newest else []
    return {
        "caption": "What failed the last time",
        "columns": ["What", "Why"],
        "rows": [[item.name, item.reason] for item in items],
    }


def update_line(report: UpdateReport) -> str:
    """Return the counts of an update in a sentence."""
    told = [
        f"{number:,} {words}"
        for number, words in (
            (report.added, "added"),
            (report.changed, "changed"),
            (report.unchanged, "unchanged"),
            (report.withdrawn, "withdrawn"),
            (report.restored, "restored"),
            (report.near_duplicates, "copies of other sources"),
            (report.failed, "failed"),
        )
        if number
    ]
    return f"{', '.join(told) or 'nothing to do'} ({report.seconds:,.1f} s)."


def update_items(report: UpdateReport) -> Json:
    """Return what happened to single documents."""
    return {
        "caption": "In detail",
        "columns": ["What", "Became", "Why"],
        "rows": [[item.name, item.outcome.value, item.reason] for item in report.items[:200]],
    }


def verification_line(found: Verification) -> str:
    """Return what a verification found, in sentences."""
    lines = [f"Finished first: {line}." for line in found.finished]
    compared = (
        f"{count(found.state.sources, 'source')}, {count(found.state.passages, 'passage')} and "
        f"{count(found.snapshots, 'kept file')} were compared in {found.seconds:,.1f} s"
    )
    if found.differences:
        lines.append(f"{compared}: {count(len(found.differences), 'difference')}.")
    else:
        lines.append(
            f"{compared}: all of it agrees" + (f", after {len(found.mended)} were mended." if found.mended else ".")
        )
    return "\n".join(lines)


def differences(found: Verification) -> Json:
    """Return every difference, those that were mended too."""
    return {
        "caption": "Differences",
        "columns": ["Part", "What it is about", "What is wrong", ""],
        "rows": [
            [one.part, one.subject, one.what, words]
            for words, some in (("mended", found.mended), ("", found.differences))
            for one in some
        ][:500],
    }


def stories(groups: Mapping[str, Sequence[Source]]) -> Json:
    """Return the groups of copies."""
    return {
        "caption": f"{count(len(groups), 'story', 'stories')} in more than one source",
        "nothing": "No two sources carry the same story.",
        "columns": ["Stands for all", "Copies", "Publishers", "Published"],
        "rows": [
            [
                {"text": _title(name, group), "href": "record?" + urlencode({"source": name}), "key": name},
                count(len(group), "source"),
                ", ".join(dict.fromkeys(source.publisher for source in group)),
                ", ".join(dict.fromkeys(day(source.published) for source in group)),
            ]
            for name, group in groups.items()
        ],
    }


def _title(name: str, group: Sequence[Source]) -> str:
    return next((source.title for source in group if source.id == name), name)


def entries(registry: Path) -> Json:
    """Return what the registry keeps current.

    Raises:
        CorpusError: it cannot be used.
    """
    from onrecord import corpus  # noqa: PLC0415  heavy

    known = corpus.load_registry(registry).entries if registry.is_file() else ()
    return {
        "caption": "The registry",
        "nothing": f"There is no registry at {registry}; docs/corpus.md says what belongs in it.",
        "columns": ["Entry", "Read from", "How it comes to us"],
        "rows": [
            [
                entry.name,
                entry.path or entry.feed or entry.sitemap or entry.list or ", ".join(entry.addresses or ()),
                TIERS[entry.trust_tier] or "not said",
            ]
            for entry in known
        ],
    }
