"""Any text in any panel at any size stays within its box and never raises."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from panel_samples import SAMPLES

from demo_tui import DARK, DashboardBase
from demo_tui.cells import clean, crop, fit, width, wrap
from demo_tui.strips import Strip

SETTINGS = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])

NASTY = [
    "",
    "你好世界" * 20,
    "👨‍👩‍👧‍👦 👍🏽 ❤️ 🇩🇪 emoji",
    "tab\tand\ttabs",
    "\x1b[31mred\x1b[0m \x1b[2J\x1b[10;10H cursor \x1b]0;title\x07 \x9b1m",
    "\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\ \x1bP dcs \x1b\\ \x1b",
    "bell\x07 back\x08space null\x00 del\x7f \x85 \u2028 \u2029",
    "progress 10%\rprogress 50%\rprogress 100%",
    "[bold]not bold[/bold] [/] [red",
    "\u202eright to left\u202c \u200b\u200d\ufeff\u00ad",
    "e\u0301" * 50 + "\u0301" * 30,
    "\ud800 half a pair",
    "two\nlines\n\nand more\r\n",
    "각 한글 ﷽ ꧅ 𒐫",
]
pieces = st.one_of(
    st.text(), st.sampled_from(NASTY), st.text(alphabet="\x1b[]0123456789;m\x07\\PX^_ab\x9b\r\n\t")
)
texts = st.lists(pieces, max_size=4).map("".join)
widths, heights = st.integers(20, 300), st.integers(5, 100)
themes = st.sampled_from([DARK, DARK.in_ascii()])


def check_box(strips: list[Strip], columns: int, rows: int, ascii_only: bool) -> None:
    assert len(strips) == rows
    for strip in strips:
        line = strip.text
        # Each segment counts by itself: the terminal is told where it begins wherever that is in doubt.
        assert strip.cells == columns, (line, strip.cells)
        assert clean(line) == line, "something unprintable came through"
        assert line.isascii() or not ascii_only
        line.encode("utf-8")


@pytest.mark.parametrize("name", SAMPLES)
def test_any_text_in_any_panel_stays_in_its_box(name: str) -> None:
    @SETTINGS
    @given(text=texts, columns=widths, rows=heights, theme=themes)
    def check(text, columns, rows, theme) -> None:  # type: ignore[no-untyped-def]
        panel = SAMPLES[name](text)
        panel.config.title = text[:50]
        strips = panel.render_box(columns, rows, theme)
        check_box(strips, columns, rows, theme.ascii)

    check()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("text", NASTY)
def test_known_nasty_texts(name: str, text: str) -> None:
    for columns, rows in ((20, 5), (81, 24)):
        strips = SAMPLES[name](text).render_box(columns, rows, DARK)
        check_box(strips, columns, rows, ascii_only=False)


@pytest.mark.parametrize("name", SAMPLES)
def test_sizes_below_the_promise_do_not_raise_either(name: str) -> None:
    for columns in range(0, 12):
        for rows in range(0, 6):
            strips = SAMPLES[name]("x y").render_box(columns, rows, DARK)
            assert not strips or {strip.cells for strip in strips} == {columns}


@settings(max_examples=100)
@given(columns=widths, rows=heights, text=texts, narrow=st.sampled_from([None, 60, 120]))
@example(columns=20, rows=5, text="", narrow=None)
@example(columns=300, rows=100, text="你" * 300, narrow=None)
def test_a_whole_dashboard_fills_any_terminal(columns: int, rows: int, text: str, narrow: int | None) -> None:
    from demo_tui import Columns, Fixed, Rows, Weighted

    spec = Rows(
        Fixed("header", 1, priority=9),
        Columns(Rows(Weighted("code", 2), "log"), Rows("comparison", "table"), narrow=narrow),
        Columns("key_value", "progress", Fixed("tree", 24), "series", "renderable", priority=-1),
    )
    dashboard = DashboardBase(layout=spec, theme=DARK, ascii=False)
    for name, make in SAMPLES.items():
        dashboard.add_panel(name, make(text))
    frame = dashboard.frame(columns, rows)
    whole = [Strip([part for _, strip in row for part in strip.segments]) for row in frame.rows]
    check_box(whole, columns, rows, ascii_only=False)


@settings(max_examples=300)
@given(text=texts, cells=st.integers(1, 50), rest=st.integers(1, 50))
def test_wrapping_keeps_every_character_but_the_spaces_it_breaks_at(text: str, cells: int, rest: int) -> None:
    line = clean(text)
    pairs = wrap(line, cells, rest)
    assert (pairs[0][0], pairs[-1][1]) == (0, len(line))
    for index, (start, end) in enumerate(pairs):
        room = rest if index else cells
        assert width(line[start:end]) <= max(room, 2)
    for (_, end), (start, _) in pairwise(pairs):
        assert line[end:start] in ("", " ")


@settings(max_examples=300)
@given(text=texts, cells=st.integers(0, 50), align=st.sampled_from(["left", "right", "center"]))
def test_fitting_gives_exactly_the_cells_asked_for(text: str, cells: int, align: str) -> None:
    line = clean(text)
    assert width(fit(line, cells, align)) == cells
    assert width(crop(line, cells)) <= cells
    assert clean(line) == line


def test_a_line_of_100_kb_is_shown_quickly_and_cut() -> None:
    from demo_tui import LogPanel

    panel = LogPanel()
    for char in ("x", "你", "\x1b[31mr\x1b[0m", "\t"):
        panel.append(char * 100_000)
    check_box(panel.render_box(80, 24, DARK), 80, 24, ascii_only=False)
    assert max(len(text) for text in panel.lines) < 11_000
