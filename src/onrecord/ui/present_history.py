"""Two checks of one article → plain data for the comparison; see ``present``."""

from __future__ import annotations

from typing import Any

from onrecord.records import CheckedArticle, CheckedClaim, ClaimChange, Comparison
from onrecord.report import count, moment
from onrecord.ui import present

Json = dict[str, Any]


def heading(before: CheckedArticle, after: CheckedArticle) -> Json:
    """Return what stands above a comparison."""
    return present.heading_of(
        after.article, [f"Checked {moment(before.created_at)}", f"and again {moment(after.created_at)}"]
    )


def comparison(made: Comparison) -> Json:
    """Return the claims of two checks side by side: first those whose verdict turned, then the others, each in order."""
    turned = [change for change in made.changes if change.turned]
    others = [change for change in made.changes if not change.turned and change.reasons]
    same = [change for change in made.changes if not change.turned and not change.reasons]
    return {
        "circumstances": list(made.circumstances) or ["Nothing was different about the two checks as a whole."],
        "groups": [
            {"title": title, "rows": [_row(change, made) for change in some], "open": title != _SAME}
            for title, some in (
                (f"{count(len(turned), 'verdict')} changed" if turned else "No verdict changed", turned),
                ("The same verdict, for other reasons", others),
                (_SAME, same),
            )
            if some or some is turned
        ],
    }


_SAME = "Unchanged"


def _row(change: ClaimChange, made: Comparison) -> Json:
    shown = change.after or change.before
    words = shown.claim.text if shown is not None else ""
    return {
        "text": words,
        "check": made.after if change.after else made.before,
        "claim": shown.claim.id if shown is not None else "",
        "before": _tags(change.before),
        "after": _tags(change.after),
        "reasons": list(change.reasons),
    }


def _tags(item: CheckedClaim | None) -> list[Json]:
    return present.tags(item) if item is not None else []
