"""Breaks that need no engine: what a claim rests on is altered in a history, and the claim judged again.

Every observation that a claim's checks look at is altered in each plausible way, and faults are dropped; the
verdict must turn away from ``holds``. An alteration that leaves the statement true is no break:

- a number that a range accepts, if the statement names the bound in that direction; or if there is none in
  that direction; or if it stays within ``ABOUT`` of a number in the statement ("some 530 bytes"); or if the
  bound is a tolerance of floating-point arithmetic; or if "1 or more" stands for "at all";
- of a list of which the check looks for a part, whatever leaves that part in place: the statement names what
  must be found. An error's type in a text counts where the statement names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from monarch_vs_ray.core.concept import Check
from monarch_vs_ray.core.events import AnyEvent, FaultInjected, Observation
from monarch_vs_ray.core.verdicts import Finding
from monarch_vs_ray.ledger.brackets import Bracket
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.judge import judge

ABOUT = 0.15
"""How far from a number in the statement an altered number still is that number."""
TOLERANCE = 1e-3
SEVERAL = re.compile(r"\b(several|some of them|more than one|some)\b")
NUMBER_WORDS = dict(zip(("no", "one", "two", "three", "four", "five", "six"), range(7), strict=True)) | {
    "once": 1,
    "twice": 2,
    "none": 0,
}
ERROR_TYPE = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Endpoint)\b")
OTHER = "something else"
UPPER = {"at_most": "value", "between": "high"}
LOWER = {"at_least": "value", "between": "low"}
PARTS = ("contains", "matches")
"""Checkers that look for a part of what was observed."""

_MISSING = object()


@dataclass(frozen=True)
class Alteration:
    """One alteration of what a claim rests on, and the finding on the claim then."""

    what: str
    finding: Finding

    @property
    def noticed(self) -> bool:
        """Return whether the verdict turned away from ``holds``."""
        return self.finding.verdict != "holds"


def alterations(claim: Claim, found: Mapping[str, Bracket]) -> list[Alteration]:
    """Alter what a claim that holds rests on, in each plausible way, and judge it again.

    Args:
        claim: A claim that is tested by experiments.
        found: The brackets of its experiments, by name.

    Returns:
        Each alteration with what was found then.
    """
    whole = found[claim.cell.experiment]
    return [
        Alteration(what, judge(claim, {**found, claim.cell.experiment: broken}).statement)
        for what, broken in _broken(claim, whole)
    ]


def _broken(claim: Claim, whole: Bracket) -> Iterator[tuple[str, Bracket]]:
    """Yield brackets in which one thing differs, with what differs."""
    for key in _keys(claim):
        if key not in whole.seen:
            continue
        yield f"{key} not observed", _with(whole, {key: _MISSING})
        old = whole.seen[key]
        for what, new in _altered(old, claim, key):
            if new != old and not _same_meaning(claim, key, old, new):
                yield f"{key} {what}", _with(whole, {key: new})
    for pair in _pairs(claim):
        yield (
            f"{' and '.join(pair)} emptied",
            _with(whole, {key: _empty(whole.seen.get(key)) for key in pair}),
        )
    yield from _without_faults(whole)


def _keys(claim: Claim) -> list[str]:
    """Return the observations that the claim's checks look at."""
    named = (fields[name] for fields in claim.checks for name in ("key", "other") if name in fields)
    return list(dict.fromkeys(named))


def _pairs(claim: Claim) -> list[tuple[str, str]]:
    """Return the observations that are compared with each other."""
    return [(fields["key"], fields["other"]) for fields in claim.checks if "other" in fields]


def _with(bracket: Bracket, values: Mapping[str, object]) -> Bracket:
    """Return a bracket with other values of some observations; ``_MISSING`` leaves one out."""

    def altered(event: AnyEvent) -> AnyEvent:
        if isinstance(event, Observation) and event.key in values:
            return msgspec.structs.replace(event, value=values[event.key])
        return event

    events = (altered(event) for event in bracket.events)
    kept = (event for event in events if not (isinstance(event, Observation) and event.value is _MISSING))
    return _again(bracket, tuple(kept))


def _again(bracket: Bracket, events: tuple[AnyEvent, ...]) -> Bracket:
    return Bracket(bracket.began, events, bracket.ended, bracket.started, bracket.side_ended, bracket.history)


def _without_faults(bracket: Bracket) -> Iterator[tuple[str, Bracket]]:
    faults = [event for event in bracket.events if isinstance(event, FaultInjected)]
    for fault in faults:
        fewer = msgspec.structs.replace(fault, times=fault.times - 1)
        events = tuple(fewer if event is fault else event for event in bracket.events)
        yield f"one {fault.fault} of {fault.target} dropped", _again(bracket, events)
    if len(faults) > 1:
        events = tuple(event for event in bracket.events if not isinstance(event, FaultInjected))
        yield "every fault dropped", _again(bracket, events)


def _altered(value: object, claim: Claim, key: str) -> Iterator[tuple[str, object]]:
    """Yield plausible other values, each with what is done to the value."""
    if isinstance(value, bool):
        yield "turned round", not value
    elif isinstance(value, int | float):
        yield from _other_numbers(value, claim, key)
    elif isinstance(value, str):
        yield from _other_texts(value, claim)
    elif isinstance(value, list):
        yield from _other_lists(value)
    elif isinstance(value, dict):
        yield from _other_dicts(value)
    elif value is None:
        yield "there after all", OTHER
    if value is not None:
        yield "None", None


def _other_numbers(value: float, claim: Claim, key: str) -> Iterator[tuple[str, object]]:
    yield "0", 0
    yield "one more", value + 1
    yield "one less", value - 1
    yield "doubled", value * 2
    yield "halved", value / 2
    yield "ten times as much", value * 10
    for bound, upper in _bounds(claim, key):
        step = max(abs(bound) * 0.01, 1 if isinstance(value, int) else 0, 1e-9)
        yield f"just outside of {bound:g}", bound + (step if upper else -step)


def _other_texts(value: str, claim: Claim) -> Iterator[tuple[str, object]]:
    yield "empty", ""
    yield "another text", OTHER
    for name in dict.fromkeys(ERROR_TYPE.findall(value)):
        if name in claim.cell.statement or any(name in str(each.get("value")) for each in claim.checks):
            yield f"with another error than {name}", value.replace(name, "OtherFailure")
    if value.startswith("answered "):
        yield "another answer", f"answered {OTHER!r}"
        yield "an error in place of an answer", "OtherError: no"
    if value == "none":
        yield "an error after all", "OtherError"


def _other_lists(value: list[Any]) -> Iterator[tuple[str, object]]:
    yield "with one more", [*value, value[0] if value else OTHER]
    if not value:
        return
    yield "empty", []
    yield "without its last", value[:-1]
    yield "without its first", value[1:]
    yield "reordered", value[::-1]
    for at, element in enumerate(value[:6]):
        yield f"[{at}] altered", [*value[:at], _other(element), *value[at + 1 :]]


def _other_dicts(value: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "empty", {}
    for name, element in list(value.items())[:6]:
        yield f"without {name}", {key: each for key, each in value.items() if key != name}
        yield f"with another {name}", {**value, name: _other(element)}


def _other(value: object) -> object:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return value[:-1] if value else [OTHER]
    if isinstance(value, dict):
        return {**value, OTHER: OTHER}
    return OTHER if value is not None else 0


def _empty(value: object) -> object:
    """Return the value of that type that says least."""
    return type(value)() if value is not None else None


def _of(claim: Claim, key: str) -> list[Check]:
    return [fields for fields in claim.checks if key in (fields.get("key"), fields.get("other"))]


def _bounds(claim: Claim, key: str) -> Iterator[tuple[float, bool]]:
    """Yield the bounds that checks set to a number; with each, whether it is an upper one."""
    for fields in _of(claim, key):
        for names, upper in ((UPPER, True), (LOWER, False)):
            if name := names.get(fields["checker"]):
                yield fields[name], upper


def _same_meaning(claim: Claim, key: str, old: object, new: object) -> bool:
    """Return whether the statement is as true of ``new`` as of ``old``; see the module's text."""
    checks = _of(claim, key)
    if isinstance(new, int | float) and not isinstance(new, bool):
        return _is_number(old) and _same_number(claim, key, float(old), float(new))  # type: ignore[arg-type]
    return bool(new) and all(each["checker"] in PARTS for each in checks) and _part_stays(checks, old, new)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_number(claim: Claim, key: str, old: float, new: float) -> bool:
    """Return whether a number that the range accepts says the same."""
    bounds = [bound for bound, upper in _bounds(claim, key) if upper == (new > old)]
    inside = [new <= bound if new > old else new >= bound for bound in bounds]
    if not all(inside) or any(each["checker"] not in {*UPPER, *LOWER} for each in _of(claim, key)):
        return False
    said = numbers_in(claim.cell.statement)
    near = any(abs(new - number) <= ABOUT * abs(number) for number in said)
    return near or all(_is_said(bound, said, claim.cell.statement) for bound in bounds)


def _is_said(bound: float, said: set[float], statement: str) -> bool:
    several = bound == 2 and SEVERAL.search(statement)
    return bound in said or bound == 1 or abs(bound) <= TOLERANCE or bool(several)


def numbers_in(statement: str) -> set[float]:
    """Return the numbers that a statement names, in figures or in words up to six."""
    figures = {float(each) for each in re.findall(r"\d+(?:\.\d+)?", statement)}
    words = {NUMBER_WORDS[word] for word in re.findall(r"[a-z]+", statement.lower()) if word in NUMBER_WORDS}
    return figures | words


def _part_stays(checks: list[Check], old: object, new: object) -> bool:
    """Return whether each part that a check looks for is still there, where it was."""
    if isinstance(new, list):
        return all(each["value"] in new for each in checks)
    return False
