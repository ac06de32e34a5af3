"""Pages of others: read, checked, cited by id, and allowed in documents."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from monarch_vs_ray.core.errors import BadTable, UnknownReference
from monarch_vs_ray.references.links import check_ids, check_links, find_ids, find_links
from monarch_vs_ray.references.pages import FILE, cite, pages, read
from monarch_vs_ray.references.table import link, table

ENTRY = """
[page."page.ray.x"]
title = "A page"
url = "https://example.org/x"
read = 2026-11-30
says = "It says so."
"""
TWIN = ENTRY.replace("page.ray.x", "page.ray.y")
REPOSITORIES = [release.repo for release in table().releases.values()]


def written(folder, text):
    path = folder / "pages.toml"
    path.write_text(text)
    return path


def test_a_page_is_read(tmp_path):
    (page,) = read(written(tmp_path, ENTRY)).values()
    assert (page.title, page.read) == ("A page", date(2026, 11, 30))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (ENTRY.replace("page.ray.x", "ray.x"), "an id is `page`"),
        (ENTRY.replace("https", "http"), "plain https address"),
        (ENTRY.replace("/x", "/x y"), "plain https address"),
        (ENTRY.replace("It says so.", " "), "not empty"),
        (ENTRY.replace("2026-11-30", '"today"'), "date"),
        (ENTRY.replace("says", "say"), "say"),
        (ENTRY + TWIN, "page.ray.y: page.ray.x has the same url"),
        (ENTRY.replace("title =", "title"), "line 3"),
    ],
)
def test_a_table_that_is_wrong_says_how(tmp_path, text, complaint):
    with pytest.raises(BadTable, match=complaint):
        read(written(tmp_path, text))


def test_a_page_or_a_line_is_cited_by_its_id():
    assert cite("page.ray.gcs", "Redis") == f"[Redis]({pages()['page.ray.gcs'].url})"
    assert cite("page.ray.gcs") == f"[{pages()['page.ray.gcs'].title}]({pages()['page.ray.gcs'].url})"
    assert cite("ray.get") == f"[`ray.get`]({link('ray.get')})"
    with pytest.raises(UnknownReference, match=r"'page\.ray\.gc'; .* near it: page\.ray\.gcs"):
        cite("page.ray.gc")


def test_a_page_in_an_engine_s_repository_may_be_linked_to():
    page = pages()["page.monarch.observability"]
    assert list(check_links("x.md", find_links(page.url, REPOSITORIES), table())) == []
    (problem,) = check_links("x.md", find_links(f"{page.url}x", REPOSITORIES), table())
    assert "is not in the table" in problem.fact


def test_ids_of_pages_are_known_in_templates():
    assert list(check_ids("x.md", find_ids('{{ source("page.ray.gcs") }}'), table())) == []
    (problem,) = check_ids("x.md", find_ids('{{ source("page.ray.gc") }}'), table())
    assert "page.ray.gcs" in problem.next_step


def test_no_page_is_read_in_the_future():
    assert max(page.read for page in pages().values()) <= date.today() + timedelta(days=1)


def test_the_file_says_in_its_first_lines_what_its_fields_are():
    first = FILE.read_text(encoding="utf-8").partition("[page.")[0]
    assert all(f"`{field}`" in first for field in ("url", "title", "read", "says"))
