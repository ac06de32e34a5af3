"""Text as terminal cells: make any value safe to show, measure it, cut it and wrap it.

Everything that reaches the screen passes through `clean`. Its result is one line without control
characters and without escape sequences. Widths are counted by grapheme cluster (UAX #29, through the
wcwidth package): what a reader sees as one character is never cut in the middle. Terminals disagree
about the width of some clusters; `is_plain` says which texts all of them measure alike.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import get_character_cell_size as char_width

__all__ = [
    "SGR", "char_width", "clean", "clusters", "crop", "describe", "fit", "is_plain", "keep_colours",
    "last_state", "width", "wrap",
]  # fmt: skip

SGR = re.compile(r"\x1b\[[0-9;:]*m")
"""A colour or attribute sequence."""
LINK = re.compile(r"\x1b\]8;[^\x07\x1b;]*;[^\x00-\x20\x7f\x1b]*(?:\x07|\x1b\\)")
"""The begin or end of a hyperlink (OSC 8)."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement, modes
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]?"  # everything else that starts with ESC
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one byte
)
# Joiners (U+200C, U+200D), variation selectors, skin tones and tags stay: they are part of a cluster.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # controls
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"  # invisible
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"  # zero width spaces, directions, their overrides
    "\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff]"  # half of a pair: cannot be encoded
)
_SPACES = frozenset("\u2028\u2029\u3164\uffa0\u115f\u1160")
# What a terminal without Unicode shows instead; what is missing here becomes "?".
_ASCII = {
    "…": "...", "—": "-", "\u2013": "-", "→": "->", "←": "<-", "↑": "^", "↓": "v", "•": "*", "●": "*",
    "○": "o", "✓": "v", "✗": "x", "\u00d7": "x", "·": ".", "≠": "!=", "≤": "<=", "≥": ">=", "\u2018": "'",
    "\u2019": "'", "“": '"', "”": '"', "▶": ">", "│": "|", "─": "-", "┌": "+", "┐": "+", "└": "+",
    "┘": "+", "├": "+", "┤": "+", "█": "#", "µ": "u", "°": "deg",
}  # fmt: skip
_NOT_ASCII = re.compile("[^\x00-\x7f]+")
_TO_ASCII = str.maketrans(_ASCII)
# Characters that never combine with their neighbours and have one width everywhere.
_WIDE = "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60"
_PLAIN = re.compile(
    "[ -~\xa0-\xac\xae-\u02ff\u0370-\u0377\u0400-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e"
    f"\u2190-\u22ff\u2400-\u2421\u2500-\u25fc\u2713-\u2718\u2800-\u28ff\ufffd{_WIDE}]*"
)
_WIDE_CHARS = re.compile(f"[{_WIDE}]")


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
    return "?" * width(match.group())  # as wide as before, so that tables stay aligned


def _scrub(text: str) -> str:
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    if "\t" in text:
        text = text.expandtabs(8)
    return _UNSAFE.sub(_replace, text)


_scrub_cached = lru_cache(maxsize=4096)(_scrub)


def describe(value: object) -> str:
    """Return `str(value)`, or a note in brackets where that raises: one bad value spoils one cell.

    Args:
        value: Anything.

    Returns:
        The text; it still has to pass through `clean`.
    """
    if value.__class__ is str:
        return value
    try:
        return str(value)
    except Exception as error:
        return f"(str of {type(value).__name__} raises {type(error).__name__})"


def clean(text: object, ascii: bool = False) -> str:
    """Return `text` as one printable line. Escape sequences vanish, tabs become spaces.

    Args:
        text: A string; anything else passes through `describe` first.
        ascii: Replace every character that is not ASCII.

    Returns:
        The line; a newline or another control character has become its one-cell picture.
    """
    if text.__class__ is not str:
        text = describe(text)
    assert isinstance(text, str)
    if text.isascii() and text.isprintable():
        return text
    text = _scrub_cached(text) if len(text) <= 256 else _scrub(text)
    if ascii and not text.isascii():
        text = _NOT_ASCII.sub(_question_marks, text.translate(_TO_ASCII))
    return text


def keep_colours(text: str) -> str:
    """Remove every escape sequence but colours and hyperlinks, for text that a child process wrote.

    Args:
        text: The text as it was written.

    Returns:
        The text with SGR and OSC 8 sequences only.
    """
    return _ESCAPES.sub(_kept, text)


def _kept(match: re.Match[str]) -> str:
    text = match.group()
    return text if SGR.fullmatch(text) or LINK.fullmatch(text) else ""


def last_state(line: str) -> str:
    """Return what a terminal would show of a line with carriage returns.

    Args:
        line: A line, perhaps of a progress bar.

    Returns:
        The last rewrite that is not empty.
    """
    if "\r" not in line:
        return line
    return next((part for part in reversed(line.split("\r")) if part), "")


def is_plain(text: str) -> bool:
    """Return True where every terminal gives the text the same width.

    Args:
        text: A cleaned string.

    Returns:
        False where it holds emoji, combining characters, or scripts whose letters join.
    """
    return text.isascii() or _PLAIN.fullmatch(text) is not None


def clusters(text: str) -> tuple[tuple[str, int], ...]:
    """Split a cleaned string into grapheme clusters.

    Args:
        text: The string.

    Returns:
        Pairs of a cluster and its width in cells: 0, 1 or 2.
    """
    return _clusters_cached(text) if len(text) <= 256 else _clusters(text)


def _clusters(text: str) -> tuple[tuple[str, int], ...]:
    if _PLAIN.fullmatch(text):
        return tuple((char, 2 if _WIDE_CHARS.match(char) else 1) for char in text)
    import wcwidth

    return tuple((part, max(0, min(2, wcwidth.width(part)))) for part in wcwidth.iter_graphemes(text))


_clusters_cached = lru_cache(maxsize=4096)(_clusters)


def width(text: str) -> int:
    """Return how many cells a cleaned string takes.

    Args:
        text: The string.

    Returns:
        The number of cells.
    """
    if text.isascii():
        return len(text)
    if _PLAIN.fullmatch(text):
        return len(text) + len(_WIDE_CHARS.findall(text))
    return sum(cells for _, cells in clusters(text))


def crop(text: str, cells: int) -> str:
    """Cut a cleaned string.

    Args:
        text: The string.
        cells: The room that there is.

    Returns:
        The longest beginning that takes at most `cells` cells.
    """
    if cells <= 0:
        return ""
    if text.isascii():
        return text[:cells]
    used = index = 0
    for part, size in clusters(text):
        used += size
        if used > cells:
            return text[:index]
        index += len(part)
    return text


def fit(text: str, cells: int, align: str = "left", ellipsis: str = "…") -> str:
    """Make a cleaned string exactly `cells` cells wide.

    Args:
        text: The string.
        cells: The width of the result.
        align: `left`, `right` or `center`.
        ellipsis: What ends a string that was cut.

    Returns:
        The string, padded with spaces or cut.
    """
    size = width(text)
    if size > cells:
        dots = width(ellipsis)
        text = crop(text, cells - dots) + ellipsis if cells > dots else crop(text, cells)
        size = width(text)
    gap = max(0, cells - size)
    before = {"right": gap, "center": gap // 2}.get(align, 0)
    return " " * before + text + " " * (gap - before)


def wrap(text: str, cells: int, rest: int | None = None) -> list[tuple[int, int]]:
    """Find where to break a cleaned string: at spaces where there is one, else between clusters.

    Args:
        text: The string.
        cells: The width of the first line.
        rest: The width of the other lines; None for the same.

    Returns:
        Pairs of start and end index; at least one.
    """
    pairs: list[tuple[int, int]] = []
    start, room, size = 0, max(1, cells), len(text)
    wide = not text.isascii()
    while True:
        end = start + _fitting(text, start, room) if wide else min(size, start + room)
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


def _fitting(text: str, start: int, room: int) -> int:
    """Return how many characters from `start` fit; at least one cluster, however wide."""
    # A cluster has few characters; one that is cut off here by the slice is longer than any real one.
    part = text[start : start + 8 * room + 8]
    found = len(crop(part, room))
    if found == 0 and part:
        found = len(clusters(part)[0][0])
    return found
