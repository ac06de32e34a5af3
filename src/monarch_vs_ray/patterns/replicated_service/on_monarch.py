"""Answer every request in Monarch while one replica is killed and another one stalls.

Shows a router that owns three replicas, each in a mesh of its own. An attempt that is not answered in time is
repeated at another replica, and the silent replica is left out until it answers a health check. A dead one is
replaced in ``__supervise__``.

What surprises:

- Monarch repeats no call and balances no load: the router is yours. An attempt may run twice, so requests
  have to be idempotent.
- The router leaves a dead replica out after one attempt. The engine reports the death at its next poll, up to
  10 s later by default, and only then is the replica replaced. README.md recommends a shorter poll.
- A message to a dead process comes back as undeliverable, and by default that fails its sender: the router.

Run it: python on_monarch.py
"""

import argparse
import asyncio
import os
import random
import time

import monarch.actor
from monarch.actor import Actor, MeshFailure, concurrent_endpoint, shutdown_context, this_host

REPLICAS = 3
WORK = 0.02  # seconds that a request takes
ATTEMPT = 0.5  # seconds until the first attempt is repeated; far above the usual latency
DEADLINE = 60.0  # seconds until a request counts as lost
LOAD = 50  # requests a second
MEASURED = 250  # requests whose latency is printed: the first ones


class Replica(Actor):
    @concurrent_endpoint
    async def answer(self, request: int) -> int:
        await asyncio.sleep(WORK)
        return request * request

    @concurrent_endpoint
    async def process(self) -> int:
        return os.getpid()


class Router(Actor):
    def __init__(self) -> None:
        self.spawned = [0] * REPLICAS
        self.replicas = [self.spawn(number) for number in range(REPLICAS)]
        self.load = [0] * REPLICAS
        self.healthy: set[int] = set()
        self.repeated = 0

    def spawn(self, number: int) -> Replica:
        self.spawned[number] += 1
        return this_host().spawn_procs().spawn(f"replica{number}_{self.spawned[number]}", Replica)

    @concurrent_endpoint
    async def check_health(self) -> None:
        """Admit each replica when it answers for the first time, and again after it was left out."""
        known: set[int] = set()
        while True:
            for number in set(range(REPLICAS)) - self.healthy:
                try:
                    process = await asyncio.wait_for(self.replicas[number].process.call_one(), ATTEMPT)
                except Exception:  # no answer yet, or dead: SupervisionError has no public name
                    continue
                self.healthy.add(number)
                word = "answers again," if number in known else "is"
                print(f"replica {number} {word} process {process}", flush=True)
                known.add(number)
            await asyncio.sleep(0.1)

    def leave_out(self, number: int, replica: Replica) -> None:
        if number in self.healthy and replica is self.replicas[number]:  # not if it was replaced since
            self.healthy.discard(number)
            print(f"replica {number} is left out", flush=True)

    async def __supervise__(self, failure: MeshFailure) -> bool:
        for number, spawned in enumerate(self.spawned):
            if failure.mesh_name.startswith(f"replica{number}_{spawned}-"):  # not one replaced before
                print(f"replica {number} is dead", flush=True)
                self.healthy.discard(number)
                self.replicas[number] = self.spawn(number)
        return True

    def _handle_undeliverable_message(self, message: object) -> bool:
        return True  # it was for a dead replica

    @concurrent_endpoint
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
                answer = await asyncio.wait_for(replica.answer.call_one(request), patience)
                return answer, time.monotonic() - begun
            except Exception:  # as above
                self.repeated += 1
                patience *= 2  # repeats of what is merely slow would swamp the replicas that are left
                self.leave_out(number, replica)
            finally:
                self.load[number] -= 1
        raise TimeoutError(f"request {request} is lost")

    @concurrent_endpoint
    async def state(self) -> tuple[int, int]:
        return len(self.healthy), self.repeated


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    pauses = random.Random(parser.parse_args().seed)
    monarch.actor.unhandled_fault_hook = print  # by default an unhandled failure interrupts the program

    router = this_host().spawn_procs().spawn("router", Router)
    router.check_health.call_one()
    begun = time.monotonic()
    while router.state.call_one().get(DEADLINE)[0] < REPLICAS:
        assert time.monotonic() < begun + DEADLINE, "the replicas do not come up"
        time.sleep(0.1)

    print("the load begins", flush=True)
    sent, healthy = [], 0
    while len(sent) < MEASURED or healthy < REPLICAS:  # the load goes on until the service is whole again
        sent.append(router.ask.call_one(len(sent)))  # and does not wait for answers
        time.sleep(pauses.expovariate(LOAD))
        if len(sent) % 20 == 0:
            healthy, _ = router.state.call_one().get(DEADLINE)
    answers = [answer.get(DEADLINE + 10) for answer in sent]  # raises if one is lost

    assert [answer for answer, _ in answers] == [request * request for request in range(len(sent))]
    _, repeated = router.state.call_one().get(DEADLINE)
    latency = sorted(seconds for _, seconds in answers[:MEASURED])
    print(f"{len(answers)} of {len(sent)} requests answered, 0 wrong")
    print(f"{repeated} attempts repeated")
    print(f"p50 {latency[MEASURED // 2] * 1000:.0f} ms")
    print(f"p99 {latency[MEASURED * 99 // 100] * 1000:.0f} ms")
    shutdown_context().get(DEADLINE)


if __name__ == "__main__":
    main()
