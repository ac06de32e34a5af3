"""Run the snippets of the porting table in one process, after one preamble.

``run_snippets.py ENGINE [ROW...]``: without rows, all of them.

Prints a JSON line for each: its row, the seconds it took, and the error, empty if it passed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from monarch_vs_ray.porting.table import Row, preamble, rows

os.environ["HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"] = (
    "1s"  # 10 s by default: a test need not wait so long
)


AT_ONCE = {"monarch": 1, "ray": 4}
"""Snippets that run at once: a new actor on Ray is a new process, whose start is waited for."""


def main(engine: str, asked: list[str]) -> None:
    names: dict[str, object] = {"__name__": "__main__"}  # so that classes are pickled by value
    run(preamble(engine), "preamble", names)
    chosen = [row for row in rows() if not asked or row.id in asked]
    last = [row for row in chosen if row.side(engine).ends]
    with ThreadPoolExecutor(AT_ONCE[engine]) as pool:
        for result in pool.map(
            lambda row: result_of(row, engine, names), [r for r in chosen if r not in last]
        ):
            print(json.dumps(result), flush=True)
    for row in last:
        print(json.dumps(result_of(row, engine, names)), flush=True)


def result_of(row: Row, engine: str, names: dict[str, object]) -> dict[str, object]:
    """Run a row's snippet, after which nothing holds its actors any more."""
    begin, own, error = time.monotonic(), dict(names), ""
    try:
        run(row.side(engine).code, row.id, own)
    except BaseException:
        error = traceback.format_exc()
    own.clear()
    return {"row": row.id, "seconds": round(time.monotonic() - begin, 2), "error": error}


def run(code: str, name: str, names: dict[str, object]) -> None:
    """Run code from a file: Monarch's workers ask the controller for the source of what has none."""
    path = Path(tempfile.gettempdir(), f"{name}.py")
    path.write_text(code, encoding="utf-8")
    exec(compile(code, str(path), "exec"), names)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
