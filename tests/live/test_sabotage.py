"""A sample of the breaks on the real engines: each must turn its claim's verdict away from ``holds``."""

from __future__ import annotations

import datetime
import random

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.campaign.sabotage import evidenced, jobs, sabotage, written
from monarch_vs_ray.campaign.verify import Choice, Options

pytestmark = pytest.mark.live

SEED = datetime.date.today().toordinal()
"""Other breaks each day; the name of a test says which."""
SAMPLE = 4


def chosen():
    """Return today's breaks, of claims that wait for no slow timer; those listed as unnoticed left out."""
    ledger = catalogue.ledger()
    claims = [claim for claim in ledger.claims if not ledger.is_slow(claim)]
    listed = {
        (f"{concept.name}.{each.of}", each.what)
        for concept in ledger.concepts.values()
        for each in written(concept.name).unnoticed
    }
    known = evidenced()
    todo = [
        job
        for job in jobs(Choice(ledger, claims, [], False), known)
        if not any((claim.id, job.broken.what) in listed for claim in job.claims)
    ]
    return random.Random(SEED).sample(todo, SAMPLE)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("job", chosen(), ids=lambda job: f"{job.claims[0].id}: {job.broken.what}")
def test_a_break_is_noticed(job, tmp_path):
    options = Options(results=tmp_path)
    outcomes = list(sabotage(options, [job], evidenced(), lambda *_: None, lambda: False))
    assert {each.claim for each in outcomes} == {claim.id for claim in job.claims}
    assert [each for each in outcomes if not each.noticed] == []
