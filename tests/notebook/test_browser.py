"""A notebook in a browser: it opens, its button runs both engines, an edit changes the result."""

from __future__ import annotations

import datetime
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

from monarch_vs_ray.notebook.catalogue import all_notebooks, find
from monarch_vs_ray.notebook.serve import AT_ONCE, Choices, command
from monarch_vs_ray.side.guardian import processes

pytestmark = pytest.mark.browser
ADDRESS = re.compile(r"http://(?:localhost|127\.0\.0\.1):(\d+)\S*access_token=\S+")
SECONDS = 60
NAMES = [notebook.name for notebook in all_notebooks()]
if not os.environ.get("MVR_WHOLE_CAMPAIGNS"):  # a third each day: opening one takes ten seconds
    NAMES = NAMES[datetime.date.today().toordinal() % 3 :: 3]


def listens(port: int) -> bool:
    """Return whether somebody accepts connections at a port of this machine."""
    try:
        with socket.create_connection(("localhost", port), timeout=5):
            return True
    except OSError:
        return False


@dataclass(frozen=True)
class Served:
    """A running server: its address, how all its addresses begin, its process."""

    address: str
    base: str
    pid: int

    def sides(self) -> set[int]:
        """Return the processes of runs that it started, however deep."""
        return processes.below(self.pid) & set(processes.marked())


@contextmanager
def served(name: str, folder: Path, **choices: bool) -> Iterator[Served]:
    """Serve a copy of a notebook as `mvr notebook` does."""
    copy = folder / f"{name}.py"
    copy.write_bytes(find(name).path.read_bytes())
    words = command(copy, Choices(browser=False, **choices))
    server = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, **AT_ONCE},
        start_new_session=True,
    )
    killer = threading.Timer(SECONDS * 5, os.killpg, (server.pid, signal.SIGKILL))
    killer.start()
    try:
        said = []
        for line in server.stdout:
            said.append(line)
            if found := ADDRESS.search(line):
                break
        else:
            raise AssertionError(f"{' '.join(words)} ended:\n{''.join(said)}")
        threading.Thread(target=server.stdout.read, daemon=True).start()
        wait_until(lambda: listens(int(found[1])))  # the address is printed a little earlier
        yield Served(found[0], f"http://localhost:{found[1]}/", server.pid)
    finally:
        killer.cancel()
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(10)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_opens_with_recorded_runs(open_tab, tmp_path, name):
    with served(name, tmp_path, recorded=True, app=True) as server:
        tab = opened(open_tab, server, width=400)
        assert tab.page.get_by_role("heading", level=1).is_visible()
        assert tab.page.get_by_text("All runs below are recorded").is_visible()
        assert tab.page.get_by_role("button", name=re.compile("Run Monarch")).first.is_disabled()
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 400
        tab.check()


def write(tab, number: int, text: str) -> None:
    """Replace the program in one of the editors."""
    editor = tab.page.locator("marimo-code-editor .cm-content").nth(number)
    editor.scroll_into_view_if_needed()
    editor.click()
    tab.page.keyboard.press("Control+a")
    tab.page.keyboard.insert_text(text)


def press(tab, element) -> None:
    """Press a button until it was hit: while marimo mounts its editors, the page moves under the mouse."""
    told = "button => button.addEventListener('click', () => { window.pressed = true }, { once: true })"
    for left in reversed(range(5)):
        tab.page.evaluate("window.pressed = false")
        element.evaluate(told)
        element.click()
        if tab.page.evaluate("window.pressed"):
            return
        assert left, "the page moves"


def run(tab, then: str, seconds: float = 30) -> None:
    """Press the button that runs the programs, until the page says what must come of it.

    Some presses that hit had no effect, most of them on a busy machine; why is not known.
    """
    for left in reversed(range(4)):
        tab.page.wait_for_timeout(500)  # what was typed is on its way to the kernel
        press(tab, tab.page.get_by_role("button", name="Run Monarch and Ray"))
        try:
            tab.page.get_by_text(then).first.wait_for(timeout=seconds * 1000)
            return
        except TimeoutError:
            if not left:
                raise


def opened(open_tab, server: Served, seconds: float = 60, **options):
    """Open a served notebook, and wait for its recorded run; marimo's page has some 300 modules."""
    tab = open_tab("about:blank", allow=[server.base], **options)
    tab.page.set_default_timeout(seconds * 1000)
    tab.page.goto(server.address)
    tab.page.get_by_text(re.compile("^Recorded run of")).first.wait_for()
    return tab


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Poll until something holds. Raises AssertionError if it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.2)


FAILS = "def step(x):\n    return x + undefined\n\n\nprint(step(1))\n"


def test_an_edit_changes_the_result_and_an_error_has_its_line(open_tab, tmp_path):
    """Programs without an engine run through the same harness."""
    with served("01_history_and_vision", tmp_path) as server:
        tab = opened(open_tab, server)
        write(tab, 0, "print('written by the reader')\n")
        write(tab, 1, "(\n")
        run(tab, "Nothing was started")
        tab.page.get_by_text("Line 1 of your program: SyntaxError").wait_for()
        write(tab, 1, FAILS)
        run(tab, "You changed the programs of Monarch and Ray")
        tab.page.get_by_text("written by the reader", exact=True).first.wait_for()
        tab.page.get_by_text("Line 2 of your program: NameError").wait_for()
        assert tab.page.get_by_text("notebook/runs.py").count() == 0, "nothing of ours is in it"
        tab.page.get_by_role("button", name="Original").first.click()
        editor = tab.page.locator("marimo-code-editor .cm-content").first
        wait_until(lambda: editor.inner_text().startswith('"""Turn a class into actors in Monarch.'))
        tab.check()


def test_an_interrupt_ends_a_run_with_all_that_it_started(open_tab, tmp_path):
    with served("01_history_and_vision", tmp_path) as server:
        tab = opened(open_tab, server, seconds=120)
        write(tab, 0, "import time\nprint('now ' + 'asleep', flush=True)\ntime.sleep(100)\n")
        write(tab, 1, "print(1)\n")
        run(tab, "now asleep")
        assert server.sides()
        tab.page.get_by_test_id("interrupt-button").click()
        wait_until(lambda: not server.sides())


@pytest.mark.live
@pytest.mark.timeout(300)
def test_the_button_runs_both_engines(open_tab, tmp_path):
    with served("01_history_and_vision", tmp_path) as server:
        tab = opened(open_tab, server, seconds=120)
        run(tab, "This run was made now, Monarch", seconds=60)
        assert tab.page.get_by_text("exit code 0", exact=True).count() >= 2
        tab.check()


def values(tab) -> str:
    """Return the outputs of cells as text; recorded values are left out."""
    texts = tab.page.locator(".output-area").all_inner_texts()
    return "\n".join(text for text in texts if "Recorded on" not in text)


@pytest.mark.live
@pytest.mark.timeout(300)
@pytest.mark.parametrize("engine", ["Monarch", "Ray"])
def test_cells_use_an_engine_until_the_session_ends(open_tab, tmp_path, engine):
    with served("02_interactive_devx", tmp_path) as server:
        tab = opened(open_tab, server, seconds=120)
        press(tab, tab.page.get_by_role("radio", name=engine))
        tab.page.get_by_text("For the other engine, restart the kernel").wait_for()
        wait_until(lambda: "5.0" in values(tab), seconds=120)
        press(tab, tab.page.get_by_role("button", name="Take a step"))
        wait_until(lambda: "7.5" in values(tab), seconds=60)
        assert server.sides()
        press(tab, tab.page.get_by_role("button", name="End the session"))
        tab.page.get_by_text("nothing of it is left").wait_for()
        wait_until(lambda: not server.sides())
