"""Fault tolerance in Ray: an owner is told nothing; whoever calls a dead actor gets an exception.

What to watch: failures reach callers, as exceptions, and climb only as far as the calls do; there is no
hook for the owner. Restarts and retries are options of the actor and of the method; a restarted actor
begins anew. When an owner dies its actors end at once, unless they are detached.

Run it alone: python -m monarch_vs_ray.concepts.supervision.on_ray
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import ray
from ray.exceptions import ActorDiedError, RayActorError, RayError

from monarch_vs_ray.concepts.supervision import spec
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.engines.ray import start, stop
from monarch_vs_ray.side import fault, log, observe, operation, step

MODULE = "monarch_vs_ray.concepts.supervision.on_ray"
NAMESPACE = "supervision"
FIRED: Counter[str] = Counter()


@ray.remote
class Worker:
    """Counts its calls, and breaks in several ways; ``starts`` is where it leaves a mark for each start."""

    def __init__(self, starts: str = "") -> None:
        self.calls = 0
        if starts:
            spec.leave_mark(starts)

    def pid(self) -> int:
        return os.getpid()

    def count(self) -> int:
        self.calls += 1
        return self.calls

    def fail(self) -> None:
        self.calls += 1
        spec.break_down("exception")

    def once(self, marks: str, how: str) -> int:
        """Breaks the first time; the marks tell how often it was executed."""
        if spec.leave_mark(marks) == 1:
            spec.break_down(how)
        return os.path.getsize(marks)

    # As often as restarts allow: a small number can be used up while the actor is still restarting.
    @ray.method(max_task_retries=-1, retry_exceptions=True)
    def once_retried(self, marks: str, how: str) -> int:
        return self.once(marks, how)

    def stay(self, marks: str) -> None:
        """Never comes back: its process is killed before."""
        spec.leave_mark(marks)
        time.sleep(spec.PATIENCE)


@ray.remote
class Parent:
    """Owns two workers, made with these options; it is told of nothing, unless it calls."""

    def __init__(self, starts: str = "", **options: Any) -> None:
        self.workers = [Worker.options(**options).remote(starts) for _ in range(spec.WORKERS)]

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
    return ray.get(reference, timeout=2 * spec.PATIENCE)


def parent(**options: Any) -> tuple[Any, list[int]]:
    """A parent; gives its process and its workers' too, once they run."""
    made = Parent.remote(**options)
    return made, get(made.pids.remote())


def kill(pid: int, target: str) -> float:
    """SIGKILL a process and count it; gives when."""
    fault("SIGKILL", target)
    when = time.time()
    spec.kill(pid)
    FIRED["SIGKILL"] += 1
    return when


def first_error(call: Callable[[], object]) -> Any:
    """The error that a call ends with, however many calls that takes."""
    until = time.monotonic() + spec.PATIENCE
    while time.monotonic() < until:
        try:
            call()
        except Exception as error:
            return error
    raise TimeoutError("the call still succeeds")


def first_answer(call: Callable[[], Any]) -> Any:
    """What a call gives once the actor is available again."""
    until = time.monotonic() + spec.PATIENCE
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
    worker.once.options(num_returns=0).remote(spec.marks("alone"), "os._exit")
    spec.wait_for(lambda: not spec.runs(pid), "the end of the actor")
    print(1, flush=True)
    spec.carry_on()


def main() -> None:
    """Tell the story, from the first parent to the actor that outlives its program."""
    with step("Start Ray, for this run only; parents, each with two workers"):
        start(cpus=8, namespace=NAMESPACE)
        first, pids = parent()

    with step("An exception in a call that somebody awaits: for the caller alone"):
        get(first.counts.remote())
        fault("exception", "worker 0")
        with operation("exception"):
            caught = get(first.ask.remote(0, "fail"))
        observe("exception_caught", caught)
        FIRED["exception"] += not caught.startswith("answered")
        observe("count_after_exception", get(first.count.remote(0)))

    with step("An exception in a call that nobody awaits: nothing happens"):
        fault("exception", "worker 0")
        get(first.fail_unawaited.remote(0))
        count = get(first.count.remote(0))
        FIRED["exception"] += count == 5  # the failed call was one of them
        observe("unawaited", "lived on" if count == 5 else "is another one")
        observe("supervise_calls", "no such hook")

    with step("os._exit during a call: the caller is told as the connection breaks"):
        fault("os._exit", "worker 0")
        with operation("os._exit") as call:
            observe("exit_caught", get(first.ask.remote(0, "once", spec.marks("default"), "os._exit")))
        observe("exit_delay", call.seconds)
        FIRED["os._exit"] += not spec.runs(pids[1])
        observe("executions", os.path.getsize(spec.marks("default")))
        observe("sibling_count", get(first.count.remote(1)))
        observe("call_all", get(first.ask_all.remote()))
        caught = get(first.ask.remote(0, "count"))
        log(f"The parent calls the dead worker, and catches {caught}.")
        observe("caller_of_dead", "lives" if get(first.count.remote(1)) else "")

    with step("SIGKILL of an idle process: the next call finds out"):
        second, second_pids = parent()
        worker = get(second.worker.remote(0))[0]
        when = kill(second_pids[1], "worker 0")
        error = first_error(lambda: get(worker.count.remote()))
        delay = round(time.time() - when, 3)
        observe("kill_delay", delay)
        observe("kill_delay_default", delay)  # Ray runs with its defaults already
        observe("kill_noticed", "the next call")
        observe("kill_reason", cause(error))
        caught = get(second.ask.remote(0, "count"))
        log(f"The parent calls it too, and catches {caught}.")
        observe("parent_handles", "lives" if get(second.__ray_ready__.remote()) else "")

    with step("A parent that does not catch it, and one that raises another error: both live on"):
        third, pids = parent()
        kill(pids[1], "worker 0")
        error = first_error(lambda: get(third.count.remote(0)))
        observe("escalated", f"{type(error).__name__}, to who awaits the parent's call")
        observe("parent_lets_go", "lived on" if get(third.__ray_ready__.remote()) else "")
        observe("workers_after", sum(map(spec.runs, pids[1:])))
        kill(second_pids[2], "worker 1")
        error = first_error(lambda: get(second.count_or_raise.remote(1)))
        log(f"The caller of the second parent gets {type(error).__name__}.")
        observe("parent_raises", "lived on" if get(second.__ray_ready__.remote()) else "")

    with step("Start a program that looks away while its actor dies; we come back to it"):
        fault("os._exit", "an actor of a program of its own")
        address = ray.get_runtime_context().gcs_address
        program = spec.beside(MODULE, address, settings={})

    with step("max_restarts=1: Ray starts the process again, once, and the constructor runs again"):
        fourth, pids = parent(starts=spec.marks("starts"), max_restarts=1)
        get(fourth.counts.remote())
        on_its_way = fourth.ask.remote(0, "stay", spec.marks("stay"))
        spec.wait_for(lambda: os.path.exists(spec.marks("stay")), "the call inside worker 0")
        when = kill(pids[1], "worker 0")
        observe("during_restart", get(on_its_way))
        first_answer(lambda: get(fourth.pids.remote()))
        observe("recovery", round(time.time() - when, 3))
        counts = get(fourth.counts.remote())
        observe("recovered_by", "max_restarts")
        observe("recovered_count", counts[0])
        observe("recovered_sibling", counts[1])
        observe("restarts", os.path.getsize(spec.marks("starts")) - spec.WORKERS)
        kill(get(fourth.pids.remote())[1], "worker 0")
        error = first_error(lambda: get(fourth.count.remote(0)))
        observe("limit", f"no: {type(error.cause).__name__}, max_restarts=1 is used up")

    with step("Retries: an option of the actor, or of the method"):
        fifth, fifth_pids = parent(max_restarts=2, max_task_retries=-1)
        sixth, sixth_pids = parent(max_restarts=2)
        executions = []
        for owner, pids, method in ((fifth, fifth_pids, "once"), (sixth, sixth_pids, "once_retried")):
            fault("os._exit", "worker 0")
            with operation("retried"):
                said = get(owner.ask.remote(0, method, spec.marks(method), "os._exit"))
            log(f"{method} {said}")
            executions.append(os.path.getsize(spec.marks(method)))
            FIRED["os._exit"] += not spec.runs(pids[1])
        observe("executions_retried", executions)
        observe("retry_by", "max_task_retries, of the actor or of the method")
        fault("exception", "worker 0")
        get(sixth.ask.remote(0, "once_retried", spec.marks("exception"), "exception"))
        executed = os.path.getsize(spec.marks("exception"))
        observe("exception_retried", executed)
        FIRED["exception"] += executed > 1

    with step("ray.kill on purpose: no restart, unless asked for"):
        worker = get(sixth.worker.remote(1))[0]
        ray.kill(worker, no_restart=False)
        first_error(lambda: get(worker.count.remote()))
        count = first_answer(lambda: get(worker.count.remote()))
        log(f"ray.kill(no_restart=False) is treated as one: restarted, {count} call counted.")
        ray.kill(worker)
        error = first_error(lambda: get(worker.count.remote()))
        observe("stopped", not isinstance(error, ActorDiedError))

    with step("The program that looked away was not interrupted; its detached actor outlives it"):
        FIRED["os._exit"] += int(spec.told_by(program))
        observe("root_exit", spec.ending(program.returncode))
        error = first_error(lambda: ray.get_actor("goes"))
        log(f"Its ordinary actor is gone: {type(error).__name__} when looked up by name.")
        stays = ray.get_actor("stays")
        observe("outlives", f"detached: it had counted {get(stays.count.remote()) - 1} call")
        ray.kill(stays)

    with step("Kill a parent: its workers end with it"):
        pids = get(fifth.pids.remote())
        when = kill(pids[0], "the parent")
        spec.wait_for(lambda: not any(map(spec.runs, pids[1:])), "the end of its workers")
        delay = time.time() - when
        observe("children", f"with it, {'at once' if delay < spec.ORPHAN / 2 else 'late'}")
        observe("children_delay", round(delay, 3))
        observe("faults", dict(FIRED))

    with step("Shut Ray down"):
        stop()


if __name__ == "__main__":
    if sys.argv[1:]:
        look_away(sys.argv[1])
    else:
        run_alone(main, spec.CONCEPT.environment)
