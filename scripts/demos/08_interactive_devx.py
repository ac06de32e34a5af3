#!/usr/bin/env python
"""Interactive development: change something, see the result, leave, come back; on Monarch and Ray at once.

What to watch: a changed hyperparameter counts from the next call on both; a changed class runs in the same
processes on Monarch, while Ray starts new ones for new actors; a module changed on disk is not seen by who
has imported it, on either; and the actor that outlives its session is found by name on Ray, while Monarch
needs a reference that was handed on.

    ./scripts/zephyr_uv_run.sh python scripts/demos/08_interactive_devx.py            # both engines, live
    ./scripts/zephyr_uv_run.sh python scripts/demos/08_interactive_devx.py --dry-run  # a recorded run
"""

from monarch_vs_ray.cli import demo_script


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    demo_script(__file__)


if __name__ == "__main__":
    main()
