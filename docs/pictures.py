"""Draw the pictures of the documents again, from the committed recordings: what a real run showed.

./scripts/zephyr_uv_run.sh python docs/pictures.py
"""

from __future__ import annotations

from pathlib import Path

from monarch_vs_ray.campaign.sides import recording
from monarch_vs_ray.cli.show import take_picture
from monarch_vs_ray.concepts import all_concepts, find
from monarch_vs_ray.history import read
from monarch_vs_ray.pictures.finding import has_picture
from monarch_vs_ray.pictures.vector import svg

PICTURES = Path(__file__).parent / "pictures"


def main() -> None:
    """Write each picture; the same recording gives the same bytes."""
    file = recording(find("1"))
    take_picture(
        file, PICTURES / "actor_abstraction.svg", at=0.7, size="140x42", step="concurrency_asked_for"
    )
    for concept in filter(has_picture, all_concepts()):
        events = read(recording(concept)).events
        for theme in ("light", "dark"):
            drawing = svg(concept, events, dark=theme == "dark")
            (PICTURES / f"{concept.number:02}-{concept.name}-{theme}.svg").write_text(
                drawing, encoding="utf-8"
            )


if __name__ == "__main__":
    main()
