"""The patterns of services and flows on each engine, with the faults of one seed: their oracle holds."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

from monarch_vs_ray.core.errors import ExitCode

SEED = 1
LONGEST = 900  # seconds: two runs for each program, of which one may be without faults, on a busy machine
NAMES = ["replicated_service", "async_rl", "pipeline", "parameter_server"]
NEEDS = {"async_rl": ("torch", "numpy"), "parameter_server": ("torch",)}


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
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == (2 if (name, engine) == ("replicated_service", "ray") else 1)
    for record in records:
        assert record["fired"] == record["planned"] > 0
        assert record["holds"] is True
