"""Draw eight actors on two hosts: the reach of a call, and the actors that a stopped process blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from monarch_vs_ray.pictures.blocks import LABEL, Block, Piece, Span, fitted, labelled, row
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.view import View

Mark = Callable[[int], Span]

CALLED = {"second_half": "2nd half", "every_second": "every 2nd"}
STOPPED = {
    "stopped_process": " stopped",
    "stopped_process_in_one_row": ", flat",
    "row_with_fanout_of_two": ", fanout 2",
    "stopped_in_a_tree_of_actors": ", own tree",
}

YOU = ("you ", "value")


def blocks(view: View) -> list[Block]:
    """Return the group's shape, a row for each call, and a row for each stopped process."""
    facts, hosts = view.facts, view.constant("HOSTS", 2)
    group = Group(hosts * view.constant("PROCS", 4), hosts)
    found = [*_shape(facts, group)]
    for name, label in CALLED.items():
        if reached := facts.ranks(name, "reached"):
            found.append(
                labelled(label, *group.reached(reached), f" {len(reached)}", (" reached", "dim"), of=name)
            )
    found += [*_regrouped(facts), *_beside(facts)]
    stopped = [name for name in STOPPED if facts.faults(name)]
    found += [_stopped(facts, name, group) for name in stopped]
    found += _too_many(facts)
    if stopped:
        legend: list[Piece] = [("✓", "good"), " answered  ", ("■", "warn"), " stopped  ", ("✗", "bad")]
        legend += [" silent", ("  ┄▶ through it", "dim")]
        found.append(row(*legend, keep=True))
    return found


@dataclass(frozen=True)
class Group:
    """Hold the numbers of actors and hosts."""

    actors: int
    hosts: int

    def marks(self, mark: Mark) -> list[Span]:
        """Return a mark for each rank, with a bar between the hosts."""
        spans: list[Span] = []
        for rank in range(self.actors):
            edge = rank and rank % max(1, self.actors // self.hosts) == 0
            spans += [("│" if edge else " ", "dim")] if rank else []
            spans.append(mark(rank))
        return spans

    def reached(self, ranks: Collection[int]) -> list[Span]:
        """Return a mark for each rank that a call reached."""
        return self.marks(lambda rank: ("✓", "good") if rank in ranks else ("·", "dim"))


def _shape(facts: Facts, group: Group) -> list[Block]:
    """Return what the caller holds, and above each column its rank."""
    of = ("what_is_held", "replies")
    if not facts.ended(of[0]):
        return []
    mesh, handles = facts.text(of[0], "actors"), facts.items(of[0], "held")
    ranks = ((fitted("rank", LABEL), "dim"), *group.marks(lambda rank: (str(rank % 10), "dim")))
    if mesh:
        cells = 2 * group.actors // group.hosts - 1
        names = "│".join(fitted(f"host {number}", cells) for number in range(group.hosts))
        found = [
            row(YOU, ("─1 call─▶ ", "accent"), (mesh, "title"), of=of),
            Block((((" " * LABEL + names, "dim"),), ranks), frozenset(of), keep=True),
        ]
    else:
        kind = str(next(iter(handles), "handle"))
        calls = (f"─{group.actors} calls─▶ ", "accent")
        found = [
            row(YOU, calls, (f"a list of {kind}", "title"), of=of),
            Block((ranks,), frozenset(of), keep=True),
        ]
    if replies := facts.text("replies", "replies_as"):
        marks = group.reached(range(group.actors))
        found.append(labelled("call all", *marks, " " + replies.partition(" hosts")[0], of="replies"))
    return found


def _regrouped(facts: Facts) -> list[Block]:
    """Return the shapes that the same processes were given."""
    same = facts.flag("regrouped", "same_processes")
    if same is None:
        return []
    where = (" same processes", "good") if same else (" other processes", "bad")
    shapes = [shape for key in ("split", "renamed") if (shape := facts.text("regrouped", key))]
    texts = shapes or ["new list,"]
    labels = ["regrouped"] + [""] * (len(texts) - 1)
    lines = [
        ((fitted(label, LABEL), "key"), (text, "text")) for label, text in zip(labels, texts, strict=True)
    ]
    return [Block((*lines[:-1], (*lines[-1], where)), frozenset({"regrouped"}))]


def _stopped(facts: Facts, name: str, group: Group) -> Block:
    """Return the row of one experiment: the stopped process, and the actors that did not answer meanwhile."""
    silent = facts.ranks(name, "held_up")
    target = re.search(r"actor (\d+)", facts.faults(name)[0].target)
    victim = int(target.group(1)) if target else min(silent) if len(silent) == 1 else -1

    def mark(rank: int) -> Span:
        if rank == victim:
            return ("■", "warn")
        if not facts.has(name, "held_up"):
            return ("·", "dim")
        return ("✗", "bad") if rank in silent else ("✓", "good")

    spans: list[Span] = []
    if facts.has(name, "held_up"):
        spans.append((f" {len(silent)} silent", "bad" if len(silent) > 1 else "text"))
    if behind := sorted(silent - {victim}):  # the way there is inferred from who falls silent
        spans.append((f"  {victim} ┄▶ {' '.join(map(str, behind))}", "dim"))
    label = f"{victim if victim >= 0 else 'one'}{STOPPED[name]}"
    return labelled(label, *group.marks(mark), *spans, of=name)


def _beside(facts: Facts) -> list[Block]:
    """Return the number of processes that two more actors took."""
    new = facts.count("actors_beside", "new_processes")
    if new is None:
        return []
    cells = "[● ○] [● ○]" if new == 0 else "[●] [●]" + " [○]" * min(new, 4)
    return [
        labelled("2 more (○)", (cells, "accent"), f" {new} new", (" processes", "dim"), of="actors_beside")
    ]


def _too_many(facts: Facts) -> list[Block]:
    """Return the outcome of a request for more GPUs than there are."""
    name = "more_gpus_than_there_are"
    state = facts.text(name, "state")
    outcome = (state or facts.text(name, "outcome")).removeprefix("answered ").strip("'")
    return [labelled("GPUs + 2", (outcome, "warn" if state else "text"), of=name)] if outcome else []
