# Two commands matter: `make up` runs Paylinks, `make test` proves it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3.11
# How many share the tests. They wait more than they compute, so that two cores have work for three.
PROCESSES ?= 3
# Where it is set, every process that a test starts would compile all of our modules and its own anew.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Paylinks needs Python 3.11: '$(PYTHON)' was not found. Set PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Paylinks runs on (once) …"
	@$(PIP) install --quiet --require-hashes --requirement requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	@echo "Installing what the checks and tests need (once) …"
	@$(PIP) install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@

install: $(VENV)/run.stamp ## Install what Paylinks runs on into .venv

dev: $(VENV)/dev.stamp ## Install what the checks and tests need, too

up: $(VENV)/run.stamp ## Start everything, print where to go; Ctrl-C stops it
	@exec $(BIN)/paylinks up

check: $(VENV)/dev.stamp ## Lint, types, dependency rule, generated files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/python -m deploy.generate --check

generate: $(VENV)/dev.stamp ## Write the generated files: OpenAPI, AsyncAPI, schema.sql, diagrams
	@$(BIN)/python -m deploy.generate

browser: ## An existing Chromium, else playwright's, else Debian's as root
	@$(SHELL) deploy/browser.sh $(BIN)

test: $(VENV)/dev.stamp browser ## Everything, on real PostgreSQL, NATS, SMTP and a real browser
	@$(BIN)/pytest -n $(PROCESSES) $(ARGS)

replay: $(VENV)/dev.stamp ## Replay every documented example of the dialects, and write the table of docs/dialects
	@$(BIN)/python -m tests.dialects.table

fuzz: $(VENV)/dev.stamp ## Generated requests to every documented API, 10,000 each
	@PAYLINKS_FUZZ=full $(BIN)/pytest tests/dialects/test_generated_requests.py tests/dialects/test_generated_requests_of_services.py -s $(ARGS)

faults: $(VENV)/dev.stamp ## The fault experiments with their full counts
	@PAYLINKS_FAULTS=full $(BIN)/pytest tests/faults -s $(ARGS)

bench: $(VENV)/dev.stamp ## Paylinks and its ceilings, side by side
	@$(BIN)/python -m tests.bench $(ARGS)

lock: ## Compile requirements/*.in into hashed lock files (needs uv)
	@for set in services run dev; do uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --custom-compile-command "make lock" requirements/$$set.in --output-file requirements/$$set.txt; done

.PHONY: help install dev up check generate browser test replay fuzz faults bench lock
