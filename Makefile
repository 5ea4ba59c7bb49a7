# Two commands on a fresh machine: `make demo` restores a real picture, `make test` passes the tests.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
CONSTRAINTS := -c constraints.txt
TORCH_CPU := torch==2.13.0+cpu

.PHONY: demo test lint dev figures clean

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "relume needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) install -q $(CONSTRAINTS) -e .
	touch $@

# torch: the CPU build where pip can find one, otherwise whatever satisfies the project (which may bring CUDA).
$(VENV)/.dev: $(VENV)/.base
	$(PIP) install -q $(TORCH_CPU) 2>/dev/null || $(PIP) install -q $(CONSTRAINTS) 'torch>=2.9'
	$(PIP) install -q $(CONSTRAINTS) -e '.[train,web,bench,relic,dev]'
	touch $@

dev: $(VENV)/.dev

demo: $(VENV)/.base
	rm -rf demo
	$(BIN)/relume restore samples -o demo --task upscale --scale 4
	@echo
	@echo "The enlarged picture and the record of what was done are in demo/ :"
	@ls -1 demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/relume bench tables --check

clean:
	rm -rf $(VENV) demo build dist
