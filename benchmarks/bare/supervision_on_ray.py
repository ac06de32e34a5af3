"""What ``concepts/supervision/on_ray.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/supervision_on_ray.py
It prints what it saw, as JSON, and how long it took. Ray gets the same settings as in the demo.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import psutil

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-") if len(sys.argv) == 1 else None
SETTINGS: dict[str, str] = {}
if FOLDER:  # the other program below inherits it
    TOKEN = Path(FOLDER.name, "ray-token")
    TOKEN.write_text(secrets.token_hex(32))
    os.environ.pop("RAY_ADDRESS", None)
    os.environ.pop("RAY_AUTH_TOKEN", None)
    os.environ.update(
        MVR_RUN_DIR=FOLDER.name,
        TMPDIR=FOLDER.name,
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",  # listen on loopback only
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN_PATH=str(TOKEN),
        RAY_USAGE_STATS_ENABLED="0",
        RAY_ENABLE_UV_RUN_RUNTIME_ENV="0",
        RAY_worker_niceness="0",
    )

import ray  # noqa: E402 - reads its settings when imported
from ray.exceptions import ActorDiedError, RayActorError, RayError  # noqa: E402

NAMESPACE = "supervision"
WORKERS, EXIT_CODE, PATIENCE, LOOK_AWAY = 2, 3, 30.0, 8.0
POLL, ORPHAN = 0.5, 10.0
SEEN: dict[str, object] = {}
FIRED: Counter[str] = Counter()


def seen(key: str, value: object) -> None:
    SEEN[key] = value


def break_down(how: str) -> NoReturn:
    """One of the faults, where it is called."""
    if how == "os._exit":
        os._exit(EXIT_CODE)
    raise ValueError("no ball")


def leave_mark(path: str) -> int:
    """Add one mark to a file, which outlives whoever does it; gives the number of marks."""
    with open(path, "a") as file:
        file.write("x")
    return Path(path).stat().st_size


def runs(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(met: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait until ``met()`` is true; gives how long that took. Raises TimeoutError with ``what`` in it."""
    began = time.monotonic()
    while not met():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.005)
    return time.monotonic() - began


def kill_process(pid: int) -> None:
    """SIGKILL a process, and return once it is gone."""
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not runs(pid), f"the end of process {pid}")


def marks(name: str) -> str:
    """Where marks of this name are left: in the run's own folder."""
    return os.path.join(os.environ["MVR_RUN_DIR"], f"marks-{name}")


def beside(*arguments: str, settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start one of a native file's other programs, with ``settings`` and nothing of SETTINGS."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return subprocess.Popen(
        [sys.executable, __file__, *arguments],
        env={**environment, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def told_by(program: subprocess.Popen[str]) -> float:
    """The number on its first line, once it has ended; it is killed if that takes too long."""
    try:
        return float(program.communicate(timeout=2 * PATIENCE)[0].splitlines()[0])
    finally:
        program.kill()


def carry_on() -> None:
    """Be busy with something else for a while; an interrupt gets through at once."""
    until = time.monotonic() + LOOK_AWAY
    while time.monotonic() < until:
        time.sleep(0.02)


def ending(code: int) -> str:
    """How a process ended, from what its parent gets."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


@ray.remote
class Worker:
    """Counts its calls, and breaks in several ways; ``starts`` is where it leaves a mark for each start."""

    def __init__(self, starts: str = "") -> None:
        self.calls = 0
        if starts:
            leave_mark(starts)

    def pid(self) -> int:
        return os.getpid()

    def count(self) -> int:
        self.calls += 1
        return self.calls

    def fail(self) -> None:
        self.calls += 1
        break_down("exception")

    def once(self, marks: str, how: str) -> int:
        """Breaks the first time; the marks tell how often it was executed."""
        if leave_mark(marks) == 1:
            break_down(how)
        return os.path.getsize(marks)

    # As often as restarts allow: a small number can be used up while the actor is still restarting.
    @ray.method(max_task_retries=-1, retry_exceptions=True)
    def once_retried(self, marks: str, how: str) -> int:
        return self.once(marks, how)

    def stay(self, marks: str) -> None:
        """Never comes back: its process is killed before."""
        leave_mark(marks)
        time.sleep(PATIENCE)


@ray.remote
class Parent:
    """Owns two workers, made with these options; it is told of nothing, unless it calls."""

    def __init__(self, starts: str = "", **options: Any) -> None:
        self.workers = [Worker.options(**options).remote(starts) for _ in range(WORKERS)]

    def pids(self) -> list[int]:
        return [os.getpid(), *ray.get([worker.pid.remote() for worker in self.workers])]

    def counts(self) -> list[int]:
        return ray.get([worker.count.remote() for worker in self.workers])

    def count(self, rank: int) -> int:
        """Call a worker, and catch nothing."""
        return ray.get(self.workers[rank].count.remote())

    def count_or_raise(self, rank: int) -> int:
        """Call a worker, and make another error of its death."""
        try:
            return self.count(rank)
        except RayActorError as error:
            raise RuntimeError("no idea what to do") from error

    def ask(self, rank: int, method: str, *arguments: str) -> str:
        """Call a worker, and catch what comes."""
        return outcome(lambda: ray.get(getattr(self.workers[rank], method).remote(*arguments)))

    def ask_all(self) -> str:
        return outcome(self.counts)

    def fail_unawaited(self, rank: int) -> None:
        self.workers[rank].fail.options(num_returns=0).remote()

    def worker(self, rank: int) -> list[Any]:
        return [self.workers[rank]]


def outcome(call: Callable[[], object]) -> str:
    """The type of the error that a call ends with, or its answer."""
    try:
        return f"answered {call()}"
    except Exception as error:
        return type(error).__name__


def get(reference: Any) -> Any:
    """What a call gave; in this program nothing is waited for without end."""
    return ray.get(reference, timeout=2 * PATIENCE)


def parent(**options: Any) -> tuple[Any, list[int]]:
    """A parent; gives its process and its workers' too, once they run."""
    made = Parent.remote(**options)
    return made, get(made.pids.remote())


def kill(pid: int, target: str) -> float:
    """SIGKILL a process and count it; gives when."""
    when = time.time()
    kill_process(pid)
    FIRED["SIGKILL"] += 1
    return when


def first_error(call: Callable[[], object]) -> Any:
    """The error that a call ends with, however many calls that takes."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            call()
        except Exception as error:
            return error
    raise TimeoutError("the call still succeeds")


def first_answer(call: Callable[[], Any]) -> Any:
    """What a call gives once the actor is available again."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return call()
        except RayError:  # from a parent's call it comes as the parent's own error
            if time.monotonic() > until:
                raise


def cause(error: Exception) -> str:
    """The cause in the error's message: the first sentence of what Ray calls the detail."""
    found = re.search(r"Worker exit detail: Worker (.*?)\.", str(error))
    return found[1] if found else str(error).splitlines()[-1]


def look_away(address: str) -> None:
    """A program on the same Ray: one of its actors dies while it is busy, another is to outlive it."""
    ray.init(address, namespace=NAMESPACE, log_to_driver=False, logging_level=logging.ERROR)
    Worker.options(name="stays", lifetime="detached").remote()
    stays, goes = ray.get_actor("stays"), Worker.options(name="goes").remote()
    worker = Worker.remote()
    pid = ray.get([worker.pid.remote(), stays.count.remote(), goes.count.remote()])[0]
    worker.once.options(num_returns=0).remote(marks("alone"), "os._exit")
    wait_for(lambda: not runs(pid), "the end of the actor")
    print(1, flush=True)
    carry_on()


def main() -> None:
    """Tell the story, from the first parent to the actor that outlives its program."""
    ray.init(
        address="local",
        num_cpus=8,
        object_store_memory=256 * 1024 * 1024,
        include_dashboard=False,
        namespace=NAMESPACE,
        _temp_dir=FOLDER.name,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    first, pids = parent()

    get(first.counts.remote())
    caught = get(first.ask.remote(0, "fail"))
    seen("exception_caught", caught)
    FIRED["exception"] += not caught.startswith("answered")
    seen("count_after_exception", get(first.count.remote(0)))
    get(first.fail_unawaited.remote(0))
    count = get(first.count.remote(0))
    FIRED["exception"] += count == 5  # the failed call was one of them
    seen("unawaited", "lived on" if count == 5 else "is another one")
    seen("supervise_calls", "no such hook")
    began = time.perf_counter()
    seen("exit_caught", get(first.ask.remote(0, "once", marks("default"), "os._exit")))
    seen("exit_delay", time.perf_counter() - began)
    FIRED["os._exit"] += not runs(pids[1])
    seen("executions", os.path.getsize(marks("default")))
    seen("sibling_count", get(first.count.remote(1)))
    seen("call_all", get(first.ask_all.remote()))
    get(first.ask.remote(0, "count"))

    seen("caller_of_dead", "lives" if get(first.count.remote(1)) else "")

    second, second_pids = parent()
    worker = get(second.worker.remote(0))[0]
    when = kill(second_pids[1], "worker 0")
    error = first_error(lambda: get(worker.count.remote()))
    delay = round(time.time() - when, 3)
    seen("kill_delay", delay)
    seen("kill_delay_default", delay)  # Ray runs with its defaults already
    seen("kill_noticed", "the next call")
    seen("kill_reason", cause(error))
    get(second.ask.remote(0, "count"))

    seen("parent_handles", "lives" if get(second.__ray_ready__.remote()) else "")

    third, pids = parent()
    kill(pids[1], "worker 0")
    error = first_error(lambda: get(third.count.remote(0)))
    seen("escalated", f"{type(error).__name__}, to who awaits the parent's call")
    seen("parent_lets_go", "lived on" if get(third.__ray_ready__.remote()) else "")
    seen("workers_after", sum(map(runs, pids[1:])))
    kill(second_pids[2], "worker 1")
    error = first_error(lambda: get(second.count_or_raise.remote(1)))

    seen("parent_raises", "lived on" if get(second.__ray_ready__.remote()) else "")
    address = ray.get_runtime_context().gcs_address
    program = beside(address, settings={})

    fourth, pids = parent(starts=marks("starts"), max_restarts=1)
    get(fourth.counts.remote())
    on_its_way = fourth.ask.remote(0, "stay", marks("stay"))
    wait_for(lambda: os.path.exists(marks("stay")), "the call inside worker 0")
    when = kill(pids[1], "worker 0")
    seen("during_restart", get(on_its_way))
    first_answer(lambda: get(fourth.pids.remote()))
    seen("recovery", round(time.time() - when, 3))
    counts = get(fourth.counts.remote())
    seen("recovered_by", "max_restarts")
    seen("recovered_count", counts[0])
    seen("recovered_sibling", counts[1])
    seen("restarts", os.path.getsize(marks("starts")) - WORKERS)
    kill(get(fourth.pids.remote())[1], "worker 0")
    error = first_error(lambda: get(fourth.count.remote(0)))
    seen("limit", f"no: {type(error.cause).__name__}, max_restarts=1 is used up")

    fifth, fifth_pids = parent(max_restarts=2, max_task_retries=-1)
    sixth, sixth_pids = parent(max_restarts=2)
    executions = []
    for owner, pids, method in ((fifth, fifth_pids, "once"), (sixth, sixth_pids, "once_retried")):
        get(owner.ask.remote(0, method, marks(method), "os._exit"))

        executions.append(os.path.getsize(marks(method)))
        FIRED["os._exit"] += not runs(pids[1])
    seen("executions_retried", executions)
    seen("retry_by", "max_task_retries, of the actor or of the method")
    get(sixth.ask.remote(0, "once_retried", marks("exception"), "exception"))
    executed = os.path.getsize(marks("exception"))
    seen("exception_retried", executed)
    FIRED["exception"] += executed > 1

    worker = get(sixth.worker.remote(1))[0]
    ray.kill(worker, no_restart=False)
    first_error(lambda: get(worker.count.remote()))
    count = first_answer(lambda: get(worker.count.remote()))

    ray.kill(worker)
    error = first_error(lambda: get(worker.count.remote()))
    seen("stopped", not isinstance(error, ActorDiedError))

    FIRED["os._exit"] += int(told_by(program))
    seen("root_exit", ending(program.returncode))
    error = first_error(lambda: ray.get_actor("goes"))

    stays = ray.get_actor("stays")
    seen("outlives", f"detached: it had counted {get(stays.count.remote()) - 1} call")
    ray.kill(stays)

    pids = get(fifth.pids.remote())
    when = kill(pids[0], "the parent")
    wait_for(lambda: not any(map(runs, pids[1:])), "the end of its workers")
    delay = time.time() - when
    seen("children", f"with it, {'at once' if delay < ORPHAN / 2 else 'late'}")
    seen("children_delay", round(delay, 3))
    seen("faults", dict(FIRED))

    ray.shutdown()


if __name__ == "__main__":
    if FOLDER is None:
        look_away(sys.argv[1])
        sys.exit()
    try:
        main()
        print(json.dumps(SEEN, indent=1))
    finally:
        FOLDER.cleanup()
    print(f"{time.perf_counter() - BEGAN:.2f} s")
