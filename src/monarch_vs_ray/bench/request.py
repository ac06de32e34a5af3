"""The request to a side process: one line in its environment."""

from __future__ import annotations

import os

import msgspec

from monarch_vs_ray.bench.catalogue import Row

VARIABLE = "MVR_BENCH_REQUEST"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The rows to measure, in this order, about ``seconds`` for each; ``limits`` come before the engine.

    ``slow_down`` is a share that is added to every operation of the engine, to see that it would be noticed.
    ``moment`` is where a fault comes, from 0, the earliest moment, to 1, the latest.
    """

    rows: list[Row]
    limits: list[Row] = []
    seconds: float = 0.2
    slow_down: float = 0.0
    moment: float = 0.5

    def variable(self) -> dict[str, str]:
        """Return it as a variable of the side's environment."""
        return {VARIABLE: msgspec.json.encode(self).decode()}


def from_environment() -> Request:
    """Return what this process was asked for."""
    return msgspec.json.decode(os.environ[VARIABLE], type=Request)
