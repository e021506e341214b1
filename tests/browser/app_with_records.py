"""The app over made records, for browser tests that are about the pages and not about the models."""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from onrecord.settings import load_settings  # noqa: E402
from onrecord.ui import frame, start  # noqa: E402
from tests.checked_article_factory import Shelf, ShelfService, checked_article, hostile_article, long_article  # noqa: E402

GOOD, HOSTILE, LONG = "a" * 32, "b" * 32, "c" * 32


@st.cache_resource(show_spinner=False)
def records() -> ShelfService:
    shelf = Shelf()
    made = [
        long_article(shelf, check_id=LONG),
        hostile_article(shelf, check_id=HOSTILE),
        checked_article(shelf, check_id=GOOD),
    ]
    return ShelfService(
        load_settings(), shelf=shelf, kept={checked.id: checked for checked in made}, pause=lambda: time.sleep(0.25)
    )


frame.library = records
start(ROOT)
