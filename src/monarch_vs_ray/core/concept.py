"""A concept as its folder's ``concept.toml`` states it: the demo, the experiments' settings, the claims.

::

    number = 4
    title = "Message ordering"
    question = "Do the calls of one sender run in the order in which it made them?"
    watch = ["Each sender's calls run in order, on both engines.", "..."]
    deadline = 90                                # seconds that one side of the demo may take
    needs = ["torch"]                            # packages without which no experiment is imported

    [versions]                                   # the releases that the claims are about
    monarch = ">=0.7,<0.8"
    ray = ">=2.60,<2.61"

    [environment]                                # set for both sides before they start
    HYPERACTOR_MESH_MAX_CAST_FANOUT = "1"

    [experiments.ray.held_call_unordered]        # only where an experiment is not run as usual
    function = "held_call"
    options = { allow_out_of_order_execution = true }

    [[demo]]                                     # the demo is a list of experiments
    experiment = "held_call"
    title = "A call is held up: who waits behind it?"
    happened = "a0 is held up for {HELD} s; a1 of the same sender and b0 of another follow."
    differs = "Nothing: a1 waits on both engines, b0 goes ahead."
    rows = [{ observation = "order", label = "a0 is held up, a1 and b0 follow: what ran when" }]

    [[claim]]                                    # a row of the comparison, with a cell for each engine
    id = "default_ordering"
    aspect = "Default ordering"
    [claim.ray]
    statement = "Calls of one caller run in the order in which it made them."
    experiment = "four_kinds_in_turn"
    control = "four_kinds_out_of_order"          # must come out the other way; or no_control = "why none"
    no_break = "it pins a signature"             # only where breaks.toml has none for it: see core.breaks
    check = { checker = "equals", key = "out_of_order", value = 0 }   # or a list of these
    brief = "Not guaranteed"                     # what the first document said, word for word
    brief_verdict = "refuted"                    # what is known of that; a mark that is wrong is stale
    brief_missing = "..."                        # of one that is "partly" so: what is missing, one sentence
    brief_check = { checker = "at_least", key = "out_of_order", value = 1 }
    references = ["ray.ActorHandle"]             # entries of the table of references

    [[closing]]                                  # said at the end when its claims hold in this run
    claims = ["default_ordering"]
    same = true                                  # said of both engines; without it: a difference
    text = "One sender's calls run in order; out of place: {monarch[four_kinds_in_turn.out_of_order]}."

Texts of the demo may name constants of ``inputs.py`` in braces; ``happened``, ``differs`` and closings also
what was observed, as ``{ray[held_call.order]}``. What ``msgspec`` accepts here is the form;
whether checks and names make sense is for ``ledger.claims`` to say.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec

from monarch_vs_ray.core.errors import BadConcept
from monarch_vs_ray.core.events import ENGINES, Engine
from monarch_vs_ray.core.verdicts import Verdict

FILE = "concept.toml"
MAX_BYTES = 1024 * 1024

Tested = Literal["experiment", "reference", "judgement"]
Check = dict[str, Any]
Need = Literal["cuda", "rdma"]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: what it does not define is an error."""


class ExperimentSettings(_Table, frozen=True, kw_only=True):
    """How an experiment is run.

    ``function`` is its function where that has another name, ``options`` what it is called with. ``fresh``:
    in a side of its own, since it breaks its engine. ``bare``: and it starts the engine itself. ``slow``: it
    waits for a slow timer of the engine, so it runs only when asked for. ``seconds``: its deadline, several
    times what it takes on a busy machine; 0 stands for the concept's. ``environment``: settings that the
    engine reads at import. ``needs``: hardware without which no side is started for it.
    """

    function: str = ""
    options: dict[str, Any] = {}
    fresh: bool = False
    bare: bool = False
    slow: bool = False
    seconds: float = 0.0
    environment: dict[str, str] = {}
    needs: Need | None = None


class Row(_Table, frozen=True, kw_only=True):
    """One observation that a demo shows, under ``label``; ``unit`` is for the reader.

    A ``measured`` row varies from run to run, so that two different values are no difference. In a ``named``
    row the engines have two names for one thing, such as their types of timeout: no difference either.
    ``says`` holds, for an engine that no run can show a value for, what its code says ("no such setting");
    such a cell is marked, and never counts as a difference.
    """

    observation: str
    label: str
    unit: str = ""
    measured: bool = False
    named: bool = False
    says: dict[Engine, str] = {}


class Step(_Table, frozen=True, kw_only=True):
    """One step of a demo: an experiment, on both engines unless ``engines`` says otherwise.

    ``happened`` and ``differs`` are a sentence each, for those who watch: what was done, and in what the
    engines differ. They are shown once both have taken the step.
    """

    experiment: str
    title: str
    happened: str = ""
    differs: str = ""
    rows: list[Row] = []
    engines: tuple[Engine, ...] = ENGINES


class Closing(_Table, frozen=True, kw_only=True):
    """A sentence for the end of a demo, which rests on claims (named without concept and engine).

    ``same``: it says of both engines the same; else it says in what they differ.
    """

    text: str
    same: bool = False
    claims: list[str] = []


class Cell(_Table, frozen=True, kw_only=True):
    """The claim about one engine in one aspect; see the module's text."""

    statement: str
    tested: Tested = "experiment"
    experiment: str = ""
    control: str = ""
    no_control: str = ""
    no_break: str = ""
    check: Check | list[Check] = []
    faults: int = 0
    brief: str = ""
    brief_verdict: Verdict | None = None
    brief_missing: str = ""
    brief_experiment: str = ""
    brief_check: Check | list[Check] = []
    note: str = ""
    rests_on: list[str] = []
    holds_in: list[str] = []
    references: list[str] = []
    versions: str = ""


class ClaimRow(_Table, frozen=True, kw_only=True):
    """One aspect, with a claim about each engine."""

    id: str
    aspect: str
    monarch: Cell | None = None
    ray: Cell | None = None

    def cell(self, engine: Engine) -> Cell | None:
        """Return the claim about one engine, if there is one."""
        return self.monarch if engine == "monarch" else self.ray


class Concept(_Table, frozen=True, kw_only=True):
    """A ``concept.toml``; ``folder`` is where it lies, ``constants`` are those of its ``inputs.py``.

    ``script`` is what its demo script is called after the number, where that is not its name. ``needs`` are
    packages that its experiments import, ``seconds`` is the deadline of an experiment that has none.
    """

    title: str
    versions: dict[Engine, str]
    number: int = 0
    name: str = ""
    script: str = ""
    question: str = ""
    watch: list[str] = []
    deadline: float = 60.0
    needs: list[str] = []
    seconds: float = 120.0
    environment: dict[str, str] = {}
    experiments: dict[Engine, dict[str, ExperimentSettings]] = {}
    demo: list[Step] = []
    closing: list[Closing] = []
    claim: list[ClaimRow] = []
    folder: str = ""
    constants: dict[str, Any] = {}

    def steps(self, engine: Engine) -> list[Step]:
        """Return the steps of the demo that an engine takes."""
        return [step for step in self.demo if engine in step.engines]

    def settings(self, engine: Engine, experiment: str) -> ExperimentSettings:
        """Return how an experiment is run on an engine."""
        settings = self.experiments.get(engine, {}).get(experiment, ExperimentSettings())
        return msgspec.structs.replace(settings, seconds=settings.seconds or self.seconds)

    def function(self, engine: Engine, experiment: str) -> str:
        """Return the name of the function that is an experiment on an engine."""
        return self.settings(engine, experiment).function or experiment

    def fill(self, text: str, **values: object) -> str:
        """Put constants and values into a text. Raises KeyError for a name that there is none of."""
        return text.format_map({**self.constants, **values})


def read(folder: Path) -> Concept:
    """Read a folder's ``concept.toml``.

    Raises:
        BadConcept: If the file cannot be read or is not of this form.
    """
    path = folder / FILE
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadConcept(path, f"larger than {MAX_BYTES} bytes")
        concept = msgspec.convert(toml(path), Concept)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise BadConcept(path, str(error)) from None
    except OSError as error:
        raise BadConcept(path, error.strerror or str(error)) from None
    return msgspec.structs.replace(concept, name=concept.name or folder.name, folder=str(folder))


def toml(path: Path) -> object:
    """Return what a TOML file holds. Raises ValueError if it is none."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(path.read_text(encoding="utf-8"))


def native_name(file: Path) -> str:
    """Return a native file's place, for instance ``message_ordering/ray/experiments.py``."""
    parts = file.parts
    owner = next((at for at, part in enumerate(parts) if part in ENGINES), len(parts))
    return "/".join(parts[max(0, owner - 1) :])


def native_files(folder: Path, engine: Engine) -> list[Path]:
    """Return the files below a concept's folder that hold an engine's experiments."""
    one, many = folder / engine / "experiments.py", folder / engine / "experiments"
    return [one] if one.is_file() else sorted(many.glob("[!_]*.py"))


def file_of(folder: Path, engine: Engine, function: str) -> Path | None:
    """Return the file that defines a function of an engine's experiments; None when no file does."""
    definition = re.compile(rf"^(?:async )?(?:def|class) {re.escape(function)}\b", re.MULTILINE)
    for path in native_files(folder, engine):
        if definition.search(path.read_text(encoding="utf-8")):
            return path
    return None


def load(package: str, folder: Path) -> Concept:
    """Return the concept of a package, with the constants of its ``inputs.py``: the names in capitals.

    Raises:
        BadConcept: If its ``concept.toml`` cannot be read or is not of this form.
    """
    concept = read(folder)
    if not (folder / "inputs.py").is_file():
        return concept
    inputs = vars(import_module(f"{package}.inputs"))
    constants = {name: value for name, value in inputs.items() if name.isupper()}
    return msgspec.structs.replace(concept, constants=constants)
