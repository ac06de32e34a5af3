"""Draw the pictures of the documents again, from the committed recordings and the published results.

./scripts/zephyr_uv_run.sh python docs/pictures.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monarch_vs_ray.bench import plots
from monarch_vs_ray.bench.drawings import draw
from monarch_vs_ray.bench.published import published
from monarch_vs_ray.campaign.sides import recording
from monarch_vs_ray.cli.show import take_picture
from monarch_vs_ray.concepts import all_concepts, find
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.history import read
from monarch_vs_ray.ledger.published import best, by_claim
from monarch_vs_ray.pictures.finding import has_picture
from monarch_vs_ray.pictures.vector import svg
from monarch_vs_ray.programs import records
from monarch_vs_ray.report import drawings
from monarch_vs_ray.report.costs import Costs
from monarch_vs_ray.transformer.state import TRAINING

PICTURES = Path(__file__).parent / "pictures"
THEMES = {"light": False, "dark": True}


def main() -> None:
    """Write each picture; the same recordings and results give the same bytes."""
    file = recording(find("1"))
    take_picture(
        file, PICTURES / "actor_abstraction.svg", at=0.7, size="140x42", step="concurrency_asked_for"
    )
    for concept in filter(has_picture, all_concepts()):
        events = read(recording(concept)).events
        for theme, dark in THEMES.items():
            _write(f"{concept.number:02}-{concept.name}-{theme}.svg", svg(concept, events, dark=dark))
    evidence = {id_: best(several) for id_, several in by_claim(PUBLISHED).items()}
    for theme, dark in THEMES.items():
        _write(f"tree-{theme}.svg", drawings.tree(evidence, dark=dark))
    _plot("run-training", drawings.training(read(recording(TRAINING)).events), drawings.training_chart)
    _plot("patterns-recovery", drawings.recoveries(records.published(PUBLISHED)), drawings.recovery_chart)
    if costs := Costs(published(PUBLISHED)).files:
        draw(costs, PICTURES)


def _plot(stem: str, data: plots.Data, chart: Any) -> None:
    """Draw a chart in both themes, with its data beside it; nothing without data."""
    import altair
    import vl_convert

    if not data:
        return
    for theme, dark in THEMES.items():
        themed = plots.themed(chart(data, altair), dark=dark)
        _write(f"{stem}-{theme}.svg", vl_convert.vegalite_to_svg(themed.to_json()))
    plots.write_csv(PICTURES / f"{stem}.csv", data)


def _write(name: str, text: str) -> None:
    (PICTURES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
