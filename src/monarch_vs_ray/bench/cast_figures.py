"""Monarch's own published times of a cast by number of actors, to see whether the model has their shape.

From the description of meta-pytorch/monarch#4875 (14 September 2026), column "Published p50": the median of a
cast to a mesh of actors, 8 on each host. What the clock is read around is not said there. The hosts are
others than ours, so only the shape can be compared: whether the model's form describes times that somebody
else measured, at sizes that this machine has no room for.
"""

from __future__ import annotations

SOURCE = "https://github.com/meta-pytorch/monarch/pull/4875"
SECONDS = {512: 2.596e-3, 1_024: 3.079e-3, 2_048: 4.017e-3, 4_096: 5.284e-3, 8_192: 6.650e-3}
"""Seconds by number of actors."""
