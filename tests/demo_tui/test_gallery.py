"""The gallery and its command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from panel_samples import FakeClock, terminal

from demo_tui import DashboardBase
from demo_tui.__main__ import main
from demo_tui.gallery import Gallery


@pytest.mark.parametrize("size", [(20, 5), (60, 20), (80, 24), (120, 40), (240, 70)])
def test_the_gallery_runs_for_minutes_at_any_size(size: tuple[int, int]) -> None:
    clock = FakeClock()
    board = DashboardBase(terminal(*size), clock=clock, theme="dark")
    gallery = Gallery(board, system=lambda: None, gpus=list)
    with board.live(10, keys=False) as live:
        for _ in range(60):
            gallery.step()
            clock.advance(2.5)
            live.tick()
    frame = board.frame(*size)
    for panel in board.panels.values():
        assert len(panel.render_box(40, 10)) == 10  # and none of them raises
    assert {len(frame.lines)} == {size[1]}


def test_a_picture_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gallery.svg"
    assert main(["--save", str(path), "--size", "100x30", "--theme", "light"]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    assert "#ffffff" in path.read_text(encoding="utf-8")


def test_without_a_terminal_it_writes_lines_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "0.01"]) == 0
    out = capsys.readouterr().out
    assert "[log] 00:00.0 main connected to 2 hosts" in out
    assert "\x1b" not in out
