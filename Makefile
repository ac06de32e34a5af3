# The same verbs here, in CI, and in CONTRIBUTING.md. RUN makes and enters the environment.
RUN := ./scripts/zephyr_uv_run.sh
.PHONY: setup check test unit browser live docs

setup: ## make the environment: a virtual environment, both engines, the development tools
	./scripts/zephyr_uv_sync.sh

check: ## what needs no run: style, types, layers, shell scripts
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) shellcheck -x scripts/*.sh scripts/lib/*.sh .ci/run

test: ## every test, those on the real engines too
	$(RUN) pytest tests/ -q

unit: ## only the tests without an engine, a browser or an environment of their own, a process for each core
	$(RUN) pytest tests/ -q -m "not live and not browser and not installs" --maxprocesses 16

browser: ## only the tests that drive Chromium
	$(RUN) pytest tests/ -q -m "browser and not live"

live: ## only the tests on the real engines
	$(RUN) pytest tests/ -q -m live

docs: ## draw the pictures, from recordings and published results, and make the comparison and its evidence pages
	$(RUN) python docs/pictures.py
	$(RUN) mvr document
	$(RUN) env UPDATE_GOLDENS=1 pytest -q tests/demo_tui/test_guide.py
