"""Control plane: the inputs that both sides get, and what both must observe."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from monarch_vs_ray.core.concept import Concept, Row, Seen

ACTORS = 3
WORD = "hello"
HELD = 0
"""The actor that is held back until the others have answered."""
PICKS = 12

VALUES = 8
EARLY = 3
"""How many values a call hands out before it waits to be let on."""
BOUND = 2
"""How many values may be under way to a reader who takes none."""

LARGE = 1_000_000
FROZEN = 0.5
"""Seconds that a process stands still: far less than any engine takes to declare one dead."""
LONGEST = 4.0
MEANWHILE = f"in {FROZEN:g} s"
MOST_ROUNDS = 100_000

PATIENCE = 30.0
"""Seconds to wait for what must come: when it has come, nobody waits any longer."""
SHORT_PATIENCE = 0.3
"""Seconds to wait for what must not come."""


def _some(value: object) -> bool:
    return isinstance(value, int) and value > 0


def _all_picks(value: object) -> bool:
    return isinstance(value, list) and len(value) == ACTORS and sum(value) == PICKS


def _path_of_the_program(monarch: Seen, ray: Seen) -> str:
    needing = [name for name, seen in _both(monarch, ray) if not _some(seen["talk_program"])]
    return (
        f"With the program stopped for {FROZEN:g} s, two actors made {monarch['talk_program']} round trips on"
        f" Monarch and {ray['talk_program']} on Ray; with one of the two stopped, {monarch['talk_peer']} and"
        f" {ray['talk_peer']}: on one host the program is on the path {_where(needing)}."
        f" Monarch with more hosts: {_each(monarch['talk_hosts'])}."
    )


def _each(counts: object) -> str:
    assert isinstance(counts, dict)
    return ", ".join(f"{number} {where}" for where, number in counts.items())


def _where(engines: list[str]) -> str:
    return f"on {' and '.join(engines)}" if engines else "on neither engine"


def _path_of_the_services(monarch: Seen, ray: Seen) -> str:
    services = ray["talk_services"]
    assert isinstance(services, dict)
    told = ", ".join(f"{rounds} with the {name} stopped" for name, rounds in services.items())
    needed = [name for name, rounds in services.items() if not rounds]
    return (
        f"Besides the program and the actors Ray has {ray['services']} processes, Monarch"
        f" {monarch['services']}. Round trips on Ray: {told}; needed for them: "
        f"{'; '.join(needed) or 'none of these'}."
    )


def _births(monarch: Seen, ray: Seen) -> str:
    made, there = monarch["born"], ray["born"]
    assert isinstance(made, dict)
    assert isinstance(there, dict)
    return (
        "New actors that an actor made with Monarch's program stopped: "
        + ", ".join(f"{number} in {where}" for where, number in made.items())
        + "; with Ray's GCS stopped: "
        + ", ".join(f"{number} in {where}" for where, number in there.items())
        + "."
    )


def _given_up(monarch: Seen, ray: Seen) -> str:
    fate = {engine: "survived" if seen["told_error"] else "died" for engine, seen in _both(monarch, ray)}
    return (
        f"Of two calls, one given up while it was queued, Monarch ran {monarch['given_up_ran']} and Ray"
        f" {ray['given_up_ran']}; after an error that nobody waited for, the actor {fate['Monarch']} on"
        f" Monarch and {fate['Ray']} on Ray."
    )


def _both(monarch: Seen, ray: Seen) -> tuple[tuple[str, Seen], tuple[str, Seen]]:
    return ("Monarch", monarch), ("Ray", ray)


CONCEPT = Concept(
    number=3,
    name="control_plane",
    title="Control plane",
    question="How are actors asked, told, streamed from, given up; and which processes are on the way?",
    watch=(
        "Monarch has a verb for each way to send; Ray has .remote() and a reference to get, await or cancel.",
        "Many values from one call: on Ray a generator, with back-pressure; on Monarch a port, with credits.",
        "A call that is given up: Ray can cancel it, Monarch's still runs.",
        "An error in a message that nobody waits for ends the actor on Monarch; on Ray nobody hears of it.",
        "Two actors talk on with the program stopped, or Ray's GCS; large messages need its raylet.",
    ),
    rows=(
        Row(key="reply_one", label="Reply of one actor", want=WORD),
        Row(key="replies_all", label="Replies of all actors", want=[WORD] * ACTORS),
        Row(key="reply_types", label="What a call of one, and of all, gives at once"),
        Row(key="awaited", label="The same replies, awaited", want=[WORD] * ACTORS),
        Row(key="early", label="Who answered before the held one was let go", want=[1, 2]),
        Row(key="late", label="Who answered after", want=HELD),
        Row(key="sum", label="Replies added up", want=sum(range(ACTORS))),
        Row(key="told_gives", label="What a message without reply gives the sender", want=None),
        Row(key="told", label="How often each actor was told", want=[1] * ACTORS),
        Row(key="chosen", label=f"{PICKS} calls to whichever actor: calls per actor", want=_all_picks),
        Row(key="values", label="Values from one call", want=list(range(VALUES))),
        Row(key="values_early", label="... of them received while the call still ran", want=EARLY),
        Row(key="generator", label="Calling a generator method"),
        Row(key="async_for", label="Several results can be read with `async for`"),
        Row(key="after_last", label="Reading on after the last value"),
        Row(key="unread", label="Values made for a reader who takes none", want=VALUES),
        Row(key="unread_bounded", label=f"... when at most {BOUND} may be under way", want=BOUND),
        Row(key="unanswered", label="A call waits while others are served", want=True),
        Row(key="late_reply", label="... and is answered later", want=WORD),
        Row(key="busy_answers", label="Answers while a long call runs", want=True),
        Row(key="timeout", label="What a wait that is too short raises"),
        Row(key="timeout_is", label="`except TimeoutError` catches it", want=True),
        Row(key="after_timeout", label="Waiting again for the same reply", want=WORD),
        Row(key="given_up_ran", label="Calls that ran, of 2, after the queued one was given up"),
        Row(key="mailbox", label="Mailbox: who wrote", want=[0, 1]),
        Row(key="mailbox_processes", label="Processes that the mailbox takes"),
        Row(key="mailbox_moves", label="Letting another actor read the mailbox"),
        Row(key="services", label="Processes besides the program's and the actors'"),
        Row(key="talk_peer", label="Control: round trips while one of the two is stopped", want=0),
        Row(key="talk_program", label="... while the program is stopped", want=_some, unit=MEANWHILE),
        Row(key="talk_program_large", label="... with 1 MB each way", want=_some, unit=MEANWHILE),
        Row(key="talk_hosts", described=("ray",), label="... between hosts, with the program stopped"),
        Row(key="talk_services", label="... while one of those processes is stopped"),
        Row(key="born", label="New actors while the program (Monarch), the GCS (Ray) is stopped"),
        Row(key="told_error", label="After an error that nobody waits for, the actor answers"),
    ),
    deadline=120.0,
    closing=(
        (
            "While it still ran, a call handed out {monarch[values_early]} values on Monarch, through a port,"
            " and {ray[values_early]} on Ray, as a generator; Monarch met a generator method with"
            " {monarch[generator]}."
        ),
        (
            "For a reader who took none, {monarch[unread]} and {ray[unread]} values were made;"
            " {monarch[unread_bounded]} with credits on Monarch, {ray[unread_bounded]} with an option on Ray."
        ),
        _given_up,
        _path_of_the_program,
        _path_of_the_services,
        _births,
    ),
)


def error_of(call: Callable[[], object]) -> Exception | None:
    """The exception that a call raised, or None."""
    try:
        call()
    except Exception as error:
        return error
    return None


def outcome(call: Callable[[], object]) -> str:
    """What a call that may be refused came to: what it gave, or the name of its error."""
    try:
        return str(call())
    except Exception as error:
        return type(error).__name__


def settled(count: Callable[[], int], expected: int, seconds: float = PATIENCE) -> int:
    """Where a growing count stops: it gets time to reach what is expected, and then some to exceed it."""
    until(lambda: count() >= expected, seconds)
    until(lambda: count() > expected, SHORT_PATIENCE)
    return count()


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Look again and again whether something has become true; false when it did not in that time."""
    latest = time.monotonic() + seconds
    while not true():
        if time.monotonic() > latest:
            return False
        time.sleep(0.01)
    return True


def some(count: Callable[[], int], tries: int = 3) -> int:
    """The first count that is not 0: on a busy machine what is possible may need a second try."""
    return next((number for number in (count() for _ in range(tries)) if number), 0)


def freeze(*pids: int, at_least: float = 0.0) -> tuple[float, float]:
    """Stop processes, this one perhaps, and give the moments between which they stood still.

    The moments are of ``time.monotonic()``, and FROZEN seconds apart, or ``at_least`` seconds if that is
    more, LONGEST at most. Whatever happens, the processes go on afterwards. Raises CalledProcessError.
    """
    seconds = min(max(FROZEN, at_least), LONGEST)
    freezer = str(Path(__file__).with_name("freezer.py"))
    helper = [sys.executable, "-I", "-S", freezer, str(seconds), *map(str, pids)]
    done = subprocess.run(helper, stdout=subprocess.PIPE, text=True, check=True, timeout=30)
    began, ended = map(float, done.stdout.split())
    return began, ended


def inside(moments: Iterable[float], window: tuple[float, float]) -> int:
    """How many of the moments lie within the window."""
    return sum(window[0] <= moment <= window[1] for moment in moments)
