"""What the advice rests on beyond the eight concepts, on Monarch."""

from __future__ import annotations

from monarch.actor import Actor, endpoint, this_host

from monarch_vs_ray.advice.counting import names_used, public_modules
from monarch_vs_ray.side import observe

TO_BE_KNOWN = {"Actor", "endpoint", "this_host", "spawn_procs", "spawn", "call_one", "call", "slice", "get"}


class Greeter(Actor):
    @endpoint
    def greet(self, name: str) -> str:
        return f"hello {name}"


def _first_answer() -> str:
    """The smallest program: one actor, one call."""
    greeter = this_host().spawn_procs().spawn("greeter", Greeter)
    return str(greeter.greet.call_one("you").get(timeout=30))


def smallest_program() -> None:
    observe("reply", _first_answer())
    names = sorted({*names_used(Greeter, TO_BE_KNOWN), *names_used(_first_answer, TO_BE_KNOWN)})
    observe("names", names)
    observe("count", len(names))


def modules_of_the_package() -> None:
    observe("modules", public_modules("monarch"))
