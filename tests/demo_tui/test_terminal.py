"""Real terminals: what is printed, forks, hang-ups, background, full disks, the mouse."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pseudo_terminal import PseudoTerminal

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
PROGRAM = str(HERE / "terminal_programs.py")
LEFT = b"\x1b[?1049l"
ENVIRONMENT = {"PYTHONPATH": str(SOURCE), "COLORTERM": "truecolor"}


def start(name: str, folder: Path, columns: int = 80, rows: int = 24) -> PseudoTerminal:
    return PseudoTerminal([sys.executable, PROGRAM, name, str(folder)], columns, rows, ENVIRONMENT)


def until(happened: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.01)


def step(folder: Path) -> int:
    """How far the work is; the file may be empty while it is written anew."""
    until(lambda: (folder / "step").exists() and (folder / "step").read_text() != "", "the number of a step")
    return int((folder / "step").read_text() or 0)


def after_leaving(terminal: PseudoTerminal) -> str:
    return terminal.written.rpartition(LEFT)[2].decode()


def shows(*words: str) -> Callable[[str], bool]:
    return lambda text: all(word in text for word in words)


# -- what is printed -----------------------------------------------------------------------------


def test_everything_that_writes_is_shown_once_and_in_order(tmp_path: Path) -> None:
    with start("every_way_to_write", tmp_path) as terminal:
        terminal.until(shows("50%"), "the unfinished line")
        ways = re.findall(r"│ \S+ (by [\w ]+?) +│", terminal.text)
        assert ways == [
            "by print", "by buffer", "by rich", "by stderr", "by a child", "by its stderr", "by a C library",
            "by descriptor", "by a fork", "by log in a fork", "by multiprocessing",
        ]  # fmt: skip
        assert "10%" not in terminal.text
        (tmp_path / "enough").touch()
        assert terminal.wait() == 0
        assert after_leaving(terminal).strip() == "alternate screen left once"
        assert terminal.written.count(LEFT) == 1, "a child restored its parent's screen"


def test_what_no_panel_shows_is_printed_after_the_end(tmp_path: Path) -> None:
    with start("without_a_log_panel", tmp_path) as terminal:
        assert terminal.wait() == 0
        lines = [re.sub(r"^\d\d:\d\d\.\d ", "", line) for line in after_leaving(terminal).split("\r\n")]
        # What is logged directly overtakes what has to go through a pipe.
        expected = ["line of a child", "logged line", "printed line", "record during the run"]
        assert sorted(lines[:4]) == expected
        assert lines[4:6] == ["record after the run", "end"]


def test_forks_during_a_storm_of_prints_end(tmp_path: Path) -> None:
    with start("print_storm_and_forks", tmp_path) as terminal:
        assert terminal.wait(60) == 0
        assert "all children ended: True" in after_leaving(terminal)


def test_many_small_writes_are_linear(tmp_path: Path) -> None:
    with start("a_flood_without_newlines", tmp_path) as terminal:
        assert terminal.wait(60) == 0
        assert "linear: True" in after_leaving(terminal)


def test_no_line_is_lost_between_the_view_and_the_normal_screen(tmp_path: Path) -> None:
    with start("prints_across_the_end", tmp_path) as terminal:
        assert terminal.wait(60) == 0
        logged = (tmp_path / "logged").read_text().split("\n")
        after = after_leaving(terminal).split()
        numbers = [line.split()[1] for line in logged] + re.findall(r"number (\d+)", " ".join(after))
        assert numbers == [str(number) for number in range(len(numbers))]
        assert len(logged) < len(numbers)
        assert "late child" in " ".join(after)


def test_a_redirected_stream_is_left_alone(tmp_path: Path) -> None:
    program = shlex.join([sys.executable, PROGRAM, "draws_on_stderr", str(tmp_path)])
    shell = ["bash", "--norc", "-c", f"{program} > {tmp_path}/out.txt"]
    with PseudoTerminal(shell, 80, 24, ENVIRONMENT) as terminal:
        terminal.until(shows("for the panel"), "the panel")
        assert "for the file" not in terminal.text
        (tmp_path / "enough").touch()
        assert terminal.wait() == 0
    assert (tmp_path / "out.txt").read_text() == "for the file\n"


def test_in_a_log_file_prints_and_log_lines_are_in_order(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM, "prints_between_log_lines"],
        env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    lines = [re.sub(r"\d\d:\d\d\.\d ", "", line) for line in done.stdout.splitlines()]
    assert lines == [f"{what} {number}" for number in range(3) for what in ("printed", "logged")]


def test_forced_colours_do_not_make_a_pipe_a_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM, "records_on_a_full_disk", str(tmp_path)],
        env={**os.environ, **ENVIRONMENT, "FORCE_COLOR": "1", "TERM": "xterm-256color"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "\x1b[?1049h" not in done.stdout
    assert "result: finished" in done.stdout


# -- the work goes on ----------------------------------------------------------------------------


def test_a_closed_terminal_does_not_end_a_job_that_ignores_hangups(tmp_path: Path) -> None:
    with start("ignores_hangup", tmp_path) as terminal:
        terminal.until(shows("step 5"), "work")
        terminal.hang_up()
        seen = step(tmp_path)
        until(lambda: step(tmp_path) > seen + 20, "work without a terminal")
        (tmp_path / "enough").touch()
        assert terminal.process.wait(60) == 0
    assert (tmp_path / "result").read_text() == "finished"


def test_a_closed_terminal_unwinds_a_program_that_does_not_ignore_it(tmp_path: Path) -> None:
    with start("hangs_up_by_default", tmp_path) as terminal:
        terminal.until(shows("step 5"), "work")
        terminal.hang_up()
        assert terminal.process.wait(60) == 129
    assert (tmp_path / "result").read_text() == "cleaned up"


def test_q_ends_the_view_at_once_and_work_that_goes_on_is_awaited(tmp_path: Path) -> None:
    with start("swallows_interrupt", tmp_path) as terminal:
        terminal.until(shows("step 5"), "work")
        terminal.type("q")
        terminal.until(lambda _: "waiting for the work to end" in after_leaving(terminal), "the message")
        assert "cleaning up" in after_leaving(terminal)
        (tmp_path / "enough").touch()
        assert terminal.wait() == 0
        assert "result: cleaned up" in after_leaving(terminal)


def test_q_also_ends_the_view_off_the_main_thread(tmp_path: Path) -> None:
    with start("off_the_main_thread", tmp_path) as terminal:
        terminal.until(shows("step 5"), "work")
        terminal.type("q")
        terminal.until(lambda _: "waiting for the work to end" in after_leaving(terminal), "the message")
        (tmp_path / "enough").touch()
        assert terminal.wait() == 0
        assert "result: ['finished']" in after_leaving(terminal)


def test_q_cancels_a_coroutine(tmp_path: Path) -> None:
    with start("asynchronous", tmp_path) as terminal:
        terminal.until(shows("step 5"), "work")
        terminal.type("q")
        assert terminal.wait() == 0
        assert "result: None" in after_leaving(terminal)


def test_a_full_disk_ends_the_recording_with_one_line(tmp_path: Path) -> None:
    with start("records_on_a_full_disk", tmp_path) as terminal:
        assert terminal.wait() == 0
        tail = after_leaving(terminal)
        assert "result: finished" in tail
        assert tail.count("the recording ended: /dev/full: No space left on device") == 1


def test_a_forked_child_that_exits_leaves_the_screen_alone(tmp_path: Path) -> None:
    with start("ends_in_a_fork", tmp_path) as terminal:
        terminal.until(shows("ended with 3", "step 5"), "the screen after the child's end")
        assert LEFT not in terminal.written
        (tmp_path / "enough").touch()
        assert terminal.wait() == 0
        assert "result: finished" in after_leaving(terminal)


def test_a_terminal_that_takes_nothing_does_not_hold_the_work_up(tmp_path: Path) -> None:
    with start("on_a_stalled_terminal", tmp_path) as terminal:  # nobody reads what it writes
        result = tmp_path / "result"
        until(lambda: result.exists() and result.read_text() == "finished", "the end of the work", 60)
        assert terminal.wait() == 0


def test_a_program_can_have_its_terminal_back_to_ask_something(tmp_path: Path) -> None:
    with start("asks_a_question", tmp_path) as terminal:
        terminal.until(lambda _: b"your name? " in terminal.written.rpartition(LEFT)[2], "the question")
        terminal.type("Ada\n")
        terminal.until(shows("captured before", "captured after", "step 5"), "the view again")
        (tmp_path / "enough").touch()
        assert terminal.wait() == 0
        assert "result: Ada" in after_leaving(terminal)


# -- background ----------------------------------------------------------------------------------


def background_shell(tmp_path: Path, script: str) -> PseudoTerminal:
    program = shlex.join([sys.executable, PROGRAM, "in_the_background", str(tmp_path)])
    shell = ["bash", "--norc", "-mc", script.replace("PROGRAM", program)]
    return PseudoTerminal(shell, 80, 24, ENVIRONMENT)


def test_started_in_the_background_it_draws_only_once_it_is_in_the_foreground(tmp_path: Path) -> None:
    script = f"PROGRAM & while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo shell; fg"
    with background_shell(tmp_path, script) as terminal:
        until(lambda: (tmp_path / "step").exists(), "the work")
        until(lambda: step(tmp_path) > 20, "some work")
        terminal.read(0.2)
        assert b"\x1b[?1049h" not in terminal.written
        (tmp_path / "go").touch()
        terminal.until(shows("Status", "step"), "the picture in the foreground")
        terminal.type("q")
        assert terminal.wait() == 0
        assert b"shell" in terminal.written.partition(b"\x1b[?1049h")[0]
        assert "result: None" in after_leaving(terminal)


def test_sent_to_the_background_it_works_on_and_leaves_the_shell_its_screen(tmp_path: Path) -> None:
    script = (
        f"PROGRAM; bg; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; stty -a | grep -o '.icanon'; "
        "echo shell; fg"
    )
    with background_shell(tmp_path, script) as terminal:
        terminal.until(shows("step 5"), "work")
        terminal.type("\x1a")
        terminal.until(lambda _: LEFT in terminal.written, "the shell's screen")
        seen = step(tmp_path)
        until(lambda: step(tmp_path) > seen + 20, "work in the background")
        terminal.read(0.2)
        assert terminal.written.count(b"\x1b[?1049h") == 1, "it took over the shell's screen"
        (tmp_path / "go").touch()
        terminal.until(lambda _: terminal.written.count(b"\x1b[?1049h") == 2, "the foreground")
        terminal.until(shows("Status"), "the picture")
        terminal.type("q")  # the keys work again
        assert terminal.wait() == 0
        between = terminal.written.partition(LEFT)[2].partition(b"\x1b[?1049h")[0]
        assert b"shell" in between
        assert b"-icanon" not in between


def test_stopped_and_continued_from_outside_it_draws_everything_again(tmp_path: Path) -> None:
    import signal

    with start("in_the_background", tmp_path) as terminal:
        terminal.until(shows("step 5"), "work")
        os.kill(terminal.process.pid, signal.SIGSTOP)
        terminal.read(0.2)
        size = len(terminal.written)
        terminal.screen.reset()  # somebody else wrote over it
        os.kill(terminal.process.pid, signal.SIGCONT)
        terminal.until(shows("Status", "Log"), "the whole picture")
        assert b"\x1b[2J" in terminal.written[size:]
        terminal.type("q")
        assert terminal.wait() == 0


# -- keys, mouse, inline -------------------------------------------------------------------------


def test_below_the_prompt_it_is_as_high_as_its_content_and_prints_go_above(tmp_path: Path) -> None:
    with start("below_the_prompt", tmp_path) as terminal:
        terminal.until(shows("step 5"), "work")
        lines = [line for line in terminal.text.split("\n") if line]
        assert lines[:2] == ["printed before", "printed above the block"]
        assert lines[2].startswith("╭─ Status")
        assert len(lines) == 5
        (tmp_path / "enough").touch()
        assert terminal.wait() == 0
        assert [line for line in terminal.text.split("\n") if line][5] == "printed after"


def test_a_tour_of_the_keys(tmp_path: Path) -> None:
    with start("a_tour", tmp_path) as terminal:
        terminal.until(shows("[Files]  Curve", "line 99"), "the first picture")
        terminal.type("\x1bq")
        terminal.until(shows("alt and q"), "one key, not two")
        terminal.type("/line 7\r")
        terminal.until(shows("line 79", "back"), "what was searched")
        terminal.type("l" * 3)
        terminal.until(shows("error and above", "line 90"), "the level")
        assert "line 91" not in terminal.text
        terminal.type("\x1b")
        terminal.until(shows("line 99"), "all lines")
        terminal.type("\t")
        terminal.type("o")
        terminal.until(shows("name ↑"), "sorted by name")
        names = re.findall(r"│ ([abc]) +\d", terminal.text)
        assert names == ["a", "b", "c"]
        terminal.type("\x1b[C")
        terminal.until(shows("[Curve]", "no values yet"), "the next tab")
        terminal.type("z")
        terminal.until(lambda text: "line 99" not in text, "one panel alone")
        terminal.type("z")
        terminal.until(shows("line 99"), "all panels")
        terminal.type("q")
        assert terminal.wait() == 0


def test_the_mouse_scrolls_focuses_and_clicks(tmp_path: Path) -> None:
    with start("a_tour", tmp_path) as terminal:
        terminal.until(shows("[Files]  Curve", "line 99"), "the first picture")
        assert b"\x1b[?1006h" in terminal.written
        terminal.type("\x1b[<64;10;20M")
        terminal.until(shows("line 96", "3 back"), "the wheel")
        terminal.type("\x1b[<0;14;1M")
        terminal.until(shows("[Curve]"), "a click on a tab")
        terminal.type("\x1b[<0;4;1M")
        terminal.until(shows("[Files]"), "a click on the first tab")
        terminal.type("\x1b[<0;10;2M")
        terminal.until(shows("size ↑"), "a click on a column")
        terminal.type("q")
        assert terminal.wait() == 0
        assert b"\x1b[?1006l" in terminal.written


@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path, term: str) -> None:
    (tmp_path / "enough").touch()
    command = [sys.executable, PROGRAM, "in_the_background", str(tmp_path)]
    with PseudoTerminal(command, 80, 24, {**ENVIRONMENT, "TERM": term}) as terminal:
        assert terminal.wait() == 0
        assert (b"\x1b[?1049h" in terminal.written) == (term != "dumb")


@pytest.mark.parametrize("stream", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-", ">/dev/full", "| head -1"])
def test_closed_and_full_streams_do_not_cost_the_result(tmp_path: Path, stream: str) -> None:
    (tmp_path / "enough").touch()
    program = shlex.join([sys.executable, PROGRAM, "ignores_hangup", str(tmp_path)])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program} {stream}"],
        env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (tmp_path / "result").read_text() == "finished"
    assert "Traceback" not in done.stderr
