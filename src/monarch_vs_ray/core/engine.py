"""What can be said of a machine, and of an engine on it, for ``doctor``."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["works", "missing", "unknown", "low", "changed"]
"""``low``: there is some of it, but not enough; ``changed``: not as it is by default."""


class Ability(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an engine can do here or not, or that a machine has or not.

    The fact is in ``detail``, the next step in ``remedy``.
    """

    name: str
    state: State
    detail: str
    remedy: str = ""
