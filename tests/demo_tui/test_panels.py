"""What the panels do beyond their looks, which the goldens hold."""

from __future__ import annotations

import pytest
from panel_samples import CODE, FakeClock, terminal
from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from demo_tui import (
    DARK,
    LIGHT,
    CodePanel,
    ComparisonPanel,
    DashboardBase,
    HeaderPanel,
    KeyValuePanel,
    LogPanel,
    Panel,
    PanelConfig,
    ProgressPanel,
    RenderablePanel,
    SeriesPanel,
    TablePanel,
    Theme,
    TreePanel,
)
from demo_tui.panels.progress import short_time
from demo_tui.theme import detect_theme


def text(panel: Panel, width: int = 60, height: int = 12, theme: Theme = DARK) -> str:
    return "\n".join(strip.text.rstrip() for strip in panel.render_box(width, height, theme))


def colours(panel: Panel, word: str, theme: Theme = DARK) -> set[str]:
    found = set()
    for strip in panel.render_box(80, 12, theme):
        for part, style, _ in strip.segments:
            if word in part and style is not None:
                found.add(str(style))
    return found


# -- your own panel ------------------------------------------------------------------------------


def test_a_panel_of_ones_own_gives_strings_and_rich_text() -> None:
    class Mine(Panel):
        def body(self, width: int, height: int, theme: Theme) -> list[str | Text]:
            return ["plain [bold]text[/bold]", Text("styled", style="red"), "too wide " * 20]

    panel = Mine("Mine")
    assert "plain [bold]text[/bold]" in text(panel)
    assert colours(panel, "styled") == {"red"}


def test_a_panel_without_a_body_says_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match=r"Panel has no body\(width, height, theme\)"):
        Panel("x").render_box(20, 5)


def test_any_panel_prints_with_plain_rich() -> None:
    console = terminal(40, 20, color_system=None)
    console.print(KeyValuePanel("Status", {"a": 1}))
    assert "│ a  1" in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_picture_is_kept_until_something_changes() -> None:
    panel = KeyValuePanel("Status", {"a": 1})
    first = panel.safe_box(40, 5, DARK)
    assert panel.safe_box(40, 5, DARK) is first
    panel.set("a", 2)
    assert panel.safe_box(40, 5, DARK) is not first


def test_max_lines_must_leave_room() -> None:
    with pytest.raises(ValueError, match="max_lines is 0"):
        PanelConfig("x", max_lines=0)


# -- log -----------------------------------------------------------------------------------------


def test_colours_of_a_child_are_kept_and_its_cursor_movements_are_not() -> None:
    panel = LogPanel()
    panel.append("\x1b[31mred\x1b[0m plain\x1b[2J\x1b[5;5H\x1b]0;title\x07 end")
    assert "red plain end" in text(panel)
    assert colours(panel, "red") == {"color(1)"}


def test_a_progress_bar_of_a_child_shows_its_last_state() -> None:
    panel = LogPanel()
    panel.append("10%\r50%\r100% done\r")
    assert "│ 100% done" in text(panel)


def test_the_view_scrolls_back_and_returns() -> None:
    panel = LogPanel(PanelConfig("Log", max_lines=50))
    panel.extend(f"line {number}" for number in range(100))
    assert "line 99" in text(panel)
    panel.scroll(20)
    assert "line 79" in text(panel)
    assert "line 80" not in text(panel)
    assert "20 back" in text(panel)
    panel.scroll(10**9)
    assert "line 50" in text(panel)
    panel.scroll(-(10**9))
    assert "line 99" in text(panel)


def test_hours_are_shown_where_there_are_any() -> None:
    panel = LogPanel()
    panel.append("late", time=3725.0)
    panel.append("rounding", time=59.99)
    assert "1:02:05 late" in text(panel)
    assert "00:59.9 rounding" in text(panel)


def test_without_wrapping_long_lines_are_cut() -> None:
    panel = LogPanel(wrap=False)
    panel.append("x" * 500)
    assert text(panel).count("x" * 56) == 1


# -- code ----------------------------------------------------------------------------------------


def test_it_scrolls_to_the_lit_lines_and_back() -> None:
    panel = CodePanel("\n".join(f"x{number} = {number}" for number in range(1, 201)))
    assert " 1 x1 = 1" in text(panel)
    panel.light({150, 151})
    assert "▶ 150 x150" in text(panel)
    assert "▶ 151 x151" in text(panel)
    panel.light(3)
    assert "▶   3 x3" in text(panel)
    assert panel.states == {3: "lit", 150: "done", 151: "done"}
    panel.light((), keep=None)
    assert panel.states == {150: "done", 151: "done"}
    panel.mark([150, 151], None)
    assert panel.states == {}


def test_highlighting_happens_once_and_only_changed_lines_are_made_again() -> None:
    panel = CodePanel(CODE)
    first = panel.render_box(60, 14)
    tokens = panel._tokens
    panel.light(9)
    second = panel.render_box(60, 14)
    assert panel._tokens is tokens
    kept = {id(s) for s in first} & {id(s) for s in second}
    assert kept == set() or len(kept) < 14  # borders are new, bodies below are the same
    assert second[1].segments[1:-1] == first[1].segments[1:-1]


def test_keywords_have_the_colour_of_the_theme() -> None:
    panel = CodePanel(CODE)
    assert "#ff7b72" in next(iter(colours(panel, "class")))
    assert "#cf222e" in next(iter(colours(panel, "class", LIGHT)))


def test_first_line_counts_and_an_unknown_language_is_plain() -> None:
    panel = CodePanel("one\ntwo\n", language="no such language", lit=[41], first_line=40)
    assert "▶ 41 two" in text(panel)
    assert "42" not in text(panel)
    panel.set_code("other", first_line=7)
    assert " 7 other" in text(panel)


def test_code_forgets_states_and_notes_when_asked() -> None:
    panel = CodePanel(CODE, lit=[1])
    panel.note(2, "0.5 s")
    panel.clear_states()
    fresh = CodePanel(CODE)
    assert dict(panel.states) == {}
    assert [line.text for line in panel.render_box(40, 8)] == [line.text for line in fresh.render_box(40, 8)]


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="'on' is no state"):
        CodePanel("x").mark(1, "on")


# -- progress ------------------------------------------------------------------------------------


def test_the_estimate_follows_the_recent_speed() -> None:
    clock = FakeClock()
    panel = ProgressPanel()
    panel.clock = clock
    panel.update("x", 0, total=100)
    assert panel.tasks[0].eta(clock.now) is None
    clock.advance(10)
    panel.update("x", 20)
    assert panel.tasks[0].eta(clock.now) == pytest.approx(40)
    for _ in range(40):  # slower from here on
        clock.advance(1)
        panel.update("x", advance=1)
    assert panel.tasks[0].eta(clock.now) == pytest.approx(40, rel=0.1)
    assert "60% 60/100 1/s eta 40" in text(panel)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.42, "0.42s"), (12.34, "12.3s"), (245, "4m05s"), (7800, "2h10m"), (273600, "3d04h"), (1e12, "9999d")],
)
def test_durations_are_short(seconds: float, shown: str) -> None:
    assert short_time(seconds) == shown


def test_a_failed_bar_keeps_how_far_it_came_and_a_finished_one_is_full() -> None:
    panel = ProgressPanel()
    panel.update("a", 1, total=4)
    panel.fail("a", "disk full")
    panel.add("b", total=10)
    panel.finish("b")
    assert (panel.percentage("a"), panel.percentage("b")) == (25.0, 100.0)
    assert "✗ a" in text(panel)
    assert "disk full" in text(panel)
    with pytest.raises(KeyError):
        panel.percentage("c")


# -- the others ----------------------------------------------------------------------------------


def test_comparison_marks_differences() -> None:
    panel = ComparisonPanel("Monarch", "Ray")
    panel.set_row("same", 1, 1)
    panel.set_row("other", 1, 2)
    panel.set_row("open", 1)
    panel.set_row("judged", "about 2", "2", differs=False)
    assert [row.mark() for row in panel.rows] == [False, True, None, False]
    with pytest.raises(ValueError, match="'Dask' is no side; use 'Monarch' or 'Ray'"):
        panel.append("Dask", "x")
    panel.clear()
    assert panel.rows == []


def test_key_values_count_what_does_not_fit() -> None:
    panel = KeyValuePanel("Many", {f"key {number}": number for number in range(20)})
    assert "+17 more" in text(panel, height=6)
    panel.remove("key 0")
    assert "key 0" not in panel.values
    panel.update({"key 1": 1_234_567.0, "tiny": 1e-9, "nan": float("nan")})
    assert "1,234,567" in text(panel, height=30)
    assert "1e-09" in text(panel, height=30)


def test_tables_count_what_does_not_fit() -> None:
    panel = TablePanel(["name", "value"])
    panel.set_rows((str(number), number) for number in range(20))
    assert "+17 more" in text(panel, height=7)
    panel.set_row("new", ("new", 1))
    panel.remove_row(0)
    assert len(panel.rows) == 20


def test_series_keep_max_lines_values() -> None:
    panel = SeriesPanel(PanelConfig("S", max_lines=3))
    for number in range(5):
        panel.append(number)
    assert panel.values() == [2, 3, 4]
    assert "no values yet" in text(SeriesPanel("empty"))


def test_trees_take_nodes_in_any_order_and_survive_cycles() -> None:
    panel = TreePanel("T")
    panel.set("child", parent="root")
    panel.set("root")
    assert text(panel).index("root") < text(panel).index("└─ ● child")
    panel.set("a", parent="b")
    panel.set("b", parent="a")
    assert "● a" in text(panel)
    panel.remove("root")
    assert "child" not in text(panel)
    panel.remove("a")
    assert panel.nodes == {}


def test_a_very_deep_tree_is_no_problem() -> None:
    panel = TreePanel("deep")
    for number in range(5_000):
        panel.set(number, parent=number - 1)
    assert "+4994 more" in text(panel, height=9)


def test_headers_drop_the_centre_first() -> None:
    panel = HeaderPanel("left part", "the centre", "right part")
    assert "the centre" in text(panel, 60, 1)
    assert text(panel, 26, 1) == "left part       right part"
    panel.set(right="R", style="good")
    assert text(panel, 11, 1) == "left part R"[:11].rstrip() or "left part" in text(panel, 11, 1)


def test_rich_renderables_and_functions_are_panels() -> None:
    board = DashboardBase(Console(width=80, height=24))
    board.add_panel("help", Markdown("# Title\n\n* item"))
    numbers = iter(range(100))
    live = board.add_panel("count", RenderablePanel(lambda: f"call {next(numbers)}"))
    assert "• item" in board.frame(80, 24).text
    assert live.content_key() != live.content_key()


# -- themes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "dark"),
        ({"COLORFGBG": "15;0"}, "dark"),
        ({"COLORFGBG": "0;15"}, "light"),
        ({"COLORFGBG": "0;default;15"}, "light"),
        ({"COLORFGBG": "0;15", "DEMO_TUI_THEME": "dark"}, "dark"),
        ({"DEMO_TUI_THEME": "Light"}, "light"),
    ],
)
def test_the_theme_follows_the_terminal(environment: dict[str, str], name: str) -> None:
    assert detect_theme(environment).name == name


def test_themes_can_be_changed_and_bad_styles_are_no_style() -> None:
    mine = DARK.with_styles(code_keyword="bold #00ff00", title="no such style at all")
    assert "#00ff00" in next(iter(colours(CodePanel(CODE), "class", mine)))
    assert text(KeyValuePanel("T", {"a": 1}), theme=mine)
    with pytest.raises(ValueError, match="'blue' is no theme"):
        DashboardBase(theme="blue")


def test_a_console_without_unicode_gets_ascii() -> None:
    import io

    class Latin(io.StringIO):
        encoding = "latin-1"

    board = DashboardBase(Console(file=Latin(), width=40, height=10))
    board.add_panel("status")
    board.set_status("status", "key", "über → 你")
    assert board.frame(40, 10).text.isascii()
    assert "?ber -> ??" in board.frame(40, 10).text
