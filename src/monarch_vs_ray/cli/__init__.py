"""The command line: one module per subcommand, each importing what it needs when it runs."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str] | None = None) -> None:
    """Run ``mvr``; ends the process with one of the exit codes of ``core.errors.ExitCode``."""
    from monarch_vs_ray.cli.app import app
    from monarch_vs_ray.core.errors import UserError

    try:
        app(args=sys.argv[1:] if arguments is None else arguments)
    except UserError as error:
        print(f"mvr: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has gone; nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def demo_script(file: str) -> None:
    """What ``scripts/demos/NN_name.py`` does: ``mvr demo`` of the concept that the file is named after."""
    from pathlib import Path

    main(["demo", Path(file).stem, *sys.argv[1:]])
