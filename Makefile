# Everything a person needs: `make demo`, `make test`, `make dev`. The environment is .venv, made on first use.

PYTHON ?= python3
export DAGSTER_HOME := $(CURDIR)/.dagster
BIN := .venv/bin

.PHONY: demo test check dev clean help

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/ready ## run the main job end to end on the embedded emulator
	$(BIN)/og demo

test: .venv/ready ## run the tests
	$(BIN)/pytest -n 2 --dist worksteal -q $(ARGS)

check: .venv/ready ## types and lint
	$(BIN)/mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

dev: .venv/ready ## open the Dagster UI; on the emulator when no API key is set
	$(BIN)/og dev

clean: ## remove the environment, Dagster's state and the warehouse of this folder
	rm -rf .venv .dagster data build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "og_assets needs Python 3.11 or later: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch .venv/ready
