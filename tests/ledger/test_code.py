"""Code is found by symbol: an experiment, what it calls, the actors it names, the lines that tell."""

from __future__ import annotations

import pytest

from monarch_vs_ray.core.errors import UnknownSymbol
from monarch_vs_ray.ledger.code import actors_of, excerpt, experiment_code, telling_lines

NATIVE = """import ray


@ray.remote
class Inbox:
    def put(self):
        return 1


def ask(inbox):
    return ray.get(inbox.put.remote())
"""
EXPERIMENTS = """from monarch_vs_ray.concepts.x.ray.actors import Inbox, ask
from monarch_vs_ray.instruments import faults
from monarch_vs_ray.side import observe


def answers():
    _answers(Inbox.remote())


def _answers(inbox):
    faults.kill(1, "it")
    observe("other", 2)
    observe("reply", ask(inbox))
"""


@pytest.fixture(params=["experiments.py", "experiments/calls.py"])
def folder(tmp_path, request):
    file = tmp_path / "ray" / request.param
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(EXPERIMENTS)
    (tmp_path / "ray" / "actors.py").write_text(NATIVE)
    return tmp_path


def test_an_experiment_comes_with_what_it_calls(folder):
    code = experiment_code(folder, "ray", "answers")
    assert [each.name for each in code] == ["answers", "_answers", "ask"]
    assert code[2].path.name == "actors.py"
    assert code[0].lines == ["def answers():", "    _answers(Inbox.remote())"]
    assert [each.name for each in actors_of(folder, "ray", code)] == ["Inbox"]


def test_the_lines_that_tell_are_those_of_the_keys_and_the_faults(folder):
    _, helper, _ = experiment_code(folder, "ray", "answers")
    assert telling_lines(helper, {"reply"}) == {11, 13}


def test_decorators_belong_to_a_class_and_methods_can_be_named(folder):
    assert excerpt(folder / "ray" / "actors.py", "Inbox").lines[0] == "@ray.remote"
    assert excerpt(folder / "ray" / "actors.py", "Inbox.put").first == 6


@pytest.mark.parametrize("name", ["Outbox", "Inbox.take"])
def test_what_is_not_there_is_said(folder, name):
    with pytest.raises(UnknownSymbol, match="defines no"):
        excerpt(folder / "ray" / "actors.py", name)


def test_an_experiment_that_is_nowhere_is_said(folder):
    with pytest.raises(UnknownSymbol, match="defines no 'questions'"):
        experiment_code(folder, "ray", "questions")
