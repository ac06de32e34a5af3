"""What can be said of an engine on a machine, for ``doctor``."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["works", "missing", "unknown"]


class Ability(msgspec.Struct, frozen=True, kw_only=True):
    """One thing an engine can do here or not: the fact in ``detail``, the next step in ``remedy``."""

    name: str
    state: State
    detail: str
    remedy: str = ""
