"""What the advice counts without an engine: modules of a package, and names that code uses."""

from __future__ import annotations

from monarch_vs_ray.advice.counting import names_used, public_modules


def greet(name):
    return remote(name).get()  # noqa: F821 - read, never run


def test_names_and_attributes_of_the_engine_are_found_once_each():
    assert names_used(greet, {"remote", "get", "wait"}) == ["get", "remote"]
    assert names_used(greet, {"wait"}) == []


def test_public_modules_are_listed_without_private_ones():
    assert {"decoder", "encoder"} <= set(public_modules("json"))
    assert not [name for name in public_modules("asyncio") if name.startswith("_")]
