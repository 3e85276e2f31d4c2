# Two commands: `make demo` runs a living region, `make test` runs every test.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
LOCK := uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header -q

.PHONY: help setup setup-test setup-routers web kernels demo test check pictures bench chaos soak format lock system

help:  ## what can be made here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: build/setup.run  ## the Python environment that runs caretower
build/setup.run: requirements/boot.txt requirements/run.txt
	@scripts/setup-python requirements/run.txt
	@mkdir -p build && touch $@

setup-test: build/setup.test
build/setup.test: requirements/boot.txt requirements/test.txt
	@scripts/setup-python requirements/test.txt
	@mkdir -p build && touch build/setup.run $@

setup-routers: setup-test  ## routers and a real extract that tests compare with
	@scripts/setup-routers

web: web/dist/.built  ## the browser client
web/dist/.built: $(shell git ls-files web 2>/dev/null) | build/setup.run
	@scripts/web build

kernels: build/kernels.made  ## compile the optimizer's kernels; numba keeps the result
build/kernels.made: $(wildcard optimizer/*.py optimizer/rides/*.py) | build/setup.run
	@echo "caretower: compiling the optimizer's kernels"
	@find optimizer -name '*.nb[ic]' -delete  # numba does not see a change in what it inlined
	@$(BIN)/python -c "from optimizer.warming import warm_up, warm_up_rides; warm_up(); warm_up_rides()" && touch $@

system:  ## what tests need from Debian (a browser), as root
	@scripts/setup-system

demo: setup web kernels  ## run a living region on this machine
	@exec $(BIN)/python -m caretower demo

check: setup-test setup-routers kernels  ## what a contributor runs before a commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not slow" -n 2

format: setup-test  ## let ruff format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: setup-test setup-routers system web kernels  ## every test
	scripts/web test
	$(BIN)/pytest -n 2

pictures: setup-test system web kernels  ## take the pictures that README shows, by the journeys
	$(BIN)/pytest tests/journeys/test_in_the_browser.py -k every_screen
	mkdir -p docs/images
	cp build/screens/{console,wall,pad,field}.png docs/images/

bench: setup-test setup-routers system web kernels  ## measure; writes build/bench.json
	$(BIN)/python -m benchmarks $(BENCH)

chaos: setup-test system web kernels  ## kill processes under load, then verify
	$(BIN)/python -m benchmarks.chaos $(CHAOS)

soak: setup-test web kernels  ## the living region for 30 minutes at 20 times life: nothing may grow
	$(BIN)/python -m benchmarks.soak $(SOAK)

mutants: setup-test  ## plant faults in the optimizer; its tests must find each
	$(BIN)/python -m benchmarks.mutants

lock:  ## make the lock files anew from pyproject.toml
	uv pip compile requirements/boot.in --universal --generate-hashes --no-emit-index-url --no-header -q -o requirements/boot.txt
	$(LOCK) --python-version 3.11 -o requirements/run.txt
	$(LOCK) --python-version 3.11 --extra test -o requirements/test.txt
	$(LOCK) --python-version 3.11 --extra node -o requirements/node.txt
	uv pip compile requirements/routers.in --no-deps --only-binary :all: --python-version 3.12 --python-platform x86_64-manylinux_2_28 --generate-hashes --no-emit-index-url --no-header -q -o requirements/routers.txt
