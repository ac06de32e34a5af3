"""The command line: one module per subcommand, each importing what it needs when it runs."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str] | None = None) -> None:
    """Run ``mvr``; ends the process with one of the exit codes of ``core.errors.ExitCode``."""
    from monarch_vs_ray.cli.app import app
    from monarch_vs_ray.core.errors import UserError
    from monarch_vs_ray.core.output import clean

    try:
        app(args=sys.argv[1:] if arguments is None else arguments)
    except UserError as error:
        print(clean(f"mvr: {error}"), file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has gone; nobody is left to tell.
        _forget_output()
        sys.exit(0)
    except OSError as error:
        where = error.filename or "the output"
        told = f"mvr: {where}: {error.strerror}; check the path and the space on its disk."
        print(clean(told), file=sys.stderr)
        _forget_output()
        sys.exit(2)


def _forget_output() -> None:
    """Keep the interpreter from failing once more when it flushes stdout at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def demo_script(file: str) -> None:
    """What ``scripts/demos/NN_name.py`` does: ``mvr demo`` of the concept that the file is named after."""
    from pathlib import Path

    main(["demo", Path(file).stem, *sys.argv[1:]])
