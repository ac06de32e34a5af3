"""Choose the demo that is shown next, by the keys of a screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tour:
    """Hold the choice of the next demo.

    ``wanted`` is the requested number; ``goes_on``: there is a next one; ``left``: the user left.
    """

    goes_on: bool = False
    wanted: int = 0
    left: bool = False
