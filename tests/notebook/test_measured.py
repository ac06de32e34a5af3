"""Published measurements in a notebook: n and spread of runs, and bytes a second by size."""

from __future__ import annotations

import json
import re

import pytest

from monarch_vs_ray.notebook import measured
from monarch_vs_ray.programs import records

MACHINE = {"system": "Linux", "architecture": "x86_64", "cores": 2, "memory_bytes": 1, "python": "3.11.7"}


def record(program: str, settings: str, seed: int, rate: float, **more: object) -> str:
    line = {
        "pattern": "async_rl", "program": program, "engine": program, "settings": settings, "seed": seed,
        "planned": 1, "fired": 1, "holds": True, "reasons": [], "failed": False,
        "figures": {"steps a second": rate}, "units": {"steps a second": ""}, "wall": 1.0, "user": 1.0,
        "system": 1.0, "memory": 1.0, "undisturbed": None, "left": [], "lines_of_code": 9, "code_sha256": "a",
        "versions": {program: "1.2.3"}, "machine": MACHINE, "date": "2026-11-30T00:00:00+00:00", **more,
    }  # fmt: skip
    return json.dumps(line)


@pytest.fixture
def published(tmp_path, monkeypatch):
    def publish(*lines: str) -> None:
        folder = tmp_path / "linux-x86_64-2-cores"
        folder.mkdir(exist_ok=True)
        (folder / records.FILE).write_text("".join(f"{line}\n" for line in lines))

    monkeypatch.setattr(measured, "PUBLISHED", tmp_path)
    return publish


def words(html) -> str:
    return " ".join(re.sub(r"<marimo.*?>|<[^>]+>", " ", html.text).split())


def test_without_measured_runs_it_says_so_and_how_to_make_some(published):
    shown = words(measured.pattern_figures("async_rl", ["recommended"], ["steps a second"]))
    assert (
        shown
        == "No measured runs of async_rl are in this installation. mvr pattern async_rl --times 5 makes some."
    )
    assert "have not both been measured" in words(measured.compared("async_rl", "x", "a", "b"))


def test_figures_come_with_n_spread_and_origin(published):
    published(*(record("monarch", "recommended", seed, 10 + seed) for seed in range(3)))
    shown = words(measured.pattern_figures("async_rl", ["recommended"], ["steps a second"]))
    assert "Monarch, recommended 3 3 11 (10.2 to 11.8)" in shown
    assert "2026-11-30 on 2 cores, Linux; Monarch 1.2.3" in shown


def test_runs_of_older_programs_and_failed_ones_are_left_out(published):
    published(
        record("ray", "recommended", 0, 99, code_sha256="old", date="2026-11-29T00:00:00+00:00"),
        record("ray", "recommended", 1, 8),
        record("ray", "recommended", 2, 77, failed=True),
    )
    shown = words(measured.pattern_figures("async_rl", ["recommended"], ["steps a second"]))
    assert "Ray, recommended 1 1 8 (8 to 8)" in shown


@pytest.mark.parametrize(
    ("synchronous", "judged"),
    [
        ([5, 5.2, 5.1], "the spreads do not overlap"),
        ([5, 9, 20], "the spreads overlap, so no difference is shown"),
    ],
)
def test_two_settings_are_compared_by_their_spreads(published, synchronous, judged):
    published(
        *(record("monarch", "recommended", seed, 10 + seed) for seed in range(3)),
        *(record("monarch", "synchronous", seed, rate) for seed, rate in enumerate(synchronous)),
    )
    shown = words(measured.compared("async_rl", "steps a second", "recommended", "synchronous"))
    assert shown.startswith("Monarch, steps a second: 11 recommended (10.2 to 11.8, n = 3)")
    assert judged in shown


def test_bytes_a_second_are_of_the_published_measurements():
    shown = words(measured.bytes_by_size())
    assert "64 KiB 1 MiB 64 MiB" in shown
    assert re.search(r"Monarch: RDMABuffer, read [\d.]+ MB/s \([\d.]+ MB to [\d.]+ MB\), n = \d+", shown)
    assert "Published measurements of 20" in shown
