"""Measure Ray, in the process of a side."""

from monarch_vs_ray.bench import program


def main() -> None:
    """Run what this process was asked for."""
    program.run("ray", "monarch_vs_ray.bench.ray.engine")
