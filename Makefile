# Every command that the book needs. `make help` lists them.

PYTHON ?= python3
# pip's extra index for PyTorch's smaller CPU wheels, e.g. TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
# One chapter instead of the whole book, e.g. CHAPTER=cauchy
CHAPTER ?=
# Chapters executed at a time; the number of cores where it is not set
JOBS ?=
# Where `make serve` shows the site
PORT ?= 8000
# What Colab has, for `make colab`: a file or an address; the newest state in data/colab_versions/ where it is not set
FREEZE ?=
# How often `make again` builds the book from nothing, and how many mutants a chapter `make doubt` tries
N ?= 20
# On how many other seeds `make doubt` executes each chapter
SEEDS ?= 0
# For docker build, e.g. DOCKER_FLAGS="--secret id=ca,src=company.pem" behind a network with certificates of its own
DOCKER_FLAGS ?=

# The user's own settings of Python would change what is built.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE PYTHONINSPECT PYTHONSAFEPATH PYTHONUSERBASE
export PYTHONUTF8 := 1
export HYPOTHESIS_STORAGE_DIRECTORY := _build/hypothesis

VENV := .venv
BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
BUILDER = $(BIN)/python -m builder
EXECUTE = $(BUILDER) execute $(CHAPTER) $(if $(JOBS),--jobs $(JOBS))
TESTS = $(if $(CHAPTER),notebooks/$(CHAPTER).ipynb tests/book tests/chapters -k "$(CHAPTER)")

SETTINGS := PYTHON TORCH_INDEX CHAPTER JOBS PORT FREEZE N SEEDS RECORD NEWEST UPGRADE PYTEST DOCKER_FLAGS BOOK_IMAGE VENV RUNTIME SHELL
$(foreach name,$(filter-out $(SETTINGS),$(foreach name,$(.VARIABLES),$(if $(filter command line,$(origin $(name))),$(name)))),$(error there is no setting $(name): there are $(SETTINGS), in capitals))

.DEFAULT_GOAL := book
.PHONY: book test cells serve pdf lab new tidy doubt live live-test checksums reproduce again colab bench lighthouse lock docker docker-up docker-test clean help

book: $(VENV)/book ## execute the chapters, build the site, say where it is (the default)
	@$(EXECUTE)
	@$(BUILDER) render $(CHAPTER)

test: $(VENV)/tests ## everything: each cell, claim, notebook, link and page, also in a browser; with CHAPTER= what concerns that one
	@$(EXECUTE); executed=$$?; test $$executed = 0 || echo "make test: the report of the failing cells follows" >&2; \
	BOOK_CHAPTER="$(CHAPTER)" $(BIN)/python -m pytest $(TESTS) && exit $$executed

cells: $(VENV)/tests ## the cells alone, as tests
	@$(EXECUTE); executed=$$?; $(BIN)/python -m pytest --numprocesses 0 $(or $(PYTEST),notebooks) && exit $$executed

serve: book ## build, then show the site on http://127.0.0.1:8000
	@$(BUILDER) serve --port $(PORT)

pdf: $(VENV)/tests ## the whole book as one PDF, beside the pages of the site
	@$(EXECUTE)
	@$(BUILDER) pdf

lab: $(VENV)/book ## open the chapters in JupyterLab
	@KERAS_HOME="$$PWD/_build/keras" $(BIN)/python -m jupyterlab notebooks

new: $(VENV)/book ## lay out a new chapter: make new CHAPTER=name
	@test -n "$(CHAPTER)" || { echo "make: name the chapter: make new CHAPTER=my_topic" >&2; exit 1; }
	@$(BUILDER) new $(CHAPTER)

tidy: $(VENV)/book ## take out of the notebooks what editors and runs leave there: outputs, counts, metadata
	@$(BUILDER) tidy $(CHAPTER)

doubt: $(VENV)/book ## break the chapters on purpose, N=20 changes each, and see which are not noticed; SEEDS=50 tries other seeds; RECORD=1 keeps it
	@$(BUILDER) doubt $(CHAPTER) -n $(N) --seeds $(SEEDS) $(if $(JOBS),--jobs $(JOBS)) $(if $(RECORD),--record)

live: $(VENV)/book ## build the site with claims that readers break on the page (Python for the browser by npm: Node.js 18 or newer)
	@$(EXECUTE)
	@$(BUILDER) live $(CHAPTER) $(if $(JOBS),--jobs $(JOBS))
	@$(BUILDER) render $(CHAPTER)

live-test: $(VENV)/tests ## each live claim in a browser, untouched and broken; RUNTIME=old with an old numpy by npm, where the wheels cannot be had
	@$(EXECUTE)
	@$(BUILDER) live $(CHAPTER)
	@BOOK_LIVE="$(or $(RUNTIME),full)" $(BIN)/python -m pytest --numprocesses 0 tests/live $(if $(CHAPTER),-k "$(CHAPTER) or ten_claims") --capture=no

checksums: $(VENV)/book ## record the checksums of data/ after a change that was meant
	@$(BUILDER) checksums

reproduce: $(VENV)/book ## build the book again from nothing in a copy, and compare
	@$(EXECUTE)
	@$(BUILDER) compare

again: $(VENV)/book ## execute the book N=20 times from nothing, under changing load and in random order
	@$(BIN)/python -m benchmarks.again $(N)

colab: $(VENV)/book ## execute the chapters with Colab's versions: FREEZE=file takes others, PYTHON= another Python than theirs, RECORD=1 keeps what held
	@$(BUILDER) colab $(CHAPTER) --freeze "$(FREEZE)" --torch-index "$(TORCH_INDEX)" $(if $(filter command line,$(origin PYTHON)),--python $(PYTHON)) $(if $(RECORD),--record)

bench: $(VENV)/book ## measure the build and the numpy network; writes book/benchmarks.md
	@$(BIN)/python -m benchmarks.build

lighthouse: $(VENV)/tests ## measure the site with Lighthouse (needs Node 18 or newer)
	@command -v npm >/dev/null || { echo "make: there is no npm: install Node.js 18 or newer" >&2; exit 1; }
	@mkdir -p _build/lighthouse && cp benchmarks/lighthouse/package.json benchmarks/lighthouse/package-lock.json _build/lighthouse/
	@cd _build/lighthouse && npm ci --ignore-scripts --no-audit --no-fund --silent
	@$(BIN)/python -m benchmarks.lighthouse.measure

lock: $(VENV)/book ## write the lock files after a change of requirements.txt; UPGRADE=1 takes the newest versions that it allows
	@$(BUILDER) lock $(if $(UPGRADE),--upgrade)

docker: ## build the image of the Docker chapter: a Jupyter server with three kernels
	@DOCKER_BUILDKIT=1 docker build --file docker/Dockerfile --tag every-claim-computed $(DOCKER_FLAGS) .

docker-up: docker ## serve the chapters from that image; the address and its token are printed
	@docker compose --file docker/compose.yaml up

# The first test builds the image, which takes as long as the network does.
docker-test: $(VENV)/tests ## build the image, run it without privileges, and execute chapters in its kernels
	@BOOK_DOCKER=1 BOOK_IMAGE="$(BOOK_IMAGE)" $(BIN)/python -m pytest --numprocesses 0 --timeout 7200 tests/docker --capture=no

clean: ## remove what was built; the environment stays (remove .venv to remake it)
	rm -rf _build .pytest_cache .hypothesis

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' Makefile

# The environment. NEWEST=1 takes the newest versions that requirements.txt allows instead of the locked ones.
define check_python
command -v $(PYTHON) >/dev/null || { echo "make: there is no '$(PYTHON)': install Python 3.11, 3.12 or 3.13, or name one: make PYTHON=python3.12" >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
echo "make: $$($(PYTHON) --version) will not do: TensorFlow 2.21 is there for Python 3.11, 3.12 and 3.13. Name one: make PYTHON=python3.13" >&2; \
command -v uv >/dev/null && echo "make: uv can provide it: make PYTHON=\"\$$(uv python find 3.13 || (uv python install 3.13 && uv python find 3.13))\"" >&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: this Python has no venv module: on Debian or Ubuntu, apt install python3-venv" >&2; exit 1; }
endef
define no_packages
{ echo "make: the packages could not be installed (pip's own words are above): check the network and the free space, then run make again" >&2; exit 1; }
endef

$(VENV)/book: requirements.txt requirements.lock
	@$(check_python)
	@test -e $@ && echo "bringing the book's packages in $(VENV) up to date" || echo "installing the book's packages into $(VENV): 2 GB, on Linux 6 GB without TORCH_INDEX; five to fifteen minutes, once; pip says nothing meanwhile"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
ifdef NEWEST
	@$(PIP) --upgrade -r requirements.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) || $(no_packages)
else
	@$(PIP) --require-hashes --no-deps -r requirements.lock || $(no_packages)
	@$(PIP) --no-deps -r requirements.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) || { echo "make: requirements.txt asks for more than its lock has: run \`make lock\`" >&2; exit 1; }
endif
	@touch $@

$(VENV)/tests: $(VENV)/book tests/requirements.txt tests/requirements.lock
	@echo "installing what the tests need, and a browser where there is none"
	@$(PIP) --require-hashes --no-deps -r tests/requirements.lock || $(no_packages)
	@$(BUILDER) browser
	@touch $@
