"""Keep messages in order in Monarch.

Shows an inbox that is sent numbers without waiting for replies, in several ways, and with a first message
that takes a second.

What surprises:

- A sender's messages run in the order in which it sent them, whichever verb and view of the mesh it uses.
- An ``async`` endpoint keeps that order too: a message that waits holds up those behind it.
- ``@concurrent_endpoint`` gives the order up: later messages overtake one that waits. So does a plain
  endpoint of the same actor.

Run it: python example.py
"""

import asyncio

from monarch.actor import Actor, concurrent_endpoint, endpoint, shutdown_context, this_host


class Inbox(Actor):
    def __init__(self) -> None:
        self.numbers: list[int] = []

    @endpoint
    async def put(self, number: int, seconds: float = 0.0) -> None:
        await self.receive(number, seconds)

    @concurrent_endpoint
    async def put_concurrently(self, number: int, seconds: float = 0.0) -> None:
        await self.receive(number, seconds)

    @endpoint
    async def take(self) -> list[int]:
        """Return what was received since the last call."""
        taken, self.numbers = self.numbers, []
        return taken

    async def receive(self, number: int, seconds: float) -> None:
        if seconds:
            await asyncio.sleep(seconds)
        self.numbers.append(number)


def main() -> None:
    inboxes = this_host().spawn_procs(per_host={"inboxes": 2}).spawn("inbox", Inbox)
    first = inboxes.slice(inboxes=0)

    for number in range(0, 999, 3):  # to all, to one, and with a reply that nobody reads
        inboxes.put.broadcast(number)
        first.put.broadcast(number + 1)
        first.put.call_one(number + 2)
    taken = inboxes.take.call().get()
    assert taken.item(inboxes=0) == list(range(999))
    assert taken.item(inboxes=1) == list(range(0, 999, 3))
    print("999 messages, sent in three ways by turns: all in order")

    puts = [first.put.call_one(number, seconds) for number, seconds in enumerate([1.0, 0.0, 0.0])]
    for put in puts:
        put.get()
    assert first.take.call_one().get() == [0, 1, 2]
    print("message 0 waits a second in an async endpoint: 1 and 2 wait behind it")

    later = first.put_concurrently  # later messages run while an earlier one waits
    puts = [later.call_one(0, 1.0), later.call_one(1), first.put.call_one(2)]
    for put in puts:
        put.get()
    numbers = first.take.call_one().get()
    assert numbers[-1] == 0
    print(f"the same in a concurrent endpoint: they overtake, {numbers}")

    shutdown_context().get()


if __name__ == "__main__":
    main()
