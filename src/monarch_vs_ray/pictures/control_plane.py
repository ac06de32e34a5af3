"""Ways to send and what comes back, and who must run while two actors talk."""

from __future__ import annotations

from monarch_vs_ray.core.events import Message
from monarch_vs_ray.pictures.blocks import LABEL, Block, Piece, Span, fitted, labelled, row
from monarch_vs_ray.pictures.facts import Facts, as_number
from monarch_vs_ray.pictures.marks import bar, duration, verdict, with_legend
from monarch_vs_ray.pictures.view import View

SHORT = {"remote, num_returns=0": "no returns", "execute, of a compiled graph": "graph", "bind": "bind only"}
TALKS = (
    ("talk_with_peer_stopped", "rounds", "the peer"),
    ("talk", "rounds", "the program"),
    ("talk", "large_rounds", " 1 MB"),
    ("talk_in_small_messages", "rounds", "services"),
    ("talk_in_large_messages", "large_rounds", "raylet 1 MB"),
    ("talk_between_hosts", "rounds", " 2 hosts"),
    ("new_actors", "in_its_process", "new actor"),
    ("new_actors", "in_new_processes", " new proc"),
)


def blocks(view: View) -> list[Block]:
    """Return a row for each way to send, each kind of reply, and each process that was stopped."""
    facts = view.facts
    found = [
        *_services(facts),
        *_ways(view),
        *_replies(facts),
        *_values(view),
        *_waits(facts),
        *_choice(view),
        *_talks(view),
    ]
    return with_legend(found, ("●", "good", "ran it"), ("○", "dim", "did not"), ("■", "warn", "stopped"))


def _services(facts: Facts) -> list[Block]:
    """Return the processes that belong to the engine itself."""
    services = facts.count("processes", "services")
    if services is None:
        return []
    tiers = (
        " ".join(str(tier) for tier in facts.items("processes", "tiers"))
        or f"runtime: {facts.text('processes', 'runtime')}"
    )
    return [labelled("services", (f"{services} ", "value"), (tiers, "text"), of="processes")]


def _ways(view: View) -> list[Block]:
    """Return for each way how many actors ran the message, what the caller holds, and how long it took."""
    name, actors = "ways_to_send", view.constant("ACTORS", 3)
    reached, returned = view.facts.value(name, "reached"), view.facts.value(name, "returned")
    phases = _phases(view.facts.messages(name))
    counts = reached if isinstance(reached, dict) else dict.fromkeys(phases)
    kinds = returned if isinstance(returned, dict) else {}
    found = []
    for way, count in counts.items():
        number = as_number(count)
        ran = None if number is None else int(min(max(number, 0), actors))
        progress = _progress(phases.get(str(way), {}), done=bool(ran))
        spans: list[Piece] = [_arrow(ran), *_dots(ran, actors), *progress, *_reply(kinds.get(way))]
        found.append(labelled(SHORT.get(str(way), str(way)), *spans, of=name))
    return found


def _phases(messages: list[Message]) -> dict[str, dict[str, int]]:
    """Return when each message came to each phase."""
    phases: dict[str, dict[str, int]] = {}
    for each in messages:
        phases.setdefault(each.id, {})[each.phase] = each.time
    return phases


def _arrow(ran: int | None) -> Span:
    return ("══▶ " if ran and ran > 1 else "┄┄┄ " if ran == 0 else "──▶ ", "accent" if ran else "dim")


def _dots(ran: int | None, actors: int) -> list[Span]:
    if ran is None:
        return [("· " * actors, "dim")]
    return [("● " * min(ran, actors), "good"), ("○ " * max(0, actors - ran), "dim")]


def _reply(kind: object) -> list[Span]:
    if not isinstance(kind, str):
        return []
    return [(" no reply", "dim")] if kind == "NoneType" else [(f" ─▶ {kind}", "dim")]


def _progress(phases: dict[str, int], *, done: bool) -> list[Span]:
    """Return a bar that is full when the answer is there, and the time where it was stamped."""
    if not phases:
        return []
    sent, answered = phases.get("sent", -1), phases.get("answered", -1)
    spans: list[Span] = [*bar(2 if answered >= 0 or done else 1, 2, 4, "bar.done")]
    if 0 <= sent <= answered:
        spans.append((f" {duration((answered - sent) / 1e9)}", "value"))
    return spans


def _replies(facts: Facts) -> list[Block]:
    """Return the replies in the order in which they were there."""
    name = "replies_as_they_come"
    early, late = facts.items(name, "early"), facts.items(name, "late")
    if not early and not late:
        return []
    spans: list[Piece] = [("you ", "value"), *((f"◀{rank} ", "good") for rank in early)]
    spans += [("┄┄ 0 is held ┄┄ ", "dim"), *((f"◀{rank} ", "warn") for rank in late)] if late else []
    return [labelled("replies", *spans, of=name)]


def _values(view: View) -> list[Block]:
    """Return the values of one call as they were there, and how many are made for a slow reader."""
    facts, count = view.facts, view.constant("VALUES", 8)
    found = []
    while_running = facts.count("values_of_one_call", "while_running", 64)
    if while_running is not None:
        values = [str(value) for value in facts.items("values_of_one_call", "values")] or [
            "?"
        ] * while_running
        early, rest = " ".join(values[:while_running]), " ".join(values[while_running:])
        spans: list[Piece] = [("you ◀ ", "value"), (early, "good"), (" ┊ ", "dim"), (rest, "text")]
        found.append(labelled("many values", *spans, (" at the end", "dim"), of="values_of_one_call"))
    for name, label in (
        ("slow_reader", "not read"),
        ("slow_reader_with_limit", f" at most {view.constant('BOUND', 2)}"),
    ):
        made = facts.count(name, "made")
        if made is not None:
            found.append(labelled(label, *bar(made, count, 8), f" {made} of {count} made", of=name))
    return found


def _waits(facts: Facts) -> list[Block]:
    """Return what giving up does to a call, and an error that nobody waits for to its actor."""
    found = []
    if error := facts.text("wait_too_short", "error"):
        later = facts.text("wait_too_short", "reply_afterwards")
        spans: list[Piece] = [
            ("◀ ", "dim"),
            (error, "warn"),
            f", then {later.removeprefix('answered ')}" if later else "",
        ]
        found.append(labelled("short wait", *spans, of="wait_too_short"))
    began = facts.flag("queued_call_given_up", "queued_began")
    if began is not None:
        text = ("runs all the same", "warn") if began else ("is cancelled", "good")
        found.append(labelled("given up", "the queued call ", text, of="queued_call_given_up"))
    survived = facts.flag("error_unheard", "survived")
    if survived is not None and facts.faults("error_unheard"):
        text = ("lives on", "good") if survived else ("died", "bad")
        found.append(labelled("unheard", "error, ", verdict(survived), " actor ", text, of="error_unheard"))
    return found


def _choice(view: View) -> list[Block]:
    """Return how many calls went to the one of several actors that was busy."""
    busy, calls = view.facts.count("one_of_several", "to_the_busy_one"), view.constant("CALLS", 60)
    if busy is None:
        return []
    spans: list[Piece] = [*bar(busy, calls, 6, "warn"), f" {busy}/{calls} to the busy"]
    return [labelled("any of 3", *spans, of="one_of_several")]


def _talks(view: View) -> list[Block]:
    """Return how far two actors came with their talk while something was stopped."""
    facts = view.facts
    counts = {(name, key): facts.count(name, key) for name, key, _ in TALKS}
    most = max((count for count in counts.values() if count), default=1)
    found = []
    for name, key, label in TALKS:
        count = counts[name, key]
        if count is None:
            continue
        mark: Span = ("■", "warn") if facts.faults(name) else (" ", "text")
        who = "the GCS" if label == "new actor" and "GCS" in _targets(facts, name) else label
        spans: list[Piece] = [
            mark,
            " ",
            verdict(count > 0),
            " ",
            *bar(count, most, 8),
            f" {count} rounds" if count else " none",
        ]
        found.append(labelled(who, *spans, of=name))
    if found:
        heading = row(
            (fitted("A ⇄ B talk", LABEL), "title"),
            ("■ is stopped", "warn"),
            f" for {view.constants.get('FROZEN', '?')} s:",
        )
        heading = Block((heading.lines[0],), frozenset(name for name, _, _ in TALKS))
        found.insert(0, heading)
    return found


def _targets(facts: Facts, name: str) -> str:
    return " ".join(fault.target for fault in facts.faults(name))
