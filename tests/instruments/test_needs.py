"""What this machine lacks makes an experiment unavailable, with what to do about it."""

from __future__ import annotations

import pytest

from monarch_vs_ray.core.engine import Ability
from monarch_vs_ray.instruments import needs
from monarch_vs_ray.side import Unavailable


def test_a_package_that_is_there_is_not_asked_for():
    needs.package("json")


@pytest.mark.parametrize(("remedy", "said"), [("", "pip install no_such_thing"), ("ask Bob", "ask Bob")])
def test_a_missing_package_is_named_with_its_remedy(remedy, said):
    with pytest.raises(Unavailable, match=rf"^needs no_such_thing: {said}$"):
        needs.package("no_such_thing", remedy)


def driver(monkeypatch, state, number):
    monkeypatch.setattr(needs.machine, "cuda", lambda: Ability(name="CUDA", state=state, detail=""))
    monkeypatch.setattr(needs, "number_of_gpus", lambda: number)


def test_enough_gpus_are_not_asked_for(monkeypatch):
    driver(monkeypatch, "works", 2)
    needs.gpus(2)


@pytest.mark.parametrize(("state", "number", "there"), [("works", 1, 1), ("missing", 2, 0)])
def test_too_few_gpus_are_counted(monkeypatch, state, number, there):
    driver(monkeypatch, state, number)
    with pytest.raises(Unavailable, match=rf"^needs CUDA with 2 GPUs; there are {there}$"):
        needs.gpus(2)
