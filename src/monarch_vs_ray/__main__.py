"""``python -m monarch_vs_ray`` is ``mvr``."""

import os
import sys

# `-m` has Python look for modules in the current folder first, whatever lies there; `mvr` does not.
# Where this package itself is only found there (in `src`), it stays.
if sys.path[0] == os.getcwd() and not __file__.startswith(sys.path[0] + os.sep):
    del sys.path[0]

from monarch_vs_ray.cli import main

main()
