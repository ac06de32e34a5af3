"""Claim files and results folders from outside: read, or refused in one line."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.strategies import campaign, damaged, texts, values
from histories import MACHINE
from monarch_vs_ray.concepts import FOLDER
from monarch_vs_ray.core.concept import read
from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.ledger.evidence import Evidence, Observed, encoder
from monarch_vs_ray.ledger.results import EVIDENCE, VERDICTS, load
from monarch_vs_ray.ledger.tables import markdown, summary

CONCEPT = (FOLDER / "message_ordering" / "concept.toml").read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("concepts") / "message_ordering"
    for engine in ("monarch", "ray"):
        (place / engine).mkdir(parents=True)
        code = (FOLDER / "message_ordering" / engine / "experiments.py").read_text()
        (place / engine / "experiments.py").write_text(code)
    return place


@campaign(500)
@given(data=damaged(CONCEPT))
def test_a_damaged_claim_file_is_read_or_refused_in_one_line(folder, data):
    (folder / "concept.toml").write_bytes(data)
    try:
        Ledger([read(folder)])
    except UserError as error:
        assert "\n" not in str(error)


WHOLE = Evidence(
    id="a.b.ray",
    concept="a",
    aspect="b",
    engine="ray",
    statement="It is.",
    tested="experiment",
    verdict="holds",
    said="n = 0",
    machine=MACHINE,
    observed=[Observed(experiment="e", seen={"n": 0}, code_sha256="0", history="histories/a.ray.1.jsonl")],
)
LINES = b"".join(
    encoder.encode(msgspec.structs.replace(WHOLE, id=f"a.{number}.ray")) + b"\n" for number in range(4)
)


@campaign(500)
@given(data=damaged(LINES), whole=st.booleans())
def test_a_damaged_results_folder_is_read_or_refused_in_one_line(tmp_path_factory, data, whole):
    place = tmp_path_factory.mktemp("results")
    if whole:
        (place / VERDICTS).write_bytes(b"[" + data.strip().replace(b"\n", b",") + b"]")
    else:
        (place / EVIDENCE).write_bytes(data)
    try:
        found = load(place)
    except UserError as error:
        assert "\n" not in str(error)
        return
    assert summary(found) is not None
    assert markdown(found)


@campaign(500)
@given(seen=st.dictionaries(texts, values, max_size=3), said=texts)
def test_odd_evidence_makes_a_table_all_the_same(seen, said):
    observed = msgspec.structs.replace(WHOLE.observed[0], seen=seen)
    odd = msgspec.structs.replace(WHOLE, said=said, brief=said, observed=[observed])
    row = markdown([odd]).splitlines()[-1]
    assert row.startswith("| `a.b.ray` It is. |")
