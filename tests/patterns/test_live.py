"""Each pattern on each engine, with the faults of one seed: its oracle holds."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from monarch_vs_ray.core.errors import ExitCode

SEED = 1
LONGEST = 600  # seconds: two runs, of which one is without faults, on a machine that may be busy
NEEDS = {"quorum_training": ("torch", "torchft"), "supervised_training": ("torch",)}
NAMES = ["worker_pool", "supervised_training", "controller_recovery", "elastic_workers", "quorum_training"]


@pytest.mark.live
@pytest.mark.timeout(LONGEST + 30)
@pytest.mark.parametrize("engine", ["monarch", "ray"])
@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_survives_its_faults(name: str, engine: str) -> None:
    for module in (engine, *NEEDS.get(name, ())):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{name} needs {module}")
    command = [sys.executable, "-m", "monarch_vs_ray", "pattern", name, "--engine", engine]
    done = subprocess.run(
        [*command, "--seed", str(SEED), "--json"], capture_output=True, text=True, timeout=LONGEST
    )
    assert done.returncode == ExitCode.FINE, done.stdout + done.stderr
    [record] = [json.loads(line) for line in done.stdout.splitlines()]
    assert record["fired"] == record["planned"] > 0
    assert record["holds"] is True
