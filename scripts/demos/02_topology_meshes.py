#!/usr/bin/env python
"""Topology and meshes: the shape of a group of actors, and where it lands, on Monarch and on Ray at once.

What to watch: Monarch's group is one object with named dimensions, sliced and regrouped without starting
anything; Ray's is a list of handles, placed by a scheduler that says what does not fit; and when one process
is stopped, Monarch's broadcast tree keeps the message from those below it, while on Ray it alone is silent.

    ./scripts/zephyr_uv_run.sh python scripts/demos/02_topology_meshes.py            # both engines, live
    ./scripts/zephyr_uv_run.sh python scripts/demos/02_topology_meshes.py --dry-run  # a recorded run
"""

from monarch_vs_ray.cli import demo_script


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    demo_script(__file__)


if __name__ == "__main__":
    main()
