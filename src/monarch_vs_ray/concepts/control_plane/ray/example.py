"""Ask, tell and stream in Ray.

Shows samplers that answer prompts: one of them or all, word by word, and not in time; and a message without a
reply that fails.

What surprises:

- A method is called by ``.remote()``. What you do with the reference makes the difference: ``get``, ``wait``,
  ``cancel``, or nothing.
- A generator method streams its values, and the reader sees where they end.
- A running call can be cancelled where an ``async`` method awaits.
- An error in a call that nobody waits for disappears: the actor lives on, and nobody is told.

Run it: python example.py
"""

import asyncio
from collections.abc import AsyncIterator

import ray


@ray.remote
class Sampler:
    def __init__(self) -> None:
        self.answered = 0
        self.weights = "v1"

    async def sample(self, prompt: str, seconds: float = 0.0) -> str:
        await asyncio.sleep(seconds)
        self.answered += 1
        return prompt.upper()

    async def tokens(self, prompt: str) -> AsyncIterator[str]:
        for word in prompt.split():
            yield word.upper()

    async def count(self) -> int:
        return self.answered

    async def load(self, weights: str) -> None:
        if not weights.startswith("v"):
            raise ValueError(f"no such weights: {weights}")
        self.weights = weights


def main() -> None:
    ray.init()
    samplers = [Sampler.remote() for _ in range(2)]
    first = samplers[0]

    assert ray.get(first.sample.remote("hi")) == "HI"  # ask one
    assert ray.get([s.sample.remote("hi") for s in samplers]) == ["HI", "HI"]  # ask all, wait for all
    waiting = [s.sample.remote("hi") for s in samplers]
    while waiting:  # as they come
        [reply], waiting = ray.wait(waiting)
        assert ray.get(reply) == "HI"
    for sampler in samplers:  # tell all, wait for nobody
        assert sampler.load.options(num_returns=0).remote("v2") is None

    words = [ray.get(word) for word in first.tokens.remote("many values from one call")]
    assert words == ["MANY", "VALUES", "FROM", "ONE", "CALL"]

    before = ray.get(first.count.remote())
    slow = first.sample.remote("slow", seconds=60.0)
    try:
        ray.get(slow, timeout=0.1)
    except ray.exceptions.GetTimeoutError:
        ray.cancel(slow)
    try:
        ray.get(slow)
    except ray.exceptions.TaskCancelledError:
        print("too slow: the call is cancelled")
    assert ray.get(first.count.remote()) == before, "it did not run to its end"

    first.load.options(num_returns=0).remote("oops")
    assert ray.get(first.count.remote()) == before
    print("an error that nobody waits for reached nobody, and the actor lives on")

    ray.shutdown()


if __name__ == "__main__":
    main()
