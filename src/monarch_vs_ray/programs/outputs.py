"""Compare what two programs printed, after what the engines print between their lines is taken out."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.core.output import ESCAPES

Comparison = Literal["exact", "lines", "sorted", "json", "none"]
COMPARISONS: tuple[Comparison, ...] = ("exact", "lines", "sorted", "json", "none")

MOST_LINES = 40_000
"""Lines of an output that are kept: a history of two programs can still be replayed."""

NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
FROM_WORKER = re.compile(r"\((?:[\w.:<>, -]+ )?pid=\d+(?:, ip=[\w.:]+)?\) ?")
"""Ray puts this before a line that one of its workers printed."""
REPEATED = re.compile(r" \[repeated (\d+)x across cluster\](?: \(Ray deduplicates logs.*)?$")
"""Ray prints such a line once for several alike."""
NOTICES: dict[Engine, tuple[re.Pattern[str], ...]] = {
    "monarch": (
        re.compile(r"Monarch internal logs are being written to "),
        re.compile(r"\[\d+ similar log lines\]"),
        re.compile(r">>> Aggregated Logs |<<< Aggregated Logs|\[\d+ processes?\] "),
    ),
    "ray": (
        re.compile(r"\((?:raylet|gcs_server|autoscaler|scheduler|monitor)(?: |\)|,)"),
        re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\t(?:INFO|WARNING|ERROR) \S+\.py:\d+ -- "),
    ),
}


@dataclass(frozen=True)
class Output:
    """What one program printed on stdout.

    Attributes:
        engine: Its engine.
        lines: As they came.
        sha256: Of the bytes.
        ends_with_newline: Whether the last line has an end.
        whole: Whether ``lines`` is all that was printed.
        result: What it gave to ``result``; None without.
    """

    engine: Engine
    lines: Sequence[str]
    sha256: str = ""
    ends_with_newline: bool = True
    whole: bool = True
    result: object = None


@dataclass(frozen=True)
class Difference:
    """What a comparison found.

    Attributes:
        equal: Whether the outputs are the same; None where that was not asked.
        sentence: The finding, in one sentence.
        diff: The lines that differ, as ``diff -u`` has them.
    """

    equal: bool | None
    sentence: str
    diff: list[str] = field(default_factory=list)


def own_lines(output: Output) -> tuple[list[str], int]:
    """Return a program's own lines, and how many of the engine's were taken out.

    A line of a worker stays, without what the engine puts before it.
    """
    own: list[str] = []
    taken = 0
    for line in output.lines:
        plain = ESCAPES.sub("", line)
        if any(notice.match(plain) for notice in NOTICES[output.engine]):
            taken += 1
            continue
        if output.engine != "ray" or not (found := FROM_WORKER.match(plain)):
            own.append(line)
            continue
        text = plain[found.end() :]
        repeated = REPEATED.search(text)
        own += [text[: repeated.start()]] * int(repeated[1]) if repeated else [text]
    return own, taken


def compare(left: Output, right: Output, how: Comparison, rtol: float = 0.0) -> Difference:
    """Compare two outputs.

    Args:
        left: One program's.
        right: The other's.
        how: ``exact`` to the byte; ``lines`` without spaces at their ends; ``sorted`` the same in any order;
            ``json`` by value, the output as one document or one in each line; ``none``.
        rtol: How far two numbers may be apart, as a share of the larger one; not for ``exact``.
    """
    if how == "none":
        return Difference(None, "The outputs were not compared.")
    if left.result is not None and right.result is not None and not _same(left.result, right.result, rtol):
        return Difference(False, f"The results differ: {_short(left.result)} and {_short(right.result)}.")
    if not (left.whole and right.whole):
        if left.sha256 == right.sha256:
            return Difference(True, "The outputs are equal to the byte.")
        too_long = f"more than {MOST_LINES:,} lines, or a line of more than 16 KiB"
        return Difference(False, f"The outputs differ in their bytes, and are not kept whole: {too_long}.")
    ours, theirs = own_lines(left)[0], own_lines(right)[0]
    if how == "json":
        return _compare_json(ours, theirs, left.engine, right.engine, rtol)
    if how == "exact":
        return _compare_exact(left, right, ours, theirs)
    ours, theirs = [line.rstrip() for line in ours], [line.rstrip() for line in theirs]
    if how == "sorted":
        ours, theirs = sorted(ours), sorted(theirs)
    return _compare_lines(ours, theirs, how, left.engine, right.engine, rtol)


def _compare_exact(left: Output, right: Output, ours: list[str], theirs: list[str]) -> Difference:
    if ours != theirs:
        return Difference(False, _counted(ours, theirs), _diff(ours, theirs, left.engine, right.engine))
    if ours and left.ends_with_newline != right.ends_with_newline:
        without = right.engine if left.ends_with_newline else left.engine
        return Difference(False, f"The last line of {without} has no newline; all else is equal.")
    return Difference(True, f"The outputs are equal: {len(ours)} lines.")


def _compare_lines(
    ours: list[str], theirs: list[str], how: Comparison, left: Engine, right: Engine, rtol: float
) -> Difference:
    if len(ours) == len(theirs) and all(map(lambda a, b: _alike(a, b, rtol), ours, theirs)):
        within = f", numbers within {rtol:g} of each other" if rtol else ""
        order = " in any order" if how == "sorted" else ""
        return Difference(True, f"The outputs are equal{order}: {len(ours)} lines{within}.")
    if how == "lines" and sorted(ours) == sorted(theirs):
        sentence = "The outputs have the same lines in another order; `--compare sorted` takes that as equal."
        return Difference(False, sentence, _diff(ours, theirs, left, right))
    # Lines that are alike are shown as one, so that the diff holds only what makes the difference.
    shown = [b if _alike(a, b, rtol) else a for a, b in zip(ours, theirs, strict=False)]
    shown += ours[len(theirs) :]
    return Difference(False, _counted(ours, theirs), _diff(shown, theirs, left, right))


def _compare_json(ours: list[str], theirs: list[str], left: Engine, right: Engine, rtol: float) -> Difference:
    values = []
    for engine, lines in ((left, ours), (right, theirs)):
        try:
            values.append(_values(lines))
        except ValueError as error:
            return Difference(False, f"The output of {engine} is no JSON: {error}.")
    if _same(values[0], values[1], rtol):
        return Difference(True, "The outputs are equal as JSON.")
    pretty = [
        json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).splitlines() for value in values
    ]
    return Difference(False, "The outputs differ as JSON.", _diff(pretty[0], pretty[1], left, right))


def _values(lines: list[str]) -> object:
    """Return an output as one value, or as the list of those in its lines."""
    text = "\n".join(lines)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        try:
            return [json.loads(line) for line in lines if line.strip()]
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _same(one: object, other: object, rtol: float) -> bool:
    """Return whether two JSON values are equal, numbers within a share of each other."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return _close(one, other, rtol)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key], rtol) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(lambda a, b: _same(a, b, rtol), one, other))
    return one == other


def _alike(one: str, other: str, rtol: float) -> bool:
    if one == other:
        return True
    if not rtol or NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return all(_close(float(a), float(b), rtol) for a, b in pairs)


def _close(one: float, other: float, rtol: float) -> bool:
    if one == other or (one != one and other != other):
        return True
    try:
        return math.isclose(one, other, rel_tol=rtol)
    except OverflowError:  # an integer beyond all floats
        return False


def _counted(ours: list[str], theirs: list[str]) -> str:
    return f"The outputs differ: {len(ours)} and {len(theirs)} lines."


MOST_DIFFED = 2_000
"""Lines of an output that a diff is made of; its time grows with their square."""


def _diff(ours: list[str], theirs: list[str], left: Engine, right: Engine) -> list[str]:
    start = next((n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), 0)
    start = max(0, start - 3)
    end = start + MOST_DIFFED
    found = difflib.unified_diff(ours[start:end], theirs[start:end], left, right, lineterm="")
    return [_from(line, start) for line in found]


def _from(line: str, start: int) -> str:
    """Return a line of a diff whose position counts from the first line of the output."""
    if not start or not line.startswith("@@"):
        return line
    return re.sub(r"([-+])(\d+)", lambda found: f"{found[1]}{int(found[2]) + start}", line, count=2)


def _short(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}..."
