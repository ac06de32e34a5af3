"""The container, whose Python brings packages that uv must not install."""

from __future__ import annotations

import os
from pathlib import Path

from environment_scripts.make_believe import FORBIDDEN, Container, wheel


def test_uv_never_installs_what_belongs_to_the_system(container: Container) -> None:
    project = container.project
    container.provide("torch", "8.0+system")
    for name in [*FORBIDDEN, "Nvidia.Odd_Name", "innocent", "bystander"]:
        wheel(project.index, name)
    # One hides behind a forbidden one, one is in no index, one asks for a version that is not to be had.
    wheel(project.index, "nvidia-behind", requires=["jax-behind-that"])
    wanted = [
        *FORBIDDEN,
        "Nvidia.Odd_Name",
        "innocent",
        "nvidia-behind",
        "nvidia-in-no-index",
        "cuda-runtime>=77",
    ]
    wheel(project.index, "cuda-runtime", "1.0")
    wheel(project.index, "greedy", requires=wanted)
    project.depend_on("greedy", "bystander", "jax>=0", "nvidia-something-made-up")

    done = project.sync()

    assert done.returncode == 0, done.stderr
    assert set(project.installed) == {"greedy", "innocent", "bystander", "motor", "hammer", "pretend"}
    assert set(project.installed.values()) == {"uv"}
    assert "nvidia-something-made-up" in done.stderr
    shown = project.run("--torch", "python", "-c", "import torch; print(torch.version, torch.__file__)")
    assert shown.stdout == f"8.0+system {container.packages}/torch.py\n"
    assert "torch" not in project.installed


def test_the_container_lends_its_engines_and_says_so(container: Container) -> None:
    project = container.project
    container.provide("numpy", "7.0")
    (container.packages / "monarch.py").touch()  # built from source: a module without metadata
    wheel(project.index, "numpy", "9.0")
    wheel(project.index, "torchmonarch", "9.0", requires=["numpy"])
    wheel(project.index, "needs-both", requires=["torchmonarch", "numpy"])
    project.depend_on("needs-both")
    done = project.sync()
    assert done.returncode == 0, done.stderr
    assert "inherits numpy 7.0" in done.stderr
    assert "inherits torchmonarch" in done.stderr
    assert set(project.installed) == {"needs-both", "motor", "hammer", "pretend"}


def test_torch_comes_by_pip_and_only_when_a_command_needs_it(container: Container) -> None:
    project = container.project
    wheel(project.index, "torch", "9.9.9")
    wheel(project.index, "torch", "10.0")
    (project.root / "06_demo.py").write_text("import torch; print(torch.version)")
    assert project.run("python", project.root / "06_demo.py", "--dry-run").returncode == 1
    assert "torch" not in project.installed
    asked = project.uv_calls
    done = project.run("python", project.root / "06_demo.py")
    assert done.stdout == "9.9.9\n", done.stderr
    assert (project.installed["torch"], project.uv_calls) == ("pip", asked)
    again = project.sync("--torch")
    assert (again.returncode, again.stderr) == (0, "")


def test_a_machine_that_becomes_a_container_gets_another_venv(container: Container, python: Path) -> None:
    project = container.project
    outside = {"ZEPHYR_SPACK_VIEW": "/nowhere", "ZEPHYR_PYTHON": str(python)}
    assert project.sync(env=project.environment | outside).returncode == 0
    done = project.sync()
    assert "anew: it was made from another Python" in done.stderr
    assert "include-system-site-packages = true" in (project.venv / "pyvenv.cfg").read_text()


def test_cuda_libraries_are_put_first_once(container: Container) -> None:
    project, cuda = container.project, container.cuda
    assert project.run("printenv", "LD_LIBRARY_PATH").returncode == 1  # there is no CUDA yet

    def path(existing: str = "", driver: str = "") -> list[str]:
        version = project.machine / "driver version"
        version.write_text(f"{driver}\n" if driver else "")
        environment = {"LD_LIBRARY_PATH": existing, "ZEPHYR_NVIDIA_VERSION_FILE": str(version)}
        done = project.run("printenv", "LD_LIBRARY_PATH", env=project.environment | environment)
        return done.stdout.rstrip("\n").split(":")

    lib64, targets, compat = cuda / "lib64", cuda / f"targets/{os.uname().machine}-linux/lib", cuda / "compat"
    for folder in (lib64, targets, compat):
        folder.mkdir(parents=True)
    assert path() == [str(lib64), str(targets), str(compat)]
    assert path("/old place:/other") == [str(lib64), str(targets), str(compat), "/old place", "/other"]
    assert path(f"/old:{lib64}") == [str(targets), str(compat), "/old", str(lib64)]
    (compat / "libcuda.so.575.57.08").touch()
    assert path(driver="570.1.2") == [str(lib64), str(targets), str(compat)]
    assert path(driver="575.1.2") == path(driver="580.65") == [str(lib64), str(targets)]
    lib64.rmdir()
    lib64.symlink_to(targets)  # as NVIDIA ships it: two names of one folder
    assert path(driver="580.65") == [str(lib64)]
