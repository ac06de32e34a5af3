"""Run the snippets of the porting table in one process, after one preamble.

``run_snippets.py ENGINE [ROW...]``: without rows, all of them.

Prints a JSON line for each: its row, the seconds it took, and the error, empty if it passed.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback

from monarch_vs_ray.porting.table import preamble, rows

os.environ["HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"] = (
    "1s"  # 10 s by default: a test need not wait so long
)


def main(engine: str, asked: list[str]) -> None:
    names: dict[str, object] = {"__name__": "__main__"}  # so that classes are pickled by value
    exec(compile(preamble(engine), "preamble.py", "exec"), names)
    sides = [(row.id, row.side(engine)) for row in rows() if not asked or row.id in asked]
    for row, side in sorted(sides, key=lambda item: item[1].ends):
        begin = time.monotonic()
        try:
            exec(compile(side.code, f"{row}.{engine}", "exec"), dict(names))
            error = ""
        except BaseException:
            error = traceback.format_exc()
        took = round(time.monotonic() - begin, 2)
        print(json.dumps({"row": row, "seconds": took, "error": error}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
