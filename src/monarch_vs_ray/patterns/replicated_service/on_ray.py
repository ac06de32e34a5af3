"""Answer every request in Ray, with plain actors, while one replica is killed and another one stalls.

Shows a router over three replicas. An attempt that fails or is not answered in time is repeated at another
replica. A dead replica is replaced at once, a silent one is left out until it answers a health check.

What surprises:

- Calls that were under way at a dead replica raise within some 20 ms. With ``max_restarts`` they wait for the
  restart first, longer than a second, so the router makes a new replica itself.
- A replica that stands still raises nothing: only the attempt's deadline notices it.
- ``max_task_retries`` would repeat an attempt at the same replica. The router repeats it elsewhere. Either
  way it may run twice, so requests have to be idempotent.
- Ray balances no load between actors: the router is yours. Ray Serve has one, see on_ray_serve.py.

Run it: python on_ray.py
"""

import argparse
import asyncio
import os
import random
import time

import ray
from ray.actor import ActorHandle
from ray.exceptions import ActorDiedError

REPLICAS = 3
WORK = 0.02  # seconds that a request takes
ATTEMPT = 0.5  # seconds until the first attempt is repeated; far above the usual latency
DEADLINE = 60.0  # seconds until a request counts as lost
LOAD = 50  # requests a second
MEASURED = 250  # requests whose latency is printed: the first ones


@ray.remote
class Replica:
    async def answer(self, request: int) -> int:
        await asyncio.sleep(WORK)
        return request * request

    async def process(self) -> int:
        return os.getpid()


class Router:
    """Send requests to healthy replicas, and replace dead ones."""

    def __init__(self) -> None:
        self.replicas = [Replica.remote() for _ in range(REPLICAS)]
        self.load = [0] * REPLICAS
        self.healthy: set[int] = set()
        self.repeated = 0

    async def check_health(self) -> None:
        """Admit each replica when it answers for the first time, and again after it was left out."""
        known: set[int] = set()
        while True:
            for number in set(range(REPLICAS)) - self.healthy:
                replica = self.replicas[number]
                try:
                    process = await asyncio.wait_for(replica.process.remote(), ATTEMPT)
                except (asyncio.TimeoutError, ActorDiedError) as error:
                    self.leave_out(number, replica, error)
                    continue
                self.healthy.add(number)
                word = "answers again," if number in known else "is"
                print(f"replica {number} {word} process {process}", flush=True)
                known.add(number)
            await asyncio.sleep(0.1)

    def leave_out(self, number: int, replica: ActorHandle, error: Exception) -> None:
        if replica is not self.replicas[number]:
            return  # replaced since: each call that was under way raises
        if number in self.healthy:
            self.healthy.discard(number)
            print(f"replica {number} is left out: {type(error).__name__}", flush=True)
        if isinstance(error, ActorDiedError):
            print(f"replica {number} is dead", flush=True)
            self.replicas[number] = Replica.remote()

    async def ask(self, request: int) -> tuple[int, float]:
        """Return the answer, and the seconds it took."""
        begun, patience = time.monotonic(), ATTEMPT
        while time.monotonic() < begun + DEADLINE:
            if not self.healthy:
                await asyncio.sleep(0.05)
                continue
            number = min(self.healthy, key=lambda number: (self.load[number], random.random()))
            replica = self.replicas[number]
            self.load[number] += 1
            try:
                answer = await asyncio.wait_for(replica.answer.remote(request), patience)
                return answer, time.monotonic() - begun
            except (asyncio.TimeoutError, ActorDiedError) as error:
                self.repeated += 1
                patience *= 2  # repeats of what is merely slow would swamp the replicas that are left
                self.leave_out(number, replica, error)
            finally:
                self.load[number] -= 1
        raise TimeoutError(f"request {request} is lost")


async def serve(pauses: random.Random) -> None:
    router = Router()
    checks = asyncio.create_task(router.check_health())
    begun = time.monotonic()
    while len(router.healthy) < REPLICAS:
        assert time.monotonic() < begun + DEADLINE, "the replicas do not come up"
        await asyncio.sleep(0.1)

    print("the load begins", flush=True)
    sent: list[asyncio.Task[tuple[int, float]]] = []
    while len(sent) < MEASURED or len(router.healthy) < REPLICAS:  # until the service is whole again
        sent.append(asyncio.create_task(router.ask(len(sent))))  # the load does not wait for answers
        await asyncio.sleep(pauses.expovariate(LOAD))
    answers = await asyncio.gather(*sent)  # raises if one is lost
    checks.cancel()

    assert [answer for answer, _ in answers] == [request * request for request in range(len(sent))]
    latency = sorted(seconds for _, seconds in answers[:MEASURED])
    print(f"{len(answers)} of {len(sent)} requests answered, 0 wrong")
    print(f"{router.repeated} attempts repeated")
    print(f"p50 {latency[MEASURED // 2] * 1000:.0f} ms")
    print(f"p99 {latency[MEASURED * 99 // 100] * 1000:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    pauses = random.Random(parser.parse_args().seed)
    ray.init()
    asyncio.run(serve(pauses))
    ray.shutdown()


if __name__ == "__main__":
    main()
