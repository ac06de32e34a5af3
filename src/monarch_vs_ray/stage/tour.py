"""Which demo is shown after this one, as the keys of a screen say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tour:
    """Which demo is shown after this one.

    ``wanted`` is the number that was asked for; ``goes_on``: there is a next one; ``left``: the user left.
    """

    goes_on: bool = False
    wanted: int = 0
    left: bool = False
