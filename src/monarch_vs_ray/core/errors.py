"""Everything the user can be told went wrong: the fact, the number, the next step."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What the command line tells its caller."""

    FINE = 0
    NOT_AS_EXPECTED = 1
    USAGE = 2
    ENGINE_MISSING = 3
    SIDE_FAILED = 4


class UserError(Exception):
    """A failure with one clear line for the user and an exit code for the shell."""

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str = "") -> None:
        super().__init__(" ".join(message.splitlines()))  # a message may quote what the user's file holds


class UnknownConcept(UserError):
    """No concept of that name or number."""

    def __init__(self, asked: str, known: list[str]) -> None:
        super().__init__(f"No concept is called {asked!r}; there are {len(known)}: {', '.join(known)}.")


class UnknownNotebook(UserError):
    """No companion notebook of that name or number."""

    def __init__(self, asked: str, known: list[str]) -> None:
        super().__init__(f"No notebook is called {asked!r}; there are {len(known)}: {', '.join(known)}.")


class MarimoMissing(UserError):
    """The notebooks need marimo, which is an extra."""

    exit_code = ExitCode.ENGINE_MISSING

    def __init__(self) -> None:
        super().__init__(
            "The notebooks need marimo; install it with `pip install 'monarch-vs-ray[notebooks]'`."
        )


class EngineMissing(UserError):
    """The engine's package is not installed in this environment."""

    exit_code = ExitCode.ENGINE_MISSING

    def __init__(self, engine: str, package: str, *, in_checkout: bool) -> None:
        script = "`./scripts/zephyr_uv_sync.sh` or " if in_checkout else ""
        super().__init__(
            f"{engine} is not installed here; install it with {script}`pip install {package}`,"
            f" run one engine with `--engine`, or replay with `--dry-run`."
        )


class TorchMissing(UserError):
    """What trains a model needs torch, which neither engine brings along."""

    exit_code = ExitCode.ENGINE_MISSING

    def __init__(self) -> None:
        super().__init__(
            "torch is not installed here; install it with `pip install torch` (in a container it comes with"
            " the system), or replay a recorded run with `--dry-run`."
        )


class NoRecording(UserError):
    """``--dry-run`` has nothing to replay.

    Args:
        command: What records such a run.
        folder: Where the recording was looked for.
        may_add: Whether the user may put one there; a folder inside an installed package is not the user's.
    """

    def __init__(self, command: str, folder: Path, *, may_add: bool) -> None:
        file = str(folder / "run.jsonl") if may_add else "run.jsonl"
        then = "" if may_add else f", and show it with `mvr replay {file}`"
        super().__init__(f"No recording in {folder}; make one with `{command} --record {file}`{then}.")


class NeedsCheckout(UserError):
    """The command works on files that only the repository has."""

    def __init__(self, command: str, package: Path) -> None:
        super().__init__(
            f"`{command}` needs a checkout of the repository, and this package is installed without one, in"
            f" {package}; clone the repository and call `./scripts/zephyr_uv_run.sh {command}` there."
        )


class WouldOverwrite(UserError):
    """Files that the user may have changed are in the way."""

    def __init__(self, paths: list[Path]) -> None:
        more = f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
        super().__init__(
            f"{paths[0]}{more} exists and differs; nothing was written."
            " Give another folder, or move what differs away."
        )


class UnreadableHistory(UserError):
    """The file is not a history that this version can read; line 0 is the file as a whole."""

    def __init__(self, path: Path, line: int, reason: str, next_step: str) -> None:
        where = f"{path} line {line}" if line else f"{path}"
        super().__init__(f"{where}: {reason}; {next_step}.")


class CannotRecord(UserError):
    """The history cannot be written where the user asked."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"Cannot record to {path}: {reason}; give --record a new file in a writable folder.")


class LiveNeedsLinux(UserError):
    """The engines are run on Linux only: nothing else can promise to leave no process behind."""

    exit_code = ExitCode.ENGINE_MISSING

    def __init__(self, platform: str) -> None:
        super().__init__(
            f"Live runs need Linux, and this is {platform}; replay a recorded run with --dry-run."
        )


class LimitTooLow(UserError):
    """An engine could not start on this machine, or would stop on the way."""

    exit_code = ExitCode.SIDE_FAILED

    def __init__(self, fact: str, remedy: str) -> None:
        super().__init__(f"{fact}; next: {remedy} (`mvr doctor` shows every limit).")


class UnsafeFolder(UserError):
    """No folder for temporary files in which another user could not replace a run's folder."""

    def __init__(self, tried: str) -> None:
        super().__init__(
            f"Other users can replace folders in {tried}, or its path is too long for sockets; set TMPDIR to"
            " a folder of yours that is closed to others (chmod 700), with a path of at most 20 characters."
        )


class BadConcept(UserError):
    """A ``concept.toml`` is not as it must be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; correct the file, its form is in `core/concept.py`.")


class BadBreaks(UserError):
    """A ``breaks.toml`` is not as it must be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; correct the file, its form is in `core/breaks.py`.")


class BadEvidence(UserError):
    """A file of evidence is not as it was written; line 0 is the file as a whole."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        where = f"{path} line {line}" if line else f"{path}"
        super().__init__(f"{where}: {reason}; verify again, or name another folder with --results.")


class UnknownClaim(UserError):
    """No claim, row or concept of that name."""

    def __init__(self, asked: str, known: list[str], near: Sequence[str] = ()) -> None:
        from difflib import get_close_matches

        self.known = known
        near = near or get_close_matches(asked, known, n=3, cutoff=0.3)
        hint = f"; near it: {', '.join(near)}" if near else ""
        super().__init__(
            f"No claim is called {asked!r}; there are {len(known)}, see `mvr verify --list`, `mvr ask`{hint}."
        )


class NothingFound(UserError):
    """No claim and no passage has a word of what was asked."""

    def __init__(self, asked: str, searched: int) -> None:
        super().__init__(
            f"None of {searched} rows and passages has a word like those of {asked!r};"
            " ask with other words, or see `mvr verify --list`."
        )


class MissingFile(UserError):
    """A text names a file that is not there."""

    def __init__(self, path: Path, remedy: str) -> None:
        super().__init__(f"{path} is not there; {remedy}.")


class NoResults(UserError):
    """There is no evidence to look at yet."""

    def __init__(self, root: Path) -> None:
        super().__init__(f"No results in {root}; make some with `mvr verify`.")


class UnknownSymbol(UserError):
    """A file does not define what is quoted from it."""

    def __init__(self, name: str, path: Path, known: list[str]) -> None:
        super().__init__(f"{path.name} defines no {name!r}; it defines {', '.join(known)}.")


class BadTable(UserError):
    """The table of references is not as it must be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; correct the file, its form is in its first lines.")


class UnknownReference(UserError):
    """The table of references has no entry of that id; ``near`` are those that look most like it."""

    def __init__(self, asked: str, near: list[str], known: int) -> None:
        hint = f"; near it: {', '.join(near)}" if near else ""
        super().__init__(f"No reference is called {asked!r}; the table has {known}{hint}.")


class CheckersMissing(UserError):
    """The libraries that check references and API names are not installed."""

    exit_code = ExitCode.ENGINE_MISSING

    def __init__(self, module: str) -> None:
        super().__init__(
            f"{module} is not installed here, and API names are checked with it; install it with"
            " `pip install 'monarch-vs-ray[references]'` or `./scripts/zephyr_uv_sync.sh`."
        )


class CannotRead(UserError):
    """A document that cannot be read, or not as what its name says it is."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; give Markdown or TOML files, or folders that hold some.")


class BadInterpreter(UserError):
    """The interpreter that was given for the sides cannot run them."""

    def __init__(self, python: str, reason: str) -> None:
        super().__init__(
            f"--python {python}: {reason}; name a Python that has the engines, msgspec and psutil."
        )


class UnknownWorkload(UserError):
    """No workload or group of workloads of that name."""

    def __init__(self, asked: str, known: list[str]) -> None:
        from difflib import get_close_matches

        near = get_close_matches(asked, known, n=3, cutoff=0.3)
        hint = f"; near it: {', '.join(near)}" if near else ""
        super().__init__(
            f"No workload is called {asked!r}; there are {len(known)}, see `mvr bench --list`{hint}."
        )


class UnreadableBench(UserError):
    """A file of measurements is not as it was written; line 0 is the file as a whole."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        where = f"{path} line {line}" if line else f"{path}"
        super().__init__(f"{where}: {reason}; measure again with `mvr bench --output FILE`.")


class BadOption(UserError):
    """An option has a value that cannot be used."""

    def __init__(self, option: str, value: str, remedy: str) -> None:
        super().__init__(f"{option} {value!r} cannot be used; {remedy}.")


class NoProgram(UserError):
    """The path that was given is no program."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; name a Python file.")


class JoinsCluster(UserError):
    """A program joins a running Ray, which would then be part of what is measured, and of what is ended."""

    def __init__(self, places: list[str]) -> None:
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        super().__init__(
            f"{places[0]}{more} joins a running Ray; leave the address out, so that the program starts"
            " its own, or allow it with --ray-address ADDRESS."
        )


class BadPlan(UserError):
    """A plan of faults, or of a pattern, is not as it must be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; correct the file, its form is in `programs/plan.py`.")


class UnknownPattern(UserError):
    """No pattern of that name."""

    def __init__(self, asked: str, known: list[str]) -> None:
        super().__init__(
            f"No pattern is called {asked!r}; there are {len(known)}: {', '.join(known)}; or name "
            "the folder of a copy, with its plan.toml."
        )


class CannotPort(UserError):
    """A program that cannot be read for porting."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; give Python files that import ray or monarch.")


class BadGuide(UserError):
    """A page of the porting guide asks for something to be made that cannot be made."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: cannot make {what!r}; its first words are in porting/guide.py.")
