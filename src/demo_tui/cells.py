"""Text as terminal cells: make any string safe to show, measure it, cut it and wrap it.

Everything that reaches the screen passes through `clean`. What it guarantees: one line, no control
character, no escape sequence, and a width that every terminal agrees on. Characters whose width depends
on their neighbours (joiners, variation selectors, skin tones) are dropped, because terminals disagree
about them and one wrong cell breaks a border.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import get_character_cell_size as char_width

__all__ = ["SGR", "char_width", "clean", "crop", "fit", "keep_colours", "last_state", "width", "wrap"]

SGR = re.compile(r"\x1b\[[0-9;:]*m")
"""A colour or attribute sequence, the only kind of escape sequence that a log keeps."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement, modes
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]?"  # everything else that starts with ESC
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one byte
)
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # controls
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # invisible, of doubtful width
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, joiners, direction overrides
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff"  # half of a pair: cannot be encoded
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"  # skin tones, tags, more variation selectors
)
_SPACES = frozenset("\u2028\u2029\u3164\uffa0\u115f\u1160")
# What a terminal without Unicode shows instead; what is missing here becomes "?".
_ASCII = {
    "…": "...", "—": "-", "\u2013": "-", "→": "->", "←": "<-", "•": "*", "●": "*", "○": "o", "✓": "v",
    "✗": "x", "\u00d7": "x", "·": ".", "≠": "!=", "≤": "<=", "≥": ">=", "\u2018": "'", "\u2019": "'",
    "“": '"', "”": '"', "▶": ">", "│": "|", "─": "-", "┌": "+", "┐": "+", "└": "+",
    "┘": "+", "├": "+", "┤": "+", "█": "#", "µ": "u",
    "°": "deg",
}  # fmt: skip
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_TO_ASCII = str.maketrans(_ASCII)


def _replace(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)  # a picture of the control character, one cell wide
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code <= 0x9F or 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if code == 0xAD:
        return "-"
    return " " if char in _SPACES else ""


def _question_marks(match: re.Match[str]) -> str:
    return "?" * char_width(match.group())  # as wide as before, so that tables stay aligned


def _scrub(text: str) -> str:
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    if "\t" in text:
        text = text.expandtabs(8)
    return _UNSAFE.sub(_replace, text)


_scrub_cached = lru_cache(maxsize=4096)(_scrub)


def clean(text: str, ascii: bool = False) -> str:
    """Return `text` as one printable line; with `ascii`, only ASCII characters remain.

    Escape sequences vanish, tabs become spaces, a newline or another control character becomes its
    one-cell picture. Never raises, whatever the string holds.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _scrub_cached(text) if len(text) <= 256 else _scrub(text)
    if ascii and not text.isascii():
        text = _NOT_ASCII.sub(_question_marks, text.translate(_TO_ASCII))
    return text


def keep_colours(text: str) -> str:
    """Remove every escape sequence but the colours, for text that a child process wrote."""
    return _ESCAPES.sub(lambda match: match.group() if SGR.fullmatch(match.group()) else "", text)


def last_state(line: str) -> str:
    """What a terminal would show of a line with carriage returns: the last non-empty rewrite."""
    if "\r" not in line:
        return line
    return next((part for part in reversed(line.split("\r")) if part), "")


def width(text: str) -> int:
    """How many cells a cleaned string takes."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def crop(text: str, cells: int) -> str:
    """The longest beginning of a cleaned string that takes at most `cells` cells."""
    if cells <= 0:
        return ""
    if text.isascii():
        return text[:cells]
    used = 0
    for index, char in enumerate(text):
        used += char_width(char)
        if used > cells:
            return text[:index]
    return text


def fit(text: str, cells: int, align: str = "left", ellipsis: str = "…") -> str:
    """A cleaned string as exactly `cells` cells: padded with spaces, or cut with an ellipsis.

    `align` is left, right or center.
    """
    size = width(text)
    if size > cells:
        text = (
            crop(text, cells - width(ellipsis)) + ellipsis if cells > width(ellipsis) else crop(text, cells)
        )
        size = width(text)
    gap = max(0, cells - size)
    before = {"right": gap, "center": gap // 2}.get(align, 0)
    return " " * before + text + " " * (gap - before)


def wrap(text: str, cells: int, rest: int | None = None) -> list[tuple[int, int]]:
    """Where to break a cleaned string: (start, end) index pairs, `cells` wide, then `rest` wide.

    Breaks at spaces where there is one, else inside the word. Always returns at least one pair.
    """
    pairs: list[tuple[int, int]] = []
    start, room, size = 0, max(1, cells), len(text)
    wide = not text.isascii()
    while True:
        end = start + len(crop(text[start : start + room], room)) if wide else min(size, start + room)
        end = max(end, start + 1) if start < size else size  # a wide character in a one-cell column
        if end >= size:
            pairs.append((start, size))
            return pairs
        space = text.rfind(" ", start, end + 1)
        if space > start:
            pairs.append((start, space))
            start = space + 1
        else:
            pairs.append((start, end))
            start = end
        room = max(1, rest if rest is not None else cells)
