# Lantern. `make help` lists the targets; `make demo` and `make test` need nothing else.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types tests unit browser bench services stop clean
.NOTPARALLEL:
# A shell of another Django project must not choose ours.
unexport DJANGO_SETTINGS_MODULE
PYTHON3 ?= python3
PY := .venv/bin/python
# Tests have servers of their own, so that they never meet the demo's data or its worker.
LANTERN_TEST_VAR ?= $(CURDIR)/var/test
BESIDE := LANTERN_VAR="$(LANTERN_TEST_VAR)" $(PY) -m telehealth.embedded exec --
PYTEST := $(PY) -m pytest -q
WITH_CHROMIUM := CHROMIUM=$$($(PY) -m telehealth.embedded.browser) && export CHROMIUM &&

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv from the locks (quick when nothing changed)
	@command -v "$(PYTHON3)" >/dev/null || \
		{ echo "  Lantern needs Python 3.11 or newer, and there is no $(PYTHON3) here."; exit 1; }
	@"$(PYTHON3)" telehealth/embedded/setup.py

demo: setup ## the whole clinic on this machine: pages, sockets, worker, beat, servers
	@exec $(PY) -m telehealth.embedded.demo

test: setup lint types tests ## everything that must hold before a change lands

lint: setup ## style, templates, import contract
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/djlint templates --lint --quiet
	@.venv/bin/lint-imports --no-logo
	@$(BESIDE) env DJANGO_SETTINGS_MODULE=telehealth.settings.test $(PY) manage.py makemigrations --check --dry-run

types: setup ## mypy, strict
	@$(BESIDE) .venv/bin/mypy .

# Beside each other, in processes of their own: Playwright keeps the event loop of its process.
tests: setup ## all of them, the browser's beside the others
	@LANTERN_VAR="$(LANTERN_TEST_VAR)" $(PY) -m telehealth.embedded.proxy > /dev/null
	@$(WITH_CHROMIUM) $(BESIDE) sh -c '\
		log="$(LANTERN_TEST_VAR)/browser.log"; \
		LANTERN_TEST_DB=test_browser $(PYTEST) -m browser -n 2 --dist loadgroup > "$$log" 2>&1 & \
		$(PYTEST) -m "not browser" -n 2 --dist loadgroup; others=$$?; \
		wait $$!; browser=$$?; cat "$$log"; exit $$((others | browser))'

unit: setup ## house rules, unit and socket tests, a clinic behind its proxy
	@LANTERN_VAR="$(LANTERN_TEST_VAR)" $(PY) -m telehealth.embedded.proxy > /dev/null
	@$(BESIDE) $(PYTEST) -m "not browser" -n 2 --dist loadgroup

browser: setup ## browser tests with real Chromium
	@$(WITH_CHROMIUM) $(BESIDE) $(PYTEST) -m browser -n 2 --dist loadgroup

bench: setup ## the numbers, as JSON lines, each beside its ceiling
	@$(WITH_CHROMIUM) $(BESIDE) $(PY) -m tests.bench

services: setup ## start Postgres and Valkey alone and leave them running
	@$(PY) -m telehealth.embedded up

stop: ## stop the demo and what `make services` started
	@if [ -x $(PY) ]; then $(PY) -m telehealth.embedded down; fi

clean: stop ## remove the environment and all demo data
	@rm -rf .venv var
