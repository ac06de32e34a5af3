"""Code is found by symbol: a probe, what it calls in its folder, the actors it names, the lines that tell."""

from __future__ import annotations

import pytest

from monarch_vs_ray.core.errors import UnknownSymbol
from monarch_vs_ray.ledger.code import actors_of, excerpt, probe_code, telling_lines

NATIVE = """import ray


@ray.remote
class Inbox:
    def put(self):
        return 1


def ask(inbox):
    return ray.get(inbox.put.remote())
"""
PROBES = """from monarch_vs_ray.concepts.x.on_ray import Inbox, ask
from monarch_vs_ray.side import fault, observe


def answers():
    _answers(Inbox.remote())


same_with_setting = answers


def _answers(inbox):
    fault("SIGKILL", "it")
    observe("other", 2)
    observe("reply", ask(inbox))
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "on_ray.py").write_text(NATIVE)
    (tmp_path / "probes_on_ray.py").write_text(PROBES)
    return tmp_path


def test_a_probe_comes_with_what_it_calls(folder):
    code = probe_code(folder, "ray", "answers")
    assert [each.name for each in code] == ["answers", "_answers", "ask"]
    assert code[2].path.name == "on_ray.py"
    assert code[0].lines == ["def answers():", "    _answers(Inbox.remote())"]
    assert [each.name for each in actors_of(folder, "ray", code)] == ["Inbox"]


def test_an_alias_is_the_probe_that_it_names(folder):
    assert [each.first for each in probe_code(folder, "ray", "same_with_setting")] == [5, 12, 10]


def test_the_lines_that_tell_are_those_of_the_keys_and_the_faults(folder):
    _, helper, _ = probe_code(folder, "ray", "answers")
    assert telling_lines(helper, {"reply"}) == {13, 15}


def test_decorators_belong_to_a_class_and_methods_can_be_named(folder):
    assert excerpt(folder / "on_ray.py", "Inbox").lines[0] == "@ray.remote"
    assert excerpt(folder / "on_ray.py", "Inbox.put").first == 6


@pytest.mark.parametrize("name", ["Outbox", "Inbox.take"])
def test_what_is_not_there_is_said(folder, name):
    with pytest.raises(UnknownSymbol, match="defines no"):
        excerpt(folder / "on_ray.py", name)
