"""``mvr verify --sabotage``: break the subjects of claims on purpose, and see which verdicts notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.output import complain, say

if TYPE_CHECKING:
    from monarch_vs_ray.campaign.verify import Choice, Options
    from monarch_vs_ray.ledger.sabotage import Broken


def sabotage(
    options: Options, choice: Choice, *, listed: bool, json: bool, publish: bool, changed: bool
) -> None:
    """Run the breaks of the chosen claims, print what each did to its verdict, and the score.

    Args:
        options: As for ``mvr verify``.
        choice: The claims whose subjects are broken.
        listed: List the breaks and run nothing.
        json: Print everything as JSON in the end, in place of lines as they come.
        publish: Put what was found in place of what is published of the same breaks, also when interrupted.
        changed: Leave out breaks whose published outcome is of the code as it is now.

    Raises:
        typer.Exit: With 1 if a break that is not listed as unnoticed was not noticed, 130 if interrupted.
    """
    import msgspec

    from monarch_vs_ray.campaign import sabotage as campaign
    from monarch_vs_ray.core.paths import PUBLISHED
    from monarch_vs_ray.ledger.published import machines
    from monarch_vs_ray.ledger.sabotage import read_all, score
    from monarch_vs_ray.stage.presenter import Interrupt

    known = campaign.evidenced()
    if listed:
        _list(choice)
        return
    folder = PUBLISHED / next(iter(machines(PUBLISHED)), "any-machine")
    todo = campaign.jobs(choice, known, read_all(folder) if changed else None)
    interrupt = Interrupt()

    def view(broken: Broken, done: int, of: int) -> None:
        if not json:
            say(line(broken))

    with interrupt.listening():
        found = campaign.sabotage(options, todo, known, view, lambda: bool(interrupt.count))
        outcomes = list(found)
    all_ = campaign.by_claim(choice.claims, outcomes, known, read_all(folder))
    if json:
        say(msgspec.json.format(msgspec.json.encode(all_), indent=2).decode())
    else:
        for sentence in score(choice.claims, all_):
            say(sentence)
    if publish:
        _publish(choice, all_)
    if interrupt.count:
        complain(f"Interrupted: {len(outcomes)} outcomes came of {len(todo)} runs; --changed runs the rest.")
        raise typer.Exit(130)
    if any(not each.noticed for each in outcomes):
        raise typer.Exit(ExitCode.NOT_AS_EXPECTED)


def line(broken: Broken) -> str:
    """Return one break's outcome in one line."""
    noticed = "noticed     " if broken.noticed else "NOT NOTICED "
    return f"{noticed}{broken.claim}: {broken.what} -> {broken.under}: {broken.said}"


def _list(choice: Choice) -> None:
    from monarch_vs_ray.campaign.sabotage import breaks_of, evidenced
    from monarch_vs_ray.ledger.sabotage import why_none

    known = evidenced()
    for claim in choice.claims:
        names = breaks_of(claim, known) if claim.cell.tested == "experiment" else {}
        for name in names:
            say(f"{claim.id:<58} {name}")
        if not names:
            say(f"{claim.id:<58} none: {why_none(claim) or 'not yet'}")


def _publish(choice: Choice, all_: dict) -> None:  # type: ignore[type-arg]
    from itertools import groupby

    from monarch_vs_ray.core.paths import PUBLISHED
    from monarch_vs_ray.ledger.published import machines
    from monarch_vs_ray.ledger.sabotage import file_of, read, write

    folder = PUBLISHED / next(iter(machines(PUBLISHED)), "any-machine")
    in_order = sorted(choice.claims, key=lambda claim: str(file_of(folder, claim)))
    files = 0
    for path, claims in groupby(in_order, key=lambda claim: file_of(folder, claim)):
        write(path, {**read(path), **{claim.id: all_[claim.id] for claim in claims}})
        files += 1
    complain(f"Published the breaks of {len(choice.claims)} claims in {files} files below {folder}.")
