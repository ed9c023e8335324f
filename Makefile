# Everything a person needs: `make demo`, `make test`, `make dev`. The environment is .venv, made on first use.

PYTHON ?= python3
BIN := .venv/bin
export DAGSTER_HOME ?= $(CURDIR)/.dagster
# Our processes are many, and start sooner with compiled modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test check wheel dev screenshots docs faults fuzz soak sequences lives history marts lake bench clean

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/ready ## make the environment and the file .env, which the other targets do by themselves

demo: .venv/ready ## run the main job end to end on an emulated merchant
	$(BIN)/og demo

# The files of tests lie in memory where there is room: SQLite and DuckDB wait for a disk at each commit. Those of
# failed tests stay in /dev/shm/pytest-of-* for a look.
test lake: MEMORY := $(shell awk '/^MemAvailable/ {exit $$2 < 8e6}' /proc/meminfo 2>/dev/null && test "$$(df -Pm /dev/shm | awk 'END {print $$4}')" -ge 4000 && echo /dev/shm)
test: .venv/ready ## run the tests; ARGS="-k name" for some. Many wait for processes, hence more workers than cores
	$(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -q --durations=25 $(ARGS)

check: .venv/ready ## types and lint
	$(BIN)/mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

wheel: .venv/ready ## build the wheel, and sync two emulated merchants with it in an environment outside this folder
	.ci/wheel

dev: .venv/ready ## open the Dagster UI; on an emulated merchant when no API key is set
	$(BIN)/og dev

docs: .venv/ready ## write docs/data.md, docs/commands.md and the end of docs/metrics.md from the code
	$(BIN)/python -m tools.data_dictionary
	$(BIN)/python -m tools.command_reference
	$(BIN)/python -m tools.metrics

faults: .venv/ready ## play every fault many times and count what is lost; ARGS="name" for some, OG_SEED for the same again
	$(BIN)/python -m og_assets_tests.faults $(ARGS)

fuzz: .venv/ready ## send odd records and events on every way and count what is lost, silent or leaked; BODIES=, EVENTS=
	$(BIN)/python -m og_assets_tests.fuzz --bodies $(or $(BODIES),200000) --events $(or $(EVENTS),50000) $(ARGS)

soak: .venv/ready ## the tests that take long in full: 20,000 events, twenty runs of six assets, 5,000 customers in pages of ten
	OG_TEST_LOAD=full $(BIN)/python -m pytest -q -m soak

sequences: .venv/ready ## the long form of the property test of the syncs; SEQUENCES=5000 of them
	OG_SEQUENCES=$(or $(SEQUENCES),5000) $(BIN)/python -m pytest -q og_assets_tests/sync/test_sync_sequences.py -s

lives: .venv/ready ## random lives of a shop held against a model of its own; LIVES=1000 of them, OG_SEED for the same again
	LIVES=$(or $(LIVES),1000) $(BIN)/python -m og_assets_tests.lives

history: .venv/ready ## the long form of the property test of history; LIVES=200 of them, OG_SEED for the first
	OG_LIVES=$(or $(LIVES),200) $(BIN)/python -m pytest -q -n 2 og_assets_tests/history/test_history_of_lives.py

marts: .venv/ready ## the long form of the tests of the marts beside the world: ninety days lived, WAREHOUSES=100 at random
	OG_MARTS_LIVES=1 OG_MARTS_WAREHOUSES=$(or $(WAREHOUSES),100) $(BIN)/python -m pytest -q -n 2 --dist loadfile og_assets_tests/marts

# Besides their own those that run on either place: here on the lake's, in `make test` on the file's. LAKE=full adds the
# others that do, which takes many times as long.
EITHER := $(addprefix og_assets_tests/, test_end_to_end.py deletions derived history warehouse/test_history.py)
LAKE_TESTS := og_assets_tests/lake og_assets_tests/deletions/test_events.py $(addprefix og_assets_tests/webhooks/test_, inbox.py receiver_failures.py receiver_processes.py)
# Two workers, each with servers of its own. What cannot be had is skipped, and the reason stands at the end.
lake: .venv-lake/ready .lake/ready ## the tests of the lake, on PostgreSQL and an S3 server that are started for them; LAKE=full for all that run on either place
	$(if $(MEMORY),TMPDIR=$(MEMORY)) .venv-lake/bin/python -m pytest -n 2 --dist loadfile -q -rs $(or $(ARGS),$(LAKE_TESTS) $(if $(filter full,$(LAKE)),$(EITHER)))

bench: .venv/ready .bench/dlt/ready .bench/og/ready .bench/lake/ready .lake/ready ## measure beside the floor and beside dlt; ARGS="latency20 --rounds 5" for one
	$(BIN)/python -m bench $(ARGS)

screenshots: .venv/ready ## take the pictures of the README anew, with a headless Chromium
	OG_SCREENSHOTS=docs/images $(BIN)/python -m pytest -q og_assets_tests/browser

clean: ## remove environment, Dagster's state and the emulator's data; a warehouse of yours stays
	rm -rf .venv .venv-lake .lake .bench .dagster build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis data/emulator.*

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "og_assets needs Python 3.11 or later; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	mkdir -p .dagster
	ln -sfn ../dagster.yaml .dagster/dagster.yaml
	test -e .env || (umask 077 && sed 's|@HERE@|$(CURDIR)|' .env.example > .env)
	touch .venv/ready

# An environment of its own: extensions of DuckDB fit one release of it, which is not the one of constraints.txt. It lies
# upon .venv, so that only what differs is installed.
.venv-lake/ready: .venv/ready constraints-lake.txt
	$(PYTHON) -m venv --clear --without-pip .venv-lake
	echo "import site; site.addsitedir('$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')')" \
		> "$$(.venv-lake/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/venv.pth"
	(grep -v '^duckdb==' constraints.txt; cat constraints-lake.txt) > .venv-lake/constraints.txt
	PIP_CONSTRAINT=.venv-lake/constraints.txt .venv-lake/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[lake]'
	touch .venv-lake/ready

.lake/ready:
	mkdir -p .lake
	npm install --prefix .lake --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
		--fetch-retries=1 s3rver@3.7.1 \
		&& touch .lake/ready || echo "s3rver could not be installed with npm: what needs an S3 server will be skipped." >&2

.bench/og/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .bench/og
	PIP_CONSTRAINT=constraints.txt .bench/og/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	touch .bench/og/ready

.bench/lake/ready: pyproject.toml constraints.txt constraints-lake.txt
	$(PYTHON) -m venv .bench/lake
	(grep -v '^duckdb==' constraints.txt; cat constraints-lake.txt) > .bench/lake/constraints.txt
	PIP_CONSTRAINT=.bench/lake/constraints.txt .bench/lake/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[lake]'
	touch .bench/lake/ready

.bench/dlt/ready: bench/constraints-dlt.txt
	$(PYTHON) -m venv .bench/dlt
	PIP_CONSTRAINT=bench/constraints-dlt.txt .bench/dlt/bin/python -m pip install --quiet --disable-pip-version-check 'dlt[duckdb]' pyarrow
	touch .bench/dlt/ready
