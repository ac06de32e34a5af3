"""A short measurement on both engines."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monarch_vs_ray.bench.store import read

pytestmark = pytest.mark.live


@pytest.mark.timeout(300)
def test_both_engines_are_measured_and_leave_nothing(tmp_path):
    file = tmp_path / "run.jsonl"
    rows = ["call_round_trip", "message_bytes", "pipe_round_trip"]
    command = [sys.executable, "-m", "monarch_vs_ray", "bench", *rows, "--sizes", "65536"]
    command += ["--budget", "5s", "--seconds", "0.1", "--output", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    found = read(file)
    assert not found.troubles
    assert [process.ended for process in found.processes] == [""] * len(found.processes)
    measured = {(each.side, each.row.workload) for each in found.samples}
    for side in ("monarch", "ray"):
        assert {(side, row) for row in (*rows, "cold_start_runtime", "shut_down")} <= measured
        assert any(process.processor > 0 for process in found.processes if process.side == side)
