"""What importing costs and drags in; and that the library stands alone."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
FILES = sorted((SOURCE / "demo_tui").rglob("*.py"))
ALLOWED = {"demo_tui", "rich", "wcwidth"}
USED = "from demo_tui import Columns, DashboardBase, Fixed, KeyValuePanel, LogPanel, ProgressPanel, Rows"


def fresh(code: str, cache: Path | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    if cache is not None:
        environment["PYTHONPYCACHEPREFIX"] = str(cache)
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def test_it_imports_only_rich_wcwidth_and_the_standard_library() -> None:
    assert FILES
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in {name.split(".")[0] for name in names}:
                assert name in ALLOWED or name in sys.stdlib_module_names, f"{path.name} imports {name}"


def test_no_module_imports_another_in_a_circle() -> None:
    """Imports for types and imports inside functions count, too."""
    import grimp

    graph = grimp.build_graph("demo_tui", include_external_packages=False)
    below = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    below.pop("demo_tui")  # it hands out the names of all others
    assert below["demo_tui.dashboard"]
    free: set[str] = set()
    while ready := [module for module, imports in below.items() if not imports - free - {"demo_tui"}]:
        free.update(ready)
        below = {module: imports for module, imports in below.items() if module not in free}
    assert not below, f"in circles, or above one: {sorted(below)}"


def test_every_public_name_exists_and_is_listed() -> None:
    import demo_tui

    assert sorted(demo_tui.__all__) == sorted(demo_tui._HOME_OF)
    for name in demo_tui.__all__:
        assert getattr(demo_tui, name) is not None
    assert set(demo_tui.__all__) <= set(dir(demo_tui))


def test_the_panels_are_also_found_in_dashboard() -> None:
    from demo_tui import dashboard

    for name in dashboard.__all__:
        assert getattr(dashboard, name).__name__ == name


def test_heavy_modules_wait_until_they_are_used() -> None:
    heavy = ("psutil", "pynvml", "torch", "pygments", "rich.progress", "rich.syntax", "termios", "pathlib")
    loaded = fresh(f"import sys; {USED}; print(*[name for name in {heavy} if name in sys.modules])")
    assert loaded.strip() == ""


def test_importing_costs_no_more_than_rich_live(tmp_path: Path) -> None:
    """Interleaved, with compiled files; the least of each, because other programs only ever add time."""

    def cost(code: str) -> float:
        timed = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        return float(fresh(timed, tmp_path))

    codes = ("import rich.live", "import demo_tui")
    for code in codes:
        cost(code)
    rounds = [[cost(code) for code in codes] for _ in range(5)]
    rich, ours = (min(times) for times in zip(*rounds, strict=True))
    assert ours <= 1.15 * rich
