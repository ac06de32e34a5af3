#!/usr/bin/env python
"""Control plane: how actors are asked, told, streamed from and given up; and who carries the messages.

What to watch: Monarch has a verb for each way to send, Ray one .remote() and a reference to do things with;
many values from one call come through a port on Monarch and from a generator on Ray; a call that is given up
still runs on Monarch and can be cancelled on Ray; and two actors go on talking while the program that made
them is stopped, or Ray's GCS, or, as long as messages are small, Ray's raylet.

    ./scripts/zephyr_uv_run.sh python scripts/demos/03_control_plane.py            # both engines, live
    ./scripts/zephyr_uv_run.sh python scripts/demos/03_control_plane.py --dry-run  # a recorded run
"""

from monarch_vs_ray.cli import demo_script


def main() -> None:
    """Show this demo; ``--help`` lists the options."""
    demo_script(__file__)


if __name__ == "__main__":
    main()
