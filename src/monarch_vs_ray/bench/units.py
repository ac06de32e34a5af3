"""Numbers with a unit that fits, for people."""

from __future__ import annotations

from monarch_vs_ray.bench.catalogue import Row, Workload

_TIMES = [(1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")]
_BINARY = [(float(1 << 30), "Gi"), (float(1 << 20), "Mi"), (1024.0, "Ki")]
SINGULAR = {"processes": "process", "actors": "actor"}
_COUNTS = [(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")]


def three_digits(value: float) -> str:
    """Return a number with three significant digits, without an exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def show(workload: Workload, value: float) -> str:
    """Return a value in the workload's unit: ``181 us``, ``5.2k/s``, ``1.3 GB/s``."""
    if workload.kind in ("latency", "phase"):
        return seconds(value)
    if workload.kind == "rate":
        return f"{count(value)}/s"
    if workload.kind == "bandwidth":
        return f"{count(value, ' ')}B/s"
    if workload.unit == "B":
        return f"{count(value, ' ')}B"
    return f"{three_digits(value)} {workload.unit}".rstrip()


def seconds(value: float) -> str:
    """Return seconds in a unit that fits."""
    factor, unit = next(((f, u) for f, u in _TIMES if abs(value) >= f), _TIMES[-1])
    return f"{three_digits(value / factor)} {unit}"


def count(value: float, space: str = "") -> str:
    """Return a count with a decimal prefix."""
    factor, prefix = next(((f, p) for f, p in _COUNTS if abs(value) >= f), _COUNTS[-1])
    return f"{three_digits(value / factor)}{space}{prefix}"


def size(workload: Workload, row: Row) -> str:
    """Return a row's size: ``1 MB``, ``8 processes``; empty for a workload of one size."""
    if workload.sizes == (0,):
        return ""
    if workload.size_unit == "B":
        binary = row.size % 1_000 != 0
        units = _BINARY if binary else _COUNTS
        factor, prefix = next(((f, p) for f, p in units if row.size >= f), units[-1])
        return f"{row.size / factor:.4g} {prefix}B"
    unit = SINGULAR.get(workload.size_unit, workload.size_unit) if row.size == 1 else workload.size_unit
    return f"{row.size} {unit}".rstrip()
