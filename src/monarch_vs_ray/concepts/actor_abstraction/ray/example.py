"""Turn a class into actors in Ray.

Shows a parameter server in two shards, each in a process of its own: called one by one and all at once, with
state, with an error, and with eight calls under way.

What surprises:

- ``.remote()`` creates one actor and returns one handle. A group of actors is a list of handles.
- Every method can be called from outside, also one whose name begins with an underscore.
- ``async`` methods interleave at every ``await``, without being asked to, and can lose each other's updates.
  A lock keeps others out.
- An error arrives as ``RayTaskError``, and also as its own type: ``except ValueError`` catches it.

Run it: python example.py
"""

import asyncio

import ray


@ray.remote
class ParameterServer:
    def __init__(self, weight: int) -> None:
        self.weight = weight
        self.lock = asyncio.Lock()

    async def push(self, gradient: int) -> None:
        await self._update(gradient)

    async def push_locked(self, gradient: int) -> None:
        async with self.lock:
            await self._update(gradient)

    async def pull(self) -> int:
        return self.weight

    async def _update(self, gradient: int) -> None:
        if gradient > 10:
            raise ValueError(f"the gradient explodes: {gradient}")
        weight = self.weight
        await asyncio.sleep(0.1)  # I/O between the read and the write, such as a checkpoint
        self.weight = weight - gradient


def main() -> None:
    ray.init()
    servers = [ParameterServer.remote(100) for _ in range(2)]
    first = servers[0]

    ray.get(first.push.remote(1))  # one actor
    ray.get([server.push.remote(1) for server in servers])  # all actors
    assert ray.get([server.pull.remote() for server in servers]) == [98, 99], "each shard has its own state"

    ray.get([first.push_locked.remote(1) for _ in range(8)])  # all are sent before the first is awaited
    assert ray.get(first.pull.remote()) == 90, "one at a time: no update is lost"

    ray.get([first.push.remote(1) for _ in range(8)])
    weight = ray.get(first.pull.remote())
    assert 82 < weight < 90, "all read the same weight, and the last write wins"
    print(f"8 pushes of 1 at once: 98 became 90 under the lock, 90 became {weight} without it")

    try:
        ray.get(first.push.remote(11))
    except ValueError as error:
        assert isinstance(error, ray.exceptions.RayTaskError)
        print(f"caught as ValueError: {type(error).__name__}")
    assert ray.get(first.pull.remote()) == weight, "the actor lives on, with its state"

    ray.get(first._update.remote(1))
    assert ray.get(first.pull.remote()) == weight - 1
    print("called from outside: _update")

    ray.shutdown()


if __name__ == "__main__":
    main()
