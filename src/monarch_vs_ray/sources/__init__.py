"""The engines' public sources: the table of links, and the checks that each link and each API name is right.

A document never holds a link or a line number of its own: it asks the table for it, by the entry's id::

    from monarch_vs_ray.sources import markdown

    markdown("monarch.Actor")   # a Markdown link to the line at the released version's tag

Everything here reads files. No engine is imported.
"""

from monarch_vs_ray.sources.table import Source, Table, link, markdown, table

__all__ = ["Source", "Table", "link", "markdown", "table"]
