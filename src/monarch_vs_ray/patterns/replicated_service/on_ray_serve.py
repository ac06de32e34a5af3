"""Answer every request with Ray Serve while one replica is killed and another one stalls.

Shows a deployment of three replicas, and a caller that repeats an attempt which fails or takes too long.
Serve has the router, the health checks and the replacement; deadline and repetition are the caller's.

What surprises:

- Serve repeats no request that a replica has accepted: when that replica dies, the caller gets the error.
- A replica that stands still goes on getting requests, up to ``max_ongoing_requests`` at once: the router
  does not learn that attempts at it time out. Serve gives it up after three health checks of 30 s each.
- A dead replica gets no more requests from a caller that met its death, but it is replaced only after the
  next health check, up to 10 s later by default. README.md recommends a shorter time.

Run it: python on_ray_serve.py    (needs ray[serve])
"""

import argparse
import asyncio
import os
import random
import time

import ray
from ray import serve
from ray.exceptions import RayActorError
from ray.serve.handle import DeploymentHandle

REPLICAS = 3
WORK = 0.02  # seconds that a request takes
ATTEMPT = 0.5  # seconds until the first attempt is repeated; far above the usual latency
DEADLINE = 60.0  # seconds until a request counts as lost
LOAD = 50  # requests a second
MEASURED = 250  # requests whose latency is printed: the first ones


# A replica asks for one CPU by default, and waits for it: more replicas than cores would never come up.
@serve.deployment(num_replicas=REPLICAS, ray_actor_options={"num_cpus": 0})
class Replica:
    async def answer(self, request: int) -> tuple[int, int]:
        """Return the answer, and the process it was made in."""
        await asyncio.sleep(WORK)
        return request * request, os.getpid()


class Caller:
    """Repeat attempts, and keep account of the replicas that answer."""

    def __init__(self, replicas: DeploymentHandle) -> None:
        self.replicas = replicas
        self.processes: list[int] = []
        self.reported: set[str] = set()
        self.repeated = 0

    async def ask(self, request: int) -> tuple[int, float]:
        """Return the answer, and the seconds it took."""
        begun, patience = time.monotonic(), ATTEMPT
        while time.monotonic() < begun + DEADLINE:
            try:
                answer, process = await asyncio.wait_for(self.attempt(request), patience)
            except (asyncio.TimeoutError, RayActorError) as error:
                self.repeated += 1
                patience *= 2  # repeats of what is merely slow would swamp the replicas that are left
                self.report("a replica is " + ("dead" if isinstance(error, RayActorError) else "late"))
            else:
                self.meet(process)
                return answer, time.monotonic() - begun
        raise TimeoutError(f"request {request} is lost")

    async def attempt(self, request: int) -> tuple[int, int]:
        return await self.replicas.answer.remote(request)

    def report(self, trouble: str) -> None:
        if trouble not in self.reported:  # each attempt reports it
            print(trouble, flush=True)
            self.reported.add(trouble)

    def meet(self, process: int) -> None:
        if process not in self.processes:
            word = "is" if len(self.processes) < REPLICAS else "answers, new"
            print(f"replica {len(self.processes)} {word} process {process}", flush=True)
            self.processes.append(process)


async def load(replicas: DeploymentHandle, pauses: random.Random, health_period: float) -> None:
    caller = Caller(replicas)
    while len(caller.processes) < REPLICAS:  # `serve.run` has waited until they were healthy
        await asyncio.gather(*(caller.ask(0) for _ in range(REPLICAS)))

    print("the load begins", flush=True)
    sent: list[asyncio.Task[tuple[int, float]]] = []
    replaced = 1.5 * health_period + 5  # the time that Serve may take to replace a dead replica
    ends = time.monotonic() + MEASURED / LOAD + replaced
    while time.monotonic() < ends:
        sent.append(asyncio.create_task(caller.ask(len(sent))))  # the load does not wait for answers
        await asyncio.sleep(pauses.expovariate(LOAD))
    answers = await asyncio.gather(*sent)  # raises if one is lost

    assert [answer for answer, _ in answers] == [request * request for request in range(len(sent))]
    latency = sorted(seconds for _, seconds in answers[:MEASURED])
    print(f"{len(answers)} of {len(sent)} requests answered, 0 wrong")
    print(f"{caller.repeated} attempts repeated")
    print(f"p50 {latency[MEASURED // 2] * 1000:.0f} ms")
    print(f"p99 {latency[MEASURED * 99 // 100] * 1000:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--health-period", type=float, default=10.0, help="seconds; 10 is Serve's default")
    options = parser.parse_args()
    ray.init()
    serve.start(proxy_location="Disabled")  # the load comes from this program, not over HTTP
    deployment = Replica.options(health_check_period_s=options.health_period)
    asyncio.run(load(serve.run(deployment.bind()), random.Random(options.seed), options.health_period))
    serve.shutdown()
    ray.shutdown()


if __name__ == "__main__":
    main()
