"""The door to a terminal: nothing that comes from outside may steer it.

``say`` and ``complain`` print plain lines; ``stage.console`` is for what rich lays out. What a dashboard
draws is cleaned by ``demo_tui``. Recordings, results, claims, arguments and what an engine prints are shown
as text: escape sequences in it are dropped, other control characters and those that change the direction of
writing become visible.
"""

from __future__ import annotations

import re
import sys
from typing import IO

ESCAPES = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor, screen
    "|\x1b[\\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\\\)?"  # strings: titles, links, device commands
    "|\x1b[ -/]*[0-~]?"  # everything shorter
)
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def clean(text: str) -> str:
    """Return a text that a terminal shows and does not obey; line ends and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", ESCAPES.sub("", text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """Return the same as one line."""
    return " ".join(clean(text).split())


def say(*lines: str, stream: IO[str] | None = None) -> None:
    """Print lines, cleaned; what the stream's encoding lacks is replaced.

    Args:
        lines: The lines, each without its end.
        stream: Where to print; stdout by default.
    """
    stream = stream or sys.stdout
    for line in lines:
        stream.write(f"{_encodable(clean(line), stream)}\n")
    stream.flush()


def _encodable(text: str, stream: IO[str]) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def complain(*lines: str) -> None:
    """Print lines on stderr, cleaned."""
    say(*lines, stream=sys.stderr)
