"""Experiments that the advice rests on beyond the eight concepts, on Monarch."""

from __future__ import annotations

import monarch.actor
from monarch.actor import Actor, Endpoint, Future, ProcMesh, endpoint, this_proc

from monarch_vs_ray.advice.counting import names_used, public_modules
from monarch_vs_ray.side import observe

OF_MONARCH = {*monarch.actor.__all__, *dir(ProcMesh), *dir(Endpoint), *dir(Future)}
"""The names that a program may use of Monarch's: public ones, and those of meshes, endpoints and futures."""


class Greeter(Actor):
    """The smallest actor."""

    @endpoint
    def greet(self, name: str) -> str:
        return f"hello {name}"


def first_answer() -> str:
    """Create one actor and call it: the smallest program."""
    greeter = this_proc().spawn("greeter", Greeter)
    return str(greeter.greet.call_one("you").get(timeout=30))


def smallest_program() -> None:
    """Run the smallest program, and count Monarch's names in it."""
    observe("reply", first_answer())
    names = sorted({*names_used(Greeter, OF_MONARCH), *names_used(first_answer, OF_MONARCH)})
    observe("names", names)


def modules_of_the_package() -> None:
    """List the public modules of the package."""
    observe("modules", public_modules("monarch"))


def modules_of_ray() -> None:
    """List those of Ray's package by the same search, which finds its libraries for data and for serving."""
    observe("modules", public_modules("ray"))
