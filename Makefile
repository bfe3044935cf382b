# Every command a person needs. `make` alone lists them.
VENV   := .venv
BIN    := $(VENV)/bin
# The first of these that is a Python from 3.11 to 3.13; say `make PYTHON=...` to choose another.
PYTHONS := python3.13 python3.12 python3.11 python3
SUITS   := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON  ?= $(shell for p in $(PYTHONS); do "$$p" -c '$(SUITS)' 2>/dev/null && echo "$$p" && break; done)

# Tests that need neither the whole platform nor a browser run in as many processes as there are processors, each
# with a PostgreSQL of its own; the others one by one, for they start many processes themselves.
ALONE    := "not platform and not browser"
TOGETHER := -n auto --dist loadfile

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(VENV)/.installed: pyproject.toml constraints.txt
	@"$(PYTHON)" -c '$(SUITS)' 2>/dev/null || \
		{ echo "没有找到 Python 3.11 到 3.13：请安装其中一个，或用 make PYTHON=... 指定。" >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) 缺少 venv 模块：请安装它（Debian、Ubuntu：apt install python3-venv）。" >&2; exit 1; }
	@echo "==> 建立虚拟环境，安装依赖（首次约一至两分钟）" >&2
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.PHONY: setup
setup: $(VENV)/.installed ## virtual environment, packages, the yjs command

.PHONY: run
run: setup ## start the whole platform in the foreground (Ctrl-C stops it)
	@exec $(BIN)/yjs up

.PHONY: demo
demo: setup ## take one application of each bundle through the running platform
	@exec $(BIN)/yjs demo

.PHONY: test
test: setup ## all tests, on a real PostgreSQL, Prefect, SMTP and browser
	$(BIN)/python -m pytest -m $(ALONE) $(TOGETHER)
	$(BIN)/python -m pytest -m "platform or browser"

.PHONY: test-fast
test-fast: setup ## the tests that need neither the whole platform nor a browser
	$(BIN)/python -m pytest -m $(ALONE) $(TOGETHER)

.PHONY: bench
bench: bench-throughput bench-patrol bench-stored bench-pages bench-memory bench-calls ## measure everything: the six below, one after the other

.PHONY: bench-throughput
bench-throughput: setup ## measure: cases a second, beside Prefect as it comes (CASES=... takes another number)
	$(BIN)/python -W ignore -m bench.throughput

.PHONY: bench-patrol
bench-patrol: setup ## measure: does a patrol cost what is due, or what is open?
	$(BIN)/python -m bench.patrol

.PHONY: bench-pages
bench-pages: setup ## measure: every page with 100,000 cases stored (CASES=... takes another number)
	$(BIN)/python -W ignore -m bench.pages

.PHONY: bench-stored
bench-stored: setup ## measure: the same acts on a small and on a large record (STORED=10000,1000000 takes other sizes)
	$(BIN)/python -W ignore -m bench.stored

.PHONY: bench-memory
bench-memory: setup ## measure: memory, processor time and start with few and with many open cases (OPEN=500,100000 takes other numbers)
	$(BIN)/python -W ignore -m bench.memory

.PHONY: bench-calls
bench-calls: setup ## measure: what an act and a page ask of Python and PostgreSQL, counted and not timed
	$(BIN)/python -W ignore -m bench.calls

.PHONY: faults
faults: setup ## a busy day on which everything dies at random (SEED=… FAULTS=200), and the account
	$(BIN)/python -m bench.faults

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

.PHONY: audit
audit: setup ## the pins with their dates; known holes in them, where pip-audit can be asked
	$(BIN)/python -m bench.pins

.PHONY: format
format: setup ## put the code in shape
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .
