"""Names of the API, looked up in the files of made-up and of installed packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from monarch_vs_ray.references.api import Api
from monarch_vs_ray.references.table import table
from monarch_vs_ray.references.wheels import all_installed

WHEELS = all_installed(table().releases)
needs_engines = pytest.mark.skipif(len(WHEELS) < 2, reason="needs both engines installed")

FILES = {
    "__init__.py": """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from ray.shapes import Hidden
    def typed(): ...
else:
    Untyped = None
import os
del os
from ray._core import *
from ray import tools
from ray._compiled import Ref
from .shapes import Square as Tile
try:
    import ray._absent as extra
except ImportError:
    extra = None
alias = tools.hammer
one, (two, *three) = 1, (2, 3)
for each in [unseen for unseen in range(3)]: ...
from . import tools as kit, cogs
loop = loop
_table = {"Lazy": ("ray.shapes", "Square"), "Broken": ("ray.shapes", "Circle")}
def __getattr__(name):
    if name in _table:
        return _table[name]
    if name == "late":
        return 1
    raise AttributeError(name)
""",
    "_core.py": "def init(): ...\n_private = 1\n",
    "tools.py": "def hammer(): ...\nsaw = 1\n",
    "cogs.py": "import sys\nsize = 1\n",
    "newer.py": "this is not Python yet\n",
    "shapes.py": """
import enum
from typing import Generic, NamedTuple, Protocol
from elsewhere import Strange
class Shape(Protocol):
    sides: int
    left, right = 1, 2
    def __init__(self): self.color = 1
    def paint(self): self.shade, self.gloss = 1, 2
class Square(Shape, Generic[int]):
    class Corner:
        def round(self): ...
    def area(self): ...
class Odd(Strange): ...
class Failure(ValueError): ...
class Point(NamedTuple):
    x: int
class Kind(enum.Enum):
    BIG = 1
@replaced
class Decorated: ...
class Open:
    def __getattr__(self, name): ...
""",
    "open.py": "globals().update(everything)\n",
    "both.py": "def both(): ...\nclass Inner: ...\n",
    "_compiled.pyi": """
from typing import overload
class Ref:
    def future(self): ...
    @overload
    def get(self): ...
    @overload
    def get(self, timeout): ...
""",
    "circle_a.py": "from ray.circle_b import thing\n",
    "circle_b.py": "from ray.circle_a import thing\n",
}


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Api:
    root = tmp_path_factory.mktemp("wheel")
    for name, text in FILES.items():
        (root / "ray").mkdir(exist_ok=True)
        (root / "ray" / name).write_text(text)
    (root / "ray" / "_blob.cpython-311-x86_64-linux-gnu.so").write_bytes(b"")
    return Api({"ray": root})


@pytest.mark.parametrize(
    "name",
    [
        "ray",
        "ray.init",
        "ray.tools",
        "ray.tools.hammer",
        "ray.alias",
        "ray.loop",
        "ray.Tile",
        "ray.Tile.area",
        "ray.Tile.sides",
        "ray.Tile.color",
        "ray.Tile.right",
        "ray.Tile.gloss",
        "ray.Tile.Corner.round",
        "ray.Lazy",
        "ray.Lazy.area",
        "ray.late",
        "ray.Ref",
        "ray.Ref.future",
        "ray.Ref.get",
        "ray.Untyped",
        "ray.two",
        "ray.three",
        "ray.each",
        "ray.kit.saw",
        "ray.cogs.size",
        "ray.cogs.sys",
        "ray.newer",
        "ray.shapes.Failure.with_traceback",
        "ray.shapes.Point._replace",
        "ray.shapes.Kind.BIG",
        "ray.Tile.__init__",
        "ray.both.Inner",
        "ray.circle_a.thing",
        "ray._blob",
    ],
)
def test_exists(api, name):
    assert api.resolve(name).verdict == "exists"


@pytest.mark.parametrize(
    ("name", "missing", "near"),
    [
        ("ray.innit", "ray.innit", ()),
        ("ray.Hidden", "ray.Hidden", ()),
        ("ray.typed", "ray.typed", ()),
        ("ray.unseen", "ray.unseen", ()),
        ("ray.os", "ray.os", ()),
        ("ray.hammer", "ray.hammer", ("ray.tools.hammer",)),
        ("ray._private", "ray._private", ()),
        ("ray.Broken", "ray.Broken", ()),
        ("ray.Lazi", "ray.Lazi", ("ray.Lazy",)),
        ("ray.Tile.arena", "ray.Tile.arena", ("ray.Tile.area",)),
        ("ray.Tile.side", "ray.Tile.side", ("ray.Tile.sides",)),
        ("ray.Tile.Corner.square", "ray.Tile.Corner.square", ()),
        ("ray.tools.drill.bit", "ray.tools.drill", ()),
        ("ray.shapes.Failure.code", "ray.shapes.Failure.code", ()),
        ("ray.shapes.Point.y", "ray.shapes.Point.y", ()),
    ],
)
def test_absent_says_which_part_and_what_is_near(api, name, missing, near):
    answer = api.resolve(name)
    assert (answer.verdict, answer.missing) == ("absent", missing)
    assert set(near) <= set(answer.near)
    assert all(api.resolve(one).verdict == "exists" for one in answer.near)


@pytest.mark.parametrize(
    "name",
    [
        "ray.tools.hammer.weight",
        "ray.tools.saw.teeth",
        "ray.extra.thing",
        "ray.shapes.Odd.anything",
        "ray.shapes.Decorated.thing",
        "ray.shapes.Open.thing",
        "ray.open.thing",
        "ray.newer.thing",
        "ray.Ref.not_in_the_stub",
        "ray._compiled.Other",
        "ray._blob.thing",
        "ray.Tile.__weird__",
        "monarch.actor.Actor",
        "numpy.array",
    ],
)
def test_undecided_where_reading_cannot_say(api, name):
    assert api.resolve(name).verdict == "undecided"


@needs_engines
@pytest.mark.parametrize(
    "name",
    [
        "monarch.actor.Actor",
        "monarch.actor.Channel.open",
        "monarch.actor.ProcMesh.slice",
        "monarch.actor.this_host",
        "monarch.rdma.RDMABuffer.read_into",
        "monarch.inspect",
        "monarch.Tensor.reduce",
        "monarch.job.ProcessJob",
        "monarch.job.spmd.serve",
        "monarch.spmd.SPMDActor",
        "monarch.configure",
        "monarch.actor.MeshFailure",
        "monarch.Simulator",
        "ray.init",
        "ray.remote",
        "ray.get",
        "ray.ObjectRef",
        "ray.ObjectRef.future",
        "ray.actor.ActorHandle",
        "ray.util.ActorPool.map",
        "ray.util.queue.Queue",
        "ray.cluster_utils.Cluster",
        "ray.train.torch.TorchTrainer",
        "ray.exceptions.ActorDiedError",
        "ray.data.Dataset",
        "ray.util.placement_group",
        "ray.util.placement_group.PlacementGroup",
        "ray.__version__",
        "ray.job_submission.JobSubmissionClient",
        "ray.util.collective.allreduce",
    ],
)
def test_what_the_engines_have_exists(name):
    assert _engines().resolve(name).verdict == "exists"


@needs_engines
@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("monarch.actor.Actr", "monarch.actor.Actor"),
        ("monarch.ProcessJob", "monarch.job.ProcessJob"),
        ("monarch.actor.ProcMesh.slices", "monarch.actor.ProcMesh.slice"),
        ("monarch.rdma.RDMABuffer.readinto", "monarch.rdma.RDMABuffer.read_into"),
        ("ray.gett", "ray.get"),
        ("ray.ActorHandle", "ray.actor.ActorHandle"),
        ("ray.util.ActorPool.maap", "ray.util.ActorPool.map"),
    ],
)
def test_one_wrong_name_is_found_and_the_right_one_told(name, near):
    answer = _engines().resolve(name)
    assert answer.verdict == "absent"
    assert near in answer.near


@needs_engines
def test_a_lazy_name_whose_module_is_not_in_the_wheel_is_absent():
    answer = _engines().resolve("monarch.ActorFuture")  # in monarch's own table, from monarch.future
    assert answer.verdict == "absent"


def _engines() -> Api:
    roots: dict[str, Path] = {engine: wheel.root for engine, wheel in WHEELS.items()}
    return Api(roots)
