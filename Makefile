# Every target sets up what it needs: Python 3.11 or newer is enough to begin with.
.DEFAULT_GOAL := help
.PHONY: help demo web release test test-unit lint soak bench docs pictures lock clean compiled console run dev debian

PYTHON ?= python3
export PYTHON
BIN := .venv/bin
# Tests at a time on two processors: two fifths of their time they wait.
AT_ONCE := 4
# Without compiled modules every process of the tests would compile all of them again.
export PYTHONDONTWRITEBYTECODE :=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: run ## a hub and an agent of this machine in a throw-away folder, until Ctrl-C
	@scripts/web.sh if-node
	@$(BIN)/chatops demo

web: run ## build the web console, which a hub of this checkout then serves
	@scripts/web.sh

release: dev ## wheel and sdist, with the console, into dist/
	@scripts/release.sh

# What comes first mostly waits for the network, or uses one processor: it goes on side by side.
test: ## everything: lint, types and the whole test suite
	@$(MAKE) --no-print-directory -j4 lint debian compiled console
	TMPDIR=$$(scripts/scratch.sh) $(BIN)/pytest -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder -m 'not soak'

test-unit: dev ## the tests that need neither root nor any service
	$(BIN)/pytest tests/unit tests/contract

lint: dev ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict -p chatops -p tests.support -p docs.gen -p benchmarks.swarm

soak: dev debian ## the tests that take long, and the random ones with many more examples
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest --timeout=7200 -m 'soak or hypothesis'

bench: dev ## measure: the figures and ratios of benchmarks/
	@scripts/debian.sh benchmarks
	@for script in benchmarks/[a-z]*.py; do $(BIN)/python "$$script" || exit 1; done

docs: dev ## write the generated pages of docs/ again
	$(BIN)/python -m docs.gen

pictures: dev debian web ## draw the pictures of the console in docs/images again
	CHATOPS_PICTURES=docs/images $(BIN)/pytest -q tests/e2e/console/test_pictures.py

lock: run ## choose the versions in requirements-dev.lock again
	scripts/lock.sh

clean: ## remove the environment and everything that was built
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis build dist
	rm -rf web/dist web/node_modules web/openapi.json web/src/api/schema.d.ts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Else each of the processes that run tests would rewrite the asserts of all of them.
compiled: dev
	@said=$$($(BIN)/pytest --collect-only -qq 2>&1) || { echo "$$said"; exit 1; }

# The console, built, and what can be said of it without a browser.
console: dev
	@scripts/web.sh
	@scripts/web.sh check

run:
	@scripts/setup.sh run

dev:
	@scripts/setup.sh dev

debian:
	@scripts/debian.sh tests
