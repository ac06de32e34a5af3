"""Two programs of a user's own, timed in rounds."""

from __future__ import annotations

import json

import pytest

from monarch_vs_ray.bench import scripts
from monarch_vs_ray.bench.scripts import Times
from monarch_vs_ray.core.errors import NoProgram, UserError

PROGRAM = """
import time
from monarch_vs_ray import step
for _ in range(2):
    with step("train"):
        time.sleep({seconds})
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    monkeypatch.setattr(scripts, "require", lambda engines: None)
    made = []
    for name, seconds in (("a", 0.06), ("b", 0.01)):
        path = tmp_path / f"{name}_program.py"
        path.write_text(PROGRAM.format(seconds=seconds))
        made.append(path)
    return made


def test_the_whole_and_its_steps_are_timed(programs, capsys):
    assert scripts.run(*programs, [], budget="1s", seed=1, json_form=True) == 0
    found = {each["block"]: each["seconds"] for each in json.loads(capsys.readouterr().out)}
    assert set(found) == {"total", "train"}
    assert len(found["train"]["monarch"]) >= scripts.LEAST_ROUNDS - 2
    assert all(seconds >= 0.12 for seconds in found["train"]["monarch"])
    assert all(seconds >= 0.02 for seconds in found["train"]["ray"])


def test_a_program_that_fails_ends_it(programs, capsys):
    programs[1].write_text("raise SystemExit(3)")
    assert scripts.run(*programs, [], budget="20s", seed=1) == 4
    assert "b_program.py ended with exit 3; see its output with `mvr run --ray" in capsys.readouterr().err


def test_both_are_needed(programs, tmp_path):
    with pytest.raises(UserError, match="both --monarch FILE and --ray FILE"):
        scripts.run(programs[0], None, [], budget="1s", seed=0)
    with pytest.raises(NoProgram):
        scripts.run(programs[0], tmp_path / "none.py", [], budget="1s", seed=0)


def test_a_ratio_only_where_the_ranges_do_not_overlap():
    apart = Times(block="total", seconds={"monarch": [4.0, 4.2, 4.4], "ray": [2.0, 2.1, 2.2]})
    assert apart.ratio == pytest.approx(2.0)
    overlapping = Times(block="total", seconds={"monarch": [2.0, 2.2, 2.4], "ray": [2.0, 2.1, 2.2]})
    assert overlapping.ratio is None
    assert Times(block="total", seconds={"monarch": [4.0], "ray": [2.0]}).ratio is None
    assert Times(block="x", seconds={"ray": [2.0, 2.0, 2.0]}).ratio is None
