"""Draw a program, a parent and its two workers: the deaths in each experiment, and the path of the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from monarch_vs_ray.pictures.blocks import LABEL, Block, Span, fitted, labelled, row
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.marks import duration
from monarch_vs_ray.pictures.view import View

RUNS, DIED, ANEW, UNKNOWN = ("●", "good"), ("✗", "bad"), ("↻", "accent"), ("·", "dim")
NO_NEWS, REPORT, CALL = ("───", "border"), ("◀──", "bad"), ("──▶", "warn")


@dataclass(frozen=True)
class Family:
    """Hold the states in one experiment, and the path of the failure report from the workers upwards."""

    note: str = ""
    remark: str = ""
    program: Span = RUNS
    to_program: Span = NO_NEWS
    parent: Span = UNKNOWN
    to_parent: Span = NO_NEWS
    first: Span = UNKNOWN
    second: Span = UNKNOWN


def blocks(view: View) -> list[Block]:
    """Return a row for each experiment."""
    found = []
    for name, (label, read) in ROWS.items():
        if view.facts.begun(name):
            family = read(view.facts, name)
            spans = (
                family.program, family.to_program, family.parent, family.to_parent, family.first, "  ",
                family.second, (" " + family.note, "value"), (family.remark, "dim"),
            )  # fmt: skip
            found.append(labelled(label, *spans, of=name))
    if not found:
        return []
    head = row((fitted("", LABEL - 4) + "prog parent w0 w1", "dim"), keep=True)
    marks = (RUNS, " runs ", DIED, " died ", ANEW, " new ", ("◀", "bad"), " report ", ("▶", "warn"), " call")
    return [head, *found, row(*marks, ("  ○ ended", "dim"), keep=True)]


def _state(runs: bool | None) -> Span:
    return UNKNOWN if runs is None else RUNS if runs else DIED


def _hit(facts: Facts, name: str) -> Span:
    """Return the state of the process that the experiment broke: unknown where no fault was injected."""
    return DIED if facts.faults(name) else UNKNOWN


def _exception(facts: Facts, name: str) -> Family:
    """Read what an exception in a method of worker 0 did."""
    answers = facts.text(name, "answers_afterwards").startswith("answered")
    lives = facts.flag(name, "actor_lives")
    told = facts.flag(name, "owner_was_told")
    caught = facts.text(name, "caught")
    if lives is None and facts.has(name, "answers_afterwards"):
        lives = answers
    if lives is None and facts.has(name, "later_call"):
        lives = facts.text(name, "later_call") == "none"
    return Family(
        note=caught or ("reported" if told else "no report" if facts.ended(name) else ""),
        parent=_state(True if caught or told is not None or lives is not None else None),
        to_parent=REPORT if told else CALL if caught else NO_NEWS,
        first=_state(lives) if facts.faults(name) else UNKNOWN,
    )


def _dead_actor_called(facts: Facts, name: str) -> Family:
    caller = facts.flag(name, "caller_lives")
    note = "" if caller is None else "caller lives" if caller else "caller died"
    return Family(note=note, parent=_state(caller), to_parent=CALL, first=_hit(facts, name))


def _death(facts: Facts, name: str) -> Family:
    """Read what the death of worker 0 did, in a call or between calls."""
    told, caught = facts.flag(name, "owner_was_told"), facts.text(name, "caught")
    seconds = facts.number(name, "seconds")
    heard = bool(told or caught)
    cause = caught or facts.text(name, "cause")
    return Family(
        note=duration(seconds) if heard and seconds is not None else "",
        remark=f", {cause}" if cause else "",
        parent=_state(True if heard else None),
        to_parent=REPORT if told else CALL if caught else NO_NEWS,
        first=_hit(facts, name),
        second=_state(facts.flag(name, "sibling_answers")),
    )


def _parent_decides(facts: Facts, name: str) -> Family:
    """Read whether the death of a worker went past its parent."""
    parent, gets = facts.text(name, "parent"), facts.text(name, "root_gets")
    reached = facts.flag(name, "reached_the_root")
    by_call = "by its own call" in gets
    note, remark = ("ends here", ", program not notified") if gets == "nothing" else ("", "")
    if reached or by_call:
        note, remark = ("goes up", ", program notified") if reached else ("by a call", " of the program")
    told = facts.count(name, "reports")
    return Family(
        note=note,
        remark=remark,
        to_program=REPORT if reached else CALL if by_call else NO_NEWS,
        parent=_state(None if not parent else parent == "lives on"),
        to_parent=REPORT if told else CALL if parent else NO_NEWS,
        first=_hit(facts, name),
        second=_state(facts.flag(name, "other_worker_runs")),
    )


def _looks_away(facts: Facts, name: str) -> Family:
    ending, whole = facts.text(name, "ending"), facts.flag(name, "came_to_its_end")
    to_program = REPORT if whole is False and facts.faults(name) else NO_NEWS
    return Family(note=ending, program=_state(whole), to_program=to_program, parent=_hit(facts, name))


def _comes_back(facts: Facts, name: str) -> Family:
    """Read what came back after a kill; a count that begins at 1 again is a new process."""
    seconds, back = facts.number(name, "seconds"), facts.items(name, "came_back")
    anew = facts.number(name, "first_count") == 1
    sibling = facts.number(name, "sibling_count")
    note, remark = f"{seconds:.2f} s" if seconds is not None else "", ""
    if len(back) == 2:
        remark = ", again after kill 2" if back[1] else ", gone after kill 2"
    return Family(
        note=note,
        remark=remark,
        parent=_state(True if seconds is not None else None),
        to_parent=CALL if facts.text(name, "caught_meanwhile") else NO_NEWS,
        first=ANEW if anew else _hit(facts, name),
        second=UNKNOWN if sibling is None else ANEW if sibling == 1 else RUNS,
    )


def _repeated(facts: Facts, name: str) -> Family:
    times = facts.count(name, "executions")
    died = facts.faults(name)
    return Family(
        note="" if times is None else "ran twice" if times == 2 else f"ran {times} x",
        parent=_state(True if times is not None else None),
        to_parent=CALL,
        first=UNKNOWN if times is None else ANEW if died else RUNS,
    )


def _on_purpose(facts: Facts, name: str) -> Family:
    failure = facts.flag(name, "is_a_failure")
    note = "" if failure is None else "a failure" if failure else "no failure"
    stopped = ("○", "dim") if failure is not None else UNKNOWN
    return Family(note=note, parent=_state(None if failure is None else True), first=stopped)


def _parent_killed(facts: Facts, name: str) -> Family:
    run = facts.count(name, "workers_that_run")
    states = [UNKNOWN, UNKNOWN] if run is None else [_state(run > 0), _state(run > 1)]
    seconds = facts.number(name, "seconds")
    note = "" if run is None else f"{run} run on" if run else "both end"
    if seconds is not None and not run:
        note += f", {seconds:.2f} s"
    return Family(note=note, parent=_hit(facts, name), first=states[0], second=states[1])


def _program_ends(facts: Facts, name: str) -> Family:
    outlives = facts.flag(name, "actor_outlives_it")
    ended = facts.text(name, "ending")
    note = "" if outlives is None else "it lives on" if outlives else "it ends too"
    family = Family(note=note, parent=_state(outlives))
    return replace(family, program=("○", "dim")) if ended else family


ROWS: dict[str, tuple[str, Callable[[Facts, str], Family]]] = {
    "exception_awaited": ("error", _exception),
    "exception_unawaited": (" unawaited", _exception),
    "call_to_a_dead_actor": ("call a dead", _dead_actor_called),
    "death_in_a_call": ("dies, busy", _death),
    "idle_death": ("dies, idle", _death),
    "parent_handles": ("handled", _parent_decides),
    "parent_lets_go": ("not handled", _parent_decides),
    "program_looks_away": ("prog. busy", _looks_away),
    "restart_after_a_kill": ("restart", _comes_back),
    "call_repeated": ("call again", _repeated),
    "exception_repeated": ("error again", _repeated),
    "stopped_on_purpose": ("stopped", _on_purpose),
    "parent_killed": ("parent dies", _parent_killed),
    "program_ends": ("prog. ends", _program_ends),
    "program_with_a_detached_actor_ends": (" detached", _program_ends),
}
