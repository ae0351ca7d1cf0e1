# Lastgang. `make demo` shows it, `make test` tests it; both set up what they need first. See README.md.
#
#   make demo MINUTES=12 SUMMARY=summary.json    ends by itself;  REPLAY=LOAD.csv  ACCEPT=auto|manual  ARGS='...'
#   make test ARGS='tests/metering -k gap'       runs some tests
#   make quick                                   tests of the rooms that decide, without cluster, browser and network: under two minutes
#   make exams SHARED=FOLDER                     what needs exams and measured profiles that are not part of the repository
#   make analyse FILE=load.csv                   a load profile to euros: sets up what that needs (no JDK, no Maven)
#   make setup                                   only sets up (again where a lock file has changed)
SHELL := /bin/bash
PYTHON ?= python3.11
CACHE := $(abspath $(or $(LASTGANG_CACHE),.lastgang))
VENV := .venv
BIN := $(VENV)/bin
JARS := $(CACHE)/jars
SHARED ?= ../shared
export LASTGANG_CACHE := $(CACHE)

# Steps of the set-up; each is done again only when what it was made from has changed.
MADE_UV := $(VENV)/.made-uv
MADE_ANALYSE := $(VENV)/.made-analyse
MADE_RUNTIME := $(VENV)/.made-runtime
MADE_DEV := $(VENV)/.made-dev
MADE_JARS := $(JARS)/.made
STREAM_JAR := $(JARS)/flink/lastgang-stream.jar

.PHONY: setup setup-dev check-machine check-python analyse demo test quick exams lint format lock jar-sums clean distclean

setup: check-machine $(MADE_RUNTIME) $(MADE_JARS) $(STREAM_JAR)
setup-dev: setup $(MADE_DEV)

check-machine:
	@deploy/check-machine $(PYTHON)

check-python:
	@deploy/check-machine $(PYTHON) python

$(MADE_UV): requirements-uv.lock | check-python
	@echo "set-up: virtual environment in $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.lock
	@touch $@

# What `lastgang analyse` imports; packages of the whole set-up are the same versions.
$(MADE_ANALYSE): requirements-analyse.lock pyproject.toml $(MADE_UV)
	@echo "set-up: Python packages of the analysis, pinned and hashed (requirements-analyse.lock)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-analyse.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(MADE_RUNTIME): requirements.lock pyproject.toml $(MADE_UV) | check-machine
	@echo "set-up: Python packages, pinned and hashed (requirements.lock)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(MADE_DEV): requirements-dev.lock $(MADE_RUNTIME)
	@echo "set-up: packages of the tests (requirements-dev.lock)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

$(MADE_JARS): deploy/jars/pom.xml deploy/jars/SHA256SUMS | check-machine
	@echo "set-up: Kafka and Flink connector jars (deploy/jars/pom.xml) into $(JARS)"
	@rm -rf $(JARS)/kafka $(JARS)/flink && mkdir -p $(JARS)
	@mvn --quiet --batch-mode --strict-checksums -f deploy/jars/pom.xml -Djars=$(JARS) process-resources
	@cd $(JARS) && sha256sum --quiet --strict --check $(CURDIR)/deploy/jars/SHA256SUMS
	@touch $@

$(STREAM_JAR): $(wildcard stream_jobs/jvm/lastgang/*.java) deploy/build-stream-jar $(MADE_JARS) $(MADE_RUNTIME)
	@echo "set-up: what the stream jobs do inside the JVM (stream_jobs/jvm)"
	@deploy/build-stream-jar $(BIN)/python $(JARS)

analyse: $(MADE_ANALYSE)
	@$(if $(FILE),,echo "make analyse FILE=load.csv: expected the file of a load profile" >&2; exit 2)
	@$(BIN)/lastgang analyse "$(FILE)" $(ARGS)

demo: setup
	@$(BIN)/lastgang demo $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SUMMARY),--summary $(SUMMARY)) \
	  $(if $(REPLAY),--replay $(REPLAY)) $(if $(ACCEPT),--accept $(ACCEPT)) $(ARGS)

# Tests on the shared cluster mostly wait for it: one process has them, the other one the rest meanwhile. 0: all in one, to debug.
WORKERS ?= 2
test: setup-dev
	@$(BIN)/python -m pytest $(if $(filter-out 0,$(WORKERS)),-n $(WORKERS) --dist loadscope --no-loadscope-reorder) $(ARGS)

# The rooms whose tests need neither processes of ours nor the network; `make test` has everything.
QUICK := $(addprefix tests/,billing dashboards detection docs domain flexibility metering quarters scheduling words)
quick: setup-dev
	@$(BIN)/python -m pytest $(QUICK) -m "not cluster and not browser and not influxd and not slow" $(ARGS)

exams: setup-dev
	@LASTGANG_SHARED=$(SHARED) $(BIN)/python -m pytest tests/exams $(ARGS)

lint: setup-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# New versions of everything, within the bounds of pyproject.toml.
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-emit-find-links
ANALYSE := click holidays matplotlib numpy pandas pydantic python-calamine rich structlog typst tzdata
lock: $(MADE_UV)
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock
	@printf '%s\n' $(ANALYSE) | $(COMPILE) --no-annotate - -c requirements.lock -o requirements-analyse.lock
	@printf 'uv\nsetuptools\n' | $(COMPILE) --no-annotate - -o requirements-uv.lock

jar-sums: | check-machine
	@rm -rf $(JARS) && mkdir -p $(JARS)
	@mvn --quiet --batch-mode --strict-checksums -f deploy/jars/pom.xml -Djars=$(JARS) process-resources
	@cd $(JARS) && sha256sum kafka/*.jar flink/*.jar > $(CURDIR)/deploy/jars/SHA256SUMS

# Leaves the data of plants alone: they live in their own folders.
clean:
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
distclean: clean
	@rm -rf $(VENV) .lastgang
