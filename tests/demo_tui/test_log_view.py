"""Scrolling, searching and filtering a log; and Python's logging in it."""

from __future__ import annotations

import logging

import pytest
from panel_samples import terminal

from demo_tui import DARK, DashboardBase, LogHandler, LogPanel, PanelConfig


def filled(entries: int = 100) -> LogPanel:
    panel = LogPanel(PanelConfig("Log", max_lines=200))
    panel.extend(f"line {number}" for number in range(entries))
    return panel


def shown(panel: LogPanel, height: int = 12, width: int = 40) -> list[str]:
    return [strip.text[1:-1].strip() for strip in panel.render_box(width, height, DARK)[1:-1]]


def test_the_view_stays_where_it_is_while_lines_come() -> None:
    panel = filled()
    shown(panel)
    panel.scroll(50)
    before = shown(panel)
    assert before[-1] == "line 49"
    panel.extend(f"more {number}" for number in range(10))
    assert shown(panel) == before
    panel.scroll_end()
    assert shown(panel)[-1] == "more 9"
    panel.append("follows again")
    assert shown(panel)[-1] == "follows again"


def test_home_and_pages_reach_every_line() -> None:
    panel = filled()
    shown(panel)
    panel.scroll_home()
    assert shown(panel)[0] == "line 0"
    panel.scroll_page(-1)
    assert shown(panel)[0] == "line 9"
    for _ in range(20):
        panel.scroll_page(-1)
    assert shown(panel)[-1] == "line 99"


def test_of_a_long_message_the_end_is_shown_and_any_line_can_be_reached() -> None:
    panel = LogPanel()
    panel.append("\n".join(f"row {number}" for number in range(60)))
    assert shown(panel)[-1] == "row 59"
    panel.scroll(30)
    assert shown(panel)[-1] == "row 29"
    panel.scroll_home()
    assert shown(panel)[0] == "row 0"


def test_entries_that_are_dropped_do_not_lose_the_view() -> None:
    panel = LogPanel(PanelConfig("Log", max_lines=50))
    panel.extend(f"line {number}" for number in range(50))
    shown(panel)
    panel.scroll_home()
    panel.extend(f"line {number}" for number in range(50, 90))
    assert shown(panel)[0] == "line 40"  # the oldest that is left


def test_search_goes_to_what_it_finds_and_marks_it() -> None:
    panel = filled()
    shown(panel)
    assert panel.search("LINE 4")
    assert shown(panel)[0] == "line 49"
    assert panel.search_next()
    assert shown(panel)[0] == "line 48"
    assert panel.search_next(forward=True)
    assert shown(panel)[0] == "line 49"
    marked = [part.text for strip in panel.render_box(40, 12, DARK) for part in strip.segments
              if part.style is not None and part.style.bgcolor is not None]  # fmt: skip
    assert marked == ["line 4"]
    assert not panel.search("nowhere")
    assert panel.search("/^line 1.$/")
    with pytest.raises(ValueError, match="no regular expression"):
        panel.search("/(/")


def test_filter_and_level_hide_and_show_again() -> None:
    panel = LogPanel("Log")
    panel.append("loss is nan", tag="trainer", level=logging.ERROR)
    panel.append("step 1", tag="trainer", level=logging.INFO)
    panel.append("read shard", tag="loader", level=logging.INFO)
    panel.filter("TRAINER")
    assert shown(panel)[:2] == ["trainer loss is nan", "trainer step 1"]
    panel.set_level(logging.WARNING)
    assert shown(panel)[0] == "trainer loss is nan"
    assert shown(panel)[1] == ""
    assert "warning and above" in panel.render_box(60, 6, DARK)[0].text
    panel.filter()
    panel.set_level()
    assert len([line for line in shown(panel) if line]) == 3
    assert panel.lines[0] == "loss is nan"  # hidden is not forgotten


def test_logging_is_shown_with_level_name_and_traceback() -> None:
    board = DashboardBase(terminal(100, 30), clock=lambda: 0.0)
    logger = logging.getLogger("tests.demo_tui")
    logger.propagate = False
    handler = LogHandler(board, level="INFO")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        logger.debug("not shown")
        logger.warning("careful, %s", "you")
        try:
            _ = 1 // 0
        except ZeroDivisionError:
            logger.exception("it broke")
    finally:
        logger.removeHandler(handler)
    text = board.frame(100, 30).text
    assert "not shown" not in text
    assert "00:00.0 tests.demo_tui careful, you" in text
    assert "ZeroDivisionError: integer division" in text
    assert [entry.level for entry in board.log_panel.entries] == [logging.WARNING, logging.ERROR]
    assert [entry.style for entry in board.log_panel.entries] == ["warn", "bad"]


def test_a_handler_can_write_to_one_panel() -> None:
    panel = LogPanel()
    LogHandler(panel).emit(logging.LogRecord("a.b", logging.INFO, "", 1, "text", None, None))
    assert panel.entries[0].tag == "a.b"
    assert panel.entries[0].level == logging.INFO


def test_links_of_a_child_are_kept_and_cannot_smuggle_anything() -> None:
    board = DashboardBase(terminal(60, 8))
    panel = board.add_panel("log", LogPanel())
    panel.append("\x1b]8;;https://example.org/a\x1b\\link\x1b]8;;\x1b\\ after")
    painted = "".join(strip.painted(board.ink()) for _, strip in board.frame(60, 8).rows[1])
    assert "https://example.org/a\x1b\\link" in painted
    assert '<a href="https://example.org/a"' in board.frame(60, 8).html()
    panel.append("\x1b]8;;https://x/\x1b[2J\x1b\\bad\x1b]8;;\x1b\\")
    assert "\x1b[2J" not in "".join(
        strip.painted(board.ink()) for row in board.frame(60, 8).rows for _, strip in row
    )
