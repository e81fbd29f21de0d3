# Two commands do all set-up: `make run` opens the page, `make test` runs every test.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: run test lint format bench clean

run: $(VENV)/.installed
	$(BIN)/rapporteur serve

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Speeches and questions to compare on; FIGURES=folder also draws the plots.
SPEECHES ?= tests/elsewhere
QUESTIONS ?= tests/elsewhere/questions.jsonl

bench: $(VENV)/.installed-dev
	$(BIN)/python tests/benchmark.py
	$(BIN)/python tests/peers/compare.py $(SPEECHES) $(QUESTIONS) $(if $(FIGURES),--figures $(FIGURES))

clean:
	rm -rf $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (a few minutes, once) …"
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(INSTALL) --editable ".[dev]"
	touch $@
