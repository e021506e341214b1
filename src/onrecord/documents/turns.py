"""Tells a plain transcript by its lines: "MR. SMITH: …", "Vladimir Putin: …", "Q. …" at the head of paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from onrecord.records import Document, SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUESTION = r"(?:Q|A|Question|Answer|QUESTION|ANSWER)"
_CAPITALS = r"[A-Z][A-Z.’'-]*(?:[ ][A-Z][A-Z.’'-]*){0,4}"
_PARTICLE = r"(?:al|bin|da|de|del|della|den|der|di|du|el|la|le|ter|van|von)"
_NAME = rf"[^\W\d_a-z][\w.’'-]*(?:[ ](?:{_PARTICLE}[ ])?[^\W\d_a-z][\w.’'-]*){{1,4}}"
_LINE = re.compile(
    rf"^[ \t>]*(?:(?P<asked>{_QUESTION})[.:]|(?P<label>{_CAPITALS}|{_NAME})[ ]?(?:\([^()\n]{{1,60}}\))?:)[ \t]+(?=\S)",
    re.MULTILINE,
)
_LEAST_TURNS = 5
_LEAST_SHARE = 0.1  # of the lines that are not empty


def as_transcript(document: Document) -> Document:
    r"""Return ``document``, as a transcript if its lines say who speaks and it does not say itself what it is.

    Two different labels must each come back, which those of a form or a list of contacts do not. The names are declared as
    speakers when there are several; that of one alone would be taken for the speaker of every line without a label.

    >>> text = "Q. Why?\nMR. SMITH: It rained.\nQ. And now?\nMR. SMITH: It is dry.\nQ. Thanks."
    >>> as_transcript(Document(text=text, media_type="text/plain", content_sha256="")).metadata["kind"]
    'transcript'
    """
    if "kind" in document.metadata:
        return document
    turns = Counter(found["label"] or found["asked"][0] for found in _LINE.finditer(document.text))
    back = {label: count for label, count in turns.items() if count > 1}
    lines = sum(1 for line in document.text.splitlines() if line.strip())
    if len(back) < 2 or sum(back.values()) < max(_LEAST_TURNS, _LEAST_SHARE * lines):  # noqa: PLR2004
        return document
    names = tuple(label for label in back if len(label) > 1)  # not Q and A
    metadata: Mapping[str, str] = {**document.metadata, "kind": SourceKind.TRANSCRIPT.value}
    warnings = (*document.warnings, "taken for a transcript: its lines say who speaks")
    speakers = document.speakers or (names if len(names) > 1 else ())
    return document.model_copy(update={"metadata": metadata, "warnings": warnings, "speakers": speakers})
