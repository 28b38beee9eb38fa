# `make demo` and `make test` set up everything they need, on Debian also the system packages.
PYTHON ?= python3
BIN := .venv/bin
WERROR := $(if $(filter true,$(CI)),ON,OFF)
CPP_SOURCES := CMakeLists.txt $(shell find csrc -path csrc/tests -prune -o -type f -print)
BUILD_NEEDS := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")

# Without the editable install (python -S), which takes a clone's own folder for the package when it has its name.
SITE = $(shell $(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

.PHONY: demo test test-cpp test-threads lint types bench docs environment

# Runs the gates on the real files in examples/, faults and all.
demo: $(BIN)/tunegate
	$(BIN)/tunegate check examples --config examples/tunegate.yaml --fail-on never
	@echo 'These faults are real: examples/README.md lists them. Now try: $(BIN)/tunegate check YOUR_FILE.jsonl'

# Lint, types, import layers, C++ tests under sanitizers and pytest; prints what took longest.
test:
	scripts/test.sh

# The C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer, and the fuzz targets; needs no Python.
test-cpp:
	$(call sanitized,sanitize,address$(comma)undefined,ON)

# The C++ tests under ThreadSanitizer.
test-threads:
	$(call sanitized,threads,thread,OFF)

comma := ,
define sanitized
	scripts/system-packages.sh
	cmake -S . -B build/$(1) -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
	  -DTUNEGATE_PYTHON=OFF -DTUNEGATE_TESTS=ON -DTUNEGATE_SANITIZE=$(2) -DTUNEGATE_FUZZ=$(3) \
	  -DTUNEGATE_WERROR=$(WERROR)
	cmake --build build/$(1)
	ctest --test-dir build/$(1)/csrc --no-tests=error --output-on-failure
endef

lint: environment
	$(BIN)/ruff check --output-format concise
	$(BIN)/ruff format --check
	find csrc -name '*.[ch]pp' | xargs $(BIN)/clang-format --dry-run --Werror
	PYTHONPATH=python:$(SITE) $(BIN)/python -S $(BIN)/lint-imports --no-logo

types: environment
	$(BIN)/mypy

# Speed and memory on the machine at hand; each benchmark asserts its answer first.
bench: environment build/peers/ready
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/pytest tests/bench --benchmark-only --benchmark-columns=min,median,rounds

# The libraries that the benchmarks compare with, in an environment of their own.
build/peers/ready: tests/bench/peers/requirements.txt
	$(PYTHON) -m venv build/peers
	build/peers/bin/python -m pip install --quiet --requirement $<
	touch $@

# Writes into the documents what the tool does: the output shown in them, and docs/checks.md.
docs: $(BIN)/tunegate
	$(BIN)/python scripts/docs.py

environment: $(BIN)/tunegate .venv/tools

.venv/ready:
	scripts/system-packages.sh $(PYTHON)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	touch $@

$(BIN)/tunegate: .venv/ready pyproject.toml $(CPP_SOURCES)
	$(BIN)/python -c '$(BUILD_NEEDS)' | $(BIN)/python -m pip install --quiet -r /dev/stdin
	$(BIN)/python -m pip install --quiet --no-build-isolation -C cmake.define.TUNEGATE_WERROR=$(WERROR) -e .
	touch $@

.venv/tools: .venv/ready pyproject.toml
	$(BIN)/python -m pip install --quiet --group test --group lint
	touch $@
