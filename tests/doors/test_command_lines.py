"""Command lines as fingers and scripts get them wrong: an exit code and a line, never a traceback."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.strategies import campaign, texts
from monarch_vs_ray import cli

COMMANDS = ["demo", "replay", "verify", "explain", "train", "example", "sources", ""]
OPTIONS = [
    *("--dry-run", "--speed", "--engine", "--json", "--plain", "--ascii", "--deadline", "--list", "--repeat"),
    *(
        "--lanes",
        "--fail-on",
        "--results",
        "--picture",
        "--at",
        "--size",
        "--steps",
        "--seed",
        "--help",
        "--no",
    ),
]
WORDS = [
    *("1", "04", "4", "message_ordering", "message_ordering.default_ordering.ray", "all", "ray", "monarch"),
    *("inf", "-inf", "nan", "1e999", "-1", "0", "999999x999999", "0x0", "120x40", "/dev/null", "/dev/full"),
    *("/no/such/place", ".", "", "-", "--", "\x1b[2J", "\ud83d"),
]
words = st.one_of(
    st.sampled_from(WORDS), st.sampled_from(OPTIONS), texts.filter(lambda text: "\x00" not in text)
)


@pytest.fixture(autouse=True)
def nothing_is_started(monkeypatch):
    """Refuse to start an engine: what is tried here is what comes before."""

    def refuse(*_):
        raise SystemExit(3)

    monkeypatch.setattr("monarch_vs_ray.campaign.sides.require", refuse)
    monkeypatch.setattr("monarch_vs_ray.campaign.interpreter.require", refuse)


@campaign(500)
@given(command=st.sampled_from(COMMANDS), rest=st.lists(words, max_size=4))
def test_any_words_end_in_an_exit_code_and_no_traceback(command, rest, tmp_path_factory):
    if "--speed" not in rest and "--dry-run" in rest:
        rest = [*rest, "--speed", "0"]
    if {"--picture", "--record", "--results"} & set(rest):
        rest = [*rest, str(tmp_path_factory.mktemp("out") / "x")]
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            cli.main([word for word in [command, *rest] if word or command])
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
    assert code in (0, 1, 2, 3, 4)
    assert "Traceback" not in out.getvalue() + error.getvalue()
    assert "\x1b" not in out.getvalue() + error.getvalue()
