"""Findings and needs, ``findings.toml``: what a reader wants first, each resting on claims of both engines.

::

    [[finding]]
    topic = "An idle worker is killed"
    monarch = "Its owner is notified at the next poll."      # a sentence for each engine
    ray = "Nothing in the program is called."
    claims = ["supervision.detection_time"]                  # rows; the first one is where to look
    observed.monarch = { experiment = "idle_deaths", key = "longest_from_start", unit = "s" }

    [[need]]                                                 # what somebody wants to do
    id = "rl"
    title = "RL post-training"
    pick = "either"                                          # monarch, ray, either, depends
    answer = "Either. ..."
    why = ["..."]
    monarch_if = "..."
    ray_if = "..."
    claims = ["data_plane.weight_sync"]
    patterns = ["async_rl"]                                  # and benchmarks: shown once they are published
    unknown = "..."                                          # what was not run

A number is an observation of the published evidence: ``key`` in an experiment of a claim, by default of the
first one named.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from monarch_vs_ray.core import concept
from monarch_vs_ray.core.errors import BadConcept
from monarch_vs_ray.core.events import Engine

FILE = Path(__file__).parent / "findings.toml"
Pick = Literal["monarch", "ray", "either", "depends"]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: what it does not define is an error."""


class Number(_Table, frozen=True, kw_only=True):
    """An observation to quote: ``claim`` is a row, by default the first of its finding or need."""

    experiment: str
    key: str
    unit: str = ""
    claim: str = ""


class Finding(_Table, frozen=True, kw_only=True):
    """A difference that matters, as one sentence for each engine; see the module's text."""

    topic: str
    monarch: str
    ray: str
    claims: list[str]
    observed: dict[Engine, Number] = {}


class Need(_Table, frozen=True, kw_only=True):
    """Name the engine for a need, and why; see the module's text."""

    id: str
    title: str
    pick: Pick
    answer: str
    why: list[str]
    claims: list[str]
    monarch_if: str = ""
    ray_if: str = ""
    patterns: list[str] = []
    benchmarks: list[str] = []
    observed: dict[Engine, Number] = {}
    unknown: str = ""


class Findings(_Table, frozen=True, kw_only=True):
    """The whole file."""

    finding: list[Finding]
    need: list[Need]


@cache
def findings(path: Path = FILE) -> Findings:
    """Return the findings and needs.

    Raises:
        BadConcept: If the file is not of this form.
    """
    try:
        return msgspec.convert(concept.toml(path), Findings)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadConcept(path, str(error)) from None
