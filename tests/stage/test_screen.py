"""The stage at fixed sizes: a function of the events and the size, byte for byte; and what its keys do."""

from __future__ import annotations

import io

import msgspec
import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from histories import CONCEPT, both, side
from monarch_vs_ray.campaign.sides import recording
from monarch_vs_ray.concepts import all_concepts
from monarch_vs_ray.core.events import ExperimentBegun
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.history import read
from monarch_vs_ray.stage.board import Board, View
from monarch_vs_ray.stage.demo_screen import DemoScreen, Showing
from monarch_vs_ray.stage.presenter import Banner
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.timeline import END, START
from monarch_vs_ray.stage.tour import Tour

SIZES = [(80, 24), (120, 40), (240, 70)]


class PlainText(SingleFileSnapshotExtension):
    """Each picture in a text file of its own, to be read in review."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def pictures(snapshot):
    return snapshot.use_extension(PlainText)


def terminal(width=120, height=40, **options) -> Console:
    settings = {"force_terminal": True, "color_system": "truecolor", **options}
    return Console(file=io.StringIO(), width=width, height=height, **settings)


def picture(events, width=120, height=40, *, engines=("monarch", "ray"), ascii=None, **view):
    state = State(CONCEPT, engines)
    state.apply(events)
    board = Board(CONCEPT, engines, console=terminal(), ascii=ascii)
    return board.frame(View(state, **view), width, height)


def until(seconds: float):
    return [event for event in both() if event.at <= seconds * 1e9]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("moment", [0.0, 0.7, 9.0])
def test_pictures(pictures, size, moment):
    assert picture(until(moment), *size, status=f"{moment:.1f} s").text == pictures


def test_a_step_has_the_title_of_the_demo_where_its_recording_has_an_older_one():
    older = [
        msgspec.structs.replace(event, title="Older title") if type(event) is ExperimentBegun else event
        for event in until(0.7)
    ]
    assert picture(older).text == picture(until(0.7)).text
    assert picture(older).text.splitlines()[-2].endswith("Make a greeter")


def test_picture_of_a_replay_in_ascii(pictures):
    text = picture(until(0.7), 100, 30, ascii=True, mode="REPLAY recorded 2026-01-02").text
    assert text == pictures
    assert text.isascii()


def test_picture_of_one_engine(pictures):
    assert picture(side("ray"), 80, 24, engines=("ray",)).text == pictures


def test_picture_of_a_side_that_failed(pictures):
    assert picture(both(exit_code=1), 100, 30).text == pictures


def test_the_running_line_is_lit():
    text = picture(until(0.7)).text
    lit = [line for line in text.splitlines() if "▶" in line and 'with operation("hello")' in line]
    assert len(lit) == 1


def test_a_row_stands_below_its_step_with_the_times_of_both():
    text = picture(both(), beat="greet").text.splitlines()
    at = next(number for number, line in enumerate(text) if "2 Greet" in line)
    assert "500 ms" in text[at]
    assert "1.5 s" in text[at]
    assert "Reply of one actor" in text[at + 1]


def test_markup_and_escapes_in_a_log_are_shown_not_obeyed():
    text = picture(both(), 240, 70, beat="greet").text
    assert "[not markup]" in text
    assert "\x1b" not in text


def test_the_log_repeats_nothing_that_is_elsewhere():
    text = picture(both(), beat="greet", only="log").text
    assert "noise" in text
    assert "reply =" not in text
    assert "Make a greeter" not in text


def test_a_panel_that_raises_shows_its_error_in_its_own_box(monkeypatch):
    state = State(CONCEPT, ("monarch", "ray"))
    state.apply(until(0.7))
    board = Board(CONCEPT, ("monarch", "ray"), console=terminal())
    monkeypatch.setattr(board._observed, "body", lambda *_: 1 / 0)
    text = board.frame(View(state), 120, 40).text
    assert "ZeroDivisionError" in text
    assert "Greet" in text


@given(width=st.integers(20, 240), height=st.integers(5, 70), moment=st.floats(0, 5))
def test_any_size_at_any_moment_fills_exactly_its_cells(width, height, moment):
    assert len(picture(until(moment), width, height).lines) == height


@pytest.mark.parametrize("concept", all_concepts(), ids=lambda concept: concept.name)
def test_each_demo_shows_picture_and_code_at_80x24(concept):
    state = State(concept, ("monarch", "ray"))
    state.apply(read(recording(concept)).events)
    board = Board(concept, ("monarch", "ray"), console=terminal(80, 24))
    board.show(View(state, beat=concept.demo[-1].experiment), 80, 24)
    shown = board.dashboard.regions(80, 24)
    kinds = {name: region.height for name, region in shown.items() if name.startswith("monarch.")}
    assert kinds["monarch.code"] >= 5
    assert kinds["monarch.picture"] >= 6


# -- keys --------------------------------------------------------------------------------------------


class Seat:
    """Somebody who watches a demo: lets time pass, presses keys, and looks."""

    def __init__(self, events=None, *, live=False, tour=None, showing=None, console=None) -> None:
        self.now = 0.0
        console = console or terminal()
        self.screen = DemoScreen(
            CONCEPT,
            ("monarch", "ray"),
            Banner("LIVE") if live else Banner("REPLAY", "recorded 2026-01-02"),
            showing or Showing(),
            tour,
            console=console,
            clock=lambda: self.now,
        )
        self.console = console
        self.screen.fd = lambda: 0  # the keyboard: without one, the last frame does not stay
        self.screen.__enter__()
        self.screen.update(Batch(both() if events is None else events), 0)

    def wait(self, seconds: float, run: float = 0.0) -> Seat:
        """Let time pass in small steps; ``run`` is the live run's own clock."""
        for _ in range(max(1, round(seconds / 0.1))):
            self.now += 0.1
            self.screen.update(Batch(), int(run * 1e9))
        return self

    def press(self, *keys: str) -> Seat:
        """Press keys."""
        for key in keys:
            self.screen.press(key)
        return self.wait(0.1)

    @property
    def text(self) -> str:
        """Return what is on the screen."""
        screen = pyte.Screen(self.console.width, self.console.height)
        pyte.Stream(screen).feed(self.console.file.getvalue())
        return "\n".join(line.rstrip() for line in screen.display)


@pytest.fixture
def seat():
    opened = []

    def take(*arguments, **options) -> Seat:
        made = Seat(*arguments, **options)
        opened.append(made)
        return made

    yield take
    for made in opened:
        made.screen.__exit__(None, None, None)


def step_of(text: str) -> str:
    return text.splitlines()[1].split("(")[0].strip()


def test_it_begins_with_the_question_and_what_to_watch(seat):
    text = seat().text
    assert "What does a greeter answer?" in text
    assert "Both greeters answer alike." in text


@pytest.mark.parametrize(
    ("keys", "shows"),
    [
        (["n"], "1 of 2  Make a greeter"),
        (["n", "n"], "2 of 2  Greet"),
        (["n", "n", "b"], "1 of 2  Make a greeter"),
        (["n", "right"], "2 of 2  Greet"),
        (["end", "left"], "1 of 2  Make a greeter"),
        (["g", "down", "enter"], "2 of 2  Greet"),
    ],
)
def test_keys_go_to_a_step(seat, keys, shows):
    assert step_of(seat().press(*keys).text) == shows


def test_home_and_end(seat):
    watched = seat().press("end")
    assert "What this run showed" in watched.text
    assert "What to watch" in watched.press("home").text


def test_space_holds_a_replay_and_lets_it_go_on(seat):
    watched = seat().press("n").press("space")
    assert "PAUSED" in watched.text
    assert watched.wait(60).screen.transport.beat.key == "make_a_greeter"
    assert "PAUSED" not in watched.press("p").text
    assert watched.wait(60).screen.whole


@pytest.mark.parametrize(
    ("key", "shows", "hides"),
    [
        ("c", "experiments.py", "Observed"),
        ("o", "Observed", "experiments.py"),
        ("l", "Monarch log", "experiments.py"),
    ],
)
def test_one_kind_of_panel_alone_and_all_again(seat, key, shows, hides):
    watched = seat().press("n").wait(4)
    text = watched.press(key).text
    assert shows in text
    assert hides not in text
    assert hides in watched.press(key).text


def test_a_step_is_explained(seat):
    text = seat().press("n", "n").wait(3).press("e").text
    assert "This step, and what to watch" in text
    assert "The answer: hello you on Monarch, hello you on Ray." in text


def test_the_help_lists_the_keys(seat):
    text = seat().press("?").text
    assert all(said in text for said in ("pause, or go on", "next step", "list of steps", "another demo"))


def test_the_last_frame_stays_until_q(seat):
    watched = seat().wait(120)
    assert watched.screen.holding
    assert "END" in watched.text
    assert "Both answered: hello you and hello you." in watched.text
    assert "ended well" in watched.text
    watched.press("q")
    assert watched.screen.quit
    assert watched.screen.whole


def test_without_a_keyboard_nothing_stays(seat):
    watched = seat()
    watched.screen.fd = lambda: None
    assert watched.screen.holding
    assert not watched.wait(120).screen.holding


def test_who_leaves_a_live_run_that_has_ended_interrupts_nothing(seat):
    watched = seat(live=True, showing=Showing(presenting=True)).wait(1, run=5.0).press("q")
    assert (watched.screen.quit, watched.screen.whole) == (True, True)


def test_who_leaves_a_replay_early_has_not_seen_the_whole(seat):
    watched = seat().wait(1).press("q")
    assert (watched.screen.quit, watched.screen.whole) == (True, False)


def test_another_demo_is_asked_for(seat):
    tour = Tour()
    watched = seat(tour=tour).press("3")
    assert (tour.wanted, tour.left, watched.screen.quit) == (3, False, True)


def test_a_live_run_is_not_ended_by_one_wrong_key(seat):
    tour = Tour()
    watched = seat(until(1.0), live=True, tour=tour).press("3")
    assert not watched.screen.quit
    assert "3 once more ends this run" in watched.text
    assert watched.press("3").screen.quit


def test_one_of_several_demos_gives_way_to_the_next(seat):
    watched = seat(tour=Tour(goes_on=True)).press("end").wait(1)
    assert "n: next demo" in watched.text
    assert watched.screen.holding
    assert not watched.wait(15).screen.holding
    assert seat(tour=Tour(goes_on=True)).press("end").wait(1).press("n").screen.quit


def test_a_presentation_stops_after_each_step_and_says_two_sentences(seat):
    watched = seat(showing=Showing(presenting=True)).wait(30)
    assert "space: next step" in watched.text
    watched.press("space").wait(30).press("space").wait(30)
    text = watched.text
    assert step_of(text) == "2 of 2  Greet"
    assert "One greeter is called." in text
    assert "The answer: hello you on Monarch, hello you on Ray." in text
    assert watched.press("space").wait(30).press("space").screen.whole


def test_a_live_view_says_how_far_it_lags_behind(seat):
    watched = seat(until(1.0), live=True).wait(0.1, run=1.0).press("space").wait(0.1, run=3.4)
    assert "view 2.4 s behind" in watched.text


def test_seeking_back_shows_the_same_picture_as_before(seat):
    watched = seat().press("n", "n", "space")
    before = watched.text
    watched.press("end").press("home").press("n", "n", "space")
    assert watched.text == before


def test_the_arrows_scroll_the_panel_that_is_focused(seat):
    watched = seat(console=terminal(120, 20)).press("n", "n", "space")
    panels = watched.screen.board.dashboard.panels
    for _ in panels:
        if not panels["ray.code"].focused:
            watched.press("tab")
    first = watched.text
    assert watched.press("home", "n", "space", "up", "up").text != first
    assert "class Greeter" in watched.press("up", "up", "up", "up").text
    assert watched.press("z").screen.board.dashboard.zoomed == "ray.code"
    assert not watched.press("z").screen.board.dashboard.zoomed


def test_no_colour_writes_no_colour(seat, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    console = terminal(80, 24, color_system="auto")
    seat(console=console).press("end").wait(1)
    assert "\x1b[38;2;" not in console.file.getvalue()
    assert "What does a greeter answer?" in console.file.getvalue()


def test_the_pictures_of_start_and_end_need_no_beat():
    assert "What to watch" in picture(until(0.0), beat=START).text
    assert "Same on both:" in picture(both(), beat=END).text
