"""The installed package runs the engines, and keeps results in a folder of its user's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from installation import Installation, install, see_this_environment

pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]

CLAIM = "message_ordering.default_ordering.ray"
OTHER_CLAIM = "supervision.failure_notification.ray"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@pytest.fixture(scope="module")
def full(built, tmp_path_factory) -> Installation:
    """The wheel, and every package of this environment."""
    (wheel,) = built.glob("*.whl")
    installation = install(wheel, tmp_path_factory.mktemp("full") / "venv")
    see_this_environment(installation)
    return installation


def mvr(full: Installation, here, home: Path, *arguments: str):
    settings = {"TMPDIR": str(here.folder), "XDG_DATA_HOME": str(home / "data")}
    return full.mvr(*arguments, home=home, seconds=300, **settings)


@pytest.mark.parametrize("engine", ["monarch", "ray"])
def test_a_demo_runs_live(full, here, tmp_path, engine):
    record = tmp_path / "run.jsonl"
    done = mvr(full, here, tmp_path, "demo", "1", "--engine", engine, "--record", str(record))
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(full.folder) not in record.read_text(), "a history names no folder of this machine"


def test_the_doctor_starts_both_engines(full, here, tmp_path):
    done = mvr(full, here, tmp_path, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "CPU actors" in done.stdout


def test_results_go_to_the_users_folder_and_are_explained_from_there(full, here, tmp_path):
    installed = {path for path in full.packages.rglob("*") if "monarch_vs_ray" in path.parts}
    done = mvr(full, here, tmp_path, "verify", CLAIM)
    assert done.returncode == 0, done.stdout + done.stderr
    (evidence,) = (tmp_path / "data" / "monarch-vs-ray" / "results").glob("*/*/evidence.jsonl")
    assert f"Evidence: {evidence.parent};" in done.stdout
    assert CLAIM in evidence.read_text()
    added = {path for path in full.packages.rglob("*") if "monarch_vs_ray" in path.parts} - installed
    assert [path for path in added if "__pycache__" not in path.parts] == []
    began = evidence.parent.name  # 2026-11-30T07-05-36, as the page writes it but for the colons
    own = mvr(full, here, tmp_path, "explain", CLAIM).stdout
    assert max(TIME.findall(own)).replace(":", "-") >= began, "the user's own run is the newest"
    published = mvr(full, here, tmp_path, "explain", OTHER_CLAIM).stdout
    assert "We observed" in published, "of other claims, the published run is told"
    assert max(TIME.findall(published)).replace(":", "-") < began
