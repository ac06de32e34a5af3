"""Checkers: pure functions from what one experiment observed to a verdict, and all there are.

A checker gets a ``Bracket`` and the fields of a claim's ``check`` table, for instance
``check = { checker = "equals", key = "out_of_order", value = 0 }``. What was not observed is ``unknown``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from monarch_vs_ray.core.verdicts import Finding
from monarch_vs_ray.ledger.brackets import Bracket

Checker = Callable[..., Finding]
CHECKERS: dict[str, Checker] = {}

LONGEST = 160


def checker(function: Checker) -> Checker:
    """Make a function known by its name."""
    CHECKERS[function.__name__] = function
    return function


def check(bracket: Bracket, fields: Mapping[str, Any]) -> Finding:
    """Apply the checker that ``fields`` names; one that fails has found out nothing."""
    try:
        return _check(bracket, fields)
    except Exception as error:
        return Finding("unknown", f"checker {fields.get('checker')} failed: {type(error).__name__}: {error}")


def _check(bracket: Bracket, fields: Mapping[str, Any]) -> Finding:
    """Apply the checker that ``fields`` names to an experiment's events."""
    arguments = {name: value for name, value in fields.items() if name != "checker"}
    return CHECKERS[fields["checker"]](bracket, **arguments)


def complaint(fields: Mapping[str, Any]) -> str:
    """Return what is wrong with a claim's ``check`` table; empty when nothing is."""
    name = fields.get("checker")
    if name not in CHECKERS:
        return f"no checker is called {name!r}; there are {', '.join(sorted(CHECKERS))}"
    arguments = {key: value for key, value in fields.items() if key != "checker"}
    try:
        inspect.signature(CHECKERS[name]).bind(None, **arguments)
    except TypeError as error:
        return f"checker {name}: {error}"
    return ""


def show(value: object) -> str:
    """Return a value as it stands in a line of evidence."""
    text = (
        repr(value) if isinstance(value, str) else f"{value:.6g}" if isinstance(value, float) else str(value)
    )
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


_MISSING = object()


def _compare(bracket: Bracket, key: str, compare: Callable[[Any], bool], told: str = "") -> Finding:
    """The verdict of ``compare`` on an observation; a value that cannot be compared is not known."""
    value = bracket.seen.get(key, _MISSING)
    if value is _MISSING:
        return Finding("unknown", f"{key} was not observed")
    said = f"{key} = {show(value)}"
    try:
        agrees = compare(value)
    except TypeError:
        return Finding("unknown", f"{said} cannot be compared{told}")
    return Finding("holds" if agrees else "refuted", said + ("" if agrees else told))


@checker
def equals(bracket: Bracket, key: str, value: object) -> Finding:
    """The observation is this value."""
    return _compare(bracket, key, lambda seen: bool(seen == value), f", not {show(value)}")


@checker
def differs(bracket: Bracket, key: str, value: object) -> Finding:
    """The observation is another value than this one."""
    return _compare(bracket, key, lambda seen: bool(seen != value))


@checker
def at_least(bracket: Bracket, key: str, value: float) -> Finding:
    """The observation is this number or more."""
    return _compare(bracket, key, lambda seen: bool(seen >= value), f", less than {show(value)}")


@checker
def at_most(bracket: Bracket, key: str, value: float) -> Finding:
    """The observation is this number or less."""
    return _compare(bracket, key, lambda seen: bool(seen <= value), f", more than {show(value)}")


@checker
def between(bracket: Bracket, key: str, low: float, high: float) -> Finding:
    """The observation lies between these numbers, both included."""
    return _compare(bracket, key, lambda seen: bool(low <= seen <= high), f", not in {low:g}..{high:g}")


@checker
def one_of(bracket: Bracket, key: str, values: list[object]) -> Finding:
    """The observation is one of these values."""
    return _compare(bracket, key, lambda seen: seen in values, f", none of {show(values)}")


@checker
def contains(bracket: Bracket, key: str, value: object) -> Finding:
    """The observed text or list has this in it."""
    return _compare(bracket, key, lambda seen: value in seen, f", without {show(value)}")


@checker
def lacks(bracket: Bracket, key: str, value: object) -> Finding:
    """The observed text or list does not have this in it."""
    return _compare(bracket, key, lambda seen: value not in seen)


@checker
def matches(bracket: Bracket, key: str, pattern: str) -> Finding:
    """The observed text matches this regular expression somewhere."""
    return _compare(bracket, key, lambda seen: bool(re.search(pattern, seen)), f", unlike {pattern!r}")


@checker
def same(bracket: Bracket, key: str, other: str) -> Finding:
    """Two observations are equal."""
    return _pair(bracket, key, other, lambda one, two: bool(one == two), "differs from")


@checker
def different(bracket: Bracket, key: str, other: str) -> Finding:
    """Two observations are not equal."""
    return _pair(bracket, key, other, lambda one, two: bool(one != two), "equals")


@checker
def less(bracket: Bracket, key: str, other: str, factor: float = 1.0) -> Finding:
    """One observation is less than ``factor`` times another one."""
    return _pair(bracket, key, other, lambda one, two: bool(one < factor * two), "is not less than that of")


def _pair(bracket: Bracket, key: str, other: str, compare: Callable[[Any, Any], bool], told: str) -> Finding:
    second = bracket.seen.get(other, _MISSING)
    if second is _MISSING:
        return Finding("unknown", f"{other} was not observed")
    finding = _compare(bracket, key, lambda first: compare(first, second), f", which {told} {other}")
    return Finding(finding.verdict, f"{finding.said}; {other} = {show(second)}")


@checker
def fails(bracket: Bracket, operation: str, error: str = "") -> Finding:
    """A call of this name failed, with an exception of this type if one is given."""
    names = {
        event.operation: event.name
        for event in bracket.events
        if hasattr(event, "name") and hasattr(event, "operation")
    }
    ended = [event for event in bracket.operations if names.get(event.operation) == operation]
    if not ended:
        return Finding("unknown", f"no call {operation!r} ended")
    errors = [
        event.error_type for event in ended if event.outcome == "failed" and error in ("", event.error_type)
    ]
    said = ", ".join(f"{event.outcome} {event.error_type}".strip() for event in ended)
    return Finding("holds" if errors else "refuted", f"{operation}: {said}")
