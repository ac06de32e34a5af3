"""Small pieces of Markdown."""

from __future__ import annotations

import re

from monarch_vs_ray.core.verdicts import Verdict

MARKS: dict[Verdict, str] = {"holds": "✓", "partly": "◐", "refuted": "✗", "unknown": "?"}
"""A verdict as one character: shapes, not colours."""
MARK_NAMES: dict[Verdict, str] = {
    "holds": "holds",
    "partly": "partly",
    "refuted": "does not hold",
    "unknown": "unknown",
}
NOT_PUBLISHED = "…"
EVIDENCE_FOLDER = "evidence"
"""The folder of the evidence pages, beside the document."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`(])")
_CODE = re.compile(r"`[^`]*`")


def inline(text: str) -> str:
    """Return a text that may stand in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def row(*cells: str) -> str:
    """Return a line of a table."""
    return "|" + "|".join(cells) + "|"


def first_sentence(text: str) -> str:
    """Return the first sentence of a text; a full stop within code ends none."""
    flat = " ".join(text.split())
    masked = _CODE.sub(lambda match: "x" * len(match[0]), flat)
    found = _SENTENCE.search(masked)
    return flat[: found.start()] if found else flat


def number_text(value: object, unit: str = "") -> str:
    """Return a number as a reader would write it; anything else as it is."""
    if isinstance(value, float):
        text = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    elif isinstance(value, int) and not isinstance(value, bool):
        text = f"{value:,}"
    else:
        text = str(value)
    return f"{text} {unit}".rstrip()


def evidence_link(asked: str, label: str, folder: str = f"{EVIDENCE_FOLDER}/") -> str:
    """Return a link to a row or claim on its evidence page.

    Args:
        asked: The row's or claim's id; its anchor is the same, and never changes.
        label: The link's text.
        folder: How the text that holds the link refers to the folder of the pages.
    """
    return f"[{label}]({folder}{asked.partition('.')[0]}.md#{asked})"


def escape(text: str) -> str:
    """Escape what Markdown would take for its own."""
    for character in "\\*_<>[]`":
        text = text.replace(
            character, f"\\{character}" if character not in "<>" else {"<": "&lt;", ">": "&gt;"}[character]
        )
    return text
