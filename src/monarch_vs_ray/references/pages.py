"""Pages of others that our texts rest on, ``pages.toml``: documentation and READMEs, each with a date.

A statement that no experiment tests rests on such a page. A template links to one as it links to a line of an
engine's code, by id: ``source("page.ray.gcs", "Redis")``.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from pathlib import Path

import msgspec

from monarch_vs_ray.core.errors import BadTable, UnknownReference
from monarch_vs_ray.references.table import markdown, nearest, parse_toml

FILE = Path(__file__).with_name("pages.toml")
PREFIX = "page."
ID = re.compile(r"page(?:\.\w+)+")
ADDRESS = re.compile(r"https://[^\s()|<>\"]+")


class Page(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of others.

    Attributes:
        title: What the page is, in our words.
        url: Its address.
        read: The day on which it was read, in a copy that may be older.
        says: What our texts take from it, in our words; a reader who checks it looks for this.
    """

    title: str
    url: str
    read: date
    says: str


def read(path: Path = FILE) -> dict[str, Page]:
    """Read and check a table of pages.

    Args:
        path: A file in the form of ``pages.toml``; the project's own by default.

    Returns:
        The pages, by id, in the file's order.

    Raises:
        BadTable: The file cannot be read, or an entry is not as it must be.
    """
    try:
        content = parse_toml(path.read_text(encoding="utf-8"))
        found = msgspec.convert(content, dict[str, dict[str, Page]]).get("page", {})
    except (OSError, msgspec.ValidationError, ValueError) as error:
        raise BadTable(path, str(error)) from None
    by_url: dict[str, str] = {}
    for id, page in found.items():
        complaint = _complaint(id, page)
        if not complaint and page.url in by_url:
            complaint = f"{by_url[page.url]} has the same url"
        if complaint:
            raise BadTable(path, f"{id}: {complaint}")
        by_url[page.url] = id
    return found


@lru_cache(maxsize=1)
def pages() -> dict[str, Page]:
    """Return the project's own pages, read once."""
    return read()


def cite(id: str, label: str = "") -> str:
    """Return a Markdown link to a line of an engine's code, or to a page of others.

    Args:
        id: The reference's id, for instance ``monarch.Actor`` or ``page.ray.gcs``.
        label: The link's text; the symbol, or the page's title, by default.

    Returns:
        Markdown.

    Raises:
        UnknownReference: There is no such id.
    """
    if not id.startswith(PREFIX):
        return markdown(id, label)
    if id not in pages():
        raise UnknownReference(id, nearest(id, list(pages())), len(pages()))
    page = pages()[id]
    return f"[{label or page.title}]({page.url})"


def _complaint(id: str, page: Page) -> str:
    """Return what is wrong with a page, beyond its schema; "" if nothing is."""
    complaints = {
        "an id is `page`, a dot, and letters, digits, dots and underscores": not ID.fullmatch(id),
        "url is a plain https address": not ADDRESS.fullmatch(page.url),
        "title and says are not empty": not (page.title.strip() and page.says.strip()),
    }
    return next((complaint for complaint, applies in complaints.items() if applies), "")
