#!/usr/bin/env python
"""Distributed tensors and training: who holds a tensor on many ranks, on Monarch and on Ray at once.

What to watch: on Monarch the caller holds one tensor, and ordinary PyTorch runs on all ranks; on Ray it
holds references, and PyTorch runs in actors or in a training function. Both average gradients with DDP,
reduce over dp and tp by name, and must come out where one process on the whole batch does.

    ./scripts/zephyr_uv_run.sh python scripts/demos/07_distributed_tensors.py            # both engines, live
    ./scripts/zephyr_uv_run.sh python scripts/demos/07_distributed_tensors.py --dry-run  # a recorded run
"""

from monarch_vs_ray.cli import demo_script


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    demo_script(__file__)


if __name__ == "__main__":
    main()
