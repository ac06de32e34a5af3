"""What the advice rests on beyond the eight concepts, on Ray."""

from __future__ import annotations

import time
from functools import cache
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import ray

from monarch_vs_ray.advice.counting import names_used
from monarch_vs_ray.instruments.ports import free_port
from monarch_vs_ray.side import Unavailable, observe

TO_BE_KNOWN = {"remote", "get", "wait", "put", "options", "method", "kill"}
ROWS = 1000


@ray.remote
class Greeter:
    def greet(self, name: str) -> str:
        return f"hello {name}"


def _first_answer() -> str:
    """The smallest program: one actor, one call."""
    greeter = Greeter.remote()
    return str(ray.get(greeter.greet.remote("you"), timeout=30))


def smallest_program() -> None:
    observe("reply", _first_answer())
    names = sorted({"remote", *names_used(_first_answer, TO_BE_KNOWN)})  # the decorator is remote, too
    observe("names", names)
    observe("count", len(names))


def pipeline() -> None:
    _sum_of(lambda row: {"id": 2 * row["id"]})


def pipeline_without_its_step() -> None:
    _sum_of(lambda row: row)


def _sum_of(step: Any) -> None:
    """A data set of two blocks, a step over each row, and one number in the end."""
    try:
        import ray.data
    except ImportError:
        raise Unavailable("needs ray[data]") from None
    rows = ray.data.range(ROWS, override_num_blocks=2).map(step)
    observe("sum", rows.sum("id"))


def deployment_asked() -> None:
    observe("answer", _answers()[0])


def deployment_deleted() -> None:
    observe("answer", _answers()[1])


@cache
def _answers() -> tuple[str, str]:
    """What a deployment behind HTTP on loopback answers, and its address once it was deleted."""
    try:
        from ray import serve
    except ImportError:
        raise Unavailable("needs ray[serve]") from None
    port = free_port()
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    try:
        serve.run(_hello(serve).bind(), name="hello", route_prefix="/hello")
        answered = _ask(f"http://127.0.0.1:{port}/hello", until="hello")
        serve.delete("hello")
        return answered, _ask(f"http://127.0.0.1:{port}/hello", until="HTTP")
    finally:
        serve.shutdown()


def _hello(serve: Any) -> Any:
    @serve.deployment(ray_actor_options={"num_cpus": 0})
    class Hello:
        async def __call__(self, request: object) -> str:
            return "hello"

    return Hello


def _ask(address: str, until: str) -> str:
    """What the address answers, once it begins as it should; else what it answered last, after 20 s."""
    deadline = time.monotonic() + 20.0
    said = "nothing"
    while time.monotonic() < deadline and not said.startswith(until):
        try:
            with urlopen(address, timeout=5) as response:
                said = response.read().decode()
        except URLError as error:
            said = str(error)
            time.sleep(0.1)
    return said
