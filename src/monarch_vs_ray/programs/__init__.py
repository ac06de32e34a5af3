"""Run users' scripts and the patterns, unmodified, as sides.

``isolation`` sets a program's folders and environment, ``addresses`` refuses a running Ray, ``faults``
injects faults from outside, ``outputs`` compares two outputs, ``state`` folds events, ``screen`` and
``closing`` show the run.
"""
