"""The guide on adding things is true: followed on a copy of the repository, the checks pass there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from monarch_vs_ray.core.events import FORMAT, SideEnded, encode
from monarch_vs_ray.history import Header

PROJECT = Path(__file__).parents[1]
GUIDE = (PROJECT / "docs" / "guide" / "adding-a-concept.md").read_text(encoding="utf-8")
NOT_COPIED = shutil.ignore_patterns(
    ".venv", ".tools", ".git", "__pycache__", ".*_cache", "*.egg-info", "tests"
)
TESTS = ("ledger", "report", "concepts", "test_demo_scripts.py", "test_layers.py", "test_docs.py")
"""Those that look at concepts, claims, scripts, recordings and the document."""

CONCEPT = """
number = 9
title = "Greetings"
question = "Does an actor greet back?"
watch = ["Both answer."]

[versions]
monarch = ">=0.7,<0.8"
ray = ">=2.60,<2.61"

[[demo]]
experiment = "greeting"
title = "Greet"
rows = [{ observation = "reply", label = "Reply" }]

[[claim]]
id = "reply"
aspect = "Reply"
"""
CLAIM = """
[claim.{engine}]
statement = "An actor greets back."
experiment = "greeting"
no_control = "it has no mode in which it does not"
check = {{ checker = "equals", key = "reply", value = "hello" }}
"""
EXPERIMENTS = '''"""Greetings, put to the test."""

from monarch_vs_ray.side import observe


def greeting() -> None:
    """Greet."""
    observe("reply", "-".join(["hello"]))
'''
EXAMPLE = '''"""Greet an actor.

What surprises: a greeting is answered.

Run it: python example.py
"""

import {module}


def main() -> None:
    assert {module}.__name__
    greeting = "-".join(["hello"])
    assert greeting == "hello"
    print(greeting)


if __name__ == "__main__":
    main()
'''
SCRIPT = '''#!/usr/bin/env python
"""Greetings: two actors that greet back.

What to watch: both answer.
"""

from monarch_vs_ray.cli import demo_script


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    demo_script(__file__)


if __name__ == "__main__":
    main()
'''
SECTION = """## 9. Greetings

Actors greet. {{{{ rows("greetings") }}}}.

### Monarch

{claim}.

{{{{ program("greetings/monarch/example.py") }}}}

{{{{ sources("monarch.Actor") }}}}

### Ray

{claim}.

{{{{ program("greetings/ray/example.py") }}}}

{{{{ sources("ray.ActorClass", "ray.ActorHandle") }}}}

### Compared

Both greet {claim}.

{{{{ claims_table("greetings") }}}}
"""


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the repository, with the tests that the guide is about."""
    root = tmp_path / "copy"
    shutil.copytree(PROJECT, root, ignore=NOT_COPIED, symlinks=True)
    shutil.copytree(PROJECT / "tests", root / "tests", ignore=shutil.ignore_patterns("__pycache__", "live"))
    return root


def files(root):
    ignored = ("__pycache__", ".pytest_cache", ".hypothesis", ".egg-info")
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not any(part in str(path) for part in ignored)
    }


def run(root, *arguments, timeout=170):
    environment = {
        "PYTHONPATH": str(root / "src"),
        "PATH": str(Path(sys.executable).parent) + ":/usr/bin:/bin",
    }
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=timeout)


def check(root):
    """Make the document anew, and run the tests that look at what was added."""
    made = run(root, "monarch_vs_ray", "document")
    assert made.returncode == 0, made.stderr
    tests = [f"tests/{name}" for name in TESTS]
    done = run(root, "pytest", "-q", "-x", "-n", "2", "-p", "no:cacheprovider", "-m", "not live", *tests)
    assert done.returncode == 0, done.stdout[-3000:]


def named_in_the_guide(path):
    """Return whether the guide names a file, or the folder that it lies in."""
    generated = ("docs/monarch-vs-ray-analysis.md", "README.md")
    return path in generated or any(re.search(pattern, path) for pattern in PATTERNS)


PATTERNS = [
    r"^src/monarch_vs_ray/concepts/\w+/(concept\.toml|inputs\.py|README\.md|__init__\.py)$",
    r"^src/monarch_vs_ray/concepts/\w+/(monarch|ray)/(__init__|example|actors|experiments)\.py$",
    r"^scripts/demos/\d\d_\w+\.py$",
    r"^recordings/\w+/.*\.jsonl$",
    r"^docs/analysis/\d\d_\w+\.md$",
    r"^docs/evidence/\w+\.md$",
]


def test_the_guide_fits_on_one_page_and_names_the_files():
    assert len(GUIDE.splitlines()) <= 70
    for name in ("concept.toml", "inputs.py", "README.md", "example.py", "actors.py", "experiments.py"):
        assert f"`{name}`" in GUIDE
    for place in ("scripts/demos/", "recordings/", "docs/analysis/", "docs/evidence/", "results/published/"):
        assert place in GUIDE


def write_concept(root):
    place = root / "src" / "monarch_vs_ray" / "concepts" / "greetings"
    claims = "".join(CLAIM.format(engine=engine) for engine in ("monarch", "ray"))
    texts = {
        "concept.toml": CONCEPT + claims,
        "inputs.py": '"""Greetings: inputs."""\n',
        "README.md": "# Greetings\n",
        "__init__.py": '"""Greetings."""\n',
    }
    for engine in ("monarch", "ray"):
        texts |= {
            f"{engine}/__init__.py": f'"""Greetings in {engine}."""\n',
            f"{engine}/example.py": EXAMPLE.format(module=engine),
            f"{engine}/actors.py": '"""The actors."""\n',
            f"{engine}/experiments.py": EXPERIMENTS,
        }
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    (root / "scripts" / "demos" / "09_greetings.py").write_text(SCRIPT)
    section = SECTION.format(claim="It does {{ claim('greetings.reply') }}")
    (root / "docs" / "analysis" / "09_greetings.md").write_text(section.replace("'", '"'))


def record(root):
    """Record the demo without the engines: its experiments start none."""
    code = (
        "import contextlib, sys\n"
        "from monarch_vs_ray.side import main\n"
        "main._session = lambda *words: contextlib.nullcontext\n"
        "sys.exit(main.main(*sys.argv[1:]))\n"
    )
    folder = root / "recordings" / "greetings"
    folder.mkdir(parents=True)
    header = Header(format=FORMAT, concept="greetings", sides=["monarch", "ray"], date="2026-11-30")
    text = msgspec.json.encode(header) + b"\n"
    for engine in ("monarch", "ray"):
        text += events_of(root, code, engine)
        text += encode(SideEnded(side=engine, at=10**9, ending="exit", exit_code=0))
    (folder / "linux-2-cores.jsonl").write_bytes(text)


def events_of(root, code, engine):
    reading, writing = os.pipe()
    environment = {"PYTHONPATH": str(root / "src"), "MVR_EVENTS_FD": str(writing), "MVR_ORIGIN_NS": "0"}
    command = [sys.executable, "-c", code, engine, "greetings"]
    done = subprocess.run(command, env=environment, pass_fds=[writing], capture_output=True, text=True)
    os.close(writing)
    assert done.returncode == 0, done.stderr
    with os.fdopen(reading, "rb") as events:
        return events.read()


@pytest.mark.timeout(400)
def test_a_ninth_concept_is_added_as_the_guide_says(copy):
    before = files(copy)
    write_concept(copy)
    record(copy)
    check(copy)
    changed = {path for path, text in files(copy).items() if before.get(path) != text}
    assert [path for path in sorted(changed) if not named_in_the_guide(path)] == []
    listed = run(copy, "monarch_vs_ray", "demo")
    assert " 9  greetings" in listed.stdout


@pytest.mark.timeout(400)
def test_a_claim_is_added_as_the_guide_says(copy):
    before = files(copy)
    blocks = dict(re.findall(r"^```(toml|python)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
    place = copy / "src" / "monarch_vs_ray" / "concepts" / "message_ordering"
    with open(place / "concept.toml", "a") as file:
        file.write("\n" + blocks["toml"])
    with open(place / "ray" / "experiments.py", "a") as file:
        file.write("\n\n" + blocks["python"])
    check(copy)
    changed = {path for path, text in files(copy).items() if before.get(path) != text}
    assert [path for path in sorted(changed) if not named_in_the_guide(path)] == []
    page = (copy / "docs" / "evidence" / "message_ordering.md").read_text()
    assert "### Ray: not yet published" in page.split('<a id="message_ordering.empty_call.ray"></a>')[1]
