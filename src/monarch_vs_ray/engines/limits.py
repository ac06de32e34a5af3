"""What the engines need of this machine: what is too low, what is not as usual, and what to do about it.

Numbers come from the demos, with two cores: Ray ran up to 340 threads in 17 processes, Monarch 110, and one
process of Monarch had 345 files open.
"""

from __future__ import annotations

import os
import pwd
import resource
import socket
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from monarch_vs_ray.core.engine import Ability
from monarch_vs_ray.core.errors import LimitTooLow
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.engines.environment import environment
from monarch_vs_ray.side.run_folder import bases
from monarch_vs_ray.side.start_watch import Suspect

OPEN_FILES = 512
THREADS: dict[Engine, int] = {"monarch": 150, "ray": 400}
SHARED_MEMORY_BYTES = 256 * 1024**2
RUN_BYTES = 64 * 1024**2
FULL_BYTES = 1024**2
RESULT_BYTES = 64 * 1024**2
PREFIXES: dict[Engine, tuple[str, ...]] = {"monarch": ("HYPERACTOR_", "MONARCH_"), "ray": ("RAY_",)}
CGROUP = Path("/sys/fs/cgroup")
SHARED_MEMORY = Path("/dev/shm")
SECONDS = 1.0


def require(engines: Collection[Engine]) -> None:
    """Check what an engine would otherwise wait for until its deadline. Takes some 2 ms.

    Raises:
        LimitTooLow: An engine cannot start on this machine as it is.
    """
    for fact in (open_files(), processes(engines), run_space(), loopback()):
        if fact.state in ("low", "missing"):
            raise LimitTooLow(f"{fact.name}: {fact.detail}", fact.remedy)


def facts(engines: Collection[Engine], results: Path) -> list[Ability]:
    """Return each limit of this machine that matters to a run, whether it is high enough or not."""
    return [
        open_files(),
        processes(engines),
        shared_memory(),
        run_space(),
        result_space(results),
        loopback(),
        log_folder(),
        variables(),
    ]


def suspects(engine: Engine, run_dir: str) -> list[Suspect]:
    """Return what on this machine may keep an engine from starting, or end it; most likely first."""
    found = [Suspect(text, certain=True) for text in _said_in_logs(Path(run_dir))]
    full = [(fact, True) for fact in (_shared_memory(FULL_BYTES), _run_space(FULL_BYTES), loopback())]
    low = [(fact, False) for fact in (open_files(), processes([engine]), shared_memory(), run_space())]
    for fact, certain in full + low:
        if fact.state != "works" and not any(fact.name in suspect.text for suspect in found):
            found.append(Suspect(f"{fact.name}: {fact.detail}; next: {fact.remedy}", certain))
    if named := _variables([engine]):
        without = "".join(f" -u {name}" for name in named)
        values = f"{', '.join(named)} may have a value that the engine does not understand"
        found.append(Suspect(f"engine variables: {values}; next: try `env{without} mvr ...`"))
    return found


def open_files() -> Ability:
    """How many files a process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= OPEN_FILES:
        return _fact("open files", "works", f"{_number(soft)} allowed, {OPEN_FILES} needed")
    return _fact("open files", "low", f"{soft} allowed, {OPEN_FILES} needed", "ulimit -n 4096")


def processes(engines: Collection[Engine]) -> Ability:
    """How many processes and threads this user, and this container, may still start."""
    needed = sum(THREADS[engine] for engine in engines)
    left, remedy = min(_left(), default=(resource.RLIM_INFINITY, ""))
    if left == resource.RLIM_INFINITY:
        return _fact("processes", "works", f"no limit, {needed} needed")
    if left >= needed:
        return _fact("processes", "works", f"{left} more can be started, {needed} needed")
    return _fact("processes", "low", f"{max(left, 0)} more can be started, {needed} needed", remedy)


def _left() -> Iterator[tuple[int, str]]:
    """Each limit on processes: how many are left, and how to have more."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if soft != resource.RLIM_INFINITY and os.geteuid() != 0:  # the kernel does not hold root to it
        yield soft - _threads_of_this_user(), "ulimit -u unlimited, or end other programs of yours"
    try:
        most = (CGROUP / "pids.max").read_text().strip()
        if most.isdigit():
            current = int((CGROUP / "pids.current").read_text())
            yield int(most) - current, "give the container more (docker run --pids-limit)"
    except OSError:
        pass


def _threads_of_this_user() -> int:
    user, count = os.geteuid(), 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if folder.stat().st_uid == user:
                count += len(os.listdir(folder / "task"))
    return count


def shared_memory() -> Ability:
    """How much of /dev/shm is free: for Ray's object store, which else goes to the temporary folder."""
    return _shared_memory(SHARED_MEMORY_BYTES)


def _shared_memory(needed: int) -> Ability:
    name, remedy = "/dev/shm", "mount it larger (docker run --shm-size 1g), or remove what lies there"
    if not os.access(SHARED_MEMORY, os.W_OK | os.X_OK):
        return _fact(name, "missing", "not there or not writable", "mount -t tmpfs tmpfs /dev/shm")
    return _space(name, SHARED_MEMORY, needed, remedy)


def run_space() -> Ability:
    """How much space there is for the folders of runs, and whether they are safe from other users there."""
    return _run_space(RUN_BYTES)


def _run_space(needed: int) -> Ability:
    name, chosen = "temporary folder", tempfile.gettempdir()
    usable = bases()
    if not usable:
        remedy = "set TMPDIR to a folder of yours that is closed to others"
        return _fact(name, "missing", f"other users could replace a run's folder in {chosen}", remedy)
    remedy = "make space there, or set TMPDIR to a folder on another disk"
    return _space(name, Path(usable[0]), needed, remedy)


def result_space(results: Path) -> Ability:
    """How much space there is for results."""
    folder = results
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        remedy = "name another folder: mvr verify --results FOLDER"
        return _fact("results", "missing", f"{folder} is not writable", remedy)
    return _space("results", folder, RESULT_BYTES, "make space there, or name another folder with --results")


def loopback() -> Ability:
    """Whether a connection from this machine to itself comes about."""
    try:
        with socket.socket() as ear:
            ear.bind(("127.0.0.1", 0))
            ear.listen()
            with socket.create_connection(ear.getsockname(), timeout=SECONDS):
                return _fact("loopback", "works", "127.0.0.1 answers")
    except OSError as error:
        detail = f"127.0.0.1 does not answer: {error.strerror or error}"
        return _fact("loopback", "missing", detail, "ip link set lo up  (as root)")


def log_folder() -> Ability:
    """Whether the folder for Monarch's log, which cannot be chosen, is this user's."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return _fact("Monarch's log", "unknown", f"user number {os.geteuid()} has no name")
    folder = Path("/tmp", user)
    try:
        found = folder.lstat()
    except OSError:
        return _fact("Monarch's log", "works", f"goes to {folder}, as long as a run lasts")
    if found.st_uid == os.geteuid() and folder.is_dir() and not folder.is_symlink():
        return _fact("Monarch's log", "works", f"goes to {folder}, as long as a run lasts")
    detail = f"goes to {folder}, which belongs to another user (number {found.st_uid})"
    return _fact("Monarch's log", "low", detail, f"have its owner or root remove {folder}")


def variables() -> Ability:
    """Which variables of the engines are set here and reach a run."""
    named = _variables(THREADS)
    if not named:
        return _fact("engine variables", "works", "none is set here")
    detail = f"{', '.join(named)}: a run takes them over, and may behave in another way"
    return _fact("engine variables", "changed", detail, f"unset {' '.join(named)}")


def _variables(engines: Iterable[Engine]) -> list[str]:
    """The engines' variables in the environment, but for those that a run sets or removes itself."""
    return sorted(
        name
        for engine in engines
        for name in os.environ
        if name.startswith(PREFIXES[engine]) and name not in environment(engine, "/")
    )


def _space(name: str, folder: Path, needed: int, remedy: str) -> Ability:
    try:
        found = os.statvfs(folder)
    except OSError as error:
        return _fact(name, "unknown", f"{folder}: {error.strerror}")
    free = found.f_bavail * found.f_frsize
    detail = f"{_bytes(free)} free in {folder}, {_bytes(needed)} needed"
    if found.f_files and not found.f_favail:
        return _fact(name, "low", f"no more files can be made in {folder}", remedy)
    return _fact(name, "works", detail) if free >= needed else _fact(name, "low", detail, remedy)


TELLING = {
    "Too many open files": "too many open files: allow more with `ulimit -n 4096`",
    "No space left on device": "a disk or /dev/shm is full: see `mvr doctor`",
    "Cannot allocate memory": "memory is used up: end other programs, or give the container more",
    "thread: Resource temporarily unavailable": "no more threads can be started: see `mvr doctor`",
    "can't start new thread": "no more threads can be started: see `mvr doctor`",
    "[Errno 11] Resource temporarily unavailable": "no more processes can be started: see `mvr doctor`",
    "Disk quota exceeded": "your quota of disk space is used up: see `quota`",
}
MOST_READ = 64 * 1024


def _said_in_logs(run_dir: Path) -> Iterator[str]:
    """What an engine's own logs say of a limit."""
    said: dict[str, str] = {}
    for path in _logs(run_dir):
        try:
            with path.open("rb") as log:
                log.seek(max(0, path.stat().st_size - MOST_READ))
                text = log.read().decode("utf-8", "replace")
        except OSError:
            continue
        for words, meaning in TELLING.items():
            if words in text:
                said.setdefault(meaning, f"{path.name} says {words!r}, that is {meaning}")
    yield from said.values()


def _logs(run_dir: Path) -> list[Path]:
    """The engine's logs, at most 200; the folder may be removed meanwhile."""
    inside = (folder for folder in os.walk(run_dir) if os.path.basename(folder[0]) == "logs")
    return sorted(Path(folder, name) for folder, _, names in inside for name in names)[:200]


def _fact(name: str, state: str, detail: str, remedy: str = "") -> Ability:
    return Ability(name=name, state=state, detail=detail, remedy=remedy)  # type: ignore[arg-type]


def _number(value: int) -> str:
    return "any number" if value == resource.RLIM_INFINITY else str(value)


def _bytes(value: int) -> str:
    return f"{value / 1024**3:.1f} GiB" if value >= 1024**3 else f"{value / 1024**2:.0f} MiB"
