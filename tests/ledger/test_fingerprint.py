"""Fingerprints: they change with what a claim says or is tested by, and with nothing else."""

from __future__ import annotations

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.concept import read
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.ledger.fingerprint import Fingerprints, reason

FILES = {
    "ledger/checkers.py": "def equals(): ...\n\n\ndef at_most(): ...\n",
    "engines/ray.py": "def running(): ...\n\n\ndef abilities(): ...\n",
    "instruments/wait.py": "POLL = 0.1\n\n\ndef happens(): return POLL\n\n\ndef settled(): ...\n",
    "side/__init__.py": "def observe(): ...\n",
    "concepts/ordering/inputs.py": "CALLS = 3\nOTHERS = 4\n",
    "concepts/ordering/programs.py": "def main(): ...\n",
    "concepts/ordering/ray/actors.py": "class Inbox:\n    kept = 1\n\n\nclass Other: ...\n",
    "concepts/ordering/ray/experiments.py": """
from pkg.concepts.ordering import inputs
from pkg.concepts.ordering.ray.actors import Inbox, Other
from pkg.instruments.wait import happens, settled
from pkg.side import observe

PROGRAM = "pkg.concepts.ordering.programs"


def p():
    happens(Inbox, inputs.CALLS, PROGRAM)
    observe("n", 0)


def c():
    helper()


def helper():
    happens = 1
    return happens


def q():
    settled(Other, inputs.OTHERS)
""",
    "concepts/ordering/concept.toml": """
title = "Ordering"
[versions]
ray = ">=2.60,<2.61"
[environment]
SETTING = "1"
[experiments.ray.p]
options = { times = 1 }
[[claim]]
id = "order"
aspect = "Order"
[claim.ray]
statement = "It is in order."
experiment = "p"
control = "c"
check = { checker = "equals", key = "n", value = 0 }
references = ["ray.ActorHandle"]
""",
}


def fingerprint(root, **changed):
    """Return the claim's fingerprint in a package of these files, some of them changed."""
    for name, text in FILES.items():
        path = root / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        old, new = changed.get(name.replace("/", "_").partition(".")[0], ("", ""))
        assert old in text
        path.write_text(text.replace(old, new) if old else text)
    ledger = Ledger([read(root / "pkg" / "concepts" / "ordering")])
    return Fingerprints(ledger, root / "pkg").of(ledger.claims[0])


EXPERIMENTS = "concepts_ordering_ray_experiments"
CONCEPT = "concepts_ordering_concept"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (EXPERIMENTS, 'observe("n", 0)', 'observe("n", 1)'),
        (EXPERIMENTS, "    happens = 1\n", "    happens = 2\n"),
        ("concepts_ordering_inputs", "CALLS = 3", "CALLS = 5"),
        ("concepts_ordering_programs", "...", "return 1"),
        ("concepts_ordering_ray_actors", "kept = 1", "kept = 2"),
        ("instruments_wait", "POLL = 0.1", "POLL = 0.2"),
        ("engines_ray", "def running(): ...", "def running(): return 1"),
        (CONCEPT, "times = 1", "times = 2"),
        (CONCEPT, 'SETTING = "1"', 'SETTING = "2"'),
    ],
)
def test_what_an_experiment_uses_counts(tmp_path, file, old, new):
    before, now = fingerprint(tmp_path), fingerprint(tmp_path, **{file: (old, new)})
    assert reason(before, now) == "its experiment, or what that uses, changed"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (CONCEPT, "It is in order.", "It is not."),
        (CONCEPT, "value = 0", "value = 1"),
        (CONCEPT, "<2.61", "<2.62"),
        ("ledger_checkers", "def equals(): ...", "def equals(): return 1"),
    ],
)
def test_what_a_claim_says_and_how_it_is_checked_counts(tmp_path, file, old, new):
    before, now = fingerprint(tmp_path), fingerprint(tmp_path, **{file: (old, new)})
    assert reason(before, now) == "its statement or its check changed"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (EXPERIMENTS, "settled(Other, inputs.OTHERS)", "settled()"),
        ("concepts_ordering_inputs", "OTHERS = 4", "OTHERS = 6"),
        ("concepts_ordering_ray_actors", "class Other: ...", "class Other:\n    kept = 1"),
        ("instruments_wait", "def settled(): ...", "def settled(): return 1"),
        ("engines_ray", "def abilities(): ...", "def abilities(): return 1"),
        ("ledger_checkers", "def at_most(): ...", "def at_most(): return 1"),
        ("side___init__", "def observe(): ...", "def observe(): return 1"),
        (CONCEPT, "ray.ActorHandle", "ray.get"),
    ],
)
def test_what_others_use_does_not_count(tmp_path, file, old, new):
    before, now = fingerprint(tmp_path), fingerprint(tmp_path, **{file: (old, new)})
    assert reason(before, now) == ""


def test_evidence_without_a_fingerprint_is_of_something_else():
    assert reason("", "a-b") == "its evidence has no fingerprint"


def test_claims_of_this_project_have_fingerprints_of_their_own():
    ledger = catalogue.ledger()
    fingerprints = Fingerprints(ledger)
    found = {fingerprints.of(claim) for claim in ledger.claims}
    assert len(found) == len(ledger.claims)
    (claim,) = ledger.find("supervision.default_at_the_root.ray")
    used = fingerprints._code_of(ledger.concepts["supervision"], "ray", claim.cell.experiment)
    names = {f"{path.stem}.{name}" for path, name in used}
    assert {"programs.", "remains.program_looks_away", "inputs.look_away", "wait.wait_for"} <= names
