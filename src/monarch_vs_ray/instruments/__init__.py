"""What experiments measure with: waits, outcomes, faults, flags, sockets, memory, second programs, clusters.

Only ``monarch.py`` and ``ray.py`` import an engine.
"""
