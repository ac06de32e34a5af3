"""Know where this project's files are: in a checkout of the repository, or inside the installed package.

The same code runs in both places. In a checkout everything lies where its author put it, and new results lie
beside the published evidence. An installed package holds copies of the recordings and of the published
evidence, which `setup.py` puts under `data/`; what its user makes goes to a folder of the user's.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from monarch_vs_ray.core.errors import NeedsCheckout

NAME = "monarch-vs-ray"
"""The distribution's name, also that of the user's folders."""
PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of this package's modules."""


def find_checkout(package: Path) -> Path | None:
    """Return the repository whose `src/` holds the package.

    Args:
        package: The folder of the package's modules.

    Returns:
        The repository's folder; None for a package installed elsewhere, also in a `.venv` of the repository.
    """
    root = package.parents[1]
    if package.parent.name != "src":
        return None
    try:
        lines = (root / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return root if f'name = "{NAME}"' in lines else None


CHECKOUT = find_checkout(PACKAGE)
"""The repository that this package runs from; None when it is installed without one."""
_DATA = CHECKOUT or PACKAGE / "data"
RECORDINGS = _DATA / "recordings"
"""The recorded runs that `--dry-run` replays: a folder for each subject."""
PUBLISHED = _DATA / "results" / "published"
"""The evidence that the comparison quotes."""
NOTEBOOKS = _DATA / "notebooks"
"""The companion notebooks, with the recorded runs of their programs below `recorded/`."""


def results_folder() -> Path:
    """Return the folder that `mvr verify` keeps evidence in: the checkout's `results/`, or the user's.

    Returns:
        A folder that may not exist yet.
    """
    if CHECKOUT:
        return CHECKOUT / "results"
    from platformdirs import user_data_path  # not at the top: a side runs without it

    return user_data_path(NAME, appauthor=False) / "results"


def user_notebooks() -> Path:
    """Return the folder of the user's copies of the notebooks; it may not exist yet."""
    from platformdirs import user_data_path

    return user_data_path(NAME, appauthor=False) / "notebooks"


def need_checkout(purpose: str) -> Path:
    """Return the checkout's folder.

    Args:
        purpose: The command that needs it, for the message.

    Raises:
        NeedsCheckout: If this package is installed without a checkout.
    """
    if CHECKOUT is None:
        raise NeedsCheckout(purpose, PACKAGE)
    return CHECKOUT


def import_folder() -> Path:
    """Return a folder to put on another interpreter's path, so that it finds this package.

    Returns:
        The checkout's `src/`. Apart from a checkout, a folder in the user's cache that holds only a link to
        the package: what else is installed beside the package is not meant for that interpreter.
    """
    if CHECKOUT:
        return CHECKOUT / "src"
    from platformdirs import user_cache_path

    key = hashlib.sha256(os.fsencode(PACKAGE)).hexdigest()[:12]
    folder = user_cache_path(NAME, appauthor=False) / "import" / key
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # the name says where it leads, so an older link is as good
        (folder / PACKAGE.name).symlink_to(PACKAGE, target_is_directory=True)
    return folder
