# Targets: run reproduce bench report test check slow format help. Everything works on a fresh machine with Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help run reproduce bench report test slow lint types check format clean

help:  ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

run: $(READY)  ## the paper's grid on embedded digits, no data needed, then the report
	$(BIN)/python -m icv_lightning.run -m experiment=smoke_grid $$($(BIN)/python -m icv_lightning.hardware)
	$(BIN)/python -m icv_lightning.report outputs/smoke_grid

reproduce: $(READY)  ## the paper's grid on MNIST and Fashion-MNIST, on all of this machine, then the report: hours without a GPU
	$(BIN)/python -m icv_lightning.run -m experiment=paper_grid $$($(BIN)/python -m icv_lightning.hardware)
	$(BIN)/python -m icv_lightning.report outputs/paper_grid

bench: $(READY)  ## all timings that this machine can measure
	$(BIN)/python -m benchmarks

report: $(READY)  ## tables, figures and page of a grid: make report NAME=smoke_grid
	$(BIN)/python -m icv_lightning.report outputs/$(NAME)

test: $(READY)  ## the quick tests
	$(BIN)/python -m pytest -m 'not slow'

slow: $(READY)  ## the tests that train on real data or for many epochs
	$(BIN)/python -m pytest -m slow

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
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache dist build
