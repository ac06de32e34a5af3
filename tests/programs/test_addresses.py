"""A program that joins a Ray of somebody else's is found before it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from monarch_vs_ray.programs.addresses import joins


@pytest.mark.parametrize(
    "source",
    [
        "import ray\nray.init(address='auto')",
        "import ray\nray.init('ray://host:10001')",
        "import ray as r\nr.init(address=options.address)",
        "from ray import init as begin\nbegin('auto')",
        "import ray\nray.init(**settings)",
        "import ray.train, ray\nray.client('host').connect()",
        "import os\nos.environ['RAY_ADDRESS'] = 'auto'",
    ],
)
def test_it_is_found(source: str, tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text(source)

    assert len(joins(script)) == 1
    assert joins(script)[0].startswith("a.py:2: ")


@pytest.mark.parametrize(
    "source",
    [
        "import ray\nray.init()",
        "import ray\nray.init(num_cpus=2, address='local')",
        "import ray\nray.init(address=None)",
        "import other\nother.init(address='auto')",
        "def ray(:",
        "x = 'ray.init(address=1)'",
    ],
)
def test_nothing_is_found(source: str, tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text(source)

    assert joins(script) == []


def test_the_modules_beside_it_are_read_too_and_circles_end(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.write_text("import b\nfrom sub import c")
    (tmp_path / "b.py").write_text("import a")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.py").write_text("import ray\nray.init('auto')")

    assert joins(script) == ["c.py:2: ray.init(address='auto')"]
