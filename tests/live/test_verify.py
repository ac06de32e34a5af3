"""Claims on the real engines, as ``mvr verify`` puts them to the test."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from importlib.metadata import version

import pytest

from monarch_vs_ray.campaign import catalogue

pytestmark = pytest.mark.live

MVR = [sys.executable, "-m", "monarch_vs_ray"]
MISSING = ("RDMA", "CUDA", "NCCL", "GPU", "nixl")
"""What this kind of machine, or its plain environment, lacks."""


SHARE = 1 if os.environ.get("MVR_WHOLE_CAMPAIGNS") else 4
"""One claim of so many is tested, others each day; all of them when whole campaigns are asked for."""


def sample() -> list[str]:
    """Return today's claims of each concept and engine."""
    ledger, day = catalogue.ledger(), datetime.date.today().toordinal()
    quick = [claim.id for claim in ledger.claims if not ledger.is_slow(claim)]
    return [id_ for place, id_ in enumerate(quick) if (place + day) % SHARE == 0]


@pytest.mark.timeout(1500)
def test_statements_hold_and_no_mark_is_stale(tmp_path, here):
    """The build fails here when an engine's newer release makes the data untrue."""
    asked = sample()
    command = [*MVR, "verify", "--json", "--results", str(tmp_path), *asked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1480, env=here.environment)
    found = {each["id"]: each for each in json.loads(done.stdout)}
    assert done.returncode == 0, [each["said"] for each in found.values() if each["verdict"] == "refuted"]
    assert set(asked) <= set(found)
    unknown = {name: each["said"] for name, each in found.items() if each["verdict"] == "unknown"}
    assert all(any(part in said for part in MISSING) for said in unknown.values()), unknown
    (folder,) = tmp_path.glob("*/*")
    assert json.loads((folder / "verdicts.json").read_text()) == list(found.values())
    here.wait_until_clean(10.0)


def test_one_claim_costs_its_own_experiments_only(tmp_path, here):
    command = [
        *MVR,
        "verify",
        "message_ordering.default_ordering.ray",
        "--repeat",
        "2",
        "--results",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=here.environment)
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.glob("*/*")
    histories = sorted(path.name for path in (folder / "histories").iterdir())
    assert histories == ["message_ordering.ray.1.jsonl", "message_ordering.ray.2.jsonl"]
    assert "out_of_order = 0 (control: out_of_order = " in done.stdout


def test_the_sides_run_with_the_interpreter_that_was_named(tmp_path, here):
    claim = "message_ordering.default_ordering.monarch"
    command = [*MVR, "verify", claim, "--python", sys.executable, "--results", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=here.environment)
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.glob("*/*")
    installed = {"monarch": version("torchmonarch"), "ray": version("ray")}
    assert json.loads((folder / "manifest.json").read_text())["versions"] == installed
    (evidence,) = json.loads((folder / "verdicts.json").read_text())
    assert evidence["version"] == installed["monarch"]
