"""Draw the location of the bytes, the handle that is sent, and whether a read needs the owner."""

from __future__ import annotations

from monarch_vs_ray.pictures.blocks import LABEL, Block, Line, Piece, Span, fitted, labelled
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.marks import bar, duration, size, with_legend
from monarch_vs_ray.pictures.view import View

OWNERS = {"busy_owner": "busy", "owner_keeps_lock": "holds lock", "stopped_owner": "stopped"}

MAPS = " ◀─ maps, no copy"
FAST = 5e9
"""The rate of a full bar, in bytes/s."""
OWNED: Line = (("│ ", "dim"), ("bytes", "title"), (" │", "dim"))


def blocks(view: View) -> list[Block]:
    """Return the path of the bytes, what a change does, and reads of an owner that is disturbed."""
    facts = view.facts
    found = [
        *_handle(facts),
        *_path(facts),
        *_elsewhere(facts),
        *_changes(facts),
        *_owners(facts),
        *_weights(facts),
        *_cost(view),
        *_ends(facts),
    ]
    return with_legend(found, ("✓", "good", "done"), ("✗", "bad", "not"), ("■", "warn", "stopped"))


def _handle(facts: Facts) -> list[Block]:
    """Return the size of the handle."""
    sizes = [each for each in facts.items("handles", "handle_bytes") if isinstance(each, int)]
    if not sizes:
        return []
    spread = f"{min(sizes)} to {max(sizes)} B" if min(sizes) < max(sizes) else f"{sizes[0]} B"
    return [labelled("you send", (f"─▶ {spread}", "accent"), " for 1 KB to 64 MB", of="handles")]


def _path(facts: Facts) -> list[Block]:
    """Return where the bytes are after a read: a copy of the reader's own, or memory that both map."""
    place = facts.text("read", "lies")
    if not place:
        return []
    inside = len(place) + 2
    if "shared" in place:
        lines: list[Line] = [
            (("owner   ", "key"), (f"┌{'─' * inside}┐", "dim"), ("   reader", "key")),
            ((" put ─▶ ", "accent"), ("│ ", "dim"), (place, "title"), (" │", "dim"), (MAPS, "accent")),
            (("        ", "dim"), (f"└{'─' * inside}┘", "dim")),
        ]
    else:
        top = (f"{'─' * (inside - 8)}┐", "dim")
        lines = [
            (("┌ ", "dim"), ("owner", "key"), (" ┐        ┌ ", "dim"), ("reader", "key"), (" ", "dim"), top),
            (*OWNED, ("══1 MB═▶", "accent"), ("│ ", "dim"), (place, "title"), (" │", "dim")),
            ((f"└───────┘        └{'─' * inside}┘", "dim"),),
        ]
    return [Block(tuple(lines), frozenset({"read"}))]


def _elsewhere(facts: Facts) -> list[Block]:
    """Return the copies that a read from another host leaves."""
    place = facts.text("read_elsewhere", "lies")
    if not place:
        return []
    before, after = (facts.count("read_elsewhere", key) for key in ("copies_before", "copies_after"))
    copies = f", {before} ─▶ {after} copies" if before is not None and after is not None else ""
    return [labelled("other host", ("══▶ ", "accent"), f"{place}{copies}", of="read_elsewhere")]


def _changes(facts: Facts) -> list[Block]:
    """Return whether a change by the owner or a reader is visible to the other."""
    found = []
    as_it_was = facts.flag("read_after_a_change", "as_it_was")
    if as_it_was is not None:
        text = "a read shows the old" if as_it_was else "a read shows the change"
        found.append(labelled("published", text, of="read_after_a_change"))
    if error := facts.text("write_into_what_was_read", "write"):
        text = "into the reader's own copy" if error == "none" else error
        mark: Span = ("✓ ", "good") if error == "none" else ("✗ ", "bad")
        found.append(labelled("write copy", mark, text, of="write_into_what_was_read"))
    if (has := facts.flag("write_to_the_owner", "owner_has_it")) is not None:
        arrow = [("reader ══▶ owner ", "accent"), ("✓" if has else "✗", "good" if has else "bad")]
        found.append(labelled("write back", *arrow, of="write_to_the_owner"))
    return found


def _owners(facts: Facts) -> list[Block]:
    """Return reads on the owner's host and on another, while the owner is disturbed."""
    found = []
    for name, label in OWNERS.items():
        near, far = facts.text(name, "near"), facts.text(name, "far")
        call = facts.text(name, "earlier_call")
        if not near and not facts.faults(name):
            continue
        stopped: Span = ("■ ", "warn") if facts.faults(name) else ("● ", "good")
        spans: list[Piece] = [stopped, _went(near), _went(far)]
        spans += [("waits", "dim")] if call == "waited" else []
        found.append(labelled(f" {label}", *spans, of=name))
    if found:
        heading: Line = ((fitted("owner is", LABEL), "title"), ("  near    far     call", "dim"))
        found.insert(0, Block((heading,), frozenset(OWNERS)))
    name = "dead_owner"
    if facts.faults(name) and (error := facts.text(name, "read")):
        seconds = facts.number(name, "failed_after") or facts.number(name, "reported_after")
        after = f" {duration(seconds)}" if seconds is not None else ""
        found.append(
            labelled(
                " killed", ("✗ ", "bad"), (error.removeprefix("Exception: "), "text"), (after, "dim"), of=name
            )
        )
    return found


def _went(outcome: str) -> Span:
    fine = outcome == "finished"
    if not outcome:
        return ("·".ljust(8), "dim")
    return (("✓" if fine else "✗ waits").ljust(8), "good" if fine else "bad")


def _weights(facts: Facts) -> list[Block]:
    """Return a pull of weights while the trainer trains."""
    found = []
    for name, label in (("pull_weights", "16 MB pull"), ("pull_live_weights", " of live")):
        versions, steps = facts.count(name, "versions"), facts.count(name, "steps")
        if versions is None:
            continue
        mixed: Span = ("✓ 1 version", "good") if versions == 1 else (f"✗ {versions} versions mixed", "bad")
        publish = facts.number(name, "publish_ms")
        spans: list[Piece] = [mixed, f", {steps} steps" if steps is not None else ""]
        spans += [(f", publish {publish:g} ms", "dim")] if publish is not None else []
        found.append(labelled(label, *spans, of=name))
    return found


def _cost(view: View) -> list[Block]:
    """Return the owner's processor time for reads of 128 MB, and a collective that waits for its partner."""
    facts, found = view.facts, []
    milliseconds = facts.number("owner_cost", "cpu_milliseconds")
    if milliseconds is not None:
        spans: list[Piece] = [*bar(milliseconds, 200, 8), f" owner works {milliseconds:g} ms"]
        found.append(labelled("128 MB read", *spans, of="owner_cost"))
    seconds = facts.slowest_line("owner_cost", "inputs.IDLE_PULLS")
    if seconds:
        rate = view.constant("IDLE_PULLS", 8) * view.constant("WEIGHTS", 1 << 24) / seconds
        spans = [*bar(rate, FAST, 8), f" {size(rate)}/s", (" with its check", "dim")]
        found.append(labelled(" its rate", *spans, of="owner_cost"))
    if alone := facts.text("receiver_alone", "alone"):
        together = facts.text("receiver_alone", "together")
        spans = [("alone ", "dim"), _waits(alone), (" both ", "dim"), _waits(together)]
        found.append(labelled("collective", *spans, of="receiver_alone"))
    return found


def _waits(outcome: str) -> Span:
    return ("✓", "good") if outcome == "finished" else ("waits", "warn") if outcome else ("·", "dim")


def _ends(facts: Facts) -> list[Block]:
    """Return a read of bytes that the owner has given up."""
    outcome = facts.text("withdrawn", "read")
    if not outcome:
        return []
    if outcome == "finished":
        return [labelled("withdrawn", ("✓ ", "good"), "a reader that holds it reads on", of="withdrawn")]
    return [labelled("withdrawn", ("✗ ", "bad"), outcome.removeprefix("Exception: "), of="withdrawn")]
