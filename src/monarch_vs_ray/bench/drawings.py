"""Pictures of the published measurements, light and dark, for documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monarch_vs_ray.bench import plots
from monarch_vs_ray.bench.plots import Data
from monarch_vs_ray.bench.published import Published, alike, best
from monarch_vs_ray.bench.store import Measured

PREFIX = "bench-"


def draw(files: Sequence[Published], folder: Path) -> list[Path]:
    """Draw each picture that there is data for.

    Args:
        files: Published measurements of one machine.
        folder: Where; it is there.

    Returns:
        What was written: for each picture an SVG in each theme, and its data as CSV.
    """
    import altair
    import vl_convert

    written = []
    for name, (data, chart) in charts(files, altair).items():
        for theme in ("light", "dark"):
            path = folder / f"{PREFIX}{name}-{theme}.svg"
            text = vl_convert.vegalite_to_svg(plots.themed(chart, dark=theme == "dark").to_json())
            path.write_text(text, encoding="utf-8")
            written.append(path)
        written.append(folder / f"{PREFIX}{name}.csv")
        plots.write_csv(written[-1], data)
    return written


def charts(files: Sequence[Published], altair: Any) -> dict[str, tuple[Data, Any]]:
    """Return data and chart of each picture; curves are of the file with most of them."""
    lines = [line.result for line in best(files).values()]
    together = plots.pictures(Measured(manifest=files[0].measured.manifest, records=[]), lines, altair)
    most = max(
        (file.measured for file in alike(files)), key=lambda each: len(plots.metg_curves(each)), default=None
    )
    if most and plots.metg_curves(most):
        together["metg"] = plots.pictures(most, lines, altair)["metg"]
    if faults := plots.recoveries(file.measured for file in files):
        together["recovery"] = faults, plots.recovery_chart(faults, altair)
    return together
