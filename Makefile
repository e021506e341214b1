# One command per intention, the same here and in CI.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UNUSED := aait|beautifulsoup4|CATEGORIT|chonkie|chonkie-core|colorlog|gguf|GPUtil|json_repair|Markdown|model2vec|optuna|pymupdf|pymupdf4llm|pymupdf_layout|python-docx|rank-bm25|sacremoses|sentencepiece|soupsieve|tabulate|thefuzz|tokie|tree-sitter|tree-sitter-language-pack|Unidecode
export ONRECORD_HOME ?= $(CURDIR)/.onrecord
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Nothing private leaves the machine: no model hub, no telemetry.
export HF_HUB_OFFLINE = 1
export ANONYMIZED_TELEMETRY = False

.PHONY: help run test lint fix eval bench lock docs clean
.DEFAULT_GOAL := help

help:
	@echo "make run    serve the app on http://127.0.0.1:8501"
	@echo "make test   lint, types, layer contracts and all tests, browser tests included"
	@echo "make lint | fix | eval | bench | docs | lock | clean"

# torch first and pinned: the lock file's other packages would otherwise pull another build of it. The lock is complete, so nothing
# else is resolved: what the packages that carry MPNet declare and nobody imports (UNUSED) stays out.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --no-deps --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

run: $(VENV)/.installed
	@$(BIN)/onrecord corpus add corpus/documents
	$(BIN)/streamlit run app.py

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The browser's tests in a process of their own: Playwright keeps an event loop running, in which others cannot start theirs.
test: lint
	@sh tests/browser/install.sh $(BIN)/python
	@sh tests/postgresql.sh
	$(BIN)/python -m pytest --doctest-modules src tests --ignore=tests/browser
	$(BIN)/python -m pytest tests/browser
	$(BIN)/python -m evals gate --run

eval: $(VENV)/.installed
	$(BIN)/python -m evals suite

bench: $(VENV)/.installed
	$(BIN)/python -m evals.bench

# The generated documents: command reference and JSON schema. A test fails when they are not current.
docs: $(VENV)/.installed
	$(BIN)/python docs/generate.py

# Exact versions of what is installed now; torch is left out because it is installed first, by the Makefile.
lock:
	$(BIN)/python -m pip install --quiet --upgrade --editable '.[dev]'
	$(BIN)/python -m pip freeze --exclude-editable --exclude torch --exclude pip | grep -v '^nvidia-\|^triton\|@ file' | grep -viE '^($(UNUSED))==' > requirements.lock

clean:
	rm -rf $(VENV) .onrecord build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
