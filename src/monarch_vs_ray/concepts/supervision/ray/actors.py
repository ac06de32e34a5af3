"""Parents and workers in Ray: no hook is called when one dies; whoever calls it gets an exception."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import ActorDiedError, RayActorError

from monarch_vs_ray.concepts.supervision import inputs
from monarch_vs_ray.instruments.flags import Tally
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.instruments.wait import PATIENCE, wait_for
from monarch_vs_ray.side import shared

NAMESPACE = "supervision"


@ray.remote(num_cpus=0)
class Worker:
    """Counts its calls, and breaks in several ways; ``starts`` gets a line for each start."""

    def __init__(self, starts: Tally | None = None) -> None:
        self.calls = 0
        if starts:
            starts.add()

    def pid(self) -> int:
        return os.getpid()

    def count(self) -> int:
        self.calls += 1
        return self.calls

    def fail(self, trace: Tally) -> None:
        self.calls += 1
        inputs.break_down("exception", trace)

    def once(self, executions: Tally, how: str) -> int:
        return inputs.break_once(executions, how)

    # As often as restarts allow: a small number can be used up while the actor is still restarting.
    @ray.method(max_task_retries=-1, retry_exceptions=True)
    def once_retried(self, executions: Tally, how: str) -> int:
        return inputs.break_once(executions, how)

    def stay(self, begun: Tally) -> None:
        """Do not return; the process is killed before."""
        begun.add()
        time.sleep(2 * PATIENCE)


@ray.remote(num_cpus=0)
class Parent:
    """Owns two workers, made with these options."""

    def __init__(self, starts: Tally, **options: Any) -> None:
        self.workers = [Worker.options(**options).remote(starts) for _ in range(inputs.WORKERS)]

    def pids(self) -> list[int]:
        return [os.getpid(), *get([worker.pid.remote() for worker in self.workers])]

    def renew(self) -> None:
        self.workers[0] = Worker.remote()

    def owned(self) -> list[Any]:
        return self.workers

    def counts(self) -> list[int]:
        return get([worker.count.remote() for worker in self.workers])

    def count(self, rank: int) -> int:
        """Call a worker, and catch nothing."""
        return get(self.workers[rank].count.remote())

    def ask(self, rank: int | None, method: str, *arguments: object) -> str:
        """Call one worker, or both of them, and catch what comes."""
        workers = self.workers if rank is None else [self.workers[rank]]
        try:
            return f"answered {get([getattr(worker, method).remote(*arguments) for worker in workers])}"
        except Exception as error:
            return type(error).__name__

    def catches_its_type(self, rank: int, trace: Tally) -> bool:
        """Call a worker that raises a ValueError; return whether ``except ValueError`` catches it."""
        try:
            get(self.workers[rank].fail.remote(trace))
        except ValueError:
            return True
        except ray.exceptions.RayTaskError:
            return False
        raise AssertionError("the worker did not raise")

    def fail_unawaited(self, rank: int, trace: Tally) -> None:
        self.workers[rank].fail.options(num_returns=0).remote(trace)


@dataclass(frozen=True)
class Family:
    """A parent, its workers, and the processes of all three; ``starts`` counts those of the workers."""

    parent: Any
    workers: list[Any]
    starts: Tally
    pids: list[int]

    @classmethod
    def new(cls, **options: Any) -> Family:
        """Create a parent whose workers have these options; return once they run."""
        starts = Tally.new()
        return cls._of(Parent.remote(starts, **options), starts)

    @classmethod
    def with_new_worker(cls) -> Family:
        """Let a parent that experiments share replace its worker 0, and return that family."""
        parent = shared_parent()
        get(parent.renew.remote())
        return cls._of(parent, Tally.new())

    @classmethod
    def _of(cls, parent: Any, starts: Tally) -> Family:
        pids = get(parent.pids.remote())
        return cls(parent, get(parent.owned.remote()), starts, pids)


@shared
def shared_parent() -> Any:
    """Return a parent that nothing which happens to its worker 0 ends."""
    return Parent.remote(Tally.new())


def worker(**options: Any) -> tuple[Any, int]:
    """Create a worker with these options, owned by this program; return it with its process."""
    made = Worker.options(**options).remote()
    return made, get(made.pid.remote())


def first_error(call: Callable[[], object]) -> Exception:
    """Call until that fails; return the error. Raises TimeoutError after PATIENCE seconds."""
    errors: list[Exception] = []

    def fails() -> bool:
        try:
            call()
        except Exception as error:
            errors.append(error)
        return bool(errors)

    wait_for(fails, "a call to fail")
    return errors[0]


def first_answer(actor: Any, method: str = "count") -> Any:
    """Call until the actor answers, which it does once it has been restarted; return the answer.

    Raises:
        TimeoutError: If it neither answers nor dies for good in PATIENCE seconds.
        ActorDiedError: If it is dead for good.
    """
    answers = []

    def answered() -> bool:
        try:
            answers.append(get(getattr(actor, method).remote()))
        except ActorDiedError:
            raise
        except RayActorError:  # it is being restarted
            return False
        return True

    wait_for(answered, "the actor to answer again")
    return answers[0]


def comes_back(actor: Any) -> bool:
    """Return whether an actor answers again; one that is dead for good says so by its error."""
    try:
        return bool(first_answer(actor))
    except ActorDiedError:
        return False
