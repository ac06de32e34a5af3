"""The process between the launcher and a side: it sees to it that nothing of the side survives.

The launcher starts it as ``python -I -S``, before the side exists, with this folder's parent as the only
addition to ``sys.path``. So this package imports the standard library and, by relative imports, itself, and
little of both: it must be up in milliseconds, and it must keep working when everything else is broken.
Linux only: other systems have no subreapers.

``watch.py`` is the guardian, ``processes.py`` finds and ends processes, ``removal.py`` makes and removes
the files of a run.
"""

RUN_DIR = "MVR_RUN_DIR"
"""The variable that names, for all processes of a side, the folder in which the engine works."""

INNER = "r"
"""The engine's folder within the run's: an engine may open its own to others, the run's stays closed."""
