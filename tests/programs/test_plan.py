"""A plan is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from monarch_vs_ray.core.errors import BadPlan, UserError
from monarch_vs_ray.programs import plan as plans

FIXTURE = Path(__file__).parent / "patterns" / "respawn" / plans.FILE


def test_the_fixture_has_all_that_a_plan_can_have() -> None:
    plan = plans.read(FIXTURE)

    slow = plan.setting("slow")
    assert plan.command("ray", slow, 7) == ["--seed", "7", "--pause", "0.02"]
    assert plan.command("monarch", slow, 7) == ["--seed", "7"]
    assert plan.environment("monarch", slow) == {"PAUSE": "0.02"}
    assert plan.faults[0].span == (0.0, 0.05)
    assert [figure.in_unit for figure in plan.figures] == ["s", "s", ""]
    with pytest.raises(UserError, match="it has defaults, slow"):
        plan.setting("fast")


def test_the_example_in_the_modules_text_is_a_plan(tmp_path: Path) -> None:
    text = plans.__doc__.partition("::\n")[2]
    file = tmp_path / "plan.toml"
    file.write_text("\n".join(line[4:] for line in text.splitlines()))

    plan = plans.read(file)

    assert list(plan.programs) == ["monarch", "ray", "ray_serve"]
    assert plan.faults[0].seconds == 2.0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("other = 1", "other"),
        ("deadline = 'x'", "deadline"),
        ("deadline = 0", "deadline is 0"),
        ("deadline = inf", "deadline"),
        ("[[faults]]\nkill = 'no process'", "group named pid"),
        ("[oracle]\nlines = ['(']", "no regular expression"),
        ("[[figures]]\nname = 'x'", "either `value`"),
        ("[[figures]]\nname = 'x'\nvalue = 'x'", "no group"),
        ("[programs]\nspark = 'x.py'", "names no engine"),
        ("[programs]\nray = '../x.py'", "not a file beside"),
        ("x = [", ""),
        ("x = " + "[" * 5000, ""),
        ("\udc80", ""),
    ],
)
def test_a_bad_plan_is_one_line_with_its_reason(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(text, errors="surrogateescape")

    with pytest.raises(BadPlan, match=r"plan\.toml: ") as found:
        plans.read(file)

    assert reason in str(found.value)


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(BadPlan):
            plans.read(path)
