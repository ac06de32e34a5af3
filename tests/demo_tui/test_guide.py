"""The guide's code runs as it stands, and its pictures are those of this version."""

from __future__ import annotations

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
BLOCKS = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


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


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_block_runs(number: int, console: Console) -> None:
    exec(compile(BLOCKS[number], f"block {number} of {GUIDE.name}", "exec"), {"__name__": "guide"})


def test_the_first_example_is_20_lines_and_shows_what_it_says(console: Console) -> None:
    lines = [line for line in BLOCKS[0].splitlines() if line.strip()]
    assert len(lines) <= 20
    names: dict[str, object] = {}
    exec(BLOCKS[0], names)
    board = names["dashboard"]
    assert isinstance(board, DashboardBase)
    text = board.frame(100, 20).text
    assert "loss  0.05" in text
    assert "00:02.0 step 20 done" in text
    assert "100%" in text
    assert "step 20 done" in written(console).rpartition("\x1b[?1049l")[2]


def test_the_guide_names_every_panel() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for name in demo_tui.__all__:
        if name.endswith(("Panel", "Monitor")):
            assert name in guide


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
    import os

    path = GUIDE.parent / "pictures" / name
    found = gallery_picture(*PICTURES[name])
    if os.environ.get("UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == found
