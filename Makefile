# `make up` and `make test` need Python 3.11 or newer and nothing else: all the rest is installed inside this directory,
# by what the lock files say, the first time and whenever they change.

VENV := .venv
ARGS :=
PYTHON_INSTALLED := $(VENV)/.installed
ROUTER_INSTALLED := router/node_modules/.installed
VERIFIER := tests/credentials/verifier
VERIFIER_INSTALLED := $(VERIFIER)/node_modules/.installed
CHECKERS_INSTALLED := $(VENV)/.installed-checkers

.PHONY: up test lint schema check release secrets bench bench-live bench-certificates install

up: install ## Run the whole graph; Ctrl-C stops it.
	@exec $(VENV)/bin/lyceum up $(ARGS)

test: install $(VERIFIER_INSTALLED) $(CHECKERS_INSTALLED) ## Run the tests; `make test ARGS="-k name"` runs some of them.
	@exec $(VENV)/bin/pytest -n 2 --dist loadgroup $(ARGS)

lint: install ## Check style, format and types.
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy shared subgraphs

schema: install ## Bring the committed schemas up to date with the code.
	@exec $(VENV)/bin/lyceum schema $(ARGS)

check: install ## Hold that clients of the last release go on working, and that generated files are current.
	@exec $(VENV)/bin/lyceum check $(ARGS)

release: install ## Make the public schema and the persisted operations of now those of the last release.
	@exec $(VENV)/bin/lyceum release $(ARGS)

secrets: install ## Make the secrets that compose.yaml asks for, in .env; those that are there stay.
	@exec $(VENV)/bin/lyceum secrets $(ARGS)

bench: install ## Measure operations beside a hand-written endpoint; `make bench ARGS="--size m --json"`.
	@exec $(VENV)/bin/python -m bench.graph $(ARGS)

bench-live: install ## Measure subscriptions; `make bench-live ARGS="--rate 100 --json"`.
	@exec $(VENV)/bin/python -m bench.live $(ARGS)

bench-certificates: install ## Measure what a job costs others; `make bench-certificates ARGS="--people 500 --json"`.
	@exec $(VENV)/bin/python -m bench.certificates $(ARGS)

install: $(PYTHON_INSTALLED) $(ROUTER_INSTALLED)

IS_NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'

$(VENV)/bin/uv:
	@for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if $$python $(IS_NEW_ENOUGH) 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "Lyceum needs Python 3.11 or newer, and there is none on the PATH." >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$found --version)"; \
	if ! $$found -m venv --clear $(VENV); then \
		echo "This Python cannot make environments; install its venv module (Debian: python3-venv)." >&2; exit 1; \
	fi
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv

# --inexact leaves uv itself in the environment.
$(PYTHON_INSTALLED): pyproject.toml uv.lock | $(VENV)/bin/uv
	@echo "Installing the Python packages"
	@env -u VIRTUAL_ENV UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never \
		$(VENV)/bin/uv sync --frozen --inexact --compile-bytecode --python $(VENV)/bin/python
	@touch $@

# What checks the files of deployments: large, and of no use to `make up`.
$(CHECKERS_INSTALLED): $(PYTHON_INSTALLED)
	@echo "Installing the checkers of deployment files"
	@env -u VIRTUAL_ENV UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never \
		$(VENV)/bin/uv sync --frozen --inexact --group checkers --python $(VENV)/bin/python
	@touch $@

# npm's own start script looks for a Node on the PATH, so the wheel's goes first there.
%/node_modules/.installed: %/package.json %/package-lock.json | $(PYTHON_INSTALLED)
	@echo "Installing the packages of $*"
	@node=$$($(VENV)/bin/python -c 'from shared.stack.programs import node; print(node())') && \
	npm=$$($(VENV)/bin/python -c 'from shared.stack.programs import npm; print(npm())') && \
	cd $* && PATH="$$(dirname "$$node"):$$PATH" "$$node" "$$npm" ci --ignore-scripts --no-audit --no-fund
	@touch $@
