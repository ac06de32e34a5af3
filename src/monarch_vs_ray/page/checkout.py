"""Link files of the checkout from a page that lies in it."""

from __future__ import annotations

import os
from pathlib import Path

from monarch_vs_ray.core.paths import CHECKOUT


def link(path: Path | str, beside: Path | None) -> str:
    """Return the address of a file, relative to the page; empty for a page that lies elsewhere.

    Args:
        path: A file of the checkout, also with an anchor; a relative path starts at the checkout's folder.
        beside: The page's folder, None if it is not known.
    """
    here = beside.resolve() if beside else None
    if here is None or CHECKOUT is None or CHECKOUT not in (here, *here.parents):
        return ""
    return Path(os.path.relpath(CHECKOUT / path, here)).as_posix()
