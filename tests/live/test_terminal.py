"""The demo in a real pseudo-terminal, as a person sees it: live, resized, interrupted, replayed."""

from __future__ import annotations

import re
import sys

import pytest

from pseudo_terminal import PseudoTerminal

MVR = [sys.executable, "-m", "monarch_vs_ray"]
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
RAY_STEPS = re.compile(r"Ray .* [1-9]\d*/\d+ ")
"""Ray's bar in the panel of steps, once a step has begun."""


@pytest.mark.live
def test_both_engines_live_while_the_window_is_resized(here):
    with PseudoTerminal([*MVR, "demo", "1"], 80, 24, here.environment) as terminal:
        terminal.until(lambda text: "LIVE" in text and "What to watch" in text, "the first frame")
        for columns, rows in [(240, 70), (60, 20), (100, 30), (120, 40)]:
            terminal.resize(columns, rows)
            text = terminal.until(
                lambda text, columns=columns: (
                    len(text.splitlines()[0]) > columns - 3 and "space pause" in text
                ),
                f"a frame of {columns} columns",
            )
            assert max(len(line) for line in text.splitlines()) <= columns
        terminal.until(
            lambda text: "has taken all its steps" in text, "Monarch's last step on the screen", 90
        )
        terminal.until(lambda text: "What this run showed" in text, "the end, which stays", 90)
        terminal.type("q")
        assert terminal.wait(10) == 0
        assert LEAVE in terminal.written
        assert "The engines differed in" in terminal.text
        assert re.search(r"Ray: (\d+) of \1 steps, .*; no process left", terminal.text)


@pytest.mark.live
@pytest.mark.parametrize("key", ["q", "\x03"])
def test_q_and_ctrl_c_end_the_run_and_say_what_they_did(key, here):
    with PseudoTerminal([*MVR, "demo", "1"], 120, 40, here.environment) as terminal:
        terminal.until(lambda text: RAY_STEPS.search(text), "Ray's first step", 90)
        terminal.type(key)
        assert terminal.wait(20) == 130
        assert "Interrupted: 2 of 2 sides were ended" in terminal.text
        assert LEAVE in terminal.written
        assert "Traceback" not in terminal.text


@pytest.mark.live
def test_a_second_ctrl_c_does_not_wait(here):
    with PseudoTerminal([*MVR, "demo", "1"], 120, 40, here.environment) as terminal:
        terminal.until(lambda text: RAY_STEPS.search(text), "Ray's first step", 90)
        terminal.type("\x03\x03")
        assert terminal.wait(10) == 130
        assert "Interrupted" in terminal.text
        assert "Traceback" not in terminal.text


def test_a_replay_says_so_and_leaves_its_summary_on_the_screen():
    with PseudoTerminal([*MVR, "demo", "1", "--dry-run", "--speed", "20"], 120, 50) as terminal:
        text = terminal.until(lambda text: "REPLAY" in text, "the replay's header")
        assert "recorded 20" in text
        assert "Monarch 0.7.0" in terminal.until(lambda text: "Ray 2.60.0" in text, "both versions")
        terminal.until(lambda text: "What this run showed" in text, "the end, which stays")
        terminal.type("q")
        assert terminal.wait() == 0
        assert ENTER in terminal.written
        assert "The engines differed in" in terminal.text


def test_without_unicode_the_replay_is_drawn_in_ascii():
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [*MVR, "demo", "1", "--dry-run", "--speed", "20"]
    with PseudoTerminal(command, 100, 40, environment) as terminal:
        terminal.until(lambda text: "REPLAY" in text, "the first frame")
        terminal.until(lambda text: "What this run showed" in text, "the end, which stays")
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.written.isascii()


def test_no_color_is_honoured():
    command = [*MVR, "demo", "1", "--dry-run", "--speed", "20"]
    with PseudoTerminal(command, 100, 40, {"NO_COLOR": "1"}) as terminal:
        terminal.until(lambda text: "What this run showed" in text, "the end, which stays")
        terminal.type("q")
        assert terminal.wait() == 0
        assert not re.search(rb"\x1b\[[0-9;]*(38;[25];|3[0-7]m|9[0-7]m)", terminal.written)


def test_speed_0_shows_the_summary_at_once():
    with PseudoTerminal([*MVR, "demo", "1", "--dry-run", "--speed", "0"], 120, 50) as terminal:
        assert terminal.wait() == 0
        assert "The engines differed in" in terminal.text


def test_the_pause_key_holds_the_view_and_the_help_key_explains():
    with PseudoTerminal([*MVR, "demo", "1", "--dry-run"], 120, 40) as terminal:
        terminal.until(lambda text: "REPLAY" in text, "the first frame")
        terminal.type("?")
        terminal.until(lambda text: "save a picture" in text, "the help")
        terminal.type("x")
        terminal.type("p")
        terminal.until(lambda text: "PAUSED" in text, "the pause")
        terminal.type("q")
        assert terminal.wait(10) == 130
