"""Links and API names in our texts, checked against the installed packages of the engines.

A reference is a line in an engine's public code that our texts link to. A document never holds a link or a
line number of its own: it asks the table for the reference, by id::

    from monarch_vs_ray.references import markdown

    markdown("monarch.Actor")   # a Markdown link to the line at the released version's tag

Everything here reads files. No engine is imported.
"""

from monarch_vs_ray.references.table import Reference, Table, link, markdown, table

__all__ = ["Reference", "Table", "link", "markdown", "table"]
