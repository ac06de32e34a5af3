"""A session's timeline: what ran in the same processes, what in new ones, and what outlives the session."""

from __future__ import annotations

from monarch_vs_ray.pictures.blocks import Block, Line, Piece, Span, labelled
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.marks import duration
from monarch_vs_ray.pictures.view import View

SAME, NEW = ("══", "good"), ("\u2573\u2573", "warn")


def blocks(view: View) -> list[Block]:
    """Return a row for each line of the session, the jobs, and the ends of two sessions."""
    facts = view.facts
    found = [
        *_started(facts),
        *_rate(facts),
        *_state(facts),
        *_class(facts),
        *_edit(facts),
        *_module(facts),
        *_script(facts),
        *_tensor(facts),
        *_job(facts),
        *_sessions(facts),
    ]
    if any("══" in text or "\u2573" in text for block in found for line in block.lines for text, _ in line):
        legend: Line = (SAME, (" same processes  ", "dim"), NEW, (" new ones", "dim"))
        found.append(Block((legend,), keep=True))
    return found


def _processes(same: bool | None) -> Span:
    return ("··", "dim") if same is None else SAME if same else NEW


def _started(facts: Facts) -> list[Block]:
    by = facts.text("processes_of_a_session", "started_by")
    if not by:
        return []
    spans: list[Piece] = [
        ("you ─▶ " if "session" in by else "you ─▶ raylet ─▶ ", "accent"),
        ("[●][●]", "good"),
    ]
    return [labelled(">>> actors", *spans, f" by {by}", of="processes_of_a_session")]


def _rate(facts: Facts) -> list[Block]:
    name = "changed_rate"
    first, second = facts.items(name, "first"), facts.items(name, "second")
    if not second:
        return []
    shown = f" {_joined(first)} ─▶ {_joined(second)}"
    return [labelled(">>> rate", _processes(facts.flag(name, "same_processes")), shown, of=name)]


def _joined(items: list[object]) -> str:
    return " ".join(str(each) for each in items)


def _state(facts: Facts) -> list[Block]:
    state = facts.items("state_by_method", "state")
    return [labelled(">>> state()", f"{state}", of="state_by_method")] if state else []


def _class(facts: Facts) -> list[Block]:
    """Return whether actors of a changed class share the processes of the old ones."""
    found = []
    for name, label in (("changed_class", ">>> class"), ("changed_task", ">>> task")):
        shared = facts.count(name, "in_processes_of_the_old")
        if shared is not None:
            new = facts.items(name, "weights")
            shown = f" new {_joined(new)}" if new else ""
            old = facts.items(name, "weights_of_the_old")
            shown += f", old {_joined(old)}" if old else ""
            found.append(labelled(label, _processes(shared > 0), shown, of=name))
    return found


def _edit(facts: Facts) -> list[Block]:
    """Return how long it takes until a changed class runs."""
    edits = facts.metrics("time_of_an_edit", "edit")
    if not edits:
        return []
    times = " ".join(duration(each.value) for each in edits[-3:])
    return [labelled("  an edit", ("─▶ ", "accent"), times, of="time_of_an_edit")]


def _module(facts: Facts) -> list[Block]:
    """Return which version of a module runs where."""
    found = []
    name = "changed_module"
    if running := facts.text(name, "running_actor"):
        started = facts.text(name, "started_afterwards")
        spans: list[Piece] = ["runs ", _version(running), "  new actor ", _version(started)]
        found.append(labelled("$ edit file", *spans, of=name))
    name = "reloaded_module"
    if session := facts.text(name, "in_the_session"):
        process = facts.text(name, "after_reload_in_the_process")
        spans = ["session ", _version(session), "  process ", _version(process)]
        found.append(labelled(">>> reload", *spans, of=name))
    return found


def _version(text: str) -> Span:
    return (text or "·", "good" if text == "new" else "warn" if text else "dim")


def _script(facts: Facts) -> list[Block]:
    """Return how long each run of a script took."""
    name = "script_in_the_session"
    calls = facts.calls(name)
    if not calls:
        return []
    times = ", ".join(duration(ended.nanoseconds / 1e9) for _, ended in calls[:4])
    same = facts.flag(name, "same_processes")
    return [labelled(">>> script", _processes(same), f" {times}", of=name)]


def _tensor(facts: Facts) -> list[Block]:
    seen = facts.items("tensor_of_a_rank", "seen")
    shown = "  ".join(_joined(each) if isinstance(each, list) else str(each) for each in seen)
    return [labelled(">>> tensor", shown, of="tensor_of_a_rank")] if seen else []


def _job(facts: Facts) -> list[Block]:
    name = "script_as_a_job"
    calls, status = facts.calls(name), facts.text(name, "status")
    if not calls and not status:
        return []
    took = duration(calls[-1][1].nanoseconds / 1e9) if calls else ""
    return [labelled("$ as a job", ("─▶ ", "accent"), took, (f"  {status}", "dim"), of=name)]


def _sessions(facts: Facts) -> list[Block]:
    """Return what a second session reaches, and what is left when the first one ends."""
    found = []
    count = facts.count("second_session", "count")
    if count is not None:
        spans: list[Piece] = [("session 2 ─▶ ", "accent"), ("●", "good"), f" counted {count}"]
        found.append(labelled("$ another", *spans, of="second_session"))
    own = facts.flag("end_of_its_own_actor", "process_ended")
    kept = facts.flag("end_of_a_kept_actor", "process_ended")
    if own is None and kept is None:
        return found
    spans = ["own ", _left(own), "  kept ", _left(kept)]
    after = facts.count("end_of_a_kept_actor", "count_afterwards")
    spans += [f" counts {after}"] if after is not None else []
    found.append(labelled("$ 1 ends", *spans, of=("end_of_its_own_actor", "end_of_a_kept_actor")))
    return found


def _left(ended: bool | None) -> Span:
    return ("·", "dim") if ended is None else ("✗", "bad") if ended else ("●", "good")
