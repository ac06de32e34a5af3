#!/usr/bin/env python
"""Data plane: how bulk bytes get from their owner to a reader, on Monarch and on Ray at once.

What to watch: a handle is a few hundred bytes on both engines; Monarch copies the bytes from the owner's
memory into the reader's, while Ray's readers on one node share a store's memory; a busy owner holds nobody
up on either; a stopped one holds up Monarch's TCP fallback but not a Ray reader on the same node; and a
Monarch buffer is live memory, a Ray object a snapshot.

    ./scripts/zephyr_uv_run.sh python scripts/demos/06_data_plane_rdma.py            # both engines, live
    ./scripts/zephyr_uv_run.sh python scripts/demos/06_data_plane_rdma.py --dry-run  # a recorded run
"""

from monarch_vs_ray.cli import demo_script


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    demo_script(__file__)


if __name__ == "__main__":
    main()
