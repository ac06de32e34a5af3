"""``mvr verify --sabotage`` with sides that exist on paper only."""

from __future__ import annotations

import json

import pytest

from monarch_vs_ray.campaign import sabotage
from monarch_vs_ray.cli import main
from monarch_vs_ray.core import paths
from monarch_vs_ray.ledger.sabotage import Broken, read

ID = "supervision.propagation.monarch"
FIRST = "The handler lets go of its first report."


@pytest.fixture
def verify(monkeypatch, capsys, tmp_path):
    """Run the command; each job's outcome is ``noticed``. Returns exit code, stdout and published file."""

    def run(*words, noticed=True):
        def outcomes(options, todo, known, view, stop):
            for job in todo:
                for claim in job.claims:
                    under = "refuted" if noticed else "holds"
                    found = Broken(
                        claim=claim.id,
                        what=job.broken.what,
                        kind=job.kind,
                        before="holds",
                        under=under,
                        said="n = 1",
                        noticed=noticed,
                        code_sha256="1" * 64,
                    )
                    view(found, 0, len(todo))
                    yield found

        monkeypatch.setattr(sabotage, "sabotage", outcomes)
        with pytest.raises(SystemExit) as ended:
            main(["verify", "--sabotage", *words])
        return ended.value.code or 0, capsys.readouterr().out

    return run


def test_each_break_is_a_line_and_the_score_comes_last(verify):
    code, out = verify(ID)
    assert code == 0
    assert f"noticed     {ID}: {FIRST} -> refuted: n = 1" in out
    assert "breaks on the engines noticed (100.0%)" in out
    assert out.splitlines()[-1].startswith("1 of 1 claims with a break survive")


def test_a_break_that_is_not_noticed_is_an_error(verify):
    code, out = verify(ID, noticed=False)
    assert code == 1
    assert f"NOT NOTICED {ID}: {FIRST} -> holds" in out
    assert f"Not noticed: {ID}: {FIRST}" in out


def test_the_list_has_breaks_and_reasons(verify):
    code, out = verify("supervision", "when_to_choose", "--list")
    assert code == 0
    assert FIRST in out
    assert "none: it is a judgement" in out


def test_json_holds_everything(verify):
    _, out = verify(ID, "--json")
    found = json.loads(out)[ID]
    assert FIRST in {each["break"] for each in found["breaks"]}
    assert found["altered"] > 3
    assert found["missed"] == []


def test_outcomes_are_published_beside_the_evidence(verify, monkeypatch, tmp_path):
    machine = tmp_path / "linux-x86_64-2-cores"
    machine.mkdir()
    for file in (paths.PUBLISHED / machine.name).glob("supervision.monarch.*"):
        (machine / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path)
    monkeypatch.setattr(sabotage, "PUBLISHED", tmp_path)
    verify(ID, "--publish")
    found = read(machine / "supervision.monarch.sabotage.json")
    assert FIRST in {each.what for each in found[ID].breaks}
