#!/usr/bin/env python
"""Message ordering: whose calls run in which order, on Monarch and on Ray at once.

What to watch: asked for nothing, a plain actor runs each sender's calls in order on both engines, also
behind a call that is held up; with each engine's ordering switched off the same probes find disorder.
Async methods keep the order on Monarch and not on Ray; Ray's retries after a crash run every call, some
of them twice, in no order.

    ./scripts/zephyr_uv_run.sh python scripts/demos/04_message_ordering.py            # both engines, live
    ./scripts/zephyr_uv_run.sh python scripts/demos/04_message_ordering.py --dry-run  # a recorded run
"""

from monarch_vs_ray.cli import demo_script


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    demo_script(__file__)


if __name__ == "__main__":
    main()
