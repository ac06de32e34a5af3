"""Advice on when to choose which engine: claims that follow from those of the concepts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from monarch_vs_ray.core import concept as files
from monarch_vs_ray.core.concept import Concept

NAME = "when_to_choose"


@cache
def load() -> Concept:
    """Return the advice, in the form of a concept without a demo."""
    return files.load(__name__, Path(__file__).parent)
