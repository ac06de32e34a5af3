"""Feed a pipeline with one slow stage in Monarch, while a worker stalls and another one is killed.

Shows three stages, each with a bound on the items that it holds. A full stage makes the one before it wait,
back to the source. An item that takes too long goes to another worker too, and the first result counts.

What surprises:

- The wait for a slow item also covers a death, which the engine reports up to 10 s later by default. Only a
  stage with one worker waits for that report. README.md recommends a shorter poll.
- A call cannot be taken back. The stalled worker finishes the item too: what a stage does may be done twice.

Run it: python on_monarch.py
"""

import argparse
import asyncio
import itertools
import os

import monarch.actor
from monarch.actor import Actor, MeshFailure, concurrent_endpoint, endpoint, shutdown_context, this_host

ITEMS = 100
STAGES = {"read": 1, "decode": 2, "pack": 1}  # workers
SECONDS = {"read": 0.01, "decode": 0.08, "pack": 0.01}  # that an item takes
BOUND = 6  # items that a stage holds
TOO_SLOW = 0.5  # seconds until an item is given to another worker; far above the usual


class Worker(Actor):
    def __init__(self, stage: str) -> None:
        self.stage = stage

    @endpoint
    async def process(self) -> int:
        return os.getpid()

    @endpoint
    async def work(self, item: int) -> int:
        await asyncio.sleep(SECONDS[self.stage])
        return {"read": item + 1000, "decode": item * item, "pack": item + 1}[self.stage]


class Stage:
    """The items of a stage, those that are worked on included."""

    def __init__(self) -> None:
        self.room = asyncio.Semaphore(BOUND)
        self.waiting = asyncio.PriorityQueue[tuple[int, int]]()  # the oldest item first
        self.undone: set[int] = set()
        self.holds = self.most = 0

    async def put(self, number: int, item: int) -> None:
        await self.room.acquire()  # back-pressure: wait while the stage is full
        self.holds += 1
        self.most = max(self.most, self.holds)
        self.undone.add(number)
        self.waiting.put_nowait((number, item))


class Pipeline(Actor):
    """Owns the workers, and moves the items from stage to stage."""

    def __init__(self) -> None:
        self.stages = {name: Stage() for name in STAGES}
        self.packed: list[tuple[int, int]] = []
        self.twice = 0

    @concurrent_endpoint
    async def run(self) -> tuple[list[tuple[int, int]], int, int]:
        """Return what was packed, the most items in a stage, how many were done by two workers."""
        drivers = [asyncio.create_task(self.drive(name, n)) for name in STAGES for n in range(STAGES[name])]
        for number in range(ITEMS):
            await self.stages["read"].put(number, number)
        for stage in self.stages.values():
            await stage.waiting.join()  # also for the worker of a late item, and for a dead one's replacement
        for driver in drivers:
            driver.cancel()
        return self.packed, max(stage.most for stage in self.stages.values()), self.twice

    async def drive(self, name: str, n: int) -> None:
        """Keep a worker at work, and replace it when it dies."""
        stage, held = self.stages[name], None
        for spawned in itertools.count():
            worker = this_host().spawn_procs().spawn(f"{name}{n}_{spawned}", Worker, name)
            try:
                word = "now process" if spawned else "process"
                print(f"{name} worker {n} is {word} {await worker.process.call_one()}", flush=True)
                while True:
                    if held:
                        stage.waiting.task_done()  # not before a dead worker is replaced
                    held = await stage.waiting.get()
                    if held[0] in stage.undone:
                        result = await self.result(name, worker, *held)
                        await self.hand_over(name, held[0], result)
            except Exception as error:  # SupervisionError has no public name
                print(f"{name} worker {n} is lost: {type(error).__name__}", flush=True)
                if held:
                    stage.waiting.put_nowait(held)

    def __supervise__(self, failure: MeshFailure) -> bool:
        return True  # handled in ``drive``, whose call raises

    async def result(self, name: str, worker: Worker, number: int, item: int) -> int:
        """Let the worker do the item, and another one, if there is one, if this one takes too long."""
        call = asyncio.ensure_future(worker.work.call_one(item))
        done, _ = await asyncio.wait([call], timeout=TOO_SLOW)
        if not done and STAGES[name] > 1:
            print(f"item {number} takes too long", flush=True)
            self.stages[name].waiting.put_nowait((number, item))
        return await call

    async def hand_over(self, name: str, number: int, result: int) -> None:
        """Put a result into the next stage; only the first one of an item counts."""
        stage, following = self.stages[name], {"read": "decode", "decode": "pack"}.get(name)
        if number not in stage.undone:
            self.twice += 1
            return
        stage.undone.discard(number)
        if following:
            await self.stages[following].put(number, result)
        else:
            self.packed.append((number, result))
            print(f"{len(self.packed)} items packed", flush=True)
        stage.holds -= 1
        stage.room.release()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0, help="of the faults that are done from outside")
    parser.parse_args()
    monarch.actor.unhandled_fault_hook = print  # by default an unhandled failure interrupts the program

    pipeline = this_host().spawn_procs().spawn("pipeline", Pipeline)
    packed, most, twice = pipeline.run.call_one().get(120)

    numbers = [number for number, _ in packed]
    print(f"{len(set(numbers))} of {ITEMS} items packed, {len(numbers) - len(set(numbers))} twice")
    print(f"at most {most} items in a stage")
    print(f"{twice} items done by two workers")
    assert sorted(packed) == [(number, (number + 1000) ** 2 + 1) for number in range(ITEMS)]
    assert most <= BOUND
    shutdown_context().get(120)


if __name__ == "__main__":
    main()
