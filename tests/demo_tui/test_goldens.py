"""Every panel at three widths, against plain text files; `UPDATE_GOLDENS=1` writes them anew for review."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from panel_samples import CODE, SAMPLES

from demo_tui import DARK

GOLDENS = Path(__file__).parent / "goldens"
WIDTHS = (24, 50, 100)
HEIGHT = 9


def picture(name: str, ascii_only: bool = False) -> str:
    text = CODE if name == "code" else "wide 你好 and \x1b[31mred\x1b[0m\ttab"
    theme = DARK.in_ascii() if ascii_only else DARK
    parts = []
    for width in WIDTHS:
        strips = SAMPLES[name](text).render_box(width, 1 if name == "header" else HEIGHT, theme)
        parts.append(f"--- {width} cells ---\n" + "".join(strip.text.rstrip() + "\n" for strip in strips))
    return "".join(parts)


@pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])
@pytest.mark.parametrize("name", SAMPLES)
def test_panel_looks_as_it_did(name: str, ascii_only: bool) -> None:
    path = GOLDENS / f"{name}{'_ascii' if ascii_only else ''}.txt"
    found = picture(name, ascii_only)
    if os.environ.get("UPDATE_GOLDENS"):
        GOLDENS.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")
    assert found.isascii() or not ascii_only
