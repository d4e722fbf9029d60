# Everything a newcomer types. The environment (.venv) is made and kept up to date by the targets themselves.
# PORT and DIBOAS_VAR choose where an installation listens and keeps its data, so that several can run side by side.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# --chain: the development chain is wanted as well; its packages are fetched beside the environment's.
WITH_RUN = $(PYTHON) diboas/runner/bootstrap.py --chain --
WITH_DEV = $(PYTHON) diboas/runner/bootstrap.py --dev --
WITH_TESTS = $(PYTHON) diboas/runner/bootstrap.py --dev --chain --
# One process per core; `make test WORKERS=0` runs in one process, `make test ARGS="-k ledger"` runs some.
WORKERS ?= auto
ARGS ?=
LOCK = uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

.PHONY: help run demo test long chaos check lint types bench lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run: ## start the whole platform; Ctrl-C stops it
	@exec $(WITH_RUN) python -m diboas.runner

demo: ## start everything in a temporary folder, move money through it, check the books
	@exec $(WITH_RUN) python -m diboas.demo

test: ## run the tests
	@$(WITH_TESTS) pytest -n $(WORKERS) $(ARGS)

long: ## the long version of the model-based, race, kill and fuzz tests (half an hour)
	@LEDGER_STEPS=20000 RACE_FACTOR=20 DIBOAS_LONG=1 $(WITH_DEV) pytest -n $(WORKERS) --timeout 3600 tests/properties tests/concurrency tests/abuse $(ARGS)

chaos: ## mixed traffic of all domains while everything breaks; ARGS="--seed N --minutes M --transactions K"
	@exec $(WITH_TESTS) python -m tests.chaos $(ARGS)

check: lint types ## everything that must hold before a commit: lint, types, settings, docs, tests
	@$(WITH_DEV) python -m diboas.runner.checks
	@$(MAKE) --no-print-directory test

lint: ## style, formatting, import contracts, templates
	@$(WITH_DEV) ruff check .
	@$(WITH_DEV) ruff format --check .
	@$(WITH_DEV) lint-imports --no-cache
	@$(WITH_DEV) djlint --check --lint --quiet templates

types: ## mypy, strict
	@$(WITH_DEV) mypy

bench: ## ratios against the bare database, in one interleaved run
	@exec $(WITH_DEV) python -m bench $(ARGS)

lock: ## turn requirements/*.in into lock files with hashes
	@$(WITH_DEV) $(LOCK) --quiet --output-file requirements/run.txt requirements/run.in
	@$(WITH_DEV) $(LOCK) --quiet --override requirements/overrides.in --output-file requirements/dev.txt requirements/dev.in

clean: ## remove the environment and the caches, not the data
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
