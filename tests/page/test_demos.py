"""Recorded demos as data: what the player shows is what the run did, in its order."""

from __future__ import annotations

import msgspec
import pytest

from histories import CONCEPT, both
from monarch_vs_ray.concepts import all_concepts, find
from monarch_vs_ray.page import demos
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.finding import picture_for
from recorded import recording


@pytest.fixture(scope="module")
def supervision():
    concept = find("supervision")
    return demos.demo(concept, recording(concept))


def test_each_concept_has_a_demo():
    assert [each["name"] for each in demos.demos()] == [concept.name for concept in all_concepts()]


def test_it_has_the_steps_of_the_demo_in_their_order(supervision):
    concept = find("supervision")
    titles = [beat["title"] for beat in supervision["beats"]]
    assert titles[1:-1] == [concept.fill(step.title) for step in concept.demo]
    begins = [beat["begin"] for beat in supervision["beats"]]
    assert begins == sorted(begins)
    assert all(beat["begin"] <= beat["played"] <= supervision["length"] for beat in supervision["beats"])


@pytest.mark.parametrize("kind", ["code", "log", "frames"])
def test_what_is_shown_comes_in_order_and_within_the_demo(supervision, kind):
    for track in supervision["tracks"].values():
        seconds = [entry[0] for entry in track[kind]]
        assert seconds
        assert seconds == sorted(seconds)
        assert seconds[-1] <= supervision["length"]


def test_the_last_picture_is_that_of_the_whole_run(supervision):
    concept = find("supervision")
    for engine, track in supervision["tracks"].items():
        facts = Facts()
        for event in recording(concept):
            if event.side == engine:
                facts.apply(event)
        texts = [
            "".join(text for text, _ in line).rstrip()
            for line in picture_for(concept, engine, facts, 54).lines
        ]
        assert [supervision["lines"][at][1] for at in track["frames"][-1][1]] == texts


def test_each_line_that_ran_is_in_a_file_that_is_quoted(supervision):
    for track in supervision["tracks"].values():
        for _, file, line in track["code"]:
            assert 1 <= line <= supervision["files"][file].count("\n") + 1


def test_a_value_is_shown_from_the_second_in_which_it_was_observed(supervision):
    (beat,) = [
        beat
        for beat in supervision["beats"]
        if any(row["key"] == "idle_death.seconds" for row in beat["rows"])
    ]
    for track in supervision["tracks"].values():
        assert beat["begin"] <= track["seen"]["idle_death.seconds"] <= beat["played"]


def test_what_an_engine_printed_is_one_cleaned_line():
    noisy = [
        msgspec.structs.replace(event, text="a\x1b[31m\nb" + "x" * 1000)
        if type(event).__name__ == "LogLine"
        else event
        for event in both()
    ]
    made = demos.demo(CONCEPT, noisy)
    (_, kind, text), *_ = made["tracks"]["ray"]["log"]
    assert (kind, text[:4]) == ("stderr", "a bx")
    assert len(text) == demos.LONGEST_LINE


def test_pictures_are_escaped_and_take_their_colours_from_the_page():
    lines = demos.Lines()
    lines.place((("<script>&", "bad"), ("●", "good")))
    ((shapes, text),) = lines.all
    assert "<script" not in shapes
    assert "&lt;script&gt;&amp;" in shapes
    assert 'fill="var(--p-bad)"' in shapes
    assert 'fill="var(--p-good)"' in shapes
    assert text == "<script>&●"
