"""The guide's code runs as it stands, and its pictures are those of this version."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import pytest
from panel_samples import FakeClock, terminal, written
from rich.console import Console

import demo_tui
from demo_tui import DashboardBase
from demo_tui.gallery import Gallery
from demo_tui.system_monitor import ProcessStats, SystemStats

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide" / "demo_tui.md"
PICTURES = {"gallery-dark.svg": ("dark", 130, 44), "gallery-light.svg": ("light", 80, 40)}
PAGES = [GUIDE, *sorted((GUIDE.parent / "demo_tui").glob("*.md"))]


def blocks(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


BLOCKS = [(page.name, number, code) for page in PAGES for number, code in enumerate(blocks(page), 1)]


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    """What `DashboardBase()` uses, and a clock that every sleep and every wait moves on."""
    from demo_tui import dashboard

    console, clock = terminal(100, 20), FakeClock(0.0)
    monkeypatch.setattr(dashboard, "Console", lambda: console)
    monkeypatch.setattr(time, "sleep", clock.advance)
    monkeypatch.setattr("select.select", lambda r, w, x, wait=0: clock.advance(wait) or ([], [], []))
    monkeypatch.setitem(DashboardBase.__init__.__kwdefaults__, "clock", clock)
    monkeypatch.setattr(sys, "stdin", None)
    return console


@pytest.mark.parametrize(("page", "number", "code"), BLOCKS, ids=lambda value: str(value)[:20])
def test_every_block_runs(page: str, number: int, code: str, console: Console) -> None:
    if "TaskGroup" in code and sys.version_info < (3, 11):
        pytest.skip("asyncio.TaskGroup came with Python 3.11")
    exec(compile(code, f"block {number} of {page}", "exec"), {"__name__": "guide"})


def test_there_is_an_example_on_every_page_but_the_reference() -> None:
    assert {page for page, _, _ in BLOCKS} == {page.name for page in PAGES} - {"reference.md", "reports.md"}


def test_the_reference_is_what_the_docstrings_say() -> None:
    folder = GUIDE.parent / "demo_tui"
    names: dict[str, object] = {"__name__": "reference", "__file__": str(folder / "make_reference.py")}
    exec((folder / "make_reference.py").read_text(encoding="utf-8"), names)
    made = names["page"]()  # type: ignore[operator]
    if os.environ.get("UPDATE_GOLDENS"):
        (folder / "reference.md").write_text(made, encoding="utf-8")
    assert (folder / "reference.md").read_text(encoding="utf-8") == made


def test_the_first_example_is_20_lines_and_shows_what_it_says(console: Console) -> None:
    code = blocks(GUIDE)[0]
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 20
    names: dict[str, object] = {}
    exec(code, names)
    board = names["dashboard"]
    assert isinstance(board, DashboardBase)
    text = board.frame(100, 20).text
    assert "loss  0.05" in text
    assert "00:02.0 step 20 done" in text
    assert "100%" in text
    assert "step 20 done" in written(console).rpartition("\x1b[?1049l")[2]


def test_the_guide_names_every_panel() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    everything = "".join(page.read_text(encoding="utf-8") for page in PAGES if page.name != "reference.md")
    for name in demo_tui.__all__:
        if name.endswith("Panel"):
            assert name in guide
        elif name.endswith(("Monitor", "Handler")):
            assert name in everything


def gallery_picture(theme: str, width: int, height: int) -> str:
    clock = FakeClock(0.0)
    board = DashboardBase(terminal(), clock=clock, theme=theme, title="python -m demo_tui", ascii=False)
    gallery = Gallery(board, system=lambda: system(clock.now), gpus=list)
    for _ in range(600):
        gallery.step()
        clock.advance(0.1)
    return board.frame(width, height).svg(board.title)


def system(now: float) -> SystemStats:
    """A made-up machine that is busy in waves."""
    load = 45 + 40 * ((now * 7 % 20) / 20 - 0.5)
    processes = (
        ProcessStats(4711, 1, "python", load, 210 * 2**20, 0),
        ProcessStats(4712, 4711, "worker 0", load / 2, 96 * 2**20, 1),
        ProcessStats(4713, 4711, "worker 1", load / 3, 88 * 2**20, 1),
    )
    return SystemStats(load, (load, load), 6 * 2**30, 32 * 2**30, 0.0, 0.0, processes)


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_are_up_to_date(name: str) -> None:
    """`UPDATE_GOLDENS=1` draws them anew."""
    path = GUIDE.parent / "pictures" / name
    found = gallery_picture(*PICTURES[name])
    if os.environ.get("UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == found
