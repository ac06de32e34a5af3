"""Keep messages in order in Ray.

Shows an inbox that is sent numbers without waiting for replies, in several ways, and with a first message
that waits a second for its argument.

What surprises:

- A plain actor runs a caller's messages in the order in which they were sent, small and large ones, with a
  reply and without. A message whose argument is not ready yet holds up those behind it.
- ``allow_out_of_order_execution=True`` gives that order up.
- An ``async`` method gives it up without being asked, and ``allow_out_of_order_execution=False`` is refused
  there. Where the order matters, use plain methods.

Run it: python example.py
"""

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

    async def put(self, number: int) -> None:
        self.numbers.append(number)

    async def take(self) -> list[int]:
        taken, self.numbers = self.numbers, []
        return taken


@ray.remote
def zero_after(seconds: float) -> int:
    time.sleep(seconds)
    return 0


def send_three(inbox: ray.actor.ActorHandle) -> list[int]:
    """Send 0, which is ready in a second, then 1 and 2, and return them as they were received."""
    ray.get(inbox.take.remote())  # the actor is up, so that 1 and 2 do not wait for that
    ray.get([inbox.put.remote(zero_after.remote(1.0)), inbox.put.remote(1), inbox.put.remote(2)])
    return ray.get(inbox.take.remote())


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

    assert send_three(inbox) == [0, 1, 2]
    print("message 0 waits a second for its argument: 1 and 2 wait behind it")

    numbers = send_three(Inbox.options(allow_out_of_order_execution=True).remote())
    assert numbers[-1] == 0
    print(f"the same with allow_out_of_order_execution: they overtake, {numbers}")

    numbers = send_three(AsyncInbox.remote())
    assert numbers[-1] == 0
    print(f"the same with async methods: they overtake, {numbers}")
    try:
        AsyncInbox.options(allow_out_of_order_execution=False).remote()
    except ValueError as error:
        print(f"an async actor in order is refused: {error}")

    ray.shutdown()


if __name__ == "__main__":
    main()
