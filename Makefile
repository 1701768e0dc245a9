# Two commands from a clone:  make demo   and   make test
# They need Python 3.11 or newer with venv, GNU make, and for the demo Node.js 20 or newer. Everything else is fetched,
# pinned by hash, into .venv. Nothing outside of this directory is changed.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
UV := $(VENV)/bin/uv
MEMBERS := core sdk registry $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/*/pyproject.toml))
# Tests wait for clocks and other processes much of their time, so twice as many as the two cores of CI. Who is done
# takes over from whom has most left: what takes longest lies together.
WORKERS := -n 4 --dist worksteal
SOURCES := $(wildcard $(addsuffix /src,$(MEMBERS)))
STAMP := $(VENV)/.ready
FREQTRADE := .cache/freqtrade
ARGS ?=

UNREACHABLE := could not install the pinned packages: is the package index reachable? Behind a proxy set HTTPS_PROXY; \
	for a mirror set PIP_INDEX_URL and UV_DEFAULT_INDEX.

# uv would follow these to another environment than ours.
unexport VIRTUAL_ENV UV_PYTHON CONDA_PREFIX

.DEFAULT_GOAL := help
# What tests start and no package index has; looked for behind what is installed.
export PATH := $(PATH):$(CURDIR)/.cache/servers/bin

.PHONY: help setup servers browser freqtrade demo marketplace test test-long chaos lint bench eval-risk eval-fees docs site members lock clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' $(MAKEFILE_LIST) | awk -F': ' '{ printf "make %-11s %s\n", $$1, $$2 }'

setup: $(STAMP) ## Create .venv with the pinned packages and all members

servers: ## Fetch redis-server for the tests, where it is not installed
	@scripts/servers

browser:
	@for each in chromium chromium-browser google-chrome; do command -v $$each >/dev/null && exit 0; done; \
	echo "make: tests read pages in Chromium, which is not there; install it: sudo apt-get install chromium" >&2; exit 1

freqtrade: $(FREQTRADE)/.ready ## Install freqtrade in an environment of its own, for the tests that compare with it

demo: $(STAMP) ## Snipe launches on a chain of its own (ARGS="--seed 7 --json")
	@$(VENV)/bin/sniper demo $(ARGS)

marketplace: $(STAMP) ## Write, publish, install, run isolated and revoke a plugin
	@$(RUN) scripts/marketplace.py

test: browser lint servers freqtrade ## Lint, types, import rules and all tests but the long ones
	@$(RUN) -m pytest $(WORKERS) -m "not long" $(ARGS)

test-long: browser lint servers freqtrade ## The same with the long ones
	@$(RUN) -m pytest $(WORKERS) $(ARGS)

lint: $(STAMP) ## Style, types, import rules
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy $(SOURCES) scripts docs/site
	@$(RUN) scripts/members.py --check
	@$(RUN) scripts/reference.py --check
	@$(VENV)/bin/lint-imports --no-logo --cache-dir .cache/import-linter

chaos: $(STAMP) ## Kill bot and node 800 times, break node, disk and database, replace up to 64 blocks (ARGS="-k kills")
	@$(RUN) -m pytest -n 2 -s tests/chaos tests/crash $(ARGS)

bench: $(STAMP) ## Measure and compare with the kept baseline
	@$(RUN) tests/benchmarks $(ARGS)

eval-risk: $(STAMP) ## Measure how often the risk checks are right, and how fast they are
	@$(RUN) tests/evaluation $(ARGS)

eval-fees: $(STAMP) ## Measure what fee estimators pay, and how often they are in a block in time
	@$(RUN) tests/evaluation/fees.py $(ARGS)

docs: $(STAMP) ## Generate the reference pages of docs/ from the code
	@$(RUN) scripts/reference.py

site: $(STAMP) ## Build the documentation into .cache/site, without any network
	@NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict --config-file docs/site/mkdocs.yml
	@echo "open .cache/site/index.html"

members: $(STAMP) ## Write the member lists and install what is new among them
	@$(RUN) scripts/members.py
	@$(MAKE) --no-print-directory setup

lock: $(STAMP) ## Write the member lists and pin the newest versions that are older than a week
	@$(RUN) scripts/members.py
	@$(UV) lock --quiet --upgrade --exclude-newer "7 days" --python $(RUN) || { echo "make: $(UNREACHABLE)" >&2; exit 1; }
	@$(UV) export --quiet --frozen --no-emit-workspace --all-packages --all-groups --no-header -o requirements.txt >/dev/null
	@$(MAKE) --no-print-directory setup

clean: ## Remove the environment, caches and builds; journals and configs are not touched
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find core sdk registry plugins tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

# Bytecode is written here: where nobody writes it later (PYTHONDONTWRITEBYTECODE, as in containers), every start
# would compile all that it imports, which is half of its time.
$(STAMP): requirements.txt Makefile $(addsuffix /pyproject.toml,$(MEMBERS)) | $(UV)
	@echo "make: installing the pinned packages into $(VENV)"
	@$(UV) pip sync --quiet --compile-bytecode --python $(RUN) --require-hashes requirements.txt || { echo "make: $(UNREACHABLE)" >&2; exit 1; }
	@$(UV) pip install --quiet --python $(RUN) --no-deps --no-build-isolation --offline $(addprefix -e ,$(MEMBERS)) \
		|| { echo "make: a member could not be installed; see the message above" >&2; exit 1; }
	@$(RUN) -m compileall -q $(SOURCES)
	@touch $@

# Nothing of ours is installed there, and nothing of it here.
$(FREQTRADE)/.ready: plugins/strategy/freqtrade/tests/compared/requirements.txt | $(UV)
	@echo "make: installing freqtrade into $(FREQTRADE)"
	@$(UV) venv --quiet --clear --python $(RUN) $(FREQTRADE)
	@$(UV) pip sync --quiet --compile-bytecode --python $(FREQTRADE)/bin/python --require-hashes $< \
		|| { echo "make: freqtrade is needed by tests alone; $(UNREACHABLE)" >&2; exit 1; }
	@touch $@

# uv itself is one of the pinned packages; pip installs it first, by its hash, and it then installs the rest.
$(UV): | $(RUN)
	@echo "make: fetching uv"
	@$(RUN) -m pip --version >/dev/null 2>&1 || $(RUN) -m ensurepip >/dev/null
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.txt > $(VENV)/uv.txt
	@$(RUN) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps --require-hashes -r $(VENV)/uv.txt \
		|| { echo "make: $(UNREACHABLE)" >&2; exit 1; }

$(RUN):
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not installed; on Debian and Ubuntu: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: $$($(PYTHON) --version) is too old, 3.11 or newer is needed; name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "make: $(PYTHON) comes without venv; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "make: creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
