"""The oracle of message ordering, its closing sentences, and how it counts disorder; no engine runs."""

from __future__ import annotations

import itertools

import pytest

from monarch_vs_ray.concepts.message_ordering import spec
from recorded import doctored, recording, seen, verdict

CONCEPT = spec.CONCEPT


@pytest.fixture(scope="module")
def events():
    return recording(CONCEPT)


def test_the_oracle_accepts_the_recorded_run(events):
    assert verdict(CONCEPT, events) == 0


@pytest.mark.parametrize("side", ["monarch", "ray"])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("one_sender", 1),
        ("two_senders", 3),
        ("two_threads", 1),
        ("mixed", 7),
        ("mixed_off", 0),  # a control that finds no disorder says nothing
        ("held", ["a0", "a1", "b0"]),
        ("held", ["a1", "b0", "a0"]),
        ("held_off", ["b0", "a0", "a1"]),
        ("crash_ran", 102),
        ("crash_disorder", [0, 1]),
        ("resent_ran", 199),
        ("resent_disorder", 2),
        ("resent_twice", 0),
    ],
)
def test_the_oracle_refuses_what_must_not_be(events, side, key, value):
    assert verdict(CONCEPT, doctored(events, side, key, value)) == 1


def test_every_row_is_observed_on_both_sides(events):
    keys = {row.key for row in CONCEPT.rows}
    assert set(seen(events, "monarch")) == keys == set(seen(events, "ray"))


def said(monarch, ray):
    return " ".join(CONCEPT.conclude(monarch, ray))


@pytest.mark.parametrize(
    ("side", "key", "value", "words"),
    [
        ("monarch", "one_sender", 1234, "1234 times on Monarch"),
        ("ray", "mixed", 1234, "1234 times on Ray"),
        ("ray", "mixed_off", 4321, "4321 times in"),
        ("monarch", "held", ["a1", "b0", "a0"], "next one overtook on Monarch"),
        ("ray", "held", ["a0", "a1", "b0"], "call went ahead and waited too"),
        ("ray", "held_off", ["b0", "a0", "a1"], "it overtook and waited"),
        ("ray", "async_starts", 77, "77 times on Ray"),
        ("monarch", "async_in_order", "no", "keeps the order: no on Monarch"),
        ("monarch", "asked_starts", 55, "55 (Monarch)"),
        ("ray", "two_kinds", 0, "and 0."),
        ("monarch", "resent_twice", 66, "66 and"),
        ("ray", "retried_twice", 44, "44 of them twice"),
    ],
)
def test_the_closing_sentences_come_from_the_observations(events, side, key, value, words):
    observed = {"monarch": seen(events, "monarch"), "ray": seen(events, "ray")}
    assert len(CONCEPT.conclude(**observed)) == len(CONCEPT.closing)
    assert words not in said(**observed)
    observed[side][key] = value
    assert words in said(**observed)


def test_a_sentence_without_its_observations_is_not_said(events):
    monarch, ray = seen(events, "monarch"), seen(events, "ray")
    del ray["held"], monarch["mixed"]
    assert len(CONCEPT.conclude(monarch, ray)) == len(CONCEPT.closing) - 2


def test_disorder_is_counted_for_each_sender_alone():
    assert spec.inversions([]) == spec.inversions([0]) == spec.inversions([0, 1, 1, 5]) == 0
    assert spec.inversions([1, 0, 3, 2]) == 2
    mingled = [("a", 0), ("b", 7), ("a", 1), ("b", 8)]
    assert spec.inversions_per_sender(mingled) == 0
    assert spec.changes_of_sender(mingled) == 3
    assert spec.inversions_per_sender([("a", 1), ("b", 7), ("a", 0), ("b", 6)]) == 2
    assert spec.names(mingled) == ["a0", "b7", "a1", "b8"]
    assert spec.twice([0, 1, 1, 2, 2, 2]) == 3


def test_later_calls_linger_less_often_enough_to_overtake():
    times = [spec.linger(number) for number in range(spec.LINGERING)]
    assert min(times) >= 0
    assert spec.inversions(times) >= spec.LINGERING // 4


def test_collecting_ends_with_the_last_one_or_says_how_many_came(monkeypatch):
    batches = iter([[("a", 0)], [], [("a", 1), ("a", 2)]])
    assert spec.collect(lambda: next(batches), 3) == [("a", 0), ("a", 1), ("a", 2)]
    clock = itertools.count()
    monkeypatch.setattr(spec.time, "monotonic", lambda: next(clock))
    with pytest.raises(TimeoutError, match="0 of 3 messages"):
        spec.collect(list, 3)


def test_each_sender_has_a_thread():
    sent = []
    spec.in_threads(sent.append)
    assert sorted(sent) == sorted(spec.SENDERS)


def test_the_journal_is_read_in_order(tmp_path):
    journal = tmp_path / "journal"
    journal.write_text("0\n2\n1\n")
    assert spec.read(journal) == [0, 2, 1]


def test_a_refusal_is_named():
    assert spec.refusal(lambda: None) == "accepted"
    assert spec.refusal(lambda: int("x")) == "refused: ValueError"
