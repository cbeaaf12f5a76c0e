# Needs Python 3.11 or later, Java 17 and Maven; `make` alone says what there is.
PYTHON ?= python3
RUN := .venv/bin/python -m

.PHONY: help venv up down reset status check test format lint bench faults flow
.DEFAULT_GOAL := help

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: # nothing to do unless requirements-dev.txt changed
	@$(PYTHON) deploy/local/venv.py

up: venv ## start everything on this machine, and say where it is
	@$(RUN) deploy.local up

down: venv ## stop everything; the data stays
	@$(RUN) deploy.local down

reset: venv ## stop everything and forget the data
	@$(RUN) deploy.local reset

status: venv ## say what runs
	@$(RUN) deploy.local status

check: lint ## format, lint, types, imports, unit and contract tests: nothing running, under a minute
	$(RUN) pytest tests/unit tests/contracts tests/test_architecture.py

test: lint ## check, and every other test, on a Kafka and a MongoDB of its own
	$(RUN) pytest

format: venv ## set the code as the check wants it
	$(RUN) ruff check --fix-only .
	$(RUN) ruff format .

lint: venv
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) yamllint --strict .
	$(RUN) pyright
	.venv/bin/lint-imports
	$(RUN) deploy.docs --check

bench: venv ## measure, each figure beside its raw reference
	$(RUN) tests.bench

faults: venv ## kill, pause and take away whatever there is, for half an hour, and count what was lost
	@$(RUN) tests.faults $(FAULTS)

flow: venv ## draw and record anew what docs/ and tests/contracts/ tell of the code
	$(RUN) deploy.docs
