#!/usr/bin/env python
"""Supervision and fault tolerance: the same faults on Monarch and on Ray at once.

What to watch: an exception that a caller awaits goes to that caller alone, on both engines; every other
failure goes to the owner's __supervise__ on Monarch, and up from there to the main program unless somebody
handles it, while on Ray the next call fails; and who starts a dead process again: options of the actor on
Ray, a few lines in the parent on Monarch.

    ./scripts/zephyr_uv_run.sh python scripts/demos/05_supervision.py            # both engines, live
    ./scripts/zephyr_uv_run.sh python scripts/demos/05_supervision.py --dry-run  # a recorded run
"""

from monarch_vs_ray.cli import demo_script


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    demo_script(__file__)


if __name__ == "__main__":
    main()
