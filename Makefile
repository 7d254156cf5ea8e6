# Needs Python 3.11 or later and make; on Python before 3.13 also a C compiler,
# since durable-rules comes as source. Everything is put into .venv, nothing else
# is touched. `make help` lists what there is.

VENV     ?= .venv
BIN      := $(VENV)/bin
PY       := $(BIN)/python
PIP      := $(PY) -m pip --disable-pip-version-check
VERSIONS := 3.11 3.12 3.13 3.14

# Looked for only where it is needed; `make PYTHON=python3.13` overrides it.
find_python = $(or $(PYTHON),$$(tools/find-python))

.DEFAULT_GOAL := help
.PHONY: help demo test lint types suite coverage test-all test-oldest test-no-compiler \
        deep million docs bench dist-check fix clean mutate-rules mutate-code fuzz

help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand -t 20

# --- The environments --------------------------------------------------------
# A stamp stands for "installed since pyproject.toml last changed".

$(VENV)/.made:
	@python=$(find_python) && [ -n "$$python" ] && "$$python" -m venv $(VENV)
	@$(PIP) install --quiet --upgrade 'pip>=25.1'  # the first with --group
	@touch $@

$(VENV)/.demo: pyproject.toml | $(VENV)/.made
	@echo "Installing into $(VENV)"
	@$(PIP) install --quiet --editable '.[cli]' || { $(no_compiler_hint); exit 1; }
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.made
	@echo "Installing into $(VENV), with what the tests need"
	@$(PIP) install --quiet --editable '.[all]' --group dev || { $(no_compiler_hint); exit 1; }
	@touch $@ $(VENV)/.demo

no_compiler_hint = echo "If a compiler or Python.h was missed: Debian has them in gcc and python3-dev. \
	Python 3.13 and later need neither." >&2

# --- For everyone ------------------------------------------------------------

demo: $(VENV)/.demo  ## one patient from examples/, assessed and printed
	@$(BIN)/crampsrules assess examples/night_cramps.toml

# --- For those who change it -------------------------------------------------

test: lint types suite  ## what CI runs: ruff, mypy, and the tests

lint: $(VENV)/.dev  ## ruff, its checks and its formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev  ## mypy, strict
	$(BIN)/mypy --num-workers auto

# On all processors, a file of tests at a time: what a file prepares is prepared once. In the order
# of their names: the few tests of Spark take longest, and would begin when most others are done.
SHARED_OUT := -n auto --dist loadfile --no-loadscope-reorder

suite: $(VENV)/.dev  ## the tests alone
	$(BIN)/pytest $(SHARED_OUT)

# `coverage run` rather than a pytest plugin: our Hypothesis entry point is loaded
# before such a plugin starts to look.
coverage: $(VENV)/.dev  ## the tests, measured; fails below 95% of lines and branches
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(SHARED_OUT)
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95

fix: $(VENV)/.dev  ## ruff, mending what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

deep: $(VENV)/.dev  ## the large runs: 20,000 patients, 2,000 rule bases, 100,000 assessments
	$(BIN)/pytest -m deep -s tests/deep

PATIENTS ?= 1000000

million: $(VENV)/.dev  ## a million generated patients on both engines, held to every law
	$(PY) tools/million.py --patients $(PATIENTS)

fuzz: $(VENV)/.dev  ## ten minutes of coverage-guided fuzzing of all that reads
	@$(PIP) install --quiet --group fuzz
	$(PY) tools/fuzz.py

mutate-rules: $(VENV)/.dev  ## is every slip in the rules caught? Half an hour on two cores
	$(PY) tools/mutate_rules.py

MUTANTS ?= 1

mutate-code: $(VENV)/.dev  ## is every slip in the code caught? MUTANTS=0.1 tries a tenth of them
	$(PY) tools/mutate_code.py --sample $(MUTANTS)

test-all:  ## the tests on every Python found, each in a .venv of its own
	@failed=; \
	for version in $(VERSIONS); do \
	    if python=$$(tools/find-python $$version); then \
	        echo "== Python $$version: $$python"; \
	        $(MAKE) --no-print-directory suite VENV=.venv-$$version PYTHON="$$python" \
	            || failed="$$failed $$version"; \
	    else \
	        echo "== Python $$version: not on this machine, left out"; \
	    fi; \
	done; \
	[ -z "$$failed" ] || { echo "Failed on:$$failed" >&2; exit 1; }

# Of pandas, DuckDB, Dask and Spark, which users bring themselves, the newest. mutmut, which one file of
# tests needs, asks for newer versions than these.
test-oldest:  ## the tests on the oldest of each library that is asked for
	@$(MAKE) --no-print-directory .venv-oldest/.made VENV=.venv-oldest
	@.venv-oldest/bin/python tools/oldest.py > .venv-oldest/oldest.txt
	@.venv-oldest/bin/python -m pip --disable-pip-version-check install --quiet \
	    --constraint .venv-oldest/oldest.txt --editable '.[all]' --group test
	.venv-oldest/bin/pytest $(SHARED_OUT) --ignore tests/test_mutate_code.py

test-no-compiler:  ## installs and runs with no C compiler in reach (Python 3.13 or later)
	tools/no-compiler .venv-no-compiler

docs: $(VENV)/.dev  ## the site, into docs/_build; warnings are errors
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build
	@echo "docs/_build/index.html"

bench: $(VENV)/.dev  ## speed beside other rule engines, in one run; writes docs/performance.md
	@$(PIP) install --quiet --group bench
	$(PY) -m benchmarks.run

dist-check: $(VENV)/.dev  ## installs it every way there is and assesses a patient with each
	$(PY) tools/dist_check.py

clean:  ## removes everything that make made
	rm -rf .venv .venv-* build dist docs/_build htmlcov .coverage .coverage.* \
	    .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
