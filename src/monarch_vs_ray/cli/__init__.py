"""The command line: one module per subcommand, each importing what it needs when it runs."""

from __future__ import annotations

import errno
import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> None:
    """Run ``mvr``; ends the process with one of the exit codes of ``core.errors.ExitCode``."""
    from monarch_vs_ray.cli.app import app
    from monarch_vs_ray.core.errors import UserError
    from monarch_vs_ray.core.output import clean

    _open_closed_streams()
    _interrupt_by_every_signal()
    try:
        app(args=sys.argv[1:] if arguments is None else arguments)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _end(INTERRUPTED)
        raise
    except KeyboardInterrupt:
        _end(INTERRUPTED)
    except UserError as error:
        _end(error.exit_code, clean(f"mvr: {error}"))
    except BrokenPipeError:
        _end(0)  # whoever read our output has gone
    except OSError as error:
        if error.errno == errno.EIO and not error.filename:
            _end(INTERRUPTED)  # the terminal was closed
        from monarch_vs_ray.core.causes import cause

        _end(2, clean(f"mvr: {cause(error)}"))


def _open_closed_streams() -> None:
    """Have all three standard streams: the next file would get the number of one that is closed."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def _interrupt_by_every_signal() -> None:
    """Treat a closed terminal and a polite kill as Ctrl-C, unless they are ignored (nohup) or handled."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(code: int, message: str = "") -> None:
    """End the process with a last word, also when nobody listens any more or presses Ctrl-C once more."""
    if code == INTERRUPTED:
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    try:
        if message:
            print(message, file=sys.stderr, flush=True)
        if sys.stdout is not None:  # it was closed before the start (>&-)
            sys.stdout.flush()
    except (OSError, ValueError):
        # Keep the interpreter from failing once more when it flushes at its end.
        null = os.open(os.devnull, os.O_WRONLY)
        for fd in (1, 2):
            os.dup2(null, fd)
    sys.exit(code)


def demo_script(file: str) -> None:
    """What ``scripts/demos/NN_name.py`` does: ``mvr demo`` of the concept that the file is named after."""
    from pathlib import Path

    main(["demo", Path(file).stem, *sys.argv[1:]])
