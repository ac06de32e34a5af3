"""Keep the values of cells that use an engine directly, to show where none runs."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.notebook.subjects import RECORDED
from monarch_vs_ray.side.main import PACKAGES, version

FILE = RECORDED / "cells.json"


class Value(msgspec.Struct, frozen=True):
    """The value of a cell, as Python writes it, with the date and the engine's version."""

    text: str
    date: str
    version: str


def recorded(file: Path = FILE) -> dict[str, Value]:
    """Return the recorded values, by engine and key: ``monarch.weights``."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Value]) if file.is_file() else {}


def record(engine: Engine, key: str, value: object, file: Path = FILE) -> None:
    """Keep a value."""
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    new = {**recorded(file), f"{engine}.{key}": Value(repr(value), today, version(PACKAGES[engine]))}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(new.items()))), indent=1) + b"\n")
