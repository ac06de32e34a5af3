"""The stage at fixed sizes: a function of the events and the size, byte for byte."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from histories import CONCEPT, both, side
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.screen import Screen
from monarch_vs_ray.stage.state import State

SIZES = [(80, 24), (120, 40), (240, 70)]


class PlainText(SingleFileSnapshotExtension):
    """Each picture in a text file of its own, to be read in review."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def pictures(snapshot):
    return snapshot.use_extension(PlainText)


LIVE = Banner("LIVE")


def screen(events, banner: Banner = LIVE, **options) -> Screen:
    state = State(CONCEPT, options.pop("engines", ("monarch", "ray")))
    state.apply(events)
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=True, color_system="truecolor")
    return Screen(state, banner, console=console, **options)


def until(seconds: float):
    return (event for event in both() if event.at <= seconds * 1e9)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("moment", [0.0, 0.7, 9.0])
def test_pictures(pictures, size, moment):
    assert screen(until(moment)).frame(*size, now=int(moment * 1e9)).text == pictures


def test_picture_of_a_replay_in_ascii(pictures):
    banner = Banner("REPLAY", "recorded 2026-01-02, speed 4")
    text = screen(until(0.7), banner, ascii=True).frame(100, 30, now=700_000_000).text
    assert text == pictures
    assert text.isascii()


def test_picture_of_one_engine(pictures):
    assert screen(side("ray"), engines=("ray",)).frame(80, 24, now=1_200_000_000).text == pictures


def test_picture_of_a_side_that_failed(pictures):
    assert screen(both(exit_code=1)).frame(100, 30, now=3_600_000_000).text == pictures


def test_the_running_line_is_lit():
    text = screen(until(0.7)).frame(120, 40, now=700_000_000).text
    lit = [line for line in text.splitlines() if "▶" in line and 'with operation("hello")' in line]
    assert len(lit) == 1


def test_the_same_events_give_the_same_picture_however_they_arrive():
    whole = screen(both()).frame(120, 40, now=4_000_000_000)
    state = State(CONCEPT, ("monarch", "ray"))
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=True)
    clock = iter(range(10_000))
    stage = Screen(state, Banner("LIVE"), console=console, clock=lambda: float(next(clock)))
    with stage:
        for event in both():
            state.apply([event])
            stage.update(Batch([event]), event.at)
    pieces = stage.frame(120, 40, now=4_000_000_000)
    # The code's view depends on what was in view before; header and all below the code must be equal.
    below = next(number for number, line in enumerate(whole.lines) if "Monarch log" in line)
    assert (pieces.lines[0], pieces.lines[below:]) == (whole.lines[0], whole.lines[below:])


def test_markup_and_escapes_in_a_log_are_shown_not_obeyed():
    text = screen(both()).frame(240, 70, now=4_000_000_000).text
    assert "[not markup]" in text
    assert "\x1b" not in text


def test_a_panel_that_raises_shows_its_error_in_its_own_box(monkeypatch):
    stage = screen(until(0.7))
    monkeypatch.setattr(stage._observed, "body", lambda *_: 1 / 0)
    stage._observed.touch()
    text = stage.frame(120, 40, now=700_000_000).text
    assert "ZeroDivisionError" in text
    assert "Make a greeter" in text


@given(width=st.integers(20, 240), height=st.integers(5, 70), moment=st.floats(0, 5))
def test_any_size_at_any_moment_fills_exactly_its_cells(width, height, moment):
    frame = screen(until(moment)).frame(width, height, now=int(moment * 1e9))
    assert len(frame.lines) == height


def test_no_colour_writes_no_colour(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    console = Console(file=file, width=80, height=24, force_terminal=True)
    state = State(CONCEPT, ("monarch", "ray"))
    state.apply(both())
    with Screen(state, Banner("LIVE"), console=console):
        pass
    assert "\x1b[38;2;" not in file.getvalue()
    assert "What does a greeter answer?" in file.getvalue()
