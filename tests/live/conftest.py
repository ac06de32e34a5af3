"""Every live test has a place of its own, and leaves nothing in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from live.leftovers import Place, place


@pytest.fixture
def here() -> Iterator[Place]:
    """A place of the test's own, in which nothing may be left 5 s after its end."""
    with place() as found:
        yield found
        found.wait_until_clean()
