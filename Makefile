# Two commands: `make run` serves the portal, `make test` tests it. Both need Python 3.11 and nothing else.

PYTHON ?= python3
VENV := .venv/bin
APPS := smt_portal local demo api usage_pages reports agreements notices customers companies accounts meters notifications lib

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-faults coverage check audit bench messages requirements clean local dev chromium

help:
	@echo "make run           the portal with its demo; Ctrl-C stops it"
	@echo "make test          everything a change can break, in a browser too"
	@echo "make test-fast     the same without the browser and what takes seconds"
	@echo "make test-faults   kills, floods, outages and races of real processes"
	@echo "make coverage      is the product covered by what ran with CI=true?"
	@echo "make check         style, types, import directions, migrations, production settings"
	@echo "make audit         do the packages of production have known vulnerabilities?"
	@echo "make bench         are the goals of docs/performance.md met here? Some minutes and 15 GB of disk"
	@echo "make messages      bring the Spanish catalogue up to date and compile it"
	@echo "make requirements  compile requirements/*.txt anew from pyproject.toml (needs uv)"
	@echo "make clean         forget the development data and every cache"

run: local
	@exec $(VENV)/python -m local.run

# Tests begin in the order of tests/support/browser.py: the longest first.
# Where CI=true, coverage is measured in every process, and `make coverage` compares it with the gate.
PYTEST := $(VENV)/python -m $(if $(filter true,$(CI)),coverage run -m )pytest \
	-n 3 --dist loadfile --no-loadscope-reorder --durations 25

# Where Python is told to keep no compiled files, every process compiles the tests and the portal anew.
test test-fast test-faults: export PYTHONDONTWRITEBYTECODE =

test: dev chromium
	$(PYTEST) -m "not fault" $(ARGS)

test-fast: dev
	$(PYTEST) -m "not fault and not browser and not slow" $(ARGS)

test-faults: dev
	$(PYTEST) -m fault $(ARGS)

coverage: dev
	$(VENV)/python -m coverage combine --quiet
	$(VENV)/python -m coverage report

check: dev
	$(VENV)/python -m ruff check .
	$(VENV)/python -m ruff format --check .
	$(VENV)/python -m mypy $(APPS)
	$(VENV)/python -m mypy --config-file clients/python/pyproject.toml clients/python/smt_agreements
	$(VENV)/lint-imports
	find templates -name '*.html' -exec $(VENV)/djade --check --target-version 5.2 {} +
	$(VENV)/python -m tests.support.servers $(VENV)/python manage.py makemigrations --check --dry-run
	$(VENV)/python scripts/check_production.py

# Asks a public service: needs the internet. A package that the service doesn't know is a failure, too.
audit: dev
	$(VENV)/pip-audit --strict --disable-pip --require-hashes -r requirements/production.txt

bench: dev
	@$(VENV)/python -m bench $(ARGS)

messages: dev
	@$(VENV)/python scripts/messages.py

local:
	@$(PYTHON) scripts/install.py local

dev:
	@$(PYTHON) scripts/install.py dev

# For the browser tests, and the one library that Playwright's driver needs and a small Debian lacks. Without root, or
# on another system, the tests are skipped with a loud line when they are absent.
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq </dev/null
chromium:
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
		&& ! { { command -v chromium-headless-shell || command -v chromium; } >/dev/null \
			&& /sbin/ldconfig -p | grep -q libatomic.so.1; }; then \
		echo "Installing Chromium for the browser tests ..."; \
		$(APT) update; \
		$(APT) install -y --no-install-recommends chromium-headless-shell libatomic1 >/dev/null \
			|| $(APT) install -y --no-install-recommends chromium libatomic1 >/dev/null \
			|| echo "Chromium could not be installed."; \
	fi

# No index addresses, no file headers: a pin is a name, a version and hashes, wherever it is downloaded from.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate pyproject.toml

requirements:
	$(COMPILE) --output-file requirements/production.txt $(UPGRADE)
	$(COMPILE) --extra local --output-file requirements/local.txt $(UPGRADE)
	$(COMPILE) --extra dev --output-file requirements/dev.txt $(UPGRADE)

clean:
	rm -rf var staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
