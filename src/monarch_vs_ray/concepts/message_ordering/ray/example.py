"""Keep messages in order in Ray: an inbox that is sent numbers without waiting for replies.

What may surprise you:

- A caller's messages to a plain actor run in the order in which it sent them, small and large ones, with a
  reply and without. A message whose argument is not ready yet holds up those behind it.
- ``allow_out_of_order_execution=True`` gives that order up.
- An ``async`` method gives it up without being asked, and ``allow_out_of_order_execution=False`` is refused
  there. Where the order matters, use plain methods.

Run it: python example.py
"""

import asyncio
import time

import ray


@ray.remote
class Inbox:
    def __init__(self) -> None:
        self.numbers: list[int] = []

    def put(self, number: int, payload: bytes = b"") -> None:
        self.numbers.append(number)

    def take(self) -> list[int]:
        """Return what was received since the last call."""
        taken, self.numbers = self.numbers, []
        return taken


@ray.remote
class AsyncInbox:
    def __init__(self) -> None:
        self.numbers: list[int] = []

    async def put(self, number: int, seconds: float = 0.0) -> None:
        if seconds:
            await asyncio.sleep(seconds)
        self.numbers.append(number)

    async def take(self) -> list[int]:
        taken, self.numbers = self.numbers, []
        return taken


@ray.remote
def zero_after(seconds: float) -> int:
    time.sleep(seconds)
    return 0


def main() -> None:
    ray.init()
    inbox = Inbox.remote()
    large = ray.put(bytes(1_000_000))  # goes through the object store, not with the message

    for number in range(0, 999, 3):
        inbox.put.remote(number)
        inbox.put.remote(number + 1, large)
        inbox.put.options(num_returns=0).remote(number + 2)
    assert ray.get(inbox.take.remote()) == list(range(999))
    print("999 messages, sent in three ways by turns: all in order")

    ray.get([inbox.put.remote(zero_after.remote(1.0)), inbox.put.remote(1), inbox.put.remote(2)])
    assert ray.get(inbox.take.remote()) == [0, 1, 2]
    print("message 0 waits a second for its argument: 1 and 2 wait behind it")

    unordered = Inbox.options(allow_out_of_order_execution=True).remote()
    ray.get([unordered.put.remote(zero_after.remote(1.0)), unordered.put.remote(1), unordered.put.remote(2)])
    numbers = ray.get(unordered.take.remote())
    assert sorted(numbers[:2]) == [1, 2]
    assert numbers[2] == 0
    print(f"the same with allow_out_of_order_execution: they overtake, {numbers}")

    async_inbox = AsyncInbox.remote()
    ray.get([async_inbox.put.remote(number, seconds) for number, seconds in enumerate([1.0, 0.0, 0.0])])
    numbers = ray.get(async_inbox.take.remote())
    assert sorted(numbers[:2]) == [1, 2]
    assert numbers[2] == 0
    print(f"message 0 waits a second in an async method: they overtake, {numbers}")
    try:
        AsyncInbox.options(allow_out_of_order_execution=False).remote()
    except ValueError as error:
        print(f"an async actor in order is refused: {error}")

    ray.shutdown()


if __name__ == "__main__":
    main()
