"""Draw the actors' processes, the reach of one call, the callable methods, and concurrent calls."""

from __future__ import annotations

from dataclasses import replace

from demo_tui.cells import width as cell_width
from monarch_vs_ray.pictures.blocks import Block, Piece, Span, labelled
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.marks import bar, decades, duration, verdict, with_legend
from monarch_vs_ray.pictures.view import View

INSIDE = {
    "plain_methods_at_once": "plain",
    "async_methods_at_once": "async",
    "concurrency_asked_for": "asked for",
}
CALLS = frozenset(
    {
        *INSIDE, "what_is_returned", "unmarked_method", "private_method", "subclass_of_actor_class",
        "error_of_a_method", "waits_for_itself", "list_argument", "array_argument",
    }
)  # fmt: skip
"""The experiments whose slowest line is a call; elsewhere it is a start of processes, or a watch."""
ROOMY = 50
"""Columns from which the rows have room for the times of their calls."""
METHODS = {"unmarked_method": ("unmarked", "method()"), "private_method": ("private", "_method()")}


def blocks(view: View) -> list[Block]:
    """Return a row for each thing that a caller can rely on."""
    facts = view.facts
    found = [
        *_processes(view),
        *_reached(view),
        *_methods(facts),
        *_error(facts),
        *_inside(view),
        *_itself(view),
        *_arguments(facts),
        *_lives(facts),
        *_printed(view),
        *_latency(facts),
    ]
    timed = [_timed(block, facts, view.width) for block in found] if view.width >= ROOMY else found
    marks = [("●", "good", "reached, inside, lives"), ("○", "dim", "not")]
    if timed != found:
        marks.append(("━", "bar.full", "slowest call, log"))
    return with_legend(timed, *marks)


def _timed(block: Block, facts: Facts, width: int) -> Block:
    """Return a row with the time of its slowest call at the right, if there is room for it."""
    seconds = next((took for name in block.of & CALLS if (took := facts.slowest_line(name))), None)
    if seconds is None:
        return block
    time: list[Span] = [*decades(seconds), (f" {duration(seconds):<7}", "dim")]
    room = width - sum(cell_width(text) for text, _ in (*block.lines[0], *time))
    if room < 1:
        return block
    return replace(block, lines=((*block.lines[0], (" " * room, "text"), *time),))


def _processes(view: View) -> list[Block]:
    """Return the actors in their processes."""
    actors, processes = view.constant("SIBLINGS", 3), view.facts.count("siblings", "processes", 64)
    if not processes:
        return []
    shared = [actors // processes + (number < actors % processes) for number in range(processes)]
    boxes = " ".join(f"[{' '.join('●' * count)}]" for count in shared)
    word = "process" if processes == 1 else "processes"
    return [labelled(f"{actors} actors", (boxes, "accent"), f" {processes} {word}", of="siblings")]


def _reached(view: View) -> list[Block]:
    """Return the object that the caller holds, and the actors that one call reaches."""
    actors, reached = view.constant("ACTORS", 2), view.facts.count("what_is_returned", "reached", 64)
    kind = view.facts.text("what_is_returned", "type")
    if reached is None:
        return []
    dots: list[Span] = [("● " * min(reached, actors), "good"), ("○ " * max(0, actors - reached), "dim")]
    arrow = ("─1 call─▶ ", "accent")
    if reached > 1:
        dots = [("[", "accent"), (("● " * min(reached, actors)).rstrip(), "good"), ("] ", "accent")]
    return [
        labelled(
            "you hold", (kind + " ", "title"), arrow, *dots, f"{reached} of {actors}", of="what_is_returned"
        )
    ]


def _methods(facts: Facts) -> list[Block]:
    """Return which methods the caller may call, and whether the class can be subclassed."""
    found = []
    for name, (key, label) in METHODS.items():
        if text := facts.text(name, key):
            found.append(labelled(label, *_answer(text), of=name))
    if text := facts.text("subclass_of_actor_class", "reply"):
        found.append(labelled("subclass", *_answer(text), of="subclass_of_actor_class"))
    return found


def _answer(text: str) -> list[Span]:
    """Return a mark for an answer or an error, and the answer's text or the error's type."""
    fine = text.startswith("answered")
    shown = text.removeprefix("answered ") if fine else text.partition(":")[0]
    return [verdict(fine), (f" {shown}", "text" if fine else "bad")]


def _error(facts: Facts) -> list[Block]:
    """Return the error that the caller of a failing method catches."""
    name = "error_of_a_method"
    caught, same = facts.text(name, "caught"), facts.flag(name, "is_of_the_original_type")
    if not caught:
        return []
    spans: list[Piece] = [("you ◀─ ", "value"), (caught, "warn"), (" ", "text"), verdict(same)]
    return [labelled("ValueError", *spans, (" except ValueError", "dim"), of=name)]


def _inside(view: View) -> list[Block]:
    """Return the number of calls that ran in the actor at the same time."""
    calls, found = view.constant("CALLS", 4), []
    for name, label in INSIDE.items():
        inside = view.facts.count(name, "at_once", 64)
        if inside is None:
            continue
        dots: list[Span] = [("●" * min(inside, calls), "good"), ("○" * max(0, calls - inside), "dim")]
        note = f" {inside} inside" + (f", {calls - inside} wait" if inside < calls else " at once")
        found.append(labelled(f"{calls} {label}", ("▶[", "accent"), *dots, ("]", "accent"), note, of=name))
    return found


def _itself(view: View) -> list[Block]:
    answered = view.facts.flag("waits_for_itself", "answered")
    if answered is None:
        return []
    text = ("answered", "text") if answered else ("no answer", "bad")
    loop = ("[●─▶●] " if answered else "[●─▶○] ", "accent")
    return [labelled("awaits self", loop, verdict(answered), " ", text, of="waits_for_itself")]


def _arguments(facts: Facts) -> list[Block]:
    """Return the effect of a change of arguments by the actor."""
    found = []
    reply, callers = facts.items("list_argument", "reply"), facts.items("list_argument", "callers")
    if reply:
        copied = reply != callers
        spans: list[Piece] = [f"{callers} ", ("─▶", "accent"), f" {reply} "]
        found.append(
            labelled("list", *spans, ("a copy" if copied else "the same", "dim"), of="list_argument")
        )
    if text := facts.text("array_argument", "overwrite"):
        error = text.rpartition(": ")[2].rpartition(" is ")[2] if not text.startswith("answered") else ""
        note = [("✗ ", "bad"), (error, "text")] if error else [("✓ ", "good"), ("writes to a copy", "text")]
        found.append(labelled("array", *note, of="array_argument"))
    return found


def _lives(facts: Facts) -> list[Block]:
    """Return the effects of a failing constructor and of a dropped reference."""
    found = []
    name = "failing_constructor"
    if facts.faults(name) and (caught := facts.text(name, "caught")):
        where = facts.text(name, "failed_at")
        found.append(labelled("constructor", ("✗ ", "bad"), caught, (f" at the {where}", "dim"), of=name))
    lives = facts.flag("last_reference_dropped", "lives")
    if lives is not None:
        state: list[Piece] = [("●", "good"), " lives on"] if lives else [("✗", "bad"), " ends"]
        found.append(labelled("no handle", *state, of="last_reference_dropped"))
    return found


def _printed(view: View) -> list[Block]:
    lines, speakers = view.facts.count("printed", "stdout"), view.constant("SPEAKERS", 4)
    if lines is None:
        return []
    spans: list[Piece] = [*bar(lines, speakers, speakers), f" {lines} of {speakers} lines shown"]
    return [labelled(f"{speakers} print", *spans, of="printed")]


def _latency(facts: Facts) -> list[Block]:
    microseconds = facts.number("call_latency", "microseconds")
    if microseconds is None:
        return []
    spans: list[Piece] = [("you ", "value"), ("⇄", "accent"), f" actor {duration(microseconds / 1e6)}"]
    fastest = facts.metrics("call_latency", "call_latency_fastest")
    if fastest:
        spans.append((f", fastest {duration(fastest[-1].value / 1e6)}", "dim"))
    return [labelled("one call", *spans, of="call_latency")]
