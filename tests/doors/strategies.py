"""What may come in from outside: odd values, odd lines, files that were changed."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

WHOLE = bool(os.environ.get("MVR_WHOLE_CAMPAIGNS"))
"""Set, every campaign runs whole; else a tenth of it, drawn anew each time."""


def campaign(examples: int) -> settings:
    """Return the settings of a campaign of so many examples."""
    count = examples if WHOLE else examples // 10
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


HOSTILE = [
    "\x1b]0;PWNED\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "\x00",
    "\u202eevil",
    "[bold]x[/bold]",
    "{monarch[x]}",
    "{0.__class__}",
    "%s",
    "\r\noverwritten",
    "\ud83d",
    "a" * 5000,
    "",
]
"""Texts that have steered a terminal, a template or a parser somewhere."""

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
numbers = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0, -1, 1e308]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
"""Any JSON value, and some that JSON cannot say."""


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Return bytes with a few places changed, cut out, doubled or cut off."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(changed) - 1)))
        end = min(len(changed), at + draw(st.integers(0, 30)))
        part = draw(
            st.one_of(
                st.binary(max_size=12),
                st.sampled_from([b"", b"null", b"1e999", b"-1", b'"\\u001b[2J"', b"[" * 500, b"\n", b"{}"]),
                st.just(bytes(changed[at:end]) * 2),
            )
        )
        changed[at:end] = part
    return bytes(changed)
