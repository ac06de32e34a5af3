"""The guide is what the table makes of it, and no page of it is out of date."""

from __future__ import annotations

import re

import pytest

from monarch_vs_ray.core.errors import BadGuide
from monarch_vs_ray.porting.guide import fill, make_guide
from monarch_vs_ray.porting.table import rows

PAGES = make_guide()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_page_is_up_to_date(path):
    assert path.read_text(encoding="utf-8") == PAGES[path], "run `mvr port --guide`"


def test_every_link_to_a_row_leads_to_it():
    anchors = {
        (path.name, anchor) for path, text in PAGES.items() for anchor in re.findall(r'id="(\w+)"', text)
    }
    links = {
        link
        for text in PAGES.values()
        for link in re.findall(r"\]\((?:\.\./)?porting/(\w+\.md)#(\w+)\)", text)
    }
    assert links <= anchors
    assert len(links) >= len(rows())


def test_no_page_is_left_of_a_group_that_is_gone():
    folder = next(path for path in PAGES if path.name == "start.md").parent
    assert set(folder.glob("*.md")) <= set(PAGES)


def test_a_place_is_made_anew_and_the_text_around_it_stays(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- made: count -->\nold\n<!-- end -->\nafter\n")
    text = fill(page)
    assert text.startswith("before\n<!-- made: count -->\n\n")
    assert text.endswith("\n<!-- end -->\nafter\n")
    assert "old" not in text
    page.write_text(text)
    assert fill(page) == text


def test_a_difference_is_between_two_programs_beside_the_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- made: diff a.py b.py -->\n<!-- end -->\n")
    (tmp_path / "a.py").write_text("import ray\nx\n")
    (tmp_path / "b.py").write_text("import monarch\nx\n")
    assert "-import ray\n+import monarch\n x\n```" in fill(page)


@pytest.mark.parametrize("what", ["nothing", "diff a.py", "diff a.py b.py"])
def test_a_place_that_cannot_be_made_is_refused(tmp_path, what):
    page = tmp_path / "page.md"
    page.write_text(f"<!-- made: {what} -->\n<!-- end -->\n")
    with pytest.raises(BadGuide):
        fill(page)
