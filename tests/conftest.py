"""Fixtures shared by several rooms' tests: a small real corpus, built once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Nothing may be fetched from a model hub during a test, and the tests share the machine's cores.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

RECORDS = {
    "smallpox.md": """---
id: test-smallpox
title: Smallpox declared eradicated
kind: summary
publisher: World Health Organization
origin: summary written for this project
primary: false
published: 1980-05-08
address: https://example.org/smallpox
language: en
licence: Apache-2.0
---

The Thirty-third World Health Assembly declared on 8 May 1980 that smallpox had been eradicated.

The last known natural case of smallpox occurred in Somalia in October 1977.
""",
    "rates.md": """---
id: test-rates
title: Federal Reserve raises its target range in July 2023
kind: document
publisher: Federal Reserve
primary: true
published: 2023-07-26
address: https://example.org/rates
language: en
---

On 26 July 2023 the Federal Reserve raised the target range for the federal funds rate to 5.25 to 5.50 per cent.

The decision of the committee was unanimous.
""",
    "speech.md": """---
id: test-speech
title: Address on the harvest
kind: transcript
publisher: Office of the Minister
primary: true
published: 2024-09-02
address: https://example.org/speech
speakers: [Jane Roe]
language: en
---

We will not raise the tax on bread. Our harvest was the largest in ten years.
""",
}


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return (home, folder): a home whose corpus holds ``RECORDS``, and the folder they were read from."""
    from onrecord.settings import Settings
    from onrecord.workflow import update_corpus

    folder = tmp_path_factory.mktemp("records")
    for name, text in RECORDS.items():
        (folder / name).write_text(text, encoding="utf-8")
    home = tmp_path_factory.mktemp("home")
    report = update_corpus([folder], settings=Settings(home=home))
    assert (report.added, report.failed) == (len(RECORDS), 0)
    return home, folder
