"""Chromium, driven: one browser for a test run, and tabs that note errors and let no request leave.

Two fixtures of `conftest.py` build on this: `browser`, the one process of the session, and `open_tab`. It
opens a tab, and checks at the end of the test that no request left and the console holds no error::

    @pytest.mark.browser
    def test_page(open_tab, tmp_path):
        tab = open_tab(tmp_path / "page.html", width=400)
        assert tab.page.get_by_role("heading", level=1).is_visible()
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
"""The names of the browser's program, by distribution."""
INSTALL = "no Chromium on the PATH: apt-get install -y --no-install-recommends chromium"
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
"""No service of the browser's own, and no name outside this machine resolves."""
HERE = ("file:", "data:", "blob:", "about:")
MILLISECONDS = 15_000
"""The time that a locator waits before it fails."""


@dataclass
class Tab:
    """A tab: playwright's `page`, the console's errors, and the addresses outside that were asked for."""

    page: Any
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Assert that nothing was asked for outside, and that the console holds no error."""
        assert self.outside == []
        assert self.errors == []

    def wait(self, condition: str) -> None:
        """Wait until an expression is true. Playwright's own way evaluates text, which a page may forbid."""
        deadline = time.monotonic() + MILLISECONDS / 1000
        while not self.page.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < deadline, f"not within {MILLISECONDS} ms: {condition}"
            self.page.wait_for_timeout(20)

    def violations(self, *impacts: str, within: str = "") -> list[str]:
        """Return what axe-core finds, as lines: impact, rule, element.

        Args:
            impacts: The impacts that count; by default serious and critical.
            within: A selector of the part to look at; by default the whole page.
        """
        from axe_playwright_python.sync_playwright import Axe

        wanted = impacts or ("serious", "critical")
        found = Axe().run(self.page, context=within or None).response["violations"]
        return [
            f"{each['impact']} {each['id']}: {node['target']} {node['failureSummary']}"
            for each in found
            if each["impact"] in wanted
            for node in each["nodes"]
        ]


class Chromium:
    """A running browser.

    Playwright marks its event loop as running as long as it lives, so that `asyncio.run` of another test
    would fail. The mark is taken off while no tab is open.
    """

    def __init__(self, process: Any) -> None:
        self._process = process
        self._loop = asyncio._get_running_loop()

    @contextmanager
    def awake(self) -> Iterator[Any]:
        """Have playwright's browser, and the mark as it was before afterwards."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self._loop)
        try:
            yield self._process
        finally:
            asyncio._set_running_loop(before)

    @contextmanager
    def open(
        self,
        place: Path | str,
        *,
        width: int = 1280,
        height: int = 800,
        allow: Sequence[str] = (),
        **options: Any,
    ) -> Iterator[Tab]:
        """Open a file or an address, in a context of its own.

        Args:
            place: What to open.
            width: Width of the window in CSS pixels.
            height: Its height.
            allow: Beginnings of further addresses that may be asked for, for instance `http://127.0.0.1:8000/`.
            options: For playwright's `new_context`: `color_scheme`, `reduced_motion`, ...
        """
        with self.awake() as process:
            context = process.new_context(viewport={"width": width, "height": height}, **options)
            context.set_default_timeout(MILLISECONDS)
            tab = Tab(context.new_page())
            _watch(context, tab, tuple(allow))
            try:
                tab.page.goto(place.resolve().as_uri() if isinstance(place, Path) else place)
                yield tab
            finally:
                context.close()


@contextmanager
def launched() -> Iterator[Chromium]:
    """Start Chromium; skips the test if there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(INSTALL)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = Chromium(playwright.chromium.launch(executable_path=program, args=list(QUIET)))
        asyncio._set_running_loop(None)
        yield chromium
        with chromium.awake() as process:
            process.close()
        asyncio._set_running_loop(chromium._loop)
    asyncio._set_running_loop(None)


def _watch(context: Any, tab: Tab, allow: tuple[str, ...]) -> None:
    """Stop and note what would leave; note errors."""

    def decide(route: Any) -> None:
        if route.request.url.startswith((*HERE, *allow)):
            route.continue_()
            return
        tab.outside.append(route.request.url)
        route.abort()

    context.route("**/*", decide)
    tab.page.on("console", lambda said: tab.errors.append(said.text) if said.type == "error" else None)
    tab.page.on("pageerror", lambda error: tab.errors.append(str(error)))
    tab.page.on("websocket", lambda socket: _note_socket(tab, socket.url, allow))


def _note_socket(tab: Tab, url: str, allow: tuple[str, ...]) -> None:
    if not url.replace("ws", "http", 1).startswith(allow or ("\0",)):
        tab.outside.append(url)
