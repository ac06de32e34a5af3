"""Pictures of the document: from observations and events, the same from the same."""

from __future__ import annotations

import pytest

from monarch_vs_ray.campaign.sides import recording
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.history import read
from monarch_vs_ray.ledger.published import best, by_claim
from monarch_vs_ray.report import drawings
from monarch_vs_ray.transformer.state import TRAINING

EVIDENCE = {id_: best(several) for id_, several in by_claim(PUBLISHED).items()}


@pytest.mark.parametrize(("text", "found"), [("1-4", {1, 2, 3, 4}), ("0, 5-6", {0, 5, 6}), ("", set())])
def test_ranks_are_read_from_text(text, found):
    assert drawings.ranks(text) == found


def test_the_tree_shows_each_shape_that_was_observed():
    svg = drawings.tree(EVIDENCE)
    for engine in drawings.TREES.values():
        for label, *_ in engine:
            assert label in svg
    assert svg == drawings.tree(EVIDENCE)
    assert svg != drawings.tree(EVIDENCE, dark=True)
    assert "fan-out 2" not in drawings.tree({})


def test_the_training_has_steps_and_one_fault_on_each_engine():
    data = drawings.training(read(recording(TRAINING)).events)
    for engine in ("Monarch", "Ray"):
        mine = [row for row in data if row["engine"] == engine]
        assert sum(row["what"] != "step" for row in mine) == 1
        assert {row["step"] for row in mine if row["step"]} == set(range(1, 401))
        assert all(row["seconds"] >= 0 for row in mine)


def test_charts_are_valid():
    altair = pytest.importorskip("altair")
    data = drawings.training(read(recording(TRAINING)).events)
    assert drawings.training_chart(data, altair).to_dict()
    row = {"pattern": "P", "figure": "seconds to it", "engine": "Ray", "settings": "defaults"}
    rows = [{**row, "seconds": 1.0, "shown": True}]
    assert drawings.recovery_chart(rows, altair).to_dict()
