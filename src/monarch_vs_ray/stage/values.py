"""Values as a reader would write them."""

from __future__ import annotations

from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.stage.state import SideState

NAMES: dict[Engine, str] = {"monarch": "Monarch", "ray": "Ray"}
SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def say(value: object, unit: str = "") -> str:
    """Return a value as a reader would write it; a duration in the unit that fits it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit in SECONDS and isinstance(value, (int, float)):
        return duration(value * SECONDS[unit])
    if isinstance(value, float):
        text = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    elif isinstance(value, int):
        text = f"{value:,}" if abs(value) >= 10_000 else str(value)
    elif isinstance(value, list):
        text = ", ".join(_part(item) for item in value)
    elif isinstance(value, dict):
        text = ", ".join(f"{key}: {_part(item)}" for key, item in value.items())
    elif value is None:
        return "none"
    else:
        text = str(value)
    return f"{text} {unit}".rstrip()


def _part(item: object) -> str:
    """Return an item of a list: one that is a list itself stays together."""
    return f"[{say(item)}]" if isinstance(item, (list, dict)) else say(item)


def duration(seconds: float) -> str:
    """Return a duration in the unit that fits: ``688 us``, ``43.2 ms``, ``5.2 s``, ``1 min 20 s``."""
    if abs(seconds) < 1e-3:
        return f"{seconds * 1e6:.0f} us"
    if abs(seconds) < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    if abs(seconds) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


class Values(dict[str, str]):
    """What a side observed, as a reader would write it, by ``experiment.observation``.

    Args:
        side: The side; None for one that is not on this stage.
        concept: Its rows know the units that observations do not say.
    """

    def __init__(self, side: SideState | None, concept: Concept) -> None:
        units = {
            f"{step.experiment}.{row.observation}": row.unit for step in concept.demo for row in step.rows
        }
        seen = side.observations.items() if side else ()
        super().__init__({key: say(each.value, each.unit or units.get(key, "")) for key, each in seen})
