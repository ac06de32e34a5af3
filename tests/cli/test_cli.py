"""The command line, as a user meets it: no engine is started here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from histories import CONCEPT, both
from monarch_vs_ray import cli
from monarch_vs_ray.campaign import sides
from monarch_vs_ray.cli import show
from monarch_vs_ray.core.events import FORMAT, decoder
from monarch_vs_ray.core.paths import RECORDINGS
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.history import Header, Recorder

RECORDING = RECORDINGS / "message_ordering" / "linux-2-cores.jsonl"


@pytest.fixture
def mvr(capfd, monkeypatch):
    """Run ``mvr`` in this process, where there is one more concept; gives exit code, stdout, stderr."""
    known = show.find
    monkeypatch.setattr(show, "find", lambda name: CONCEPT if name == CONCEPT.name else known(name))

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            cli.main(list(arguments))
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    return run


def keep(path: Path, events) -> Path:
    header = Header(format=FORMAT, concept=CONCEPT.name, sides=["monarch", "ray"], date="2026-01-02T03:04:05")
    recorder, batch = Recorder(path, header), Batch()
    for event in events:
        batch.add(event)
    recorder.append(batch)
    recorder.close()
    return path


@pytest.fixture
def history(tmp_path) -> Path:
    return keep(tmp_path / "run.jsonl", both())


def test_help_teaches_by_example(mvr):
    code, out, _ = mvr("--help")
    assert code == 0
    assert "mvr demo 1 --dry-run --speed 4" in out
    assert "Exit codes:" in out


@pytest.mark.parametrize("command", ["demo", "replay", "doctor"])
def test_every_subcommand_has_help(mvr, command):
    code, out, _ = mvr(command, "--help")
    assert code == 0
    assert command in out


def test_without_a_name_demo_lists_what_there_is(mvr):
    code, out, _ = mvr("demo")
    assert code == 0
    assert "actor_abstraction" in out


def test_an_unknown_demo_is_a_usage_error_that_names_the_known_ones(mvr):
    code, _, err = mvr("demo", "nonsense")
    assert code == 2
    assert "'nonsense'" in err
    assert "1 actor_abstraction" in err
    assert "Traceback" not in err


def test_an_unknown_option_is_a_usage_error(mvr):
    assert mvr("demo", "--nonsense")[0] == 2


def test_speed_is_for_replays(mvr):
    code, _, err = mvr("demo", "1", "--speed", "4")
    assert code == 2
    assert "--dry-run" in err


def test_a_missing_engine_is_named_with_how_to_get_it(mvr, monkeypatch):
    monkeypatch.setattr(sides, "find_spec", lambda module: None if module == "ray" else object())
    code, _, err = mvr("demo", "1")
    assert code == 3
    assert "Ray is not installed" in err
    assert "pip install 'ray" in err
    assert "--dry-run" in err


def test_a_missing_recording_is_told(mvr, monkeypatch, tmp_path):
    monkeypatch.setattr(sides, "RECORDINGS", tmp_path)
    code, _, err = mvr("demo", "1", "--dry-run")
    assert code == 2
    assert "--record" in err


def test_a_replay_prints_plain_lines_without_a_terminal(mvr, history):
    code, out, _ = mvr("replay", str(history), "--speed", "0")
    assert code in (0, 1)
    assert "monarch  step     Make a greeter" in out
    assert "replay (recorded 2026-01-02, speed 0)" in out


def test_a_replay_as_json_is_the_history_again(mvr, history):
    _, out, _ = mvr("replay", str(history), "--speed", "0", "--json")
    assert [decoder.decode(line) for line in out.splitlines()] == both()


def test_a_history_that_is_none_is_a_usage_error(mvr, tmp_path):
    (tmp_path / "x").write_text("nonsense\n")
    code, _, err = mvr("replay", str(tmp_path / "x"))
    assert code == 2
    assert "line 1" in err
    code, _, err = mvr("replay", str(tmp_path / "none"))
    assert code == 2


def test_a_failed_side_gives_exit_code_4(mvr, tmp_path):
    file = keep(tmp_path / "failed.jsonl", both(exit_code=1))
    assert mvr("replay", str(file), "--speed", "0")[0] == 4


def test_what_should_not_have_been_observed_gives_exit_code_1(mvr, tmp_path):
    file = keep(tmp_path / "wrong.jsonl", both(reply="wrong"))
    assert mvr("replay", str(file), "--speed", "0")[0] == 1


def test_recording_over_a_file_is_refused_before_anything_starts(mvr, history, monkeypatch):
    monkeypatch.setattr(sides, "find_spec", lambda module: object())
    before = history.read_bytes()
    code, _, err = mvr("demo", "1", "--record", str(history))
    assert code == 2
    assert "never overwritten" in err
    assert history.read_bytes() == before


LIGHT = """
import sys
from monarch_vs_ray.cli import main
try:
    main({arguments!r})
except SystemExit:
    pass
import json
heavy = {{"monarch", "ray", "torch", "numpy", "pandas"}}
print(json.dumps(sorted(heavy & {{name.partition(".")[0] for name in sys.modules}})), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["demo"], ["demo", "1", "--dry-run", "--speed", "0"], ["demo", "1", "--dry-run", "--json"]],
    ids=" ".join,
)
def test_the_parent_imports_no_engine(arguments):
    if "--dry-run" in arguments:
        arguments = [*arguments, "--speed", "0"]
    code = LIGHT.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stderr.splitlines()[-1]) == []


def test_a_reader_that_goes_away_is_no_error():
    command = [sys.executable, "-m", "monarch_vs_ray", "replay", str(RECORDING), "--json", "--speed", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize("arguments", [["--picture", "/no/such/folder/x.svg"], ["--plain", "--speed", "0"]])
def test_what_cannot_be_written_is_one_clear_line(arguments):
    command = [sys.executable, "-m", "monarch_vs_ray", "replay", str(RECORDING), *arguments]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert ("check the path" if "--picture" in arguments else "make space on its disk") in done.stderr


def test_every_public_export_of_the_side_api_is_there():
    import monarch_vs_ray.side as side

    assert all(hasattr(side, name) for name in side.__all__)
