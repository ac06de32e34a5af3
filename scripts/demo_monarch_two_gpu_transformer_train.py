#!/usr/bin/env python
"""A small transformer, trained data-parallel by two workers of Monarch, and if you like of Ray beside it.

The workers use two GPUs and NCCL where there are two, else two CPU cores and gloo. The text is made by this
project, so its entropy is known: the loss cannot fall below it on average, and comes close.

What to watch
- The loss falls through the dotted lines: from the alphabet's entropy, through that of the characters'
  frequencies, to the text's own.
- With --engine both, the two curves are the same to the last digit shown.
- With --kill-after 150, one worker is killed. New workers go on from the last checkpoint, and the curve goes
  on as if nothing had happened.

    ./scripts/zephyr_uv_run.sh python scripts/demo_monarch_two_gpu_transformer_train.py            # Monarch
    ./scripts/zephyr_uv_run.sh python scripts/demo_monarch_two_gpu_transformer_train.py \\
        --engine both --kill-after 150
    ./scripts/zephyr_uv_run.sh python scripts/demo_monarch_two_gpu_transformer_train.py --dry-run  # recorded
"""

from __future__ import annotations

import sys


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    from monarch_vs_ray.cli import main as mvr

    mvr(["train", *sys.argv[1:]])


if __name__ == "__main__":
    main()
