"""Ask, tell and stream in Monarch.

Shows samplers that answer prompts: one of them or all, word by word, and not in time; and a message without a
reply that fails.

What surprises:

- The verb is the caller's choice: one endpoint serves ``call_one``, ``call``, ``stream`` and ``broadcast``.
- An endpoint cannot be a generator. It sends many values through a ``Port``, and says itself when it ends.
- A call cannot be cancelled. When you stop waiting for it, it runs all the same.
- An error in a ``broadcast`` has no caller to go to: it kills the actor, and is reported to the actor's
  owner. In the program itself that is ``unhandled_fault_hook``, which by default interrupts the program.

Run it: python example.py
"""

import asyncio
import queue

import monarch.actor
from monarch.actor import Actor, Channel, MeshFailure, Port, endpoint, shutdown_context, this_host


class Sampler(Actor):
    def __init__(self) -> None:
        self.answered = 0
        self.weights = "v1"

    @endpoint
    async def sample(self, prompt: str, seconds: float = 0.0) -> str:
        await asyncio.sleep(seconds)
        self.answered += 1
        return prompt.upper()

    @endpoint
    async def tokens(self, prompt: str, reader: Port[str | None]) -> None:
        for word in prompt.split():
            reader.send(word.upper())
        reader.send(None)  # the end; the reader would wait for more

    @endpoint
    async def count(self) -> int:
        return self.answered

    @endpoint
    async def load(self, weights: str) -> None:
        if not weights.startswith("v"):
            raise ValueError(f"no such weights: {weights}")
        self.weights = weights


def main() -> None:
    failures: queue.Queue[MeshFailure] = queue.Queue()
    monarch.actor.unhandled_fault_hook = failures.put  # the default interrupts the program
    samplers = this_host().spawn_procs(per_host={"gpus": 2}).spawn("sampler", Sampler)
    first = samplers.slice(gpus=0)

    assert first.sample.call_one("hi").get() == "HI"  # ask one
    assert list(samplers.sample.call("hi").get().values()) == ["HI", "HI"]  # ask all, wait for all
    assert [reply.get() for reply in samplers.sample.stream("hi")] == ["HI", "HI"]  # as they come
    assert samplers.load.broadcast("v2") is None  # tell all, wait for nobody

    port, receiver = Channel[str | None].open()
    first.tokens.call_one("many values from one call", port)
    words = []
    while (word := receiver.recv().get()) is not None:
        words.append(word)
    assert words == ["MANY", "VALUES", "FROM", "ONE", "CALL"]

    before = first.count.call_one().get()
    slow = first.sample.call_one("slow", seconds=1.0)
    try:
        slow.get(timeout=0.1)
    except TimeoutError:
        print("too slow: the wait is given up; the call cannot be")
    assert first.count.call_one().get() == before + 1, "it ran all the same"

    first.load.broadcast("oops")
    failure = failures.get(timeout=30)
    print(f"an error in a broadcast was reported to the program: {type(failure).__name__}")
    try:
        first.count.call_one().get()
    except Exception as error:  # SupervisionError has no public name
        print(f"and it killed the actor: {type(error).__name__}")
    else:
        raise AssertionError("the actor lives")

    shutdown_context().get()


if __name__ == "__main__":
    main()
