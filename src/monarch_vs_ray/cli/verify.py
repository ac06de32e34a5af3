"""``mvr verify``: put claims to the test on the real engines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monarch_vs_ray.cli.demo import Which
from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.output import complain, say

if TYPE_CHECKING:
    from monarch_vs_ray.campaign.verify import Choice, Options, Outcome
    from monarch_vs_ray.ledger.evidence import Evidence


class FailOn(str, Enum):
    """What makes the exit code 1, besides a mark that is stale."""

    NEVER = "never"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


class Hardware(str, Enum):
    """The hardware that ``--needs`` may name; the same as ``core.concept.Need``."""

    CUDA = "cuda"
    RDMA = "rdma"


def verify(
    asked: Annotated[
        list[str] | None, typer.Argument(metavar="[CONCEPT|CLAIM]...", help="What to test; without it: all.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the claims and run nothing.")] = False,
    engine: Annotated[Which, typer.Option(help="Test claims on one engine only.")] = Which.BOTH,
    repeat: Annotated[int, typer.Option(min=1, help="Test so many times; verdicts must not change.")] = 1,
    brief: Annotated[
        bool, typer.Option("--brief", help="Only what answers a statement of the brief.")
    ] = False,
    needs: Annotated[
        Hardware | None, typer.Option(help="Only what needs this hardware; unknown where there is none.")
    ] = None,
    changed: Annotated[
        bool,
        typer.Option("--changed", help="Only claims, or breaks, that changed since they were published."),
    ] = False,
    slow: Annotated[bool, typer.Option("--slow", help="Also what waits for an engine's slow timer.")] = False,
    fail_on: Annotated[FailOn, typer.Option(help="What makes the exit code 1.")] = FailOn.REFUTED,
    json: Annotated[bool, typer.Option("--json", help="Print the evidence as JSON.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the verdicts as Markdown.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Print plain lines also on a terminal.")] = False,
    results: Annotated[
        Path | None,
        typer.Option(
            help="Folder to keep evidence in.",
            show_default="results/ of the checkout, else the user's data folder",
        ),
    ] = None,
    lanes: Annotated[int, typer.Option(min=1, help="How many engine processes run at once.")] = 3,
    python: Annotated[
        str, typer.Option(help="Run the sides with this interpreter, with another release of an engine.")
    ] = "",
    publish: Annotated[
        bool, typer.Option("--publish", help="Put this evidence in place of what is published.")
    ] = False,
    sabotage: Annotated[
        bool, typer.Option("--sabotage", help="Break the subjects on purpose: which verdicts notice?")
    ] = False,
) -> None:
    """Run the experiments of claims on both engines, and report which claims hold."""
    from monarch_vs_ray.campaign.verify import Options, choose
    from monarch_vs_ray.core.paths import need_checkout

    if publish:
        need_checkout("mvr verify --publish")
    options = Options(
        asked=tuple(asked or ()),
        engine=engine.value,
        repeat=repeat,
        brief=brief,
        needs=needs.value if needs else None,
        changed=changed and not sabotage,  # a break changes by other code than its claim
        slow=slow,
        results=results,
        lanes=lanes,
        python=python,
    )
    choice = choose(options)
    for sentence in choice.notes:
        complain(sentence)
    if sabotage:
        from monarch_vs_ray.cli.sabotage import sabotage as break_subjects

        break_subjects(options, choice, listed=listed, json=json, publish=publish, changed=changed)
        return
    if listed:
        _list(choice, json=json)
        return
    if changed and not choice.claims and not choice.left_out:
        return
    outcome = _run(options, choice, plain=plain or json or markdown)
    last = outcome.evidence(choice.claims)
    if outcome.interrupted:
        judged = f"{len(last)} of {len(choice.claims)} claims were judged"
        complain(f"Interrupted: {judged}; their evidence is in {outcome.folder}.")
        raise typer.Exit(130)
    _print(choice, last, outcome, "json" if json else "markdown" if markdown else "table")
    if publish:
        _publish([each for each in last if not _lacks(needs, each)], outcome)
    raise typer.Exit(_exit_code(fail_on, last))


def _list(choice: Choice, *, json: bool) -> None:
    """Print one line for each claim, or all of them as JSON."""
    import msgspec

    claims = sorted((*choice.claims, *choice.left_out), key=lambda claim: claim.concept)
    if json:
        entries = [{"id": claim.id, **msgspec.to_builtins(claim.cell)} for claim in claims]
        say(msgspec.json.format(msgspec.json.encode(entries), indent=2).decode())
        return
    for claim in claims:
        how = claim.cell.experiment or claim.cell.tested
        mark = f"  the brief: {claim.cell.brief_verdict}" if claim.cell.brief else ""
        number = choice.ledger.numbers[claim.short]
        say(f"{claim.id:<58} {number:<5} {how}{' (slow)' if claim in choice.left_out else ''}{mark}")


def _run(options: Options, choice: Choice, *, plain: bool) -> Outcome:
    from monarch_vs_ray.campaign import verify as campaign
    from monarch_vs_ray.stage.presenter import Interrupt
    from monarch_vs_ray.stage.verdicts import PlainView, ScreenView

    interrupt = Interrupt()
    with interrupt.listening():
        view = PlainView() if plain or not sys.stdout.isatty() else ScreenView(len(choice.claims))
        try:
            with view:
                return campaign.verify(options, choice, view, lambda: bool(interrupt.count or view.quit))
        except KeyboardInterrupt:
            complain("Interrupted twice: the guardians end what is left, within 5 s.")
            raise typer.Exit(130) from None


def _print(choice: Choice, last: Sequence[Evidence], outcome: Outcome, form: str) -> None:
    import msgspec

    from monarch_vs_ray.core.paths import PUBLISHED
    from monarch_vs_ray.ledger.counts import breaks
    from monarch_vs_ray.ledger.evidence import encoder
    from monarch_vs_ray.ledger.published import machines
    from monarch_vs_ray.ledger.tables import markdown, summary
    from monarch_vs_ray.stage.verdicts import print_table

    if form == "json":
        say(msgspec.json.format(encoder.encode(list(last)), indent=2).decode())
        return
    if form == "markdown":
        say(markdown(last))
        return
    print_table(last, choice.ledger.numbers)
    machine = next(iter(machines(PUBLISHED)), "")
    for sentence in summary(last, breaks(PUBLISHED / machine, (each.id for each in last))):
        say(sentence)
    if choice.left_out:
        waiting = ", ".join(claim.id for claim in choice.left_out)
        say(f"Not tested, since they wait for slow timers ({len(choice.left_out)}; use --slow): {waiting}.")
    say(f"Evidence: {outcome.folder}; look at one claim with `mvr explain CLAIM`.")


def _publish(last: Sequence[Evidence], outcome: Outcome) -> None:
    from monarch_vs_ray.core.paths import PUBLISHED
    from monarch_vs_ray.ledger.published import publish

    files = publish(last, outcome.folder, PUBLISHED)
    complain(f"Published {len(last)} claims in {len(files)} files below {PUBLISHED}.")


def _lacks(needs: Hardware | None, each: Evidence) -> bool:
    """Return whether a claim was not tested, since the hardware that was asked for is not here."""
    return needs is not None and each.said.startswith(f"needs {needs.value}: ")


def _exit_code(fail_on: FailOn, last: Sequence[Evidence]) -> ExitCode:
    """Return what the shell is told: stale marks and refuted statements are not as expected."""
    bad = {"never": set(), "refuted": {"refuted"}, "unknown": {"refuted", "unknown"}}[fail_on.value]
    failed = any(each.verdict in bad for each in last)
    stale = fail_on is not FailOn.NEVER and any(each.stale for each in last)
    return ExitCode.NOT_AS_EXPECTED if failed or stale else ExitCode.FINE
