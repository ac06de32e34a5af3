#!/usr/bin/env python
"""Actor abstraction: how a plain Python class becomes an actor, on Monarch and on Ray at once.

What to watch: one call on Monarch addresses every actor of the mesh, while on Ray the caller keeps a
list of handles; the same ValueError reaches both callers in different wrappings; and an async method
without further options takes one call at a time on Monarch, and all of them on Ray.

    ./scripts/zephyr_uv_run.sh python scripts/demos/01_actor_abstraction.py            # both engines, live
    ./scripts/zephyr_uv_run.sh python scripts/demos/01_actor_abstraction.py --dry-run  # a recorded run
"""

from monarch_vs_ray.cli import demo_script


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    demo_script(__file__)


if __name__ == "__main__":
    main()
