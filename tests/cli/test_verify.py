"""``mvr verify`` and ``mvr explain`` on the command line, as far as they need no engine."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.campaign.interpreter import releases
from monarch_vs_ray.core.errors import BadInterpreter
from monarch_vs_ray.engines.machine import cuda
from monarch_vs_ray.ledger.evidence import Evidence, encoder
from monarch_vs_ray.ledger.results import EVIDENCE

MVR = [sys.executable, "-m", "monarch_vs_ray"]


def mvr(*arguments):
    return subprocess.run([*MVR, *arguments], capture_output=True, text=True, timeout=60)


def test_the_list_has_every_claim():
    done = mvr("verify", "--list")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(catalogue.ledger().claims)
    assert "message_ordering.default_ordering.ray" in done.stdout
    assert "the brief: refuted" in done.stdout


def test_the_list_as_json_has_every_claim():
    found = json.loads(mvr("verify", "--list", "--json").stdout)
    assert [each["id"] for each in found if each["experiment"] == "held_call"]
    assert len(found) == len(catalogue.ledger().claims)


@pytest.mark.parametrize("asked", ["4", "04_message_ordering", "message_ordering"])
def test_the_list_of_a_concept_by_any_of_its_names(asked):
    lines = mvr("verify", "--list", asked, "--engine", "ray").stdout.splitlines()
    assert lines
    assert all(line.startswith("message_ordering.") and ".ray " in line for line in lines)


@pytest.mark.parametrize("command", ["verify", "explain"])
def test_an_unknown_claim_is_one_clear_line(command):
    done = mvr(command, "message_ordering.default_ordering.rai")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "near it: message_ordering.default_ordering.ray" in done.stderr


def test_explain_shows_statement_code_and_links(tmp_path):
    done = mvr("explain", "message_ordering.out_of_order_opt_in.monarch")
    assert done.returncode == 0, done.stderr
    for part in (
        "We say",
        "The brief said / we observed otherwise",
        "Not available (ordering is fundamental)",
        "Experiment four_kinds_of_call_unordered",
        "in_second_program(four_kinds_of_call, ",
        'observe("out_of_order", inputs.inversions_per_sender(collect(last, inputs.MESSAGES)))',
        "Control four_kinds_of_call",
        "as above",
    ):
        assert part in done.stdout, part


def test_explain_takes_the_observation_from_where_it_is_told(tmp_path):
    done = mvr("explain", "message_ordering.default_ordering.ray", "--results", str(tmp_path))
    assert done.returncode == 2
    assert "No results in" in done.stderr


def test_explain_tells_of_a_second_try_and_of_another_release(tmp_path):
    observed = Evidence(
        id="message_ordering.default_ordering.ray",
        concept="message_ordering",
        aspect="Default ordering",
        engine="ray",
        statement="",
        tested="experiment",
        verdict="holds",
        said="order = 'as sent'",
        version="2.50.1",
        made_for=">=2.60,<2.61",
        first_try="plain_actor raised TimeoutError",
        runs=3,
    )
    (tmp_path / EVIDENCE).write_bytes(encoder.encode(observed) + b"\n")
    told = mvr("explain", observed.id, "--results", str(tmp_path)).stdout
    for part in ("Ray 2.50.1", "3 runs", "we speak of >=2.60,<2.61", f"the first: {observed.first_try}"):
        assert part in told, part


@pytest.mark.parametrize("option", [["--repeat", "0"], ["--fail-on", "sometimes"], ["--lanes", "0"]])
def test_bad_options_are_refused(option):
    done = mvr("verify", *option)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_without_an_engine_it_says_how_to_get_one(tmp_path):
    (tmp_path / "hide.py").write_text("")
    code = (
        "import importlib.util as u, sys\n"
        "real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name in ('ray', 'monarch') else real(name, *rest)\n"
        "from monarch_vs_ray.cli import main\n"
        f"main(['verify', 'message_ordering', '--results', {str(tmp_path / 'r')!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "is not installed here; install it with" in done.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "No such file or directory"),
        ("exit 3", "it ended with exit code 3"),
        ("echo 'ModuleNotFoundError: No module named msgspec' >&2; exit 1", "No module named msgspec"),
        ("echo 0.6.0", "ray is not installed there"),
    ],
)
def test_an_interpreter_that_cannot_run_the_sides_is_one_clear_line(tmp_path, body, said):
    python = tmp_path / "python"
    if body:
        python.write_text(f"#!/bin/sh\n{body}\n")
        python.chmod(0o755)
    with pytest.raises(BadInterpreter) as raised:
        releases(str(python), {"monarch", "ray"})
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_manifest_has_the_releases_of_the_interpreter_that_was_named(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 0.6.0\n")
    python.chmod(0o755)
    assert releases(str(python), {"monarch"}) == {"monarch": "0.6.0", "ray": "not installed"}


def test_a_row_is_found_by_its_number_and_says_it():
    number = catalogue.ledger().numbers["message_ordering.default_ordering"]
    done = mvr("explain", number)
    assert done.returncode == 0, done.stderr
    assert f"message_ordering.default_ordering.ray   {number} Default ordering" in done.stdout
    place = "docs/evidence/message_ordering.md#message_ordering.default_ordering.ray"
    assert f"Read: {place}, row {number}" in done.stdout
    assert len(mvr("verify", "--list", number).stdout.splitlines()) == 2


def test_a_rows_name_without_its_concept_is_enough():
    assert "supervision.orphans.monarch" in mvr("explain", "orphans").stdout


def test_an_unknown_name_leads_to_rows():
    done = mvr("explain", "orfans")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "near it: supervision.orphans" in done.stderr


def test_explain_says_what_is_missing_and_what_is_judgement():
    assert "Missing there" in mvr("explain", "control_plane.streaming.monarch").stdout
    assert "We judge" in mvr("explain", "when_to_choose.serving.ray").stdout


def test_ask_prints_claims_with_verdicts_and_where_to_read():
    done = mvr("ask", "restart", "--most", "1")
    assert done.returncode == 0, done.stderr
    assert "Ray, holds: " in done.stdout
    assert "read: mvr explain 5." in done.stdout
    (answer,) = json.loads(mvr("ask", "restart", "--most", "1", "--json").stdout)
    assert answer["row"].startswith("supervision.")
    nothing = mvr("ask", "zzzzzz")
    assert nothing.returncode == 2
    assert nothing.stderr.count("\n") == 1


def test_without_cuda_its_claims_end_unknown_and_cost_nothing(tmp_path):
    if cuda().state == "works":
        pytest.skip("there is a GPU")
    done = mvr("verify", "--needs", "cuda", "--plain", "--results", str(tmp_path))
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("unknown")]
    assert len(lines) >= 10
    assert all("needs cuda: " in line for line in lines)
    assert not list(tmp_path.glob("*/*/histories/*"))


def test_nothing_runs_when_nothing_changed():
    done = mvr("verify", "--changed", "message_ordering", "--list")
    assert done.returncode == 0, done.stderr
    assert "changed since" in done.stderr
