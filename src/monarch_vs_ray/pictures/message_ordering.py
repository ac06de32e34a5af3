"""Draw calls to one actor: calls that wait, calls that overtake, and the order of execution."""

from __future__ import annotations

from itertools import pairwise

from monarch_vs_ray.core.events import Message
from monarch_vs_ray.pictures.blocks import LABEL, Block, Line, Piece, fitted, labelled, row
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.marks import bar, duration, verdict, with_legend
from monarch_vs_ray.pictures.view import View

COUNTED = {
    "several_senders": "2 senders",
    "two_threads": "2 threads",
    "four_kinds_of_call": "4 ways",
    "four_kinds_of_call_unordered": " order off",
    "async_method": "async",
    "concurrent_calls": "concurrent",
    "two_kinds_of_method": "2 kinds",
}
HELD = {"held_call": "a0 is held", "held_call_unordered": "order off"}
CRASHES = {"crash": "crash, ran", "crash_and_send_again": " resent", "crash_with_retries": " retried"}


def blocks(view: View) -> list[Block]:
    """Return the counts of calls out of order, the ways of three calls, and what ran after a crash."""
    facts = view.facts
    found = []
    for name in ("several_senders", "two_threads", "four_kinds_of_call", "four_kinds_of_call_unordered"):
        found += _counted(facts, name)
    for name, label in HELD.items():
        found += _ways(facts, name, label, view.width)
    for name in ("async_method", "concurrent_calls", "two_kinds_of_method"):
        found += _counted(facts, name)
        found += _numbers(facts, name, view.width)
    if error := facts.text("async_actor_in_order", "error"):
        found.append(
            labelled(" in order?", ("refused: ", "text"), (error, "warn"), of="async_actor_in_order")
        )
    for name, label in CRASHES.items():
        found += _crash(view, name, label)
    marks = [("✗", "bad", "a later one came first"), ("[2]", "bad", "late")]
    if any(facts.has(name, "order") and not facts.messages(name) for name in HELD):
        marks = [*marks[:1], ("┄", "accent", "only the order is known")]
    return with_legend(found, *marks)


def _counted(facts: Facts, name: str) -> list[Block]:
    """Return the number of calls that began out of order, and that ended so."""
    begun, ended = facts.count(name, "out_of_order"), facts.count(name, "ended_out_of_order")
    if begun is None:
        return []
    spans: list[Piece] = [verdict(begun == 0), (f" {begun} out of order", "text" if begun == 0 else "bad")]
    if ended is not None:
        spans = [("began ", "dim"), verdict(begun == 0), (f" {begun:<4}", "text")]
        spans += [("ended ", "dim"), verdict(ended == 0), (f" {ended}", "text"), (" out of order", "dim")]
    changes = facts.count(name, "changes_of_sender")
    if changes is not None:
        spans.append((f", {changes} changes of sender", "dim"))
    return [labelled(COUNTED[name], *spans, of=name)]


# -- three calls: a0 is held up, a1 and b0 follow ----------------------------------------------------


def _ways(facts: Facts, name: str, label: str, width: int) -> list[Block]:
    """Return a line for each call, from where it was sent to where it ran."""
    order = [str(call) for call in facts.items(name, "order")][:3]
    if not order:
        return []
    cells = max(8, min(width - LABEL - 5, 76))
    times = _times(facts.messages(name))
    known = len(times) == 3
    lines: list[Line] = []
    for position, call in enumerate(sorted(order)):
        label_here = fitted(label if position == 0 else "", LABEL)
        sent, ran = _cells(times, call, cells) if known else (0, _step(order.index(call), cells))
        word = _word(facts, name, call)
        stroke = "─" if known else "┄"  # without times, only the order is known
        way = " " * sent + "├" + word.center(max(0, ran - sent - 2), stroke) + "▶"
        overtook = call == "a1" and facts.flag(name, "own_next_call_waited") is False
        style = "bad" if overtook else "warn" if word else "accent"
        place = (f"{order.index(call) + 1}.", "bad" if overtook else "value")
        lines.append(((label_here, "key"), (call + " ", "title"), (way, style), place))
    if known:
        last = duration(max(ran for _, ran in times.values()) / 1e9)
        axis = f"0{last:>{cells - 1}}"
        lines.append((((" " * (LABEL + 3) + axis), "dim"),))
    return [Block(tuple(lines), frozenset({name}))]


def _word(facts: Facts, name: str, call: str) -> str:
    """Return what is written on a call's way."""
    if call == "a0":
        return "held" if facts.faults(name) or facts.messages(name) else ""
    return "waits" if call == "a1" and facts.flag(name, "own_next_call_waited") else ""


def _times(messages: list[Message]) -> dict[str, tuple[int, int]]:
    """Return when each call was sent and when it began, in nanoseconds since the first was sent."""
    sent = {each.id: each.time for each in messages if each.phase == "sent" and each.time >= 0}
    begun = {each.id: each.time for each in messages if each.phase == "begun" and each.time >= 0}
    start = min(sent.values(), default=0)
    return {
        call: (sent[call] - start, max(sent[call], begun[call]) - start)
        for call in sent.keys() & begun.keys()
    }


def _cells(times: dict[str, tuple[int, int]], call: str, cells: int) -> tuple[int, int]:
    """Return at which cells a call's way begins and ends."""
    if call not in times:
        return 0, cells
    last = max(1, *(ran for _, ran in times.values()))
    sent, ran = (round(moment / last * (cells - 2)) for moment in times[call])
    return sent, max(ran + 2, sent + 2)


def _step(position: int, cells: int) -> int:
    """Return where a call's way ends of which only its place among three is known."""
    return max(2, cells * (position + 1) // 3)


# -- the numbers as they ran, and crashes ---------------------------------------------------------------


def _numbers(facts: Facts, name: str, width: int) -> list[Block]:
    """Return the numbers of calls as they began, those that came late in brackets."""
    numbers = [each.number for each in facts.messages(name) if each.phase == "begun"]
    if not numbers:
        return []
    spans: list[Piece] = []
    room = width - LABEL
    for earlier, later in pairwise([-1, *numbers]):
        text = f"[{later}] " if later < earlier else f"{later} "
        room -= len(text)
        if room < 0:
            break
        spans.append((text, "bad" if later < earlier else "text"))
    return [row((fitted(" as begun", LABEL), "key"), *spans, of=name)]


def _crash(view: View, name: str, label: str) -> list[Block]:
    """Return the number of calls that ran around the actor's death, and of those that ran twice."""
    facts, calls = view.facts, view.constant("CALLS", 200)
    ran, twice = facts.count(name, "ran"), facts.count(name, "ran_twice")
    if ran is None or twice is None:
        return []
    back = facts.count(name, "out_of_order") or 0
    spans: list[Piece] = [*bar(ran, calls, 6), (f" {ran}/{calls}", "text")]
    spans.append((f", {twice} twice", "warn" if twice else "dim"))
    if back:
        spans.append((f", {back} late", "warn"))
    return [labelled(label, *spans, of=name)]
