"""Pictures are functions of the events: the same ones give the same lines, other ones other lines."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from demo_tui import DARK
from histories import MACHINE, Script
from monarch_vs_ray.concepts import all_concepts, find
from monarch_vs_ray.core.events import (
    ENGINES,
    FORMAT,
    ExperimentBegun,
    ExperimentEnded,
    FaultInjected,
    LineReached,
    Message,
    Metric,
    Observation,
    RunStarted,
)
from monarch_vs_ray.pictures.blocks import Block, Picture, row
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.finding import has_picture, picture_for
from monarch_vs_ray.pictures.marks import size
from monarch_vs_ray.pictures.panel import PicturePanel
from monarch_vs_ray.pictures.vector import svg
from recorded import doctored, recording

CONCEPTS = [concept.name for concept in all_concepts()]
RECORDED = {name: recording(find(name)) for name in CONCEPTS}
SIZES = [(36, 8), (56, 14), (96, 20)]


class PlainText(SingleFileSnapshotExtension):
    """Each concept's pictures in a text file of their own, to be read in review."""

    _write_mode = WriteMode.TEXT
    file_extension = "picture"  # pytest takes a test*.txt for a doctest


def facts_of(events, side) -> Facts:
    facts = Facts()
    for event in events:
        if event.side == side:
            facts.apply(event)
    return facts


def lines(name, side, events=None, size=(96, 40), theme=DARK):
    events = RECORDED[name] if events is None else events
    picture = picture_for(find(name), side, facts_of(events, side), size[0])
    return [strip.text for strip in picture.strips(*size, theme)]


def line(name, side, label, events=None) -> str:
    found = [each for each in lines(name, side, events) if each.strip().startswith(label)]
    assert found, f"no line {label!r} in {lines(name, side, events)}"
    return found[0]


def without(kind, name, experiment):
    """The recording of a concept in which an experiment emitted nothing of a kind."""
    running = {}
    for event in RECORDED[name]:
        if isinstance(event, ExperimentBegun):
            running[event.side] = event.experiment
        if not (isinstance(event, kind) and running[event.side] == experiment):
            yield event


@pytest.mark.parametrize("name", CONCEPTS)
def test_pictures_of_the_recordings(snapshot, name):
    shown = []
    for width, height in SIZES:
        for theme in (DARK, DARK.in_ascii()):
            for side in ENGINES:
                drawn = lines(name, side, size=(width, height), theme=theme)
                assert len(drawn) <= height
                assert all(len(each) == width for each in drawn)
                assert not theme.ascii or all(each.isascii() for each in drawn)
                shown += [f"{side} {width}x{height}", *(each.rstrip() for each in drawn), ""]
    assert "\n".join(shown) == snapshot.use_extension(PlainText)


@pytest.mark.parametrize("name", CONCEPTS)
def test_a_picture_grows_with_each_experiment(name):
    """What was drawn stays, and the latest experiment that a picture speaks of is in view."""
    assert has_picture(find(name))
    for side in ENGINES:
        facts, sizes = Facts(), []
        for event in RECORDED[name]:
            if event.side == side:
                facts.apply(event)
            if isinstance(event, ExperimentEnded) and event.side == side:
                picture = picture_for(find(name), side, facts, 36)
                sizes.append(len(picture.lines))
                mine = [block for block in picture.blocks if facts.latest in block.of]
                if mine:
                    shown = {"".join(text for text, _ in line) for line in picture.fit(8)}
                    assert {"".join(text for text, _ in line) for line in mine[-1].lines[:8]} <= shown
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[-1]


def test_the_stopped_process_is_marked_only_where_it_was_stopped():
    assert "■ ✗ ✗ ✗" in line("topology_meshes", "monarch", "4 stopped")
    events = list(without(FaultInjected, "topology_meshes", "stopped_process"))
    assert not any("4 stopped" in each for each in lines("topology_meshes", "monarch", events))


def test_the_stop_is_drawn_before_anybody_is_known_to_be_silent():
    events = list(without(Observation, "topology_meshes", "stopped_process"))
    assert "· · · ·│■ · · ·" in line("topology_meshes", "monarch", "4 stopped", events)


def test_who_is_silent_follows_what_was_observed():
    events = doctored(RECORDED["topology_meshes"], "monarch", "stopped_process.held_up", "4")
    shown = line("topology_meshes", "monarch", "4 stopped", events)
    assert "■ ✓ ✓ ✓ 1 silent" in shown
    assert "┄▶" not in shown  # the inferred way is gone with what it was inferred from


def test_a_call_that_overtakes_is_drawn_as_what_ran():
    name, key = "message_ordering", "held_call.order"
    before = lines(name, "ray")
    after = lines(name, "ray", doctored(RECORDED[name], "ray", key, ["a1", "a0", "b0"]))
    assert before != after


def test_news_of_a_death_goes_as_far_as_it_was_reported():
    assert re.search(r"●◀──✗◀──✗  ✗", line("supervision", "monarch", "not handled"))
    events = doctored(RECORDED["supervision"], "monarch", "parent_lets_go.reached_the_root", False)
    assert re.search(r"●───✗◀──✗  ✗", line("supervision", "monarch", "not handled", events))
    events = list(without(FaultInjected, "supervision", "idle_death"))
    assert "✗" not in line("supervision", "monarch", "dies, idle", events)


def test_a_stopped_owner_is_marked_only_where_it_was_stopped():
    assert "■" in line("data_plane", "ray", "stopped")
    assert "■" not in line(
        "data_plane", "ray", "stopped", without(FaultInjected, "data_plane", "stopped_owner")
    )


def test_processes_of_a_class_follow_what_was_observed():
    assert "══" in line("interactive_devx", "monarch", ">>> class")
    key = "changed_class.in_processes_of_the_old"
    events = doctored(RECORDED["interactive_devx"], "monarch", key, 0)
    assert "\u2573\u2573" in line("interactive_devx", "monarch", ">>> class", events)


# -- events that only pictures need ---------------------------------------------------------------------


def experiment(name, *added):
    script = Script("ray")
    place = {"title": name, "file": "f", "line": 1, "end_line": 1, "code_sha256": "1" * 64}
    script.add(ExperimentBegun, 0.1, experiment=name, **place)
    for kind, fields in added:
        script.add(kind, 0.2, **fields)
    script.add(ExperimentEnded, 0.3, experiment=name, answer="ok", nanoseconds=1)
    return script.events


def journey(name, sent, begun):
    common = {"id": name, "sender": name[0], "receiver": "inbox", "number": int(name[1:])}
    return [
        (Message, {**common, "phase": "sent", "time": sent}),
        (Message, {**common, "phase": "begun", "time": begun}),
    ]


def test_the_way_of_a_call_is_as_long_as_it_took():
    order = (Observation, {"key": "order", "value": ["b0", "a0", "a1"]})
    added = [*journey("a0", 0, 500), *journey("a1", 10, 510), *journey("b0", 100, 200), order]
    shown = lines("message_ordering", "ray", experiment("held_call", *added))
    assert "┄" not in "".join(shown)  # nothing is inferred
    assert len(shown[0].rstrip()) > len(shown[2].rstrip())
    assert shown[2].index("├") > shown[0].index("├")


def test_numbers_that_come_late_stand_in_brackets():
    numbers = [
        (Message, {"id": str(n), "sender": "p", "receiver": "i", "phase": "begun", "number": n})
        for n in (0, 1, 3, 2, 4)
    ]
    count = (Observation, {"key": "out_of_order", "value": 1})
    shown = lines("message_ordering", "ray", experiment("async_method", count, *numbers))
    assert "0 1 3 [2] 4" in shown[1]


def timed_lines(*moments: float) -> Facts:
    """Facts of an experiment of two lines; a line is reached at each moment but the last, which ends it."""
    script, code = Script("ray"), {"f.py": "first = ask()\nsecond = get(first)\n"}
    script.add(
        RunStarted, 0.0, format=FORMAT, concept="data_plane", versions={}, machine=MACHINE, date="", code=code
    )
    script.add(
        ExperimentBegun, 0.0, experiment="one", title="", file="f.py", line=1, end_line=2, code_sha256=""
    )
    for number, moment in enumerate(moments[:-1]):
        script.add(LineReached, moment, file="f.py", line=1 + number % 2)
    script.add(ExperimentEnded, moments[-1], experiment="one", answer="ok", nanoseconds=0)
    return facts_of(script.events, "ray")


def test_a_line_takes_until_the_next_event_and_the_slowest_pass_counts():
    facts = timed_lines(1.0, 1.5, 3.5, 3.6, 3.7)
    assert facts.slowest_line("one") == 2.0
    assert facts.slowest_line("one", "ask(") == 0.5
    assert facts.slowest_line("one", "elsewhere") is None


def test_a_line_that_is_not_in_the_code_has_no_time():
    facts = timed_lines(1.0, 2.0)
    facts.apply(
        ExperimentBegun(
            side="ray", at=0, experiment="two", title="", file="", line=1, end_line=1, code_sha256=""
        )
    )
    facts.apply(LineReached(side="ray", at=0, file="f.py", line=99))
    facts.apply(ExperimentEnded(side="ray", at=9, experiment="two", answer="ok", nanoseconds=0))
    assert facts.slowest_line("two") is None


@pytest.mark.parametrize(
    ("number", "text"), [(999, "999 B"), (1500, "1.5 KB"), (623.4e6, "623 MB"), (3.3e9, "3.3 GB")]
)
def test_a_size_is_in_the_unit_that_fits(number, text):
    assert size(number) == text


def test_the_rate_of_a_read_follows_its_time():
    rate = line("data_plane", "monarch", "its rate")
    assert re.search(r"\d+ MB/s", rate)
    untimed = [each for each in RECORDED["data_plane"] if not isinstance(each, LineReached)]
    assert not any("its rate" in each for each in lines("data_plane", "monarch", untimed))


def test_training_steps_and_their_loss():
    losses = [
        (Metric, {"name": "loss", "value": 4.0 - x, "unit": "", "x": x, "rank": rank})
        for rank in (0, 1)
        for x in range(3)
    ]
    shown = "\n".join(lines("distributed_tensors", "ray", experiment("ddp_training", *losses)))
    assert "3/4" in shown
    assert "█▅▁" in shown


def test_a_message_that_is_not_answered_has_half_a_bar():
    way = {"id": "call", "sender": "p", "receiver": "a"}
    sent = (Message, {**way, "phase": "sent", "time": 0})
    answered = (Message, {**way, "phase": "answered", "time": 3_200_000})
    half = lines("control_plane", "ray", experiment("ways_to_send", sent))[0]
    whole = lines("control_plane", "ray", experiment("ways_to_send", sent, answered))[0]
    assert half.count("━") < whole.count("━")
    assert "3.2 ms" in whole


# -- any history ---------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("name", CONCEPTS)
@given(data=st.data())
@settings(max_examples=4, deadline=None)
def test_any_values_give_a_picture(name, data):
    """Observations come from outside: whatever they are, something is drawn, and nothing else is raised."""
    given_values = data.draw(st.lists(values, min_size=1, max_size=12))
    events = [
        msgspec.structs.replace(event, value=given_values[at % len(given_values)])
        if isinstance(event, Observation)
        else event
        for at, event in enumerate(RECORDED[name])
    ]
    for side in ENGINES:
        drawn = lines(name, side, events, size=(36, 8))
        assert len(drawn) <= 8
    ElementTree.fromstring(svg(find(name), events))


@pytest.mark.parametrize("name", CONCEPTS)
def test_svg(name):
    light, dark = (svg(find(name), RECORDED[name], dark=dark) for dark in (False, True))
    assert light == svg(find(name), RECORDED[name])
    assert light != dark
    root = ElementTree.fromstring(light)
    assert root.tag.endswith("svg")
    texts = "".join(root.itertext())
    assert find(name).title in texts
    assert "Monarch" in texts
    assert "Ray" in texts
    assert "href" not in light


def test_svg_of_a_picture_changes_with_the_history():
    events = doctored(RECORDED["topology_meshes"], "ray", "stopped_process.held_up", "4-7")
    assert svg(find("2"), events) != svg(find("2"), RECORDED["topology_meshes"])


# -- fitting, and the panel ----------------------------------------------------------------------------


def test_the_latest_block_is_in_view_and_what_is_kept_stays():
    blocks = [
        row("heading", keep=True),
        *(row(str(n), of=str(n)) for n in range(10)),
        row("legend", keep=True),
    ]
    shown = ["".join(text for text, _ in each) for each in Picture(blocks, latest="6").fit(5)]
    assert shown[0] == "heading"
    assert shown[-1] == "legend"
    assert "6" in shown
    tall = Block(tuple(((str(n), "text"),) for n in range(9)), frozenset("x"))
    assert len(Picture([tall], latest="x").fit(4)) == 4


def test_the_panel_is_drawn_again_when_the_facts_change():
    facts = Facts()
    panel = PicturePanel(find("2"), "monarch", facts, "picture")
    empty, key = panel.render_box(40, 10), panel.content_key()
    for event in RECORDED["topology_meshes"]:
        if event.side == "monarch":
            facts.apply(event)
    assert panel.content_key() != key
    assert [strip.text for strip in panel.render_box(40, 10)] != [strip.text for strip in empty]
