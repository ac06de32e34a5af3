"""Each pattern with the faults of one seed: its oracle holds.

A pattern runs on one engine by default, on the other one the next day; with MVR_WHOLE_CAMPAIGNS=1 on both.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys

import pytest

from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.events import ENGINES

SEED = 1
LONGEST = 900  # seconds: two runs for each program, of which one may be without faults, on a busy machine
NAMES = [
    "worker_pool",
    "supervised_training",
    "controller_recovery",
    "elastic_workers",
    "quorum_training",
    "replicated_service",
    "async_rl",
    "pipeline",
    "parameter_server",
]
BOTH = [(name, engine) for name in NAMES for engine in ENGINES]
TODAY = datetime.date.today().toordinal()
SAMPLE = [(name, ENGINES[(at + TODAY) % 2]) for at, name in enumerate(NAMES)]


@pytest.mark.live
@pytest.mark.timeout(LONGEST + 30)
@pytest.mark.parametrize(("name", "engine"), BOTH if os.environ.get("MVR_WHOLE_CAMPAIGNS") else SAMPLE)
def test_a_pattern_survives_its_faults(name: str, engine: str) -> None:
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
