"""The time axis: beats in which both engines are shown in step, and how the view moves along it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from histories import CONCEPT, both, side
from monarch_vs_ray.core.events import ExperimentBegun, ExperimentEnded, SideEnded
from monarch_vs_ray.stage.playback import Playback
from monarch_vs_ray.stage.state import State
from monarch_vs_ray.stage.timeline import END, START, Pace, Timeline
from monarch_vs_ray.stage.transport import PLAYED, PRESENTED, Transport

PACE = Pace(shortest=2.0, longest=5.0, rest=1.0)


def timeline(events=None, engines=("monarch", "ray")) -> Timeline:
    made = Timeline(CONCEPT, engines)
    made.add(both() if events is None else events)
    return made


def until(seconds: float):
    return [event for event in both() if event.at <= seconds * 1e9]


def shown(transport: Transport) -> list[float]:
    return [round(moment / 1e9, 3) for moment in transport.times().values()]


# -- beats -------------------------------------------------------------------------------------------


def test_the_beats_are_the_start_each_step_and_the_end():
    beats = timeline().beats(PACE)
    assert [beat.key for beat in beats] == [START, "make_a_greeter", "greet", END]
    assert [(beat.begin, beat.play) for beat in beats] == [(0, 2), (3, 2), (6, 2), (9, 2)]
    assert beats[-1].end == 11


def test_in_a_beat_both_sides_go_from_its_beginning_to_its_end():
    beat = timeline().beats(PACE)[2]
    assert beat.times(beat.begin) == {"monarch": 500_000_000, "ray": 1_500_000_000}
    assert beat.times(beat.begin + beat.play) == {"monarch": 1_000_000_000, "ray": 3_000_000_000}
    assert beat.times(beat.end) == beat.times(beat.begin + beat.play)


def test_the_faster_engine_is_done_first_but_never_missed():
    beat = timeline().beats(PACE)[2]
    half = beat.times(beat.begin + beat.play / 2)
    assert half["monarch"] == 1_000_000_000
    assert half["ray"] == 2_250_000_000
    assert beat.times(beat.begin + 0.2)["monarch"] < 1_000_000_000


@given(seconds=st.floats(0, 4))
def test_a_beat_counts_once_every_side_has_it_behind_it(seconds):
    beats = timeline(until(seconds)).beats(PACE)
    ended = [event.experiment for event in until(seconds) if isinstance(event, ExperimentEnded)]
    begun = {event.side for event in until(seconds) if isinstance(event, ExperimentBegun)}
    wanted = [START] * (len(begun) == 2) + [
        key for key in ("make_a_greeter", "greet") if ended.count(key) == 2
    ]
    assert [beat.key for beat in beats if beat.key != END] == wanted


def test_a_side_that_died_holds_up_nobody():
    ray = [event for event in side("ray") if event.at < 0.6e9]
    dead = SideEnded(side="ray", at=700_000_000, ending="signal", signal=9)
    beats = timeline([*side("monarch"), *ray, dead]).beats(PACE)
    assert [beat.key for beat in beats] == [START, "make_a_greeter", "greet", END]


def test_one_engine_alone_has_its_own_beats():
    assert len(timeline(side("ray"), ("ray",)).beats(PACE)) == 4


# -- the view ----------------------------------------------------------------------------------------


def test_a_replay_plays_in_step_to_its_end():
    view = Transport(timeline())
    for _ in range(200):
        view.advance(0.1, 0)
    assert view.at_end
    assert shown(view) == [1.2, 3.6]


def test_before_its_first_event_a_replay_is_not_at_its_end():
    assert not Transport(timeline([])).at_end


def test_a_pause_holds_a_replay_where_it_is():
    view = Transport(timeline())
    view.advance(4.0, 0)
    held = view.times()
    view.toggle()
    view.advance(60.0, 0)
    assert view.times() == held
    view.toggle()
    view.advance(1.0, 0)
    assert view.times() != held


def test_keys_go_from_beat_to_beat():
    view = Transport(timeline())
    keys = []
    for go in (view.next, view.next, view.previous, view.last, view.home):
        go()
        keys.append(view.beat.key)
    assert keys == ["make_a_greeter", "greet", "make_a_greeter", END, START]
    assert view.go_to("greet")
    view.advance(1.0, 0)
    view.previous()
    assert view.beat.key == "greet"
    assert not view.go_to("nothing of the kind")


def test_the_view_stays_within_the_run():
    view = Transport(timeline())
    view.seek(-10)
    assert view.position == 0
    view.seek(1000)
    assert view.position == view.edge


@pytest.mark.parametrize(("steps", "speed"), [(1, 2.0), (2, 4.0), (-1, 0.5), (50, 16.0), (-50, 0.25)])
def test_speed_has_bounds(steps, speed):
    view = Transport(timeline())
    view.change_speed(steps)
    before = view.position
    view.advance(0.1, 0)
    assert view.position - before == pytest.approx(0.1 * speed)


def test_speed_0_begins_at_the_end():
    view = Transport(timeline(), speed=0)
    view.advance(0.0, 0)
    assert view.at_end


def test_a_presentation_stops_when_both_engines_have_taken_a_step():
    view = Transport(timeline(), presenting=True)
    assert view.pace == PRESENTED
    stops = []
    for _ in range(4):
        view.advance(100.0, 0)
        stops.append((view.beat.key, view.playing, shown(view)))
        view.toggle()
    assert stops == [
        (START, False, [0.2, 0.6]),
        ("make_a_greeter", False, [0.5, 1.5]),
        ("greet", False, [1.0, 3.0]),
        (END, False, [1.2, 3.6]),
    ]


def test_a_live_view_follows_the_run_and_may_lag_behind():
    run = timeline(until(1.0))
    view = Transport(run, live=True)
    view.advance(0.1, 1_000_000_000)
    assert (shown(view), view.behind) == ([1.0, 1.0], 0.0)
    view.toggle()
    view.advance(2.0, 3_000_000_000)
    assert (shown(view), view.behind) == ([1.0, 1.0], 2.0)
    view.toggle()
    view.advance(0.5, 3_500_000_000)
    assert (shown(view), view.behind) == ([1.5, 1.5], 2.0)
    view.last()
    view.advance(0.1, 3_600_000_000)
    assert view.behind == 0.0


def test_a_live_presentation_waits_until_both_engines_have_taken_the_step():
    run = timeline(until(1.0))
    view = Transport(run, live=True, presenting=True)
    view.advance(100.0, 1_000_000_000)
    view.toggle()
    assert (view.beat.key, view.waiting) == (START, True)
    run.add(event for event in both() if event.at > 1e9)
    view.advance(0.1, 4_000_000_000)
    view.next()
    view.advance(100.0, 4_000_000_000)
    assert (view.beat.key, view.waiting) == ("make_a_greeter", False)
    assert view.behind == pytest.approx(2.1, abs=0.01)


def test_in_step_and_as_it_ran_show_about_the_same():
    view = Transport(timeline())
    view.go_to("greet")
    view.toggle_in_step()
    assert shown(view) == [1.5, 1.5]
    view.toggle_in_step()
    assert view.beat.key == "greet"


@given(
    st.lists(st.sampled_from(["next", "previous", "home", "last", "toggle", "toggle_in_step"]), max_size=30)
)
def test_whatever_is_pressed_the_state_is_that_of_the_times(keys):
    run = timeline()
    view, playback = Transport(run), Playback(lambda: State(CONCEPT, run.tracks), run)
    for key in keys:
        getattr(view, key)()
        view.advance(0.3, 0)
        playback.show(view.times())
    afresh = Playback(lambda: State(CONCEPT, run.tracks), run)
    afresh.show(view.times())
    assert {e: s.events for e, s in playback.state.sides.items()} == {
        e: s.events for e, s in afresh.state.sides.items()
    }


def test_the_pace_keeps_a_beat_between_its_bounds():
    for pace in (PLAYED, PRESENTED):
        assert all(pace.shortest <= beat.play <= pace.longest for beat in timeline().beats(pace))
