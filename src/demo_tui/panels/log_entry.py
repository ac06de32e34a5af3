"""The entries of a log: what they hold, how their times read, and how they are searched."""

from __future__ import annotations

import re
from typing import NamedTuple

from demo_tui.cells import describe

__all__ = ["LEVELS", "LEVEL_NAMES", "LogEntry", "compile_query", "format_time"]

LEVELS = (0, 20, 30, 40)
"""The levels that a key goes through."""
LEVEL_NAMES = {0: "all", 10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"}


class LogEntry(NamedTuple):
    """One logged entry.

    Args:
        number: Counts from 0 and is never reused, so gaps show what was dropped.
        text: One line or several.
        style: A theme name or a rich style.
        tag: Where it came from.
        time: Text, or seconds.
        level: As in the logging module (20 is info, 30 a warning); 0 where there is none.
    """

    number: int
    text: str
    style: str | None
    tag: str
    time: str | float | None
    level: int = 0


def compile_query(text: str) -> re.Pattern[str] | None:
    """Compile what a user searches for.

    Args:
        text: Letters of either case, or a regular expression between slashes.

    Returns:
        A pattern; None for an empty text.

    Raises:
        ValueError: For a regular expression that is none.
    """
    if not text:
        return None
    expression = text[1:-1] if len(text) > 2 and text[0] == text[-1] == "/" else re.escape(text)
    try:
        return re.compile(expression, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{text} is no regular expression: {error}") from None


def format_time(time: object) -> str:
    """Format the time of an entry.

    Args:
        time: Seconds, or a text.

    Returns:
        Seconds as `mm:ss.s`, with hours where needed; anything else as it is.
    """
    if not isinstance(time, (int, float)) or time - time != 0:
        return describe(time)
    minutes, seconds = divmod(max(0.0, time), 60)
    if minutes < 60:
        return f"{int(minutes):02}:{int(seconds * 10) / 10:04.1f}"
    hours, minutes = divmod(minutes, 60)
    return f"{int(hours)}:{int(minutes):02}:{int(seconds):02}"
