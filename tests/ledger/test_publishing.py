"""Publishing puts a claim's evidence and histories in place of the old, and touches nothing else."""

from __future__ import annotations

import msgspec
import pytest

from histories import MACHINE, VERSIONS
from ledger.experimented import ExperimentedSide, claim
from monarch_vs_ray.core.events import FORMAT, LogLine, RunStarted
from monarch_vs_ray.core.stream import Batch
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.brackets import brackets
from monarch_vs_ray.ledger.evidence import evidence
from monarch_vs_ray.ledger.judge import judge
from monarch_vs_ray.ledger.results import Manifest, Results, machine_name

KIND = "linux-x86_64-2-cores"


def run(root, date, seen=0, **fields):
    """Make a results folder with the history of one side, and the evidence for one claim from it."""
    manifest = Manifest(
        format=FORMAT, date=date, machine=MACHINE, versions=VERSIONS, claims=1, repeats=1, slow=False
    )
    results = Results(root, manifest)
    events = ExperimentedSide().experiment("other", {"n": 5}).experiment("p", {"n": seen})
    events = events.experiment("c", {"n": 7}).end().events
    recorder = results.recorder("ray", "message_ordering")
    batch = Batch()
    for event in events:
        batch.add(event)
    recorder.append(batch)
    recorder.close()
    results.close()
    found = brackets(events, results.relative(recorder.path))
    one = claim(**fields)
    used = {name: found[name] for name in ("p", "c")}
    return results.folder, evidence(one, judge(one, used), used.values(), date)


@pytest.fixture
def first(tmp_path):
    folder, found = run(tmp_path / "runs", "2026-01-02T03:04:05+00:00")
    return folder, found


def test_one_concept_and_engine_are_two_files(tmp_path, first):
    folder, found = first
    files = published.publish([found], folder, tmp_path / "published")
    assert [file.relative_to(tmp_path / "published").as_posix() for file in files] == [
        f"{KIND}/message_ordering.ray.evidence.jsonl",
        f"{KIND}/message_ordering.ray.histories.jsonl.gz",
    ]
    (kept,) = published.evidence(tmp_path / "published")
    assert (kept.id, kept.verdict) == ("message_ordering.r.ray", "holds")


def test_a_verdict_can_be_judged_again_from_what_is_published(tmp_path, first):
    folder, found = first
    published.publish([found], folder, tmp_path / "published")
    (kept,) = published.evidence(tmp_path / "published")
    histories = published.histories(tmp_path / "published", KIND)
    again = brackets(histories[kept.observed[0].history])
    assert set(again) == {"p", "c"}  # and not what no claim rests on
    assert judge(claim(), again).statement == kept.finding
    assert not any(isinstance(event, LogLine) for event in histories[kept.observed[0].history])
    started = next(event for event in histories[kept.observed[0].history] if isinstance(event, RunStarted))
    assert started.code == {}


def test_publishing_again_replaces_one_claim_and_drops_what_nothing_rests_on(tmp_path, first):
    root = tmp_path / "published"
    folder, found = first
    other = msgspec.structs.replace(found, id="message_ordering.s.ray")
    published.publish([found, other], folder, root)
    later, new = run(tmp_path / "runs", "2026-02-03T04:05:06+00:00", seen=3)
    published.publish([new], later, root)
    kept = {each.id: each.verdict for each in published.evidence(root)}
    assert kept == {"message_ordering.r.ray": "refuted", "message_ordering.s.ray": "holds"}
    assert len(published.histories(root, KIND)) == 2
    published.publish([msgspec.structs.replace(new, id="message_ordering.s.ray")], later, root)
    assert len(published.histories(root, KIND)) == 1


def test_the_same_evidence_gives_the_same_bytes(tmp_path, first):
    folder, found = first
    written = [
        [file.read_bytes() for file in published.publish([found], folder, tmp_path / name)]
        for name in ("a", "b")
    ]
    assert written[0] == written[1]


def test_machines_stand_side_by_side(tmp_path, first):
    folder, found = first
    root = tmp_path / "published"
    published.publish([found], folder, root)
    large = msgspec.structs.replace(found, machine=msgspec.structs.replace(MACHINE, cores=16))
    two = [large, msgspec.structs.replace(large, id="message_ordering.s.ray")]
    published.publish(two, folder, root)
    assert published.machines(root) == ["linux-x86_64-16-cores", KIND]
    assert len(published.evidence(root, KIND)) == 1


def test_nothing_published_is_no_error(tmp_path):
    assert published.evidence(tmp_path / "nothing") == []


def test_of_several_machines_the_first_that_knows_is_quoted(first):
    _, found = first
    lacking = {"verdict": "unknown", "said": "needs cuda: none"}
    unknown = msgspec.structs.replace(found, **lacking)
    assert published.best({"a": found, "b": unknown}) is found
    assert published.best({"a": unknown, "b": found}) is found
    assert published.best({"a": unknown}) is unknown


def test_what_another_machine_knows_of_the_brief_counts(first):
    _, found = first
    here = msgspec.structs.replace(found, brief_verdict="unknown", brief_said="needs cuda: none")
    there = msgspec.structs.replace(found, brief_verdict="holds", brief_said="seen")
    best = published.best({"here": here, "there": there})
    assert (best.said, best.brief_verdict, best.brief_said) == (here.said, "holds", "seen")


def test_a_machine_is_named_by_its_gpus():
    two = msgspec.structs.replace(MACHINE, gpus=("NVIDIA H200", "NVIDIA H200"))
    assert machine_name(MACHINE) == KIND
    assert machine_name(two) == "linux-x86_64-2-cores-2-nvidia-h200"


def test_evidence_that_ran_nothing_is_of_the_machine_of_the_run(tmp_path, first):
    _, found = first
    unknown = msgspec.structs.replace(found, machine=None, observed=[], verdict="unknown")
    published.publish([unknown], tmp_path / "some-machine" / "2026-01-02", tmp_path / "published")
    assert published.machines(tmp_path / "published") == ["some-machine"]
