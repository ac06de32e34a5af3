"""Fixtures for the whole suite."""

from __future__ import annotations

import io
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from rich.console import Console
from xdist.scheduler import LoadScopeScheduling

from browser import Chromium, Tab, launched
from demo_tui import DashboardBase, LogPanel, PanelConfig
from installation import build, make_once

# How long an example takes depends on what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell that starts a command in the background lets it ignore Ctrl-C, and so would the programs under test.
signal.signal(signal.SIGINT, signal.default_int_handler)


INSTALLING = {"project", "ready", "container", "uv_cache", "built", "base"}
"""The fixtures that make an environment, or build the distributions."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what installs, and begin with the engines, which take longest.

    `-m "not live and not browser and not installs"` leaves the unit tests.
    """
    for item in items:
        if INSTALLING & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.installs)
    items.sort(key=lambda item: not runs_engines(item.path))


@cache
def runs_engines(file: Path) -> bool:
    """Return whether a file has tests on a real engine."""
    return "mark.live" in file.read_text()


class Lanes(LoadScopeScheduling):
    """Give all files with tests on the engines to one of pytest-xdist's processes, and the others by file."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "engines" if runs_engines(self.config.rootpath / file) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """Have two lanes."""
    return Lanes(config, log)


@pytest.fixture
def mock_console() -> Console:
    """A rich console of 80 x 24 cells that writes into a string: `mock_console.file.getvalue()`."""
    return Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system=None)


@pytest.fixture
def sample_dashboard(mock_console: Console) -> DashboardBase:
    """A dashboard with a status panel and a log, at second 0 of a clock that stands still."""
    dashboard = DashboardBase(mock_console, clock=lambda: 0.0, theme="dark", title="sample")
    dashboard.add_panel("status", PanelConfig("Status", border_style="cyan"))
    dashboard.add_panel("log", LogPanel(PanelConfig("Log", max_lines=50)))
    dashboard.set_status("status", "step", 1)
    dashboard.log("ready")
    return dashboard


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of this test run that all of pytest-xdist's processes have in common."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def built(shared: Path) -> Path:
    """The folder of the built distributions."""
    return make_once(shared / "built", build)


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    """Chromium, started once for all tests of this process; the test is skipped where there is none."""
    with launched() as found:
        yield found


@pytest.fixture
def open_tab(browser: Chromium) -> Iterator[Callable[..., Tab]]:
    """Open a file or an address, with the options of `Chromium.open`.

    At the end of a test that passed, each tab is checked: no request left, no error on the console.
    """
    tabs: list[Tab] = []
    with ExitStack() as stack:

        def open_one(place: Path | str, **options: Any) -> Tab:
            tabs.append(stack.enter_context(browser.open(place, **options)))
            return tabs[-1]

        yield open_one
        for tab in tabs:
            tab.check()
