"""Where things are, in a checkout and apart from one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from monarch_vs_ray.core import paths, privacy
from monarch_vs_ray.core.errors import EngineMissing, NeedsCheckout, NoRecording

THIS = Path(__file__).parents[2]


@pytest.fixture
def apart(monkeypatch, tmp_path) -> Path:
    """An installed package, without a checkout, whose user has these folders."""
    monkeypatch.setattr(paths, "CHECKOUT", None)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def make(root: Path, package: str, pyproject: str | None) -> Path:
    folder = root / package
    folder.mkdir(parents=True)
    if pyproject is not None:
        (root / "pyproject.toml").write_text(pyproject)
    return folder


OURS = '[project]\nname = "monarch-vs-ray"\n'


@pytest.mark.parametrize(
    ("package", "pyproject", "is_one"),
    [
        ("src/monarch_vs_ray", OURS, True),
        ("src/monarch_vs_ray", None, False),
        ("src/monarch_vs_ray", '[project]\nname = "somebody-else"\n', False),
        (".venv/lib/python3.11/site-packages/monarch_vs_ray", OURS, False),
        ("lib/monarch_vs_ray", OURS, False),
    ],
)
def test_a_checkout_is_known_by_its_project_file_and_src(tmp_path, package, pyproject, is_one):
    folder = make(tmp_path, package, pyproject)
    assert paths.find_checkout(folder) == (tmp_path if is_one else None)


def test_in_the_checkout_everything_is_the_repository_s():
    assert paths.CHECKOUT == THIS
    assert paths.RECORDINGS == THIS / "recordings"
    assert paths.PUBLISHED == THIS / "results" / "published"
    assert paths.results_folder() == THIS / "results"
    assert paths.need_checkout("x") == THIS
    assert paths.import_folder() == THIS / "src"


def test_apart_from_one_results_are_the_user_s(apart):
    assert paths.results_folder() == apart / "data" / "monarch-vs-ray" / "results"
    assert list(apart.iterdir()) == [], "knowing a folder makes none"


def test_apart_from_one_what_needs_it_says_where_to_get_it(apart):
    with pytest.raises(NeedsCheckout) as raised:
        paths.need_checkout("mvr document")
    assert str(paths.PACKAGE) in str(raised.value)
    assert "clone the repository" in str(raised.value)


def test_another_interpreter_is_given_this_package_and_nothing_beside_it(apart, tmp_path):
    folder = paths.import_folder()
    assert paths.import_folder() == folder, "a second time, the link is there"
    assert [path.name for path in folder.iterdir()] == ["monarch_vs_ray"]
    code = "import importlib.util, monarch_vs_ray; print(importlib.util.find_spec('demo_tui'))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == "None\n", done.stderr


def test_a_history_is_alike_wherever_the_package_is(monkeypatch):
    file = paths.PACKAGE / "core" / "paths.py"
    said = privacy.Scrubber(privacy.names_of_this_machine())(str(file).encode())
    assert said == b"<project>/src/monarch_vs_ray/core/paths.py"
    monkeypatch.setattr(privacy, "CHECKOUT", None)
    assert privacy.Scrubber(privacy.names_of_this_machine())(str(file).encode()) == said


def test_messages_name_what_the_user_has():
    folder = Path("recordings", "x")
    may = str(NoRecording("mvr demo x", folder, may_add=True))
    assert "`mvr demo x --record recordings/x/run.jsonl`." in may
    may_not = str(NoRecording("mvr demo x", folder, may_add=False))
    assert "`mvr demo x --record run.jsonl`, and show it with `mvr replay run.jsonl`." in may_not
    assert "./scripts/zephyr_uv_sync.sh" in str(EngineMissing("Ray", "ray", in_checkout=True))
    assert "scripts" not in str(EngineMissing("Ray", "ray", in_checkout=False))
