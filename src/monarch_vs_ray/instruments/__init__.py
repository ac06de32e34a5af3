"""What experiments measure with, one of each kind: waits, outcomes, faults, processes, sockets, memory, clusters.

Only ``monarch.py`` and ``ray.py`` import an engine.
"""
