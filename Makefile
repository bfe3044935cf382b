# Every command a person needs. `make` alone lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "==> 建立虚拟环境，安装依赖（首次约一至两分钟）"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.PHONY: setup
setup: $(VENV)/.installed ## virtual environment, packages, the yjs command

.PHONY: run
run: setup ## start the whole platform in the foreground (Ctrl-C stops it)
	@exec $(BIN)/yjs up

.PHONY: demo
demo: setup ## take one application of each bundle through the running platform
	$(BIN)/yjs demo

.PHONY: test
test: setup ## all tests, on a real PostgreSQL, Prefect, SMTP and browser
	$(BIN)/python -m pytest

.PHONY: test-fast
test-fast: setup ## the tests that need neither the whole platform nor a browser
	$(BIN)/python -m pytest -m "not platform and not browser"

.PHONY: lint
lint: setup ## style
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

.PHONY: types
types: setup ## strict types
	$(BIN)/mypy

.PHONY: layers
layers: setup ## who may import whom
	$(BIN)/lint-imports

.PHONY: check-config
check-config: setup ## the rules of the catalogue, over every bundle
	$(BIN)/yjs bundles check config/bundles/*.yaml

.PHONY: format
format: setup ## put the code in shape
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .
