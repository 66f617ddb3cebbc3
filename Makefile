# Targets: run reproduce bench report docs dist test check slow coverage oldest newest format help. Everything works on a fresh machine with Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := -m pytest -n logical --maxprocesses 8 --dist worksteal

.PHONY: help run reproduce bench report docs dist test slow coverage oldest newest lint types check format clean

help:  ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

run: $(READY)  ## what the variance term does, on embedded digits, no data needed, then the report
	$(BIN)/python -m icv_lightning.run -m experiment=smoke_grid $$($(BIN)/python -m icv_lightning.hardware)
	$(BIN)/python -m icv_lightning.report outputs/smoke_grid

reproduce: $(READY)  ## the paper's grid on MNIST and Fashion-MNIST, on all of this machine, then the report: hours without a GPU
	$(BIN)/python -m icv_lightning.run -m experiment=paper_grid $$($(BIN)/python -m icv_lightning.hardware)
	$(BIN)/python -m icv_lightning.report outputs/paper_grid

bench: $(READY)  ## all timings that this machine can measure
	$(BIN)/python -m benchmarks

report: $(READY)  ## tables, figures and page of a grid: make report NAME=smoke_grid
	$(BIN)/python -m icv_lightning.report outputs/$(NAME)

docs: $(READY)  ## the site of the documentation, into site/: every link is checked, every tutorial is run
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	PATH="$(CURDIR)/$(BIN):$$PATH" NO_MKDOCS_2_WARNING=1 mkdocs build --strict

dist: $(READY)  ## wheel and source archive, into dist/
	$(BIN)/python -m hatchling build

test: $(READY)  ## the quick tests
	$(BIN)/python $(PYTEST) -m 'not slow'

slow: $(READY)  ## the tests that train on real data or for many epochs
	$(BIN)/python $(PYTEST) -m slow

coverage: $(READY)  ## the share of lines that the quick tests run, at least 95 %
	$(BIN)/python $(PYTEST) -m 'not slow' --cov --cov-report=term

oldest:  ## the quick tests with the lowest versions that pyproject.toml allows, in an environment of its own
	$(PYTHON) -m venv .venv-oldest
	$(PYTHON) tests/versions.py > .venv-oldest/lowest.txt
	.venv-oldest/bin/python -m pip install --quiet --constraint .venv-oldest/lowest.txt --editable '.[dev]'
	.venv-oldest/bin/python $(PYTEST) -m 'not slow'

newest:  ## the same with the newest versions that there are
	$(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python -m pip install --quiet --upgrade --editable '.[dev]'
	.venv-newest/bin/python $(PYTEST) -m 'not slow'

lint: $(READY)  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy
	$(BIN)/mypy

check: lint types test slow  ## all that CI runs

format: $(READY)  ## format and fix what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove the environment and what tools left
	rm -rf $(VENV) .venv-oldest .venv-newest .pytest_cache .mypy_cache .ruff_cache dist build site
