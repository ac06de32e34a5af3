"""Several demos, one after another: left, resumed, and jumped between."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from monarch_vs_ray.cli import show
from monarch_vs_ray.cli.app import app


@pytest.fixture
def visited(monkeypatch):
    """Which demos are shown; what the user does in each is taken from ``does``: a number, or `q`."""
    seen: list[int] = []
    does: dict[int, int | str] = {}

    def show_demo(concept, options, tour):
        seen.append(concept.number)
        action = does.pop(concept.number, None)
        if action == "q":
            tour.left = True
        elif isinstance(action, int):
            tour.wanted = action
            return 130
        return 0

    monkeypatch.setattr(show, "show_demo", show_demo)

    def visit(*words: str, **actions: int | str) -> tuple[list[int], str, int]:
        does.update({int(name.removeprefix("in_")): action for name, action in actions.items()})
        done = CliRunner().invoke(app, ["demo", *words])
        return seen, f"{done.output}{done.exception or ''}", done.exit_code

    return visit


def test_all_are_shown_in_turn(visited):
    seen, said, code = visited("all", "--dry-run")
    assert (seen, code) == ([1, 2, 3, 4, 5, 6, 7, 8], 0)
    assert "8 of 8 demos fine" in said


def test_who_leaves_is_told_how_to_go_on(visited):
    seen, said, _ = visited("all", "--dry-run", in_3="q")
    assert seen == [1, 2, 3]
    assert "Go on with `mvr demo all --from 3`." in said


def test_they_can_begin_anywhere(visited):
    assert visited("all", "--dry-run", "--from", "7")[0] == [7, 8]


def test_a_key_jumps_to_another(visited):
    assert visited("all", "--dry-run", "--from", "2", in_2=7)[0] == [2, 7, 8]
    seen, _, code = visited("4", "--dry-run", in_4=1)
    assert (seen[-2:], code) == ([4, 1], 0)


def test_from_is_for_all_and_present_for_a_screen(visited):
    assert "--from is for `mvr demo all`" in visited("3", "--from", "2")[1]
    assert "--present needs a screen" in visited("3", "--present", "--plain")[1]
