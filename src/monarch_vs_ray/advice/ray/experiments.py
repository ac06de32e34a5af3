"""Experiments that the advice rests on beyond the eight concepts, on Ray."""

from __future__ import annotations

from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import ray

from monarch_vs_ray.advice.counting import names_used
from monarch_vs_ray.instruments.ports import free_port
from monarch_vs_ray.instruments.wait import happens
from monarch_vs_ray.side import Unavailable, observe, shared

ROWS = 1000
WITHIN = 20.0
"""Seconds that an address gets to answer as it should."""


@ray.remote
class Greeter:
    """The smallest actor."""

    def greet(self, name: str) -> str:
        return f"hello {name}"


OF_RAY = {*ray.__all__, *dir(ray.actor.ActorClass)}
"""The names that a program may use of Ray's: public ones, and those of an actor class."""


def first_answer() -> str:
    """Create one actor and call it: the smallest program."""
    greeter = Greeter.remote()
    return str(ray.get(greeter.greet.remote("you"), timeout=30))


def smallest_program() -> None:
    """Run the smallest program, and count Ray's names in it; the decorator is ``remote``, too."""
    observe("reply", first_answer())
    observe("names", names_used(first_answer, OF_RAY))


def pipeline(factor: int = 2) -> None:
    """Read a data set of two blocks, take a step over each row, and sum up."""
    try:
        import ray.data
    except ImportError:
        raise Unavailable("needs ray[data]") from None
    rows = ray.data.range(ROWS, override_num_blocks=2).map(lambda row: {"id": factor * row["id"]})
    observe("sum", rows.sum("id"))


def deployment_asked() -> None:
    """Ask a deployment by HTTP."""
    observe("answer", answers()[0])


def deployment_deleted() -> None:
    """Ask at its address once it was deleted."""
    observe("answer", answers()[1])


@shared
def answers() -> tuple[str, str]:
    """Return what a deployment behind HTTP on loopback answers, before and after it was deleted."""
    try:
        from ray import serve
    except ImportError:
        raise Unavailable("needs ray[serve]") from None
    port = free_port()
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    try:
        serve.run(hello(serve).bind(), name="hello", route_prefix="/hello")
        answered = ask(f"http://127.0.0.1:{port}/hello", until="hello")
        serve.delete("hello")
        return answered, ask(f"http://127.0.0.1:{port}/hello", until="HTTP")
    finally:
        serve.shutdown()


def hello(serve: Any) -> Any:
    """Return a deployment that says hello."""

    @serve.deployment(ray_actor_options={"num_cpus": 0})
    class Hello:
        async def __call__(self, request: object) -> str:
            return "hello"

    return Hello


def ask(address: str, until: str) -> str:
    """Return what the address answers once that begins as it should; else its last answer."""
    said = "nothing"

    def answered() -> bool:
        nonlocal said
        try:
            with urlopen(address, timeout=5) as response:
                said = response.read().decode()
        except URLError as error:
            said = str(error)
        return said.startswith(until)

    happens(answered, WITHIN)
    return said
