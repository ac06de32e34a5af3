"""Tests on the engines run one after the other, whatever else runs beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


def lane(config: pytest.Config, file: str) -> str:
    plugins = config.pluginmanager.get_plugins()
    ours = next(each for each in plugins if getattr(each, "__file__", "") == str(CONFTEST))
    lanes = object.__new__(ours.Lanes)  # a scheduler without workers: only its choice of a lane is asked
    lanes.config = config
    return lanes._split_scope(f"{file}::test_one[x::y]")


def test_every_file_with_a_test_on_an_engine_is_in_one_lane(pytestconfig):
    files = sorted(
        path.relative_to(pytestconfig.rootpath) for path in Path(__file__).parent.rglob("test_*.py")
    )
    live = [file for file in files if "@pytest.mark.live" in (pytestconfig.rootpath / file).read_text()]
    assert len(live) > 5
    assert {lane(pytestconfig, str(file)) for file in live} == {"engines"}


def test_other_files_are_given_out_by_themselves(pytestconfig):
    for file in ("tests/bench/test_statistics.py", "tests/report/test_costs.py"):
        assert lane(pytestconfig, file) == file
