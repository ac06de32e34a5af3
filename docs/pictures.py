"""Draws the README's pictures again, from the committed recordings: frames that a real run showed.

./scripts/zephyr_uv_run.sh python docs/pictures.py
"""

from __future__ import annotations

from pathlib import Path

from monarch_vs_ray.cli.show import take_picture
from monarch_vs_ray.cli.sources import recording
from monarch_vs_ray.concepts import find

PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    """Write each picture; the same recording gives the same bytes."""
    take_picture(recording(find("1")), PICTURES / "actor_abstraction.svg", at=4.2, size="140x42")


if __name__ == "__main__":
    main()
