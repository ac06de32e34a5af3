"""Verdicts as text: counts, one line for each claim, and a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.ledger.counts import Breaks, count, sentences
from monarch_vs_ray.ledger.evidence import Evidence

NAMES: dict[Engine, str] = {"monarch": "Monarch", "ray": "Ray"}
STYLES: dict[Verdict, str] = {
    "holds": "green",
    "partly": "yellow",
    "refuted": "bold red",
    "unknown": "magenta",
}
"""How rich writes a verdict."""


def summary(all_: Sequence[Evidence], breaks: Breaks | None = None) -> list[str]:
    """Count how claims came out, ours and the brief's; name marks that are stale or of other releases."""
    told = sentences(count(all_, breaks))
    for engine in ENGINES:
        for tested, made_for in sorted(
            {(each.version, each.made_for) for each in all_ if each.engine == engine and each.outside}
        ):
            told.append(
                f"The statements are about {NAMES[engine]} {made_for}, and {tested} was tested: one that is"
                " refuted tells what differs between these releases."
            )
    if again := [each for each in all_ if each.first_try]:
        told.append(
            f"{len(again)} needed a second try, in a fresh process of their engine: "
            f"{', '.join(each.id for each in again)}; the first: {again[0].first_try}."
        )
    for each in all_:
        if each.stale:
            told.append(
                f"Stale mark: {each.id} says that the brief {each.brief_mark}, this run that it"
                f" {each.brief_verdict} ({each.brief_said}); correct the claim in concept.toml."
            )
    return told


def line(each: Evidence) -> str:
    """Return one claim in one line."""
    again = f" [second try; first: {each.first_try}]" if each.first_try else ""
    return f"{each.verdict:<8} {each.id}: {each.said}{again}"


def rows(all_: Iterable[Evidence]) -> dict[str, dict[Engine, Evidence]]:
    """Return evidence by row, and in it by engine, in the order in which it came."""
    found: dict[str, dict[Engine, Evidence]] = {}
    for each in all_:
        found.setdefault(each.short, {})[each.engine] = each
    return found


def markdown(all_: Sequence[Evidence]) -> str:
    """Return everything as Markdown: what was counted, then a table with a line for each claim."""
    told = ["# Verdicts", "", *(f"- {sentence}" for sentence in summary(all_)), ""]
    told += ["| claim | verdict | we observed | the brief said | verdict |", "|---|---|---|---|---|"]
    for each in all_:
        cells = (
            f"`{each.id}` {each.statement}",
            each.verdict,
            each.said,
            each.brief,
            each.brief_verdict or "",
        )
        told.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(told) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
