"""Patterns are found, run with their plan, judged, copied and published; the fixtures need no engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from monarch_vs_ray.core.errors import ExitCode, UnknownPattern, WouldOverwrite
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.programs import patterns, records
from monarch_vs_ray.programs.pattern_run import Wanted, run
from monarch_vs_ray.programs.rounds import Rounds, by_engine
from monarch_vs_ray.programs.timeline import text_lines
from monarch_vs_ray.stage.presenter import Interrupt
from monarch_vs_ray.stage.show import Form

ROOT = Path(__file__).parent / "patterns"


def test_a_pattern_is_run_with_its_faults_and_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pattern = patterns.find("respawn", ROOT)
    wanted = Wanted(["monarch", "ray"], pattern.plan.setting("defaults"), seed=3, times=1, publish=tmp_path)

    assert run(pattern, wanted, Form()) == ExitCode.FINE

    every = records.published(tmp_path)
    assert [(each.program, each.seed) for each in every] == [
        ("monarch", 3),
        ("ray", 3),
    ]
    assert all(each.holds and each.fired == each.planned == 1 for each in every)
    assert all(each.figures["respawned"] == 1 and each.figures["seconds to detect"] for each in every)
    assert all(each.undisturbed for each in every)
    assert "holds 1 of 1 times" in capsys.readouterr().out
    table = next(tmp_path.glob(f"*/{records.TABLE}")).read_text()
    assert "| respawn | ray, defaults | respawned | 1 (1 to 1) | 1 |" in table
    assert records.publish(every[:1], tmp_path)
    assert len(records.published(tmp_path)) == 2, "a record of the same seed is replaced, others stay"
    records.publish([msgspec.structs.replace(every[0], seed=4)], tmp_path)
    assert [each.seed for each in records.published(tmp_path)] == [3, 4, 3], "seeds come together"
    records.publish([msgspec.structs.replace(every[0], seed=5, code_sha256="changed")], tmp_path)
    assert [each.seed for each in records.published(tmp_path)] == [5, 3], "records of other code go"


def test_broken_recovery_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patterns.copy(patterns.find("respawn", ROOT), tmp_path)
    script = tmp_path / "respawn" / "program.py"
    script.write_text(
        script.read_text().replace("total += int(answer)", "total += int(answer) * (not spawned)")
    )
    pattern = patterns.find("respawn", tmp_path)
    setting = pattern.plan.setting("defaults")

    assert run(pattern, Wanted(["ray"], setting, times=1), Form(plain=True)) == ExitCode.NOT_AS_EXPECTED
    assert "the oracle DOES NOT HOLD" in capsys.readouterr().out

    script.write_text(script.read_text().replace("while not (answer", "if not (answer"))
    broken = script.read_text().replace("worker = spawn(spawned)\n", "raise SystemExit('lost')\n")
    script.write_text(broken)
    assert run(pattern, Wanted(["ray"], setting, times=1), Form(plain=True)) == ExitCode.SIDE_FAILED


def test_a_killed_program_is_started_again_in_its_folder() -> None:
    pattern = patterns.find("journal", ROOT)
    rounds = Rounds(pattern, pattern.plan.settings[0], Interrupt())

    ((record, state),) = rounds.run_all(["monarch"], [0])

    assert record.holds, record.reasons
    assert record.fired == 1
    assert record.figures["seconds to go on"] > 0
    (line, fault, reached) = text_lines(state, pattern.plan, 80, ascii=True)
    assert "x" in line
    assert fault.split()[0] == "x"
    assert reached.split()[0] == "o"


def test_copies_stand_alone_and_replace_nothing(tmp_path: Path) -> None:
    pattern = patterns.find("respawn", ROOT)

    patterns.copy(pattern, tmp_path)
    copied = tmp_path / "respawn" / "program.py"
    done = subprocess.run([sys.executable, copied, "--pause", "0"], capture_output=True, text=True)

    assert done.stdout.endswith("20 of 20 counted\n")
    patterns.copy(pattern, tmp_path)
    copied.write_text("mine")
    with pytest.raises(WouldOverwrite):
        patterns.copy(pattern, tmp_path)


def test_a_pattern_that_is_not_there() -> None:
    with pytest.raises(UnknownPattern, match="there are 2: journal, respawn"):
        patterns.find("other", ROOT)


def test_programs_of_one_engine_take_the_stage_one_after_the_other() -> None:
    assert by_engine(["monarch", "ray", "ray_serve"]) == [["monarch", "ray"], ["ray_serve"]]


def test_lines_of_code_are_those_with_code() -> None:
    source = '"""Text.\n\nMore."""\n\n# why\nimport os\n\n\ndef f():\n    """Do."""\n    return """a\nb"""\n'

    assert patterns.code_lines(source) == 4


def test_a_change_of_the_code_changes_its_hash(tmp_path: Path) -> None:
    patterns.copy(patterns.find("respawn", ROOT), tmp_path)
    before = patterns.find("respawn", tmp_path).code_sha256()
    assert before == patterns.find("respawn", ROOT).code_sha256()

    (tmp_path / "respawn" / "program.py").write_text("pass")

    assert patterns.find("respawn", tmp_path).code_sha256() != before


def test_quantiles_are_those_of_the_textbook() -> None:
    found = records.spread([float(value) for value in range(1, 12)], "s")

    assert (found.n, found.median, found.low, found.high) == (11, 6, 2, 10)


def test_published_runs_hold_and_are_of_the_code_as_it_is() -> None:
    hashes = {pattern.name: pattern.code_sha256() for pattern in patterns.all_patterns()}
    for record in records.published(PUBLISHED):
        name = f"{record.pattern}.{record.program}, seed {record.seed}"
        assert record.holds, f"{name}: {record.reasons}"
        assert record.fired == record.planned, name
        assert record.code_sha256 == hashes.get(record.pattern), f"{name}: run `mvr pattern --publish` again"
    for file in PUBLISHED.glob(f"*/{records.TABLE}"):
        assert file.read_text() == records.markdown(
            records.summarize(records.read(file.with_name(records.FILE)))
        )
