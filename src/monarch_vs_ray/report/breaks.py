"""Print which breaks of its subject a claim noticed, and why it has none."""

from __future__ import annotations

from functools import cache

from rich.console import Console
from rich.text import Text

from monarch_vs_ray.campaign.sabotage import breaks_of, evidenced, is_current
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.published import machines
from monarch_vs_ray.ledger.sabotage import Broken, Sabotaged, file_of, read, why_none

_known = cache(evidenced)
STYLES = {True: "green", False: "bold red"}


def explain_breaks(console: Console, claim: Claim) -> None:
    """Print what is published of a claim's breaks, those that have not been run, or why there are none."""
    known = _known()
    wanted = breaks_of(claim, known) if claim.cell.tested == "experiment" else {}
    machine = next(iter(machines(PUBLISHED)), "")
    found = read(file_of(PUBLISHED / machine, claim)).get(claim.id) if machine else None
    run = {each.what: each for each in found.breaks} if found else {}
    if not wanted:
        console.print(Text.assemble(("No break  ", "bold"), why_none(claim) or "not yet"))
    for what, (_, broken) in wanted.items():
        if each := run.get(what):
            _explain_break(console, each, current=is_current(claim, broken, found or Sabotaged()))
        else:
            console.print(Text.assemble(("Break not run yet  ", "bold"), what))
    if found and found.altered:
        noticed = f"{found.altered - len(found.missed)} of {found.altered} noticed"
        missed = f"; not noticed: {', '.join(found.missed)}" if found.missed else ""
        console.print(Text.assemble(("Altered observations  ", "bold"), f"{noticed}{missed}"))


def _explain_break(console: Console, each: Broken, *, current: bool) -> None:
    verdict = "noticed" if each.noticed else "not noticed"
    console.print(
        Text.assemble(
            (f"Break {verdict}  ", STYLES[each.noticed]), f"{each.what} Then {each.under}: {each.said}"
        )
    )
    if not current:
        console.print(Text(f"  out of date: mvr verify --sabotage {each.claim}", "dim"))
