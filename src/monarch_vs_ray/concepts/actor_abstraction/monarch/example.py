"""Turn a class into actors in Monarch.

Shows a parameter server in two shards, each in a process of its own: called one by one and all at once, with
state, with an error, and with eight calls under way.

What surprises:

- ``spawn`` returns one mesh, not a list. ``call`` reaches every actor in it, ``slice`` narrows it down.
- Only methods under ``@endpoint`` can be called from outside.
- Endpoints run one at a time, also ``async`` ones: at an ``await`` no other call comes in. Calls interleave
  only where you ask for it with ``@concurrent_endpoint``, and then they can lose each other's updates.
- An error arrives as ``ActorError``. ``except ValueError`` does not catch it: look at ``.exception``.

Run it: python example.py
"""

import asyncio

from monarch.actor import Actor, ActorError, concurrent_endpoint, endpoint, shutdown_context, this_host


class ParameterServer(Actor):
    def __init__(self, weight: int) -> None:
        self.weight = weight

    @endpoint
    async def push(self, gradient: int) -> None:
        await self.update(gradient)

    @concurrent_endpoint
    async def push_concurrently(self, gradient: int) -> None:
        await self.update(gradient)

    @endpoint
    async def pull(self) -> int:
        return self.weight

    async def update(self, gradient: int) -> None:  # no @endpoint: for the actor itself
        if gradient > 10:
            raise ValueError(f"the gradient explodes: {gradient}")
        weight = self.weight
        await asyncio.sleep(0.1)  # I/O between the read and the write, such as a checkpoint
        self.weight = weight - gradient


def main() -> None:
    procs = this_host().spawn_procs(per_host={"shards": 2})
    servers = procs.spawn("parameter_server", ParameterServer, 100)  # on every process, weight=100
    first = servers.slice(shards=0)

    first.push.call_one(1).get()  # one actor
    servers.push.call(1).get()  # all actors
    assert list(servers.pull.call().get().values()) == [98, 99], "each shard has its own state"

    for push in [first.push.call_one(1) for _ in range(8)]:  # all are sent before the first is awaited
        push.get()
    assert first.pull.call_one().get() == 90, "one at a time: no update is lost"

    for push in [first.push_concurrently.call_one(1) for _ in range(8)]:
        push.get()
    weight = first.pull.call_one().get()
    assert 82 < weight < 90, "all read the same weight, and the last write wins"
    print(f"8 pushes of 1 at once: 98 became 90 with @endpoint, 90 became {weight} with @concurrent_endpoint")

    try:
        first.push.call_one(11).get()
    except ActorError as error:
        assert not isinstance(error, ValueError)
        assert isinstance(error.exception, ValueError)
        print(f"caught ActorError, and in it: {error.exception!r}")
    assert first.pull.call_one().get() == weight, "the actor lives on, with its state"

    try:
        first.update.call_one(1).get()
    except AttributeError as error:
        print(f"not an endpoint: {error}")

    shutdown_context().get()


if __name__ == "__main__":
    main()
