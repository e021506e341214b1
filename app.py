"""Start of the Streamlit app: ``streamlit run app.py``. Navigation and nothing else."""

from pathlib import Path

from onrecord.ui import start

start(Path(__file__).parent)
