"""A results folder holds what had come when the run was cut short, and is read back as it was written."""

from __future__ import annotations

import msgspec
import pytest

from histories import MACHINE, VERSIONS
from ledger.experimented import ExperimentedSide, claim
from monarch_vs_ray.core.errors import CannotRecord, NoResults
from monarch_vs_ray.core.events import FORMAT
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.history import read
from monarch_vs_ray.ledger.evidence import evidence, over_repeats
from monarch_vs_ray.ledger.judge import judge
from monarch_vs_ray.ledger.results import Manifest, Results, latest, load
from monarch_vs_ray.ledger.tables import markdown, summary

DATE = "2026-01-02T03:04:05+00:00"
MANIFEST = Manifest(
    format=FORMAT, date=DATE, machine=MACHINE, versions=VERSIONS, claims=1, repeats=1, slow=False
)


def found(experiment=0, **fields):
    history = ExperimentedSide().experiment("p", {"n": experiment}).experiment("c", {"n": 7}).end()
    return evidence(
        claim(**fields), judge(claim(**fields), history.brackets), history.brackets.values(), DATE
    )


def test_the_folder_is_named_after_machine_and_date(tmp_path):
    results = Results(tmp_path, MANIFEST)
    results.close()
    assert results.folder == tmp_path / "linux-x86_64-2-cores" / "2026-01-02T03-04-05"


def test_two_runs_of_one_second_have_a_folder_each(tmp_path):
    first, second = Results(tmp_path, MANIFEST), Results(tmp_path, MANIFEST)
    assert second.folder.name == "2026-01-02T03-04-05-1"
    first.close()
    second.close()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CannotRecord, match=r"Not a directory|File exists"):
        Results(tmp_path / "file", MANIFEST)


def test_what_was_appended_survives_a_crash(tmp_path):
    results = Results(tmp_path, MANIFEST)
    results.append(found())
    with open(results.folder / "evidence.jsonl", "ab") as file:
        file.write(b'{"id": "cut sho')
    assert load(results.folder) == [found()]
    assert latest(tmp_path) == results.folder


def test_the_last_word_counts(tmp_path):
    results = Results(tmp_path, MANIFEST)
    results.append(found())
    results.finish([found(experiment=1)], "# Verdicts\n")
    assert [each.verdict for each in load(results.folder)] == ["refuted"]
    assert (results.folder / "verdicts.md").read_text() == "# Verdicts\n"
    assert not list(results.folder.glob("*.new"))


def test_without_results_the_next_step_is_named(tmp_path):
    with pytest.raises(NoResults, match="mvr verify"):
        latest(tmp_path)


def test_histories_are_numbered(tmp_path):
    results = Results(tmp_path, MANIFEST)
    for number in (1, 2):
        recorder = results.recorder("ray", "message_ordering")
        assert results.relative(recorder.path) == f"histories/message_ordering.ray.{number}.jsonl"
        batch = Batch()
        for event in ExperimentedSide().experiment("p", {"n": number}).events:
            batch.add(event)
        recorder.append(batch)
        recorder.close()
        assert read(recorder.path).events == batch.events


def test_the_tables_count_and_name_what_is_stale():
    brief = {
        "brief": "Not | guaranteed",
        "brief_verdict": "refuted",
        "brief_check": {"checker": "at_least", "key": "n", "value": 1},
    }
    told = summary([found(**brief), found(experiment=1, **brief)])
    assert told[1] == "Of 2 claims of ours, 1 hold, 1 are refuted, 0 are unknown."
    assert told[0] == ("Of 2 statements of the brief 1 stand, 0 stand partly, 1 do not stand, 0 are unknown.")
    assert told[-1].startswith("Stale mark: message_ordering.r.ray says that the brief refuted")
    table = markdown([found(**brief)])
    assert "| `message_ordering.r.ray` It is in order. | holds |" in table
    assert "Not \\| guaranteed | refuted |" in table


def test_the_summary_of_repeats_tells_each_second_try():
    tries = [msgspec.structs.replace(found(), first_try=said) for said in ("p failed: E: x", "")]
    told = summary([over_repeats(tries)])
    assert told[0] == "Of 1 claim of ours, judged in 2 passes, 1 hold, 0 are refuted, 0 are unknown."
    assert "1 needed a second try, in a fresh process of their engine: message_ordering.r.ray;" in told[2]
    assert told[2].endswith("the first: p failed: E: x.")


@pytest.mark.parametrize(
    ("tested", "is_said"), [("2.60.0", False), ("2.59.1", True), ("2.61.0rc1", True), ("", False)]
)
def test_the_summary_says_when_another_release_was_tested(tested, is_said):
    told = summary([msgspec.structs.replace(found(), version=tested, made_for=">=2.60,<2.61")])
    said = f"The statements are about Ray >=2.60,<2.61, and {tested} was tested"
    assert any(each.startswith(said) for each in told) is is_said
