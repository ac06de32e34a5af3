"""``python -m monarch_vs_ray`` is ``mvr``."""

from monarch_vs_ray.cli import main

main()
