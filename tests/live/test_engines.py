"""What the engines' settings rest on, held against the engines that are installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from monarch_vs_ray.engines.environment import SET_BY_MONARCH

pytestmark = pytest.mark.live

TASK = """
import ray
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.ray import interpreter, running

@ray.remote(runtime_env={"env_vars": {"COLOUR": "blue"}})
def colour():
    import os
    return os.environ["COLOUR"]

def main():
    assert " " in interpreter()["py_executable"]
    with running():
        print("the worker said", ray.get(colour.remote(), timeout=60))

run_alone("ray", main)
"""


def test_these_are_the_variables_that_monarch_sets_in_running_processes():
    (package,) = find_spec("monarch").submodule_search_locations
    code = ast.parse(Path(package, "_src", "spmd", "actor.py").read_text())
    (names,) = [node.keys for node in ast.walk(code) if isinstance(node, ast.Dict)]
    assert {name.value for name in names} == set(SET_BY_MONARCH)


def test_ray_starts_workers_from_a_path_with_a_space(tmp_path, here):
    environment = tmp_path / "with a space"
    environment.symlink_to(sys.prefix)
    program = tmp_path / "program.py"
    program.write_text(TASK)
    command = [environment / "bin" / Path(sys.executable).name, program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=here.environment)
    assert "the worker said blue" in done.stdout, done.stderr
    here.wait_until_clean(10.0)
