# The same verbs here, in CI, and in CONTRIBUTING.md. RUN makes and enters the environment.
RUN := ./scripts/zephyr_uv_run.sh
.PHONY: setup check test live docs

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

live: ## only the tests on the real engines
	$(RUN) pytest tests/ -q -m live

docs: ## draw the pictures of the README and the guides again, from recordings
	$(RUN) python docs/pictures.py
	$(RUN) env UPDATE_GOLDENS=1 pytest -q tests/demo_tui/test_guide.py
