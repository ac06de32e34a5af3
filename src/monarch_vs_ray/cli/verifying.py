"""What ``mvr verify`` does with its options: chooses claims, runs them, shows it, and says the verdicts."""

from __future__ import annotations

import contextlib
import datetime
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from monarch_vs_ray.cli.interpreter import releases
from monarch_vs_ray.cli.show import INTERRUPTED
from monarch_vs_ray.cli.sources import side_spec
from monarch_vs_ray.cli.verification import Start, Verification
from monarch_vs_ray.cli.verify_view import PlainView, ScreenView, View, print_table
from monarch_vs_ray.concepts import claim_folders, find
from monarch_vs_ray.core.clock import MonotonicClock
from monarch_vs_ray.core.errors import ExitCode, UnknownConcept
from monarch_vs_ray.core.events import ENGINES, FORMAT, Engine
from monarch_vs_ray.core.privacy import PROJECT
from monarch_vs_ray.core.verdicts import Finding, Verdict
from monarch_vs_ray.ledger.claims import Claim, Ledger, load
from monarch_vs_ray.ledger.evidence import Evidence, encoder, over_repeats
from monarch_vs_ray.ledger.plan import SidePlan, plan
from monarch_vs_ray.ledger.results import Manifest, Results
from monarch_vs_ray.ledger.tables import markdown, summary
from monarch_vs_ray.side.launcher import Run
from monarch_vs_ray.side.main import BARE, PROBES, this_machine
from monarch_vs_ray.stage.presenter import Interrupt

RESULTS = PROJECT / "results"
TICK = 0.05


@dataclass(frozen=True)
class Order:
    """What the user asked for on the command line."""

    asked: tuple[str, ...] = ()
    engine: str = "both"
    repeat: int = 1
    brief: bool = False
    slow: bool = False
    fail_on: str = "refuted"
    form: str = "table"
    plain: bool = False
    results: Path | None = None
    lanes: int = 3
    python: str = ""

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The engines asked for."""
        return tuple(engine for engine in ENGINES if self.engine in ("both", engine))


@dataclass(frozen=True)
class Choice:
    """The claims that are tested, and those that are not because they wait for a slow timer."""

    ledger: Ledger
    claims: list[Claim]
    left_out: list[Claim]
    slow: bool


def choose(order: Order) -> Choice:
    """The claims that were asked for, with those that they rest on. Raises UnknownClaim."""
    ledger = load(claim_folders())
    named = [claim for asked in order.asked for claim in ledger.find(_concept_name(asked))]
    wanted = (claim for claim in (named or ledger.claims) if claim.engine in order.engines)
    claims = ledger.with_support(claim for claim in wanted if claim.cell.brief or not order.brief)
    # A claim that was asked for by its own name is worth the wait.
    slow = order.slow or any(asked.count(".") for asked in order.asked)
    left_out = [] if slow else [claim for claim in claims if ledger.is_slow(claim)]
    return Choice(ledger, [claim for claim in claims if claim not in left_out], left_out, slow)


def _concept_name(asked: str) -> str:
    """``4`` and ``04_message_ordering`` are ``message_ordering``; what is no concept stays as it is."""
    with contextlib.suppress(UnknownConcept):
        return find(asked).name
    return asked


def list_claims(order: Order) -> ExitCode:
    """Print one line for each claim."""
    choice = choose(order)
    for claim in sorted((*choice.claims, *choice.left_out), key=lambda claim: claim.concept):
        how = claim.cell.probe or claim.cell.tested
        mark = f"  the brief: {claim.cell.brief_verdict}" if claim.cell.brief else ""
        print(f"{claim.id:<58} {how}{' (slow)' if claim in choice.left_out else ''}{mark}")
    return ExitCode.FINE


def verify_claims(order: Order) -> ExitCode | int:
    """Test the claims, show how it goes, print the verdicts; gives the exit code."""
    choice = choose(order)
    plans = plan(choice.ledger, choice.claims, choice.slow)
    versions = releases(order.python, {side.engine for side in plans})
    results = Results(order.results or RESULTS, _manifest(order, choice, versions))
    interrupt = Interrupt()
    tries: dict[str, list[Evidence]] = {}
    try:
        with interrupt.listening():
            for _ in range(order.repeat):
                if not _one_pass(order, choice, plans, results, interrupt, tries):
                    break
    except KeyboardInterrupt:
        print("Interrupted twice: the guardians end what is left, within 5 s.", file=sys.stderr)
        return INTERRUPTED
    finally:
        results.close()
    last = [over_repeats(found) for found in tries.values()]
    places = {claim.id: place for place, claim in enumerate(choice.claims)}
    in_order = sorted(last, key=lambda each: places[each.id])
    if interrupt.count:
        judged = f"{len(last)} of {len(choice.claims)} claims were judged"
        print(f"Interrupted: {judged}; their evidence is in {results.folder}.", file=sys.stderr)
        return INTERRUPTED
    results.finish(in_order, markdown(in_order))
    _print(order, choice, in_order, results)
    return _exit_code(order, in_order)


def _one_pass(
    order: Order,
    choice: Choice,
    plans: Sequence[SidePlan],
    results: Results,
    interrupt: Interrupt,
    tries: dict[str, list[Evidence]],
) -> bool:
    """Test every claim once; gives whether it came to its end."""
    pass_ = Verification(
        choice.claims,
        plans,
        _starter(order),
        results,
        _holds_in_source,
        MonotonicClock(),
        order.lanes,
        _now(),
    )
    view: View = PlainView() if order.plain or not sys.stdout.isatty() else ScreenView(len(choice.claims))
    with view:
        while not pass_.over:
            for each in pass_.poll(TICK):
                tries.setdefault(each.id, []).append(each)
                view.judged(each)
            view.update(pass_)
            if (interrupt.count or view.quit) and not pass_.stopping:
                interrupt.count = interrupt.count or 1
                pass_.stop()
    return not pass_.stopping


def _starter(order: Order) -> Start:
    """Starts the side of a plan under its guardian."""

    def start(side: SidePlan) -> Run:
        settings = {**_environment(side.concept), **dict(side.environment)}
        if order.python:  # that interpreter has the engine, not this project
            settings["PYTHONPATH"] = str(PROJECT / "src")
        bare = [BARE] if side.bare else []
        spec = side_spec(
            side.engine,
            side.concept,
            PROBES,
            *bare,
            *side.names,
            deadline=side.deadline,
            settings=settings,
            interpreter=order.python or sys.executable,
        )
        return Run([spec], MonotonicClock())

    return start


def _environment(concept: str) -> dict[str, str]:
    try:
        return dict(find(concept).environment)
    except UnknownConcept:
        return {}


def _holds_in_source(entry: str) -> Finding:
    """Whether an entry of the table of sources stands in the wheel, or, for Rust and C++, as recorded."""
    from monarch_vs_ray.references.check import check_in_wheel
    from monarch_vs_ray.references.table import table
    from monarch_vs_ray.references.wheels import installed

    source = table()[entry]
    release = table().releases[source.engine]
    found = check_in_wheel(source, release, installed(source.engine, release))
    verdict: Verdict = {"missing": "refuted", "unknown": "unknown"}.get(found.status, "holds")  # type: ignore[assignment]
    place = f"{source.symbol} at {source.path}:{source.line}"
    return Finding(verdict, f"{place}{', ' if found.fact else ''}{found.fact}")


def _manifest(order: Order, choice: Choice, versions: dict[Engine, str]) -> Manifest:
    return Manifest(
        format=FORMAT,
        date=_now(),
        machine=this_machine(),
        versions={str(engine): release for engine, release in versions.items()},
        claims=len(choice.claims),
        repeats=order.repeat,
        slow=choice.slow,
    )


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def _print(order: Order, choice: Choice, last: Sequence[Evidence], results: Results) -> None:
    if order.form == "json":
        print(msgspec.json.format(encoder.encode(list(last)), indent=2).decode())
        return
    if order.form == "markdown":
        print(markdown(last))
        return
    print_table(last)
    for sentence in summary(last):
        print(sentence)
    if choice.left_out:
        waiting = ", ".join(claim.id for claim in choice.left_out)
        print(f"Not tested, since they wait for slow timers ({len(choice.left_out)}; use --slow): {waiting}.")
    print(f"Evidence: {results.folder}; look at one claim with `mvr explain CLAIM`.")


def _exit_code(order: Order, last: Sequence[Evidence]) -> ExitCode:
    """What the shell is told: stale marks and refuted statements are not as expected."""
    bad = {"never": set(), "refuted": {"refuted"}, "unknown": {"refuted", "unknown"}}[order.fail_on]
    failed = any(each.verdict in bad for each in last)
    stale = order.fail_on != "never" and any(each.stale for each in last)
    return ExitCode.NOT_AS_EXPECTED if failed or stale else ExitCode.FINE
