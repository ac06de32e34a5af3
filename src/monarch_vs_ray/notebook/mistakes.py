"""Find the mistake in a reader's program: the error, with the line of the program that it comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

FRAME = re.compile(r'File "(?:[^"]*/)?(?P<file>[^"/]+)", line (?P<line>\d+)')
TRACEBACK = re.compile(r"Traceback\b.*\(most recent call last\):")
ERROR = re.compile(
    r"^\s*(?P<text>(?:[\w.]*\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Failure|Warning)\b.*)$"
)
AROUND = 2
"""Lines of the program that are shown before and after the one with the mistake."""


@dataclass(frozen=True)
class Mistake:
    """Hold an error of a reader's program.

    Attributes:
        error: The type and the message.
        line: The line of the program, from 1; 0 if the error names none.
        excerpt: The lines around it, each with its number.
    """

    error: str
    line: int
    excerpt: tuple[tuple[int, str], ...]


def in_syntax(text: str, file: str) -> Mistake | None:
    """Return the mistake that keeps a program from being compiled; None if there is none."""
    try:
        compile(text, file, "exec")
    except SyntaxError as error:
        return _mistake(f"{type(error).__name__}: {error.msg}", error.lineno or 0, text)
    except ValueError as error:  # a null byte
        return _mistake(f"{type(error).__name__}: {error}", 0, text)
    return None


def in_output(lines: Sequence[str], text: str, file: str) -> Mistake | None:
    """Return the mistake that a failed program reported on stderr.

    Args:
        lines: The lines of its stderr.
        text: The program.
        file: The name of its file.

    Returns:
        The last error, with the last line of the program that a traceback names; None without an error.
    """
    errors = [found["text"] for line in lines if (found := ERROR.match(line))]
    frames = [int(found["line"]) for line in lines if (found := FRAME.search(line)) and found["file"] == file]
    if not (errors and frames):
        return None
    return _mistake(errors[-1].strip(), frames[-1], text)


def _mistake(error: str, line: int, text: str) -> Mistake:
    numbered = list(enumerate(text.splitlines(), start=1))
    excerpt = numbered[max(0, line - 1 - AROUND) : line + AROUND] if line else []
    return Mistake(error, line, tuple(excerpt))
