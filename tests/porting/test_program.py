"""What is found in programs: aliases, attributes, lists, decorators, endpoints; what is unknown is said."""

from __future__ import annotations

import pytest

from monarch_vs_ray.core.errors import CannotPort
from monarch_vs_ray.porting.listing import lines, list_uses, summary
from monarch_vs_ray.porting.program import MAX_BYTES, read


@pytest.fixture
def uses(tmp_path):
    """Return what finds the uses of a program's text, as names with their lines."""

    def found(text: str) -> list[tuple[int, str]]:
        path = tmp_path / "program.py"
        path.write_text(text)
        return [(use.line, use.name) for use in read(path).uses]

    return found


def names(found):
    return {name for _, name in found}


@pytest.mark.parametrize(
    "text",
    [
        "import ray\nray.get(1)",
        "import ray as r\nr.get(1)",
        "from ray import get\nget(1)",
        "from ray import get as fetch\nfetch(1)",
        "def f():\n    import ray\n    return ray.get(1)",
    ],
)
def test_a_function_is_found_under_each_alias(uses, text):
    assert "ray.get" in names(uses(text))


@pytest.mark.parametrize(
    "text",
    [
        "import ray.util as u\nu.placement_group([])",
        "from ray.util.placement_group import placement_group as pg\npg([])",
        "from ray.util import placement_group\nplacement_group([])",
        "import ray\nray.util.placement_group([])",
    ],
)
def test_one_name_stands_for_the_places_that_export_it(uses, text):
    assert "ray.util.placement_group" in names(uses(text))


def test_a_name_of_the_programs_own_is_no_use(uses):
    assert names(uses("import ray\nfrom mine import get\nget(1)\nmodel.generate()\n[1].remove(1)")) == set()


def test_an_actor_is_followed_from_its_class_to_its_answer(uses):
    text = """import ray

@ray.remote(num_cpus=1)
class Counter:
    def add(self): ...

class Owner:
    def __init__(self):
        self.one = Counter.options(name="c").remote()
        self.all = [Counter.remote() for _ in range(2)]

    def go(self):
        first = self.one.add.remote()
        refs = [one.add.remote() for one in self.all]
        first.future()
        return ray.get(refs, timeout=3)
"""
    assert uses(text) == [
        (3, "@ray.remote class"),
        (3, "options(num_cpus=)"),
        (9, "ActorClass.remote"),
        (9, "options(name=)"),
        (10, "[ActorClass.remote for]"),
        (13, "ActorMethod.remote"),
        (14, "[ActorMethod.remote for]"),
        (15, "ObjectRef.future"),
        (16, "ray.get"),
        (16, "ray.get(timeout=)"),
    ]


def test_a_call_over_several_lines_is_where_its_end_is(uses):
    assert uses("import ray\nA.options(\n    num_gpus=1,\n).remote()") == [
        (3, "options(num_gpus=)"),
        (4, "ActorClass.remote"),
    ]


def test_what_does_not_port_as_it_is_is_found(uses):
    text = """import ray

class Late(Base):
    def stop(self):
        self.run()
    async def run(self): ...
    def stream(self):
        yield 1

Remote = ray.remote(Late)
"""
    assert names(uses(text)) == {
        "actor class with a base class",
        "actor calls a method of its own",
        "method with a name that Monarch refuses",
        "class mixes sync and async methods",
        "async method",
        "generator method",
        "ray.remote(cls) as a function",
    }


def test_a_reference_that_is_passed_on_is_found(uses):
    text = "import ray\nref = a.m.remote()\nb.m.remote(ref)\n"
    assert uses(text)[1:] == [(3, "ActorMethod.remote"), (3, "reference passed on")]


def test_monarch_is_followed_from_the_host_to_the_answer(uses):
    text = """from monarch.actor import Actor, endpoint as e, this_host
import monarch.actor as ma

class Trainer(Actor):
    @e
    async def step(self, peer: "Trainer"):
        rank = ma.current_rank().rank
        return await peer.step.call_one(self)

    def __supervise__(self, failure): ...

    @e
    async def stop(self): ...

procs = this_host().spawn_procs(per_host={"gpus": 2})
mesh = procs.spawn("trainers", Trainer)
mesh.slice(gpus=0).step.broadcast()
for point, value in mesh.step.call().get(timeout=3).items(): ...
procs.stop().get()
"""
    assert uses(text) == [
        (4, "class(Actor)"),
        (5, "@endpoint async def"),
        (7, "Point.rank"),
        (7, "monarch.actor.current_rank"),
        (8, "Endpoint.call_one"),
        (8, "await Future"),
        (10, "def __supervise__"),
        (12, "@endpoint async def"),
        (12, "endpoint with a name that Monarch refuses"),
        (15, "HostMesh.spawn_procs"),
        (15, "HostMesh.spawn_procs(per_host=)"),
        (15, "monarch.actor.this_host"),
        (16, "ProcMesh.spawn"),
        (17, "ActorMesh.slice"),
        (17, "Endpoint.broadcast"),
        (18, "Endpoint.call"),
        (18, "Future.get"),
        (18, "Future.get(timeout=)"),
        (18, "ValueMesh.items"),
        (19, "Future.get"),
        (19, "ProcMesh.stop"),
    ]


@pytest.mark.parametrize("adverb", ["call", "call_one", "broadcast", "choose", "stream", "rref"])
def test_each_adverb_is_known_of_an_actor_that_is_not(uses, adverb):
    text = f"from monarch.actor import Actor\n\ndef f(actor):\n    actor.step.{adverb}(1)"
    assert f"Endpoint.{adverb}" in names(uses(text))


def test_a_collective_of_torch_is_no_endpoint(uses):
    text = "import torch.distributed as dist\nfrom monarch.actor import Actor\ndist.broadcast(1, 2)"
    assert "Endpoint.broadcast" not in names(uses(text))


def test_settings_errors_and_environments_are_found(uses):
    text = """import os, ray
from ray.exceptions import GetTimeoutError

os.environ["RAY_DEDUP_LOGS"] = "0"
ray.init(runtime_env={"env_vars": {}, "new": 1})
try: ...
except (GetTimeoutError, ray.exceptions.RayActorError): ...
"""
    assert names(uses(text)) == {
        "env RAY_DEDUP_LOGS",
        "ray.init",
        "ray.init(runtime_env=)",
        "runtime_env {env_vars}",
        "runtime_env {new}",
        "ray.exceptions.GetTimeoutError",
        "ray.exceptions.RayActorError",
    }


def test_the_listing_says_counterpart_trap_and_claim_once_and_what_it_does_not_know(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("import ray\nray.get(1)\nray.get(2)\nray.made_up(3)\n")
    listing = list_uses(read(path))
    text = "\n".join(lines(listing))
    assert text.count("trap: `call_one` on a mesh") == 1
    assert "h.m.call_one(x).get()  [call_one, see line 2]" in text
    assert "actor_abstraction.invocation" in text
    assert "unknown: the table has no row for ray.made_up" in text
    assert summary([listing])[:2] == ["2 of 3 uses in 1 program are known (67%).", "Unknown: ray.made_up."]


def test_a_program_without_an_engine_has_no_uses(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("print(1)\n")
    assert list(lines(list_uses(read(path)))) == [f"{path}: no use of ray or monarch."]
    assert summary([list_uses(read(path))]) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"def (", "line 1 is not Python"),
        (b"import ray\nx = '\x00'", "not Python"),
        (b"\xff\xfe\x00", "not Python"),
        (b"(" * 5000 + b")" * 5000, "not Python|nested"),
        (b"x = " + b"-" * 60_000 + b"1", "nested"),
        (b"import ray\nx = a" + b".b()" * 3000, "nested"),
        (b"#" * (MAX_BYTES + 1), "more than 4 MB"),
    ],
)
def test_a_file_that_is_no_program_is_refused_in_one_line(tmp_path, content, reason):
    path = tmp_path / "a.py"
    path.write_bytes(content)
    with pytest.raises(CannotPort, match=reason) as refused:
        read(path)
    assert "\n" not in str(refused.value)


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing.py"):
        with pytest.raises(CannotPort, match="give Python files"):
            read(path)


def test_a_program_is_not_executed(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(f"import ray\nopen({str(tmp_path / 'ran')!r}, 'w')\n")
    read(path)
    assert not (tmp_path / "ran").exists()
