"""Text of every script is shown as it is, counted by what a reader sees as one character."""

from __future__ import annotations

import pyte
import pytest
from panel_samples import terminal

from demo_tui import DARK, DashboardBase, KeyValuePanel, LogPanel
from demo_tui.cells import clean, clusters, crop, fit, is_plain, width, wrap

# ruff: noqa: RUF001 - the point of these tests
SCRIPTS = {
    "Devanagari": "नमस्ते दुनिया क्षत्रिय",
    "Tamil": "தமிழ் மொழி வணக்கம்",
    "Persian": "می\u200cخواهم کتاب\u200cها",
    "emoji": "👨\u200d👩\u200d👧\u200d👦 👍🏽 ❤\ufe0f 🇩🇪",
    "England": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "new emoji": "🫠 🫨 🪿 🩷",
    "combining": "e\u0301te\u0301 a\u0308",
    "Thai": "สวัสดีชาวโลก",
    "Hangul": "한국어 각",
    "Chinese": "你好，世界",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_text_is_shown_as_it_is_and_never_cut_inside_a_character(text: str) -> None:
    assert clean(text) == text
    parts = [part for part, _ in clusters(text)]
    assert "".join(parts) == text
    edges = {0}
    for part in parts:
        edges.add(max(edges) + len(part))
    for cells in range(1, width(text) + 2):
        assert len(crop(text, cells)) in edges
        assert width(fit(text, cells)) == cells
    for start, end in wrap(text, 7):
        assert start in edges
        assert end in edges


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_borders_stay_straight_whatever_width_a_terminal_gives_to_the_text(text: str) -> None:
    console = terminal(50, 6)
    board = DashboardBase(console, theme="dark")
    board.add_panel("log", LogPanel()).extend([text, f"x {text} y", "plain"])
    screen = Crooked(50, 6)
    stream = pyte.Stream(screen)
    with board.live(keys=False) as live:
        live.draw()
        stream.feed(console.file.getvalue())  # type: ignore[attr-defined]
        columns = [[x for x in range(50) if screen.buffer[y][x].data in "│╮╯"] for y in range(6)]
        assert [row[-1] for row in columns] == [49] * 6


class Crooked(pyte.Screen):
    """A terminal that counts every character as one cell where terminals disagree."""

    def draw(self, data: str) -> None:
        for char in data:
            super().draw(char if is_plain(char) else "?")


def test_text_of_doubtful_width_says_where_each_piece_begins() -> None:
    console = terminal(40, 5)
    board = DashboardBase(console)
    board.add_panel("a", KeyValuePanel("A", {"k": "नमस्ते"}))
    board.add_panel("b", KeyValuePanel("B", {"k": "plain"}))
    row = board.frame(40, 5).rows[1]
    painted = [strip.painted(board.ink(), x) for x, strip in row]
    assert "\x1b[19G" in painted[0]  # the right border
    assert "G" not in painted[1]


def test_direction_overrides_and_controls_still_go() -> None:
    assert clean("a\u202eb\x1b[2Jc\x07") == "abc␇"
    assert clean("नमस्ते", ascii=True) == "?" * width("नमस्ते")


def test_a_title_with_escapes_makes_a_valid_picture() -> None:
    import xml.etree.ElementTree as ElementTree

    board = DashboardBase(theme=DARK, title="a\x1b[31m\x00 & <b>")
    board.add_panel("a", KeyValuePanel("A", {"k": "🇩🇪 नमस्ते & <x>"}))
    ElementTree.fromstring(board.frame(40, 6).svg(board.title))
    assert "\x1b" not in board.frame(40, 6).html(board.title)
