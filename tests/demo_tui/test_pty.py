"""The dashboard in a real pseudo-terminal: keys, resizes, and giving the terminal back."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from pseudo_terminal import PseudoTerminal

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"


def start(how: str, folder: Path, columns: int = 100, rows: int = 24) -> PseudoTerminal:
    command = [sys.executable, str(HERE / "pty_program.py"), how, str(folder)]
    return PseudoTerminal(command, columns, rows, {"PYTHONPATH": str(SOURCE), "COLORTERM": "truecolor"})


def flags(terminal: PseudoTerminal) -> int:
    return int(termios.tcgetattr(terminal._master)[3])


@pytest.fixture
def manual(tmp_path: Path) -> Iterator[PseudoTerminal]:
    with start("manual", tmp_path) as terminal:
        terminal.until(lambda text: "captured line" in text, "the first log line")
        yield terminal


def test_two_columns_become_two_rows_when_the_window_narrows_and_nothing_stale_remains(
    manual: PseudoTerminal,
) -> None:
    assert "╮╭─ Log" in manual.text.split("\n")[1]
    manual.resize(60, 20)
    manual.until(lambda text: text.split("\n")[1].endswith("─╮") and "─╮╭─" not in text, "one column")
    manual.until(lambda text: text.split("\n")[19].startswith("╰"), "the last row")
    lines = manual.text.split("\n")
    assert lines[0] == "TOP"
    assert {len(line) for line in lines[1:]} == {60}
    manual.resize(240, 70)
    manual.until(lambda text: text.split("\n")[-1].count("╯") == 2, "two columns again")
    lines = manual.text.split("\n")
    assert (len(lines), {len(line) for line in lines[1:]}) == (70, {240})
    manual.resize(80, 24)
    manual.until(
        lambda text: text.split("\n")[-1].count("╯") == 2 and len(text.split("\n")[-1]) == 80, "80x24"
    )


def test_keys_act_and_quit_leaves_the_normal_screen(manual: PseudoTerminal, tmp_path: Path) -> None:
    manual.type("1")
    manual.until(lambda text: "state    one" in text, "the application's key")
    manual.type("?")
    manual.until(lambda text: "save a picture" in text and "set the state" in text, "the help")
    manual.type("x")
    manual.until(lambda text: "save a picture" not in text, "the help closed by any key")
    manual.type("x")
    manual.until(lambda text: "x: ZeroDivisionError" in text, "the error of a key")
    manual.type("s")
    manual.until(lambda text: "saved" in text, "the picture")
    assert (tmp_path / "pty-1.svg").read_text().startswith("<svg")
    manual.type("p")
    frozen = manual.until(lambda text: "PAUSED" in text, "the pause").split("\n")[:-1]
    manual.type("1")
    assert manual.read(0.3)
    assert manual.text.split("\n")[:-1] == frozen
    manual.type("p")
    manual.until(lambda text: "PAUSED" not in text, "the continuation")
    manual.type("q")
    assert manual.wait() == 0
    assert b"summary True" in manual.written.rpartition(b"\x1b[?1049l")[2]


@pytest.mark.parametrize("end", ["ctrl-c", "sigterm", "key raises"])
def test_the_terminal_is_restored_however_the_program_ends(manual: PseudoTerminal, end: str) -> None:
    assert not flags(manual) & termios.ICANON
    assert flags(manual) & termios.ISIG
    if end == "sigterm":
        os.kill(manual.process.pid, signal.SIGTERM)
    else:
        manual.type("\x03" if end == "ctrl-c" else "r")
    assert manual.wait() in ((143,) if end == "sigterm" else (130, -signal.SIGINT, 1))
    tail = manual.written.rpartition(b"\x1b[?1049l")
    assert tail[0], "never left the alternate screen"
    assert b"\x1b[?25h" in tail[0][-60:], "the cursor stayed hidden"
    assert flags(manual) & termios.ICANON
    assert flags(manual) & termios.ECHO


def test_ctrl_z_gives_the_terminal_back_and_waking_draws_again(tmp_path: Path) -> None:
    # A shell with job control, because a process without one cannot be put to sleep from its terminal.
    program = shlex.join([sys.executable, str(HERE / "pty_program.py"), "manual", str(tmp_path)])
    shell = ["bash", "--norc", "-mc", f"{program}; stty -a | grep -o '.icanon'; echo asleep; fg > /dev/null"]
    with PseudoTerminal(shell, 100, 24, {"PYTHONPATH": str(SOURCE)}) as terminal:
        terminal.until(lambda text: "captured line" in text, "the first log line")
        terminal.type("\x1a")
        # What it draws after waking may come in one read with what the shell said while it slept.
        terminal.until(
            lambda _: b"Status" in terminal.written.partition(b"asleep")[2], "a picture after waking"
        )
        asleep = terminal.written.partition(b"asleep")[0].partition(b"\x1b[?1049l")[2]
        assert b"-icanon" not in asleep
        assert b"icanon" in asleep
        terminal.until(lambda text: "Status" in text and "captured line" in text, "the picture after waking")
        terminal.type("q")
        assert terminal.wait() == 0


def test_q_interrupts_a_callback_that_sleeps(tmp_path: Path) -> None:
    with start("run", tmp_path) as terminal:
        terminal.until(lambda text: "work 5" in text, "work")
        terminal.type("q")
        assert terminal.wait() == 0
        assert b"result None" in terminal.written


def test_ctrl_c_reaches_a_callback(tmp_path: Path) -> None:
    with start("run", tmp_path) as terminal:
        terminal.until(lambda text: "work 5" in text, "work")
        terminal.type("\x03")
        assert terminal.wait() in (130, -signal.SIGINT)
        assert b"KeyboardInterrupt" in terminal.written.rpartition(b"\x1b[?1049l")[2]
