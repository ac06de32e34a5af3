"""Run every measurement of this folder and print medians with their spread.

    python benchmarks/tui/compare.py [rounds] [frames per round]

Drawing: each program runs in a pseudo-terminal of 120 x 40 cells; the figure is its CPU time per frame,
user and system, while it shows the same content 20 times a second. Rounds interleave the programs.
Importing: fresh interpreters, interleaved; wall time of the import alone.
"""

import json
import os
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

HERE = Path(__file__).parent
PROGRAMS = ("with_rich.py", "with_demo_tui.py", "with_textual.py")
IMPORTS = {
    "rich.live": "import rich.live",
    "demo_tui": "import demo_tui",
    "demo_tui, used": "from demo_tui import DashboardBase, KeyValuePanel, LogPanel, ProgressPanel, Live",
}


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    frames = int(sys.argv[2]) if len(sys.argv) > 2 else 120
    print(f"python {sys.version.split()[0]}, {os.cpu_count()} cores, {rounds} rounds of {frames} frames\n")
    importing(4 * rounds)
    drawing(rounds, frames)
    sys.stdout.flush()
    subprocess.run([sys.executable, HERE / "log_cost.py", str(rounds)], check=True, env=environment())
    subprocess.run([sys.executable, HERE / "memory.py"], check=True, env=environment())


def drawing(rounds, frames):
    figures = {program: [] for program in PROGRAMS}
    for _ in range(rounds):
        for program in PROGRAMS:
            figures[program].append(cpu_per_frame(program, frames))
    table("CPU per frame, ms", figures, "with_rich.py")


def importing(rounds):
    figures = {name: [] for name in IMPORTS}
    with tempfile.TemporaryDirectory() as cache:  # compiled files for both sides, as after an installation
        for code in IMPORTS.values():
            import_time(code, cache)
        for _ in range(rounds):
            for name, code in IMPORTS.items():
                figures[name].append(import_time(code, cache))
    table("import, ms", figures, "rich.live")


def import_time(code, cache):
    timed = f"import time; t = time.perf_counter(); {code}; print((time.perf_counter() - t) * 1000)"
    settings = {**environment(), "PYTHONPYCACHEPREFIX": cache}
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    found = subprocess.run([sys.executable, "-c", timed], check=True, capture_output=True, env=settings)
    return float(found.stdout)


def table(title, figures, base):
    """Medians, quartiles, and the median of the ratios within the same round."""
    print(f"{title:<20}{'n':>4}{'median':>10}{'quartiles':>20}{'ratio to ' + base:>26}")
    for name, values in figures.items():
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
        ratios = [value / other for value, other in zip(values, figures[base], strict=True)]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:<20}{len(values):>4}{middle:>10.2f}{f'{low:.2f} to {high:.2f}':>20}{ratio:>26}")
    print()


def cpu_per_frame(program, frames):
    """Milliseconds of CPU per frame of one run of a program."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    drain = threading.Thread(target=read_all, args=(master,), daemon=True)
    drain.start()
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "result.json")
        command = [sys.executable, HERE / program, result, str(frames)]
        child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment())
        os.close(slave)
        if child.wait(timeout=300):
            raise SystemExit(f"{program} ended with status {child.returncode}")
        figures = json.loads(result.read_text())
    if figures["drawn"] not in (None, frames):
        raise SystemExit(f"{program} drew {figures['drawn']} of {frames} frames")
    os.close(master)
    return figures["cpu_s"] / figures["frames"] * 1000


def read_all(master):
    try:
        while os.read(master, 65536):
            pass
    except OSError:
        pass  # the program ended and its side is closed


def environment():
    drop = {"COLUMNS", "LINES", "NO_COLOR"}
    kept = {name: value for name, value in os.environ.items() if name not in drop}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


main()
