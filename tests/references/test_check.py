"""Every entry of the table against the installed wheels, and doctored entries against made-up ones."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from monarch_vs_ray.references.check import check_in_wheel, check_offline, check_text
from monarch_vs_ray.references.table import Reference, Release, table
from monarch_vs_ray.references.wheels import Wheel, all_installed, installed

WHEELS = all_installed(table().releases)
IN_WHEEL = [reference for reference in table().references.values() if reference.in_wheel]
needs_engines = pytest.mark.skipif(len(WHEELS) < 2, reason="needs both engines installed")

RELEASE = Release(repo="meta-pytorch/monarch", ref="v0.7.0", package="torchmonarch", version="0.7.0")
MODULE = """\
import typing


class Actor:
    def stop(self):
        pass


class Mesh:
    @typing.overload
    def stop(self): ...
    def stop(self, reason=None):
        return reason


LIMIT = 3
"""


def reference(**changes: object) -> Reference:
    usual = Reference(
        id="monarch.Actor",
        engine="monarch",
        concept=1,
        symbol="Actor",
        repo=RELEASE.repo,
        ref=RELEASE.ref,
        path="python/monarch/actor.py",
        line=4,
        text="class Actor:",
        in_wheel=True,
        verified_from="wheel 0.7.0",
    )
    return msgspec.structs.replace(usual, **changes)


def wheel(folder: Path, *, version: str = "0.7.0", name: str = "actor.py", text: str = MODULE) -> Wheel:
    (folder / "monarch").mkdir(exist_ok=True)
    (folder / "monarch" / name).write_text(text)
    return Wheel(module="monarch", version=version, root=folder)


@needs_engines
@pytest.mark.parametrize("reference", IN_WHEEL, ids=lambda reference: reference.id)
def test_every_entry_is_where_the_installed_wheel_has_it(reference):
    found = check_in_wheel(reference, table().releases[reference.engine], WHEELS[reference.engine])
    assert found.status == "ok", f"{found.fact}; {found.next_step}"


def test_what_no_wheel_has_stands_as_recorded():
    recorded = [found for found in check_offline(table(), WHEELS) if found.status == "recorded"]
    assert {found.reference.id for found in recorded} == set(table().references) - {
        one.id for one in IN_WHEEL
    }
    assert {found.reference.language for found in recorded} >= {"Rust", "C++"}
    assert not any(found.bad for found in recorded)


@needs_engines
@pytest.mark.parametrize("reference", IN_WHEEL[::10], ids=lambda reference: reference.id)
def test_one_line_off_is_found_and_the_right_line_told(reference):
    doctored = msgspec.structs.replace(reference, line=reference.line + 1)
    found = check_in_wheel(doctored, table().releases[reference.engine], WHEELS[reference.engine])
    assert (found.status, found.bad) == ("moved", True)
    assert f"line {reference.line}, not {reference.line + 1}" in found.fact
    assert f"line = {reference.line}" in found.next_step


@needs_engines
def test_another_name_at_the_same_line_is_found():
    actor = table()["monarch.Actor"]
    doctored = msgspec.structs.replace(actor, symbol="MeshTrait")
    found = check_in_wheel(doctored, table().releases["monarch"], WHEELS["monarch"])
    assert (found.status, found.fact) == (
        "missing",
        f"{actor.path} line {actor.line} defines `Actor`, not `MeshTrait`",
    )


@needs_engines
def test_looking_for_the_wheels_imports_no_engine(monkeypatch):
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] in ("monarch", "ray")]:
        monkeypatch.delitem(sys.modules, name)
    check_offline(table(), all_installed(table().releases))
    assert not {name.partition(".")[0] for name in sys.modules} & {"monarch", "ray"}


def test_a_right_entry_is_ok(tmp_path):
    assert check_in_wheel(reference(), RELEASE, wheel(tmp_path)).status == "ok"


def test_a_moved_line_tells_its_new_number(tmp_path):
    found = check_in_wheel(reference(), RELEASE, wheel(tmp_path, text="# one more line\n" + MODULE))
    assert found.status == "moved"
    assert found.fact == "python/monarch/actor.py: `Actor` is now at line 5, not 4"
    assert found.next_step == "set line = 5 in table.toml"


def test_a_changed_line_tells_what_it_reads_now(tmp_path):
    found = check_in_wheel(
        reference(), RELEASE, wheel(tmp_path, text=MODULE.replace("Actor:", "Actor(Base):"))
    )
    assert found.fact.endswith("`Actor` is now at line 4, not 4, and reads `class Actor(Base):`")


def test_another_version_is_named(tmp_path):
    newer = wheel(tmp_path, version="0.8.0", text="\n" + MODULE)
    found = check_in_wheel(reference(), RELEASE, newer)
    assert found.fact.startswith("recorded for v0.7.0, installed 0.8.0: ")
    assert "now at line 5" in found.fact
    assert "install torchmonarch==0.7.0" in found.next_step


def test_of_two_methods_of_one_name_the_right_one_counts():
    text = "def stop(self, reason=None):"
    assert check_text(reference(symbol="Mesh.stop", line=12, text=text), MODULE).status == "ok"
    wrong = check_text(reference(symbol="Actor.stop", line=12, text=text), MODULE)
    assert (wrong.status, "now at line 5" in wrong.fact) == ("moved", True)


def test_of_overloads_the_implementation_is_told():
    found = check_text(reference(symbol="Mesh.stop", line=99, text="def stop(self, when):"), MODULE)
    assert "now at line 12" in found.fact


def test_what_has_gone_names_what_is_near(tmp_path):
    found = check_in_wheel(reference(symbol="Actors", text="class Actors:"), RELEASE, wheel(tmp_path))
    assert found.status == "missing"
    assert "has no line `class Actors:`" in found.fact
    assert found.next_step.startswith("near it: Actor")


def test_a_line_that_defines_nothing_is_looked_for_as_text():
    limit = reference(symbol="LIMIT", line=16, text="LIMIT = 3")
    assert check_text(limit, MODULE).status == "ok"
    assert "now at line 17" in check_text(limit, "\n" + MODULE).fact
    assert check_text(limit, MODULE.replace("LIMIT = 3", "LIMIT = 4")).status == "missing"


def test_a_renamed_file_is_found_by_the_line(tmp_path):
    found = check_in_wheel(reference(), RELEASE, wheel(tmp_path, name="actors.py"))
    assert (found.status, "`Actor` is in python/monarch/actors.py line 4" in found.fact) == ("moved", True)


def test_a_file_that_is_nowhere_is_missing(tmp_path):
    found = check_in_wheel(reference(), RELEASE, wheel(tmp_path, name="other.py", text="x = 1\n"))
    assert (found.status, "no file of it has the line" in found.fact) == ("missing", True)


def test_an_engine_that_is_not_installed_is_unknown_and_not_wrong():
    found = check_in_wheel(reference(), RELEASE, None)
    assert (found.status, found.bad) == ("unknown", False)
    assert found.next_step == "pip install 'torchmonarch==0.7.0'"
    assert installed("monarch", msgspec.structs.replace(RELEASE, package="no-such-package-xyz")) is None


def test_rust_is_compared_as_text():
    rust = reference(path="src/a.rs", symbol="Mailbox", text="pub struct Mailbox {", line=2, in_wheel=False)
    assert check_text(rust, "//\npub struct Mailbox {\n").status == "ok"
    assert "now at line 3" in check_text(rust, "//\n//\npub struct Mailbox {\n").fact


def test_a_form_feed_is_no_new_line():
    assert check_text(reference(line=2), "# \f \u2028\nclass Actor:\n    pass\n").status == "ok"


def test_a_file_that_this_python_cannot_parse_is_compared_as_text():
    assert check_text(reference(line=2), "if\nclass Actor:\n").status == "ok"
