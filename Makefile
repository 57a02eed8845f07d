# One door: CI runs `make check`; `make help` explains every target.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 3
STAMP := .venv/.complete

.DEFAULT_GOAL := help

help: ## Explain every target
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 16

setup: $(STAMP) ## Install everything into .venv, from hashed locks

$(STAMP): requirements-uv.lock requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: set PYTHON=")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

demo: setup ## See it happen: a client, a job, a mail. SALES=… CITIES=… on real files, LIVE=1 on public sources
	@SALES='$(SALES)' CITIES='$(CITIES)' $(BIN)/python -m deploy.local demo

up: setup ## Start the stack and leave it running (Ctrl-C stops it). LIVE=1: from public sources
	@$(BIN)/python -m deploy.local up

daily: setup ## The day's notices and deliveries by hand, on the running stack: DATE=2026-11-21
	@DATE='$(DATE)' $(BIN)/python -m deploy.local daily

test-mail: setup ## Send one of the mails through the running stack: TO=you@example.org KIND=monthly
	@TO='$(TO)' KIND='$(KIND)' $(BIN)/python -m deploy.local test-mail

import-history: setup ## Addresses of the old system are not repeated, on the running stack: FILE=clients-and-addresses.csv
	@$(BIN)/python -m deploy.history '$(FILE)'

sales: setup ## Read sales files and count what is in them: FILES="a.csv b.csv.gz"
	@$(BIN)/python -m services.scraper.cli $(FILES)

kafka: setup ## Run a real Apache Kafka 4 on this machine (needs Java 17 and Maven)
	@$(BIN)/python -m deploy.local kafka

fmt: setup ## Format the code
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix --exit-zero .

lint: setup ## Format check, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet . || { echo "run make fmt"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/basedpyright --warnings
	@$(BIN)/lint-imports --no-cache --no-logo

test: setup ## Run all tests (a broker and PostgreSQL come from wheels)
	@$(BIN)/pytest -q -n $(WORKERS) --dist worksteal

test-kafka: setup ## Run the integration and journey tests on Apache Kafka 4
	@$(BIN)/python -m deploy.local kafka --check
	@KAFKA=apache $(BIN)/pytest -q -n 2 --dist loadfile -m "(kafka or journey) and not any_broker"

FAULTS := $(BIN)/python -m tests.faults

faults: setup ## Show that nothing is lost or sent twice under faults: ten scenarios on Apache Kafka. SCENARIO=F6 SEED=3 replays one
	@$(BIN)/python -m deploy.local kafka --check
	@$(FAULTS) $(if $(SCENARIO),--scenario '$(SCENARIO)',--telling) $(if $(SEED),--seed $(SEED))

faults-full: setup ## Every scenario, every kill point with SEEDS=5 seeds; goes on where it was interrupted
	@$(BIN)/python -m deploy.local kafka --check
	@$(FAULTS) --full $(if $(SEEDS),--seeds $(SEEDS))

faults-mutants: setup ## Take out one safeguard at a time: each must be found missing. MUTANT="no inbox" takes out that one
	@$(BIN)/python -m deploy.local kafka --check
	@$(FAULTS) --mutants $(if $(MUTANT),'$(MUTANT)') $(if $(SEED),--seed $(SEED))

faults-soak: setup ## Mixed faults and load, the memory of every process watched for MINUTES=15 after twelve of warm-up
	@$(BIN)/python -m deploy.local kafka --check
	@$(FAULTS) --soak $(or $(MINUTES),15) $(if $(SEED),--seed $(SEED))

faults-report: setup ## Write docs/reliability-report.md from the runs kept in var/faults
	@$(FAULTS) --report

fuzz: setup ## Ask the running stack for all that its description allows, and more: 200 examples an operation
	@$(BIN)/pytest -q -m fuzz tests/interface

setup-browser: setup ## Install the browser that make test-browser looks with (Debian's chromium; needs root)
	@deploy/browser/install

test-browser: setup ## Look at pages in a real browser, light and dark; pictures go to var/screenshots
	@$(BIN)/pytest -q -n 2 -m browser tests/browser

screenshots: setup ## Take the pictures in docs/screenshots anew, of every page (then look at them)
	@$(BIN)/python -m tests.browser.screenshots

setup-bench: .venv-bench/.complete ## Install what make bench compares with into .venv-bench

.venv-bench/.complete: requirements-uv.lock requirements-bench.lock
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@.venv-bench/bin/uv pip install --quiet --python .venv-bench/bin/python --require-hashes -r requirements-bench.lock
	@touch $@

bench: setup setup-bench ## Measure speed, ours and our peers': NAMES="relay sales" RUNS=5 SLOW=1 JSON=file
	@$(BIN)/python -m bench $(NAMES) $(if $(RUNS),--runs $(RUNS)) $(if $(SLOW),--slow-disk) $(if $(JSON),--json $(JSON))

check: lint test ## What CI runs first

vendor: setup ## Copy htmx, Leaflet and uPlot from npm to where pages load them, with checksums (needs npm)
	@$(BIN)/python -m deploy.vendor

lock: setup ## Resolve the dependencies again into hashed locks
	@$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group local -o requirements.lock
	@$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group dev -c requirements.lock -o requirements-dev.lock
	@$(BIN)/uv pip compile -q --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --group bench -c requirements.lock -o requirements-bench.lock

.PHONY: help setup setup-bench bench demo up daily test-mail import-history sales kafka fmt lint test test-kafka faults faults-full faults-mutants faults-soak faults-report fuzz setup-browser test-browser screenshots check lock vendor
