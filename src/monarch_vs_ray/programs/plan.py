"""A plan, ``plan.toml``: what is done to programs from outside, and what must hold all the same.

::

    title = "Worker pool"
    question = "A worker dies in the middle of its task: is every task done, and is none counted twice?"
    deadline = 60                                 # seconds for one run
    arguments = ["--seed", "{seed}"]              # given to every program

    [programs]                                    # by default on_monarch.py and on_ray.py
    monarch = "on_monarch.py"
    ray = "on_ray.py"
    ray_serve = "on_ray_serve.py"                 # its engine is the part before "_"

    [[faults]]
    title = "A worker is killed"
    kill = 'worker \\d+ is process (?P<pid>\\d+)'   # a line of stdout; its group pid names the process
    when = 'task \\d+ begins'                      # the first such line arms it; default: as `kill`
    after = [0.1, 1.0]                            # seconds from then, drawn by the seed; or one number
    signal = "KILL"                               # KILL, STOP, TERM, INT, ...
    for = 2.0                                     # with STOP: seconds until CONT
    times = 1                                     # how often; each next one `after` the one before
    which = "random"                              # of the named processes that live: random, first, last
                                                  # kill = "program" hits the program itself, which is started
                                                  # again in the same folder unless restart = false
    [oracle]                                      # all of it must hold in every run
    exit = 0
    lines = ['^200 of 200 tasks done, 0 twice$']  # must be found in stdout
    never = ['^lost ']                            # must not
    undisturbed = ['^final loss (.*)$']           # must match as in a run of the same seed without faults

    [[figures]]
    name = "seconds to detect"
    from = "fault"                                # "start", "fault" (the last one before the line), or a line
    to = '^worker \\d+ is lost'                    # the first such line after it
    [[figures]]
    name = "tasks done again"
    value = '^(\\d+) tasks done again$'            # a number that the program prints
    unit = ""

    [[settings]]                                  # by default one, called "defaults"
    name = "recommended"
    arguments = ["--poll", "1"]                   # further ones; or by program: arguments.monarch = [...]
    environment.monarch = { NAME = "value" }
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from monarch_vs_ray.core.errors import BadPlan, UserError
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.programs.faults import Fault

FILE = "plan.toml"
MAX_BYTES = 256 * 1024
SEED = "{seed}"
DEFAULTS = "defaults"
PROGRAMS = {"monarch": "on_monarch.py", "ray": "on_ray.py"}
START, FAULT = "start", "fault"


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: what it does not define is an error."""


class Oracle(_Table, frozen=True, kw_only=True):
    """The conditions of every run; expressions are for lines of stdout."""

    exit: int = 0
    lines: list[str] = []
    never: list[str] = []
    undisturbed: list[str] = []


class Figure(_Table, frozen=True, kw_only=True):
    """A number that a run yields: seconds between two moments, or one that a line holds.

    From a fault on, a named group in ``to`` must match what the line that named the victim has there:
    ``worker (?P<worker>\\d+) works again`` is of the worker that was killed. ``via`` is a line that comes
    before ``to``: what a program printed as it died may be read after its death.
    """

    name: str
    start: str = msgspec.field(default="", name="from")
    via: str = ""
    to: str = ""
    value: str = ""
    unit: str | None = None

    @property
    def in_unit(self) -> str:
        """Return its unit: seconds, unless it says otherwise."""
        return self.unit if self.unit is not None else ("" if self.value else "s")


class Setting(_Table, frozen=True, kw_only=True):
    """One way to run the programs."""

    name: str = DEFAULTS
    arguments: list[str] | dict[str, list[str]] = []
    environment: dict[str, dict[str, str]] = {}


class Plan(_Table, frozen=True, kw_only=True):
    """A ``plan.toml``; see the module's text."""

    title: str = ""
    question: str = ""
    deadline: float = 60.0
    arguments: list[str] = []
    programs: dict[str, str] = msgspec.field(default_factory=PROGRAMS.copy)
    faults: list[Fault] = []
    oracle: Oracle = Oracle()
    figures: list[Figure] = []
    settings: list[Setting] = msgspec.field(default_factory=lambda: [Setting()])

    def setting(self, name: str) -> Setting:
        """Return a setting by its name. Raises UserError if there is none."""
        for each in self.settings:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self.settings)
        raise UserError(f"{self.title} has no settings {name!r}; it has {known}.")

    def command(self, program: str, setting: Setting, seed: int) -> list[str]:
        """Return the arguments of a program."""
        more = setting.arguments
        words = [*self.arguments, *(more.get(program, []) if isinstance(more, dict) else more)]
        return [word.replace(SEED, str(seed)) for word in words]

    def environment(self, program: str, setting: Setting) -> dict[str, str]:
        """Return the variables of a program: those of its engine, then its own."""
        by = setting.environment
        return {**by.get(engine_of(program), {}), **by.get(program, {})}


def engine_of(program: str) -> Engine:
    """Return the engine that a program uses, which its name begins with."""
    return next(engine for engine in ENGINES if program.partition("_")[0] == engine)


def read(path: Path) -> Plan:
    """Read a plan.

    Args:
        path: A TOML file.

    Raises:
        BadPlan: If it cannot be read, or is no plan; with the reason.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BadPlan(path, f"larger than {MAX_BYTES >> 10} KiB")
        plan = msgspec.toml.decode(data, type=Plan)
    except OSError as error:
        raise BadPlan(path, error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:  # all that msgspec and the TOML reader raise
        raise BadPlan(path, str(error) or "nested too deeply") from None
    if wrong := next(_wrong(plan), ""):
        raise BadPlan(path, wrong)
    return plan


def _wrong(plan: Plan) -> Iterator[str]:
    """Yield what is of the right form and makes no sense."""
    for number, fault in enumerate(plan.faults, start=1):
        try:
            fault.check(f"fault {number}")
        except UserError as error:
            yield str(error).rstrip(".")
    oracle = plan.oracle
    yield from _no_expressions([*oracle.lines, *oracle.never, *oracle.undisturbed])
    for figure in plan.figures:
        if bool(figure.value) == bool(figure.to):
            yield f"figure {figure.name!r} needs either `value` or `from` and `to`"
        moments = [] if figure.start in (START, FAULT) else [figure.start]
        yield from _no_expressions([*moments, figure.to, figure.value])
        if figure.value and not re.compile(figure.value).groups:
            yield f"figure {figure.name!r}: its value has no group that holds the number"
    for program, file in plan.programs.items():
        if program.partition("_")[0] not in ENGINES:
            yield f"program {program!r} names no engine; begin its name with {' or '.join(ENGINES)}"
        if Path(file).name != file:
            yield f"program {program!r} is {file!r}, which is not a file beside the plan"
    if not 0 < plan.deadline < float("inf"):
        yield f"deadline is {plan.deadline:g}; give seconds"


def _no_expressions(texts: list[str]) -> Iterator[str]:
    for text in texts:
        try:
            re.compile(text)
        except re.error as error:
            yield f"{text!r} is no regular expression: {error}"
