"""How the program ends by signals: with 130, however often they come; and not by those that are ignored."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from pseudo_terminal import PseudoTerminal

MVR = [sys.executable, "-m", "monarch_vs_ray"]
REPLAY = [*MVR, "demo", "4", "--dry-run", "--plain"]


def ignoring(number: signal.Signals) -> subprocess.Popen[str]:
    """A replay that was started with a signal ignored, as nohup and a shell's `&` do, past its first line."""
    process = subprocess.Popen(
        [*REPLAY, "--speed", "8"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN),
    )
    assert process.stdout
    assert process.stdout.readline()
    return process


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_the_caller_ignores_stays_ignored(number):
    with ignoring(number) as process:
        process.send_signal(number)
        shown, said = process.communicate(timeout=60)
        assert "Interrupted" not in said
        assert process.returncode == 0
        assert "The engines differed in" in shown


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_from_the_first_moment(number):
    """Also while the program still loads what it needs."""
    code = (
        "import os, sys, time; sys.argv[1:] = ['demo', '4', '--dry-run'];"
        "import monarch_vs_ray.concepts as concepts;"
        # Another thread may receive it, and this one sees it a little later.
        f"concepts.find = lambda name: (os.kill(os.getpid(), {int(number)}), time.sleep(30));"
        "from monarch_vs_ray.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("options", [["--plain"], []], ids=["plain", "screen"])
def test_a_closed_terminal_is_an_interruption(options):
    with PseudoTerminal([*MVR, "demo", "4", "--dry-run", *options], 100, 30) as terminal:
        terminal.until(lambda text: len(text.split()) > 20, "the first lines")
        terminal.hang_up()
        assert terminal.process.wait(timeout=30) == 130


@pytest.mark.parametrize("options", [["--plain"], []], ids=["plain", "screen"])
@pytest.mark.parametrize("count", [2, 3, 8])
def test_ctrl_c_several_times_is_one_interruption(options, count):
    with PseudoTerminal([*MVR, "demo", "4", "--dry-run", *options], 100, 30) as terminal:
        terminal.until(lambda text: len(text.split()) > 20, "the first lines")
        for _ in range(count):
            terminal.type("\x03")
            terminal.read(0.01)
        assert terminal.wait(30) == 130
        assert "Traceback" not in terminal.text
