"""The built package is whole: with its base dependencies only, away from the checkout, it works."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from installation import OTHERS_RUN, PROJECT, Installation, install, link_base_dependencies, make_once
from monarch_vs_ray.cli.app import app
from test_layers import imports

CLAIM = "message_ordering.default_ordering.ray"
COMMANDS = {command.name for command in app.registered_commands}


@pytest.fixture(scope="session")
def base(built, shared) -> Installation:
    """The wheel that was built from the source distribution, and what `pip install .` would bring."""
    (wheel,) = built.glob("*.whl")
    folder = make_once(shared / "base", lambda folder: link_base_dependencies(install(wheel, folder)))
    return Installation(folder)


def dependencies_of(base: Installation) -> set[str]:
    return {path.name.partition("-")[0] for path in base.packages.glob("*.dist-info") if path.is_symlink()}


def files_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_all_files_of_the_package_and_its_data(built):
    (wheel,) = built.glob("*.whl")
    source = PROJECT / "src"
    modules = {path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    ours = {str(path.relative_to(source)) for path in modules if ".egg-info" not in str(path)}
    folders = [PROJECT / "results" / "published", PROJECT / "recordings", PROJECT / "notebooks"]
    data = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    made = {"__marimo__", "__pycache__"}
    ours |= {f"monarch_vs_ray/data/{path.relative_to(PROJECT)}" for path in data if not made & {*path.parts}}
    found = {name for name in files_of(wheel) if ".dist-info/" not in name}
    assert found == ours


def test_a_run_that_is_not_published_is_in_no_wheel(built):
    assert (built / "tree" / OTHERS_RUN).is_file()
    (direct,) = (built / "direct").glob("*.whl")
    assert not any(OTHERS_RUN.parts[1] in name for name in files_of(direct))


def test_wheels_built_from_the_tree_and_from_the_source_distribution_are_equal(built):
    (wheel,) = built.glob("*.whl")
    assert files_of(wheel) == files_of(built / "direct" / wheel.name)


def test_what_runs_is_the_installed_package(base, tmp_path):
    code = "import monarch_vs_ray, demo_tui; print(monarch_vs_ray.__file__, demo_tui.__file__, sep='\\n')"
    done = subprocess.run([base.python, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert [Path(line).parents[1] for line in done.stdout.splitlines()] == [base.packages] * 2, done.stderr


OF_EXTRAS = {
    "altair",
    "marimo",
    "torchft",
    "vl_convert",
    "griffe",
    "grpc",
    "monarch",
    "numpy",
    "pynvml",
    "ray",
    "torch",
}
"""What is imported only where an engine runs, of which it is a part, or where there is a GPU."""


def test_every_import_is_of_a_base_dependency_or_of_an_extra(base):
    """Also those inside functions, which no command below may happen to call."""
    names = set().union(*(imports(file) for file in (PROJECT / "src").rglob("*.py")))
    assert {"rich", "msgspec", "jinja2"} <= names
    code = "import sys, importlib.util as u; print(*[name for name in sys.argv[1:] if not u.find_spec(name)])"
    done = subprocess.run([base.python, "-c", code, *names], capture_output=True, text=True, timeout=30)
    other_pythons = {"tomli"} if sys.version_info >= (3, 11) else {"tomllib"}
    missing = set(done.stdout.split())
    assert {"monarch", "ray"} <= missing, done.stderr
    assert missing - OF_EXTRAS - other_pythons == set()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("--help", "Exit codes:"),
        ("demo", "Run one with `mvr demo 1`"),
        ("demo 1 --dry-run --speed 0", "replay (recorded "),
        ("demo all --dry-run --speed 0", "8 of 8 demos fine"),
        ("train --dry-run --speed 0", "The two loss curves agree"),
        ("verify --list", CLAIM),
        (f"explain {CLAIM}", "We observed  holds"),
        ("explain supervision", "We observed  holds"),
        ("notebook", "03_fault_tolerance"),
    ],
)
def test_a_command_that_needs_no_engine_works(base, tmp_path, command, said):
    done = base.mvr(*command.split(), home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == [tmp_path / "empty"], "reading makes no folder of the user's"


def test_the_page_is_made_without_its_charts(base, tmp_path):
    done = base.mvr("page", "--output", str(tmp_path / "page.html"), home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "pip install 'monarch-vs-ray[page]'" in done.stdout
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f'href="#{CLAIM}"' in text
    assert str(base.packages) not in text


@pytest.mark.skipif("example" not in COMMANDS, reason="there is no command `mvr example` yet")
def test_an_example_is_printed(base, tmp_path):
    done = base.mvr("example", "supervision", "--engine", "ray", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "import ray" in done.stdout
    assert "monarch_vs_ray" not in done.stdout


@pytest.mark.parametrize(
    "command", ["document", "document --check", "document --output x.md", "verify --publish"]
)
def test_what_needs_a_checkout_says_so(base, tmp_path, command):
    done = base.mvr(*command.split(), home=tmp_path)
    assert done.returncode == 2
    needed = command.partition(" --check")[0].partition(" --output")[0]
    assert f"`mvr {needed}` needs a checkout of the repository" in done.stderr
    assert f"./scripts/zephyr_uv_run.sh mvr {needed}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["demo 1", f"verify {CLAIM}"])
def test_a_missing_engine_is_named_with_how_to_get_it_there(base, tmp_path, command):
    done = base.mvr(*command.split(), "--engine", "ray", home=tmp_path)
    assert done.returncode == 3
    assert "install it with `pip install 'ray" in done.stderr
    assert "zephyr" not in done.stderr, "its scripts are in a checkout"
    assert len(done.stderr.splitlines()) == 1


def test_without_marimo_a_notebook_says_what_to_install(base, tmp_path):
    done = base.mvr("notebook", "3", home=tmp_path)
    assert done.returncode == 3
    assert "pip install 'monarch-vs-ray[notebooks]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the README says it of Python 3.11")
def test_the_readme_says_how_many_packages_a_base_install_has(base):
    dependencies = dependencies_of(base)
    assert {"rich", "typer", "platformdirs"} <= dependencies
    assert not {"ray", "torchmonarch", "pytest"} & dependencies
    assert f"{len(dependencies)} packages and this one" in (PROJECT / "README.md").read_text()


def test_the_doctor_names_what_to_install(base, tmp_path):
    done = base.mvr("doctor", "--json", home=tmp_path)
    assert done.returncode == 3
    assert "pip install 'torchmonarch" in done.stdout
    assert "pip install 'ray" in done.stdout
