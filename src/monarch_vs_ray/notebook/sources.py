"""Link to pages of others from a notebook, each with the day on which it was read."""

from __future__ import annotations

from monarch_vs_ray.references.pages import cite, pages


def source(id: str, label: str = "") -> str:
    """Return a Markdown link to a page of ``references/pages.toml``, with its date.

    Args:
        id: The page's id, such as ``page.rl.areal``.
        label: The text of the link; by default the page's title.

    Raises:
        UnknownReference: If there is no such page.
    """
    return f"{cite(id, label)} (read {pages()[id].read})"
