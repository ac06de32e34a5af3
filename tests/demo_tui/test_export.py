"""Pictures: SVG, HTML and text of any frame."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_samples import SAMPLES

from demo_tui import DARK, LIGHT, DashboardBase, Frame, KeyValuePanel, LogPanel


def dashboard(text: str = "a < b & 你好 \x1b[1mbold\x1b[0m") -> DashboardBase:
    board = DashboardBase(theme=DARK, ascii=False)
    for name, make in SAMPLES.items():
        board.add_panel(name, make(text))
    return board


def svg_texts(frame: Frame) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(frame.svg("title < & >"))
    return list(root.iter("{http://www.w3.org/2000/svg}text"))


def test_svg_places_every_run_on_the_grid() -> None:
    frame = dashboard().frame(120, 60)
    title, *texts = svg_texts(frame)
    assert (title.text or "").replace("\xa0", " ") == "title < & >"
    for element in texts:
        column = float(element.attrib["x"]) / 12.04
        assert column == pytest.approx(round(column), abs=0.01)
        assert float(element.attrib["x"]) < 120 * 12.04 + 0.1
    words = "".join(element.text or "" for element in texts).replace("\xa0", " ")
    assert "a < b & " in words
    assert "你" in words
    assert re.search(r"http", frame.svg().replace("http://www.w3.org/2000/svg", "")) is None


def test_svg_has_the_colours_of_its_theme() -> None:
    for theme in (DARK, LIGHT):
        board = DashboardBase(theme=theme)
        board.add_panel("a", KeyValuePanel("A", {"k": 1}))
        assert f'fill="{theme.background}"' in board.frame(30, 5).svg()


def test_html_says_the_same_as_the_text() -> None:
    frame = dashboard().frame(100, 50)
    body = re.search(r"<pre[^>]*>(.*)</pre>", frame.html("t"), re.DOTALL)
    assert body is not None
    plain = re.sub(r"<[^>]*>", "", body.group(1))
    import html

    assert html.unescape(plain).splitlines() == frame.lines


def test_text_ends_without_spaces(tmp_path: Path) -> None:
    frame = dashboard().frame(80, 24)
    assert len(frame.text.splitlines()) == 24
    assert not any(line.endswith(" ") for line in frame.text.splitlines())
    for name in ("a.svg", "b.html", "c.txt"):
        assert frame.save(tmp_path / name, "title").stat().st_size > 500
    with pytest.raises(ValueError, match=r"a\.png: a frame is saved as"):
        frame.save(tmp_path / "a.png")


@settings(max_examples=50)
@given(text=st.text(max_size=80))
def test_any_text_makes_well_formed_pictures(text: str) -> None:
    log = LogPanel()
    log.append(text)
    board = DashboardBase(theme=DARK, ascii=False)
    board.add_panel("log", log)
    ElementTree.fromstring(board.frame(40, 8).svg(title="t"))
    board.frame(40, 8).html().encode("utf-8")
