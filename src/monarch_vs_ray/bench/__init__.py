"""Measure what each engine costs: workloads, rounds, statistics, and the limits of the machine beside them.

The way of the data: ``rounds`` starts a side process for each engine and round; the native workloads in it
time themselves with ``measure`` and send raw samples as observations; ``store`` keeps them as they come;
``statistics`` and everything that draws are pure functions of what was kept.
"""
