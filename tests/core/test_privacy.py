"""What names this machine or its user is replaced, and nothing else is."""

from __future__ import annotations

import pytest

from monarch_vs_ray.core import privacy
from monarch_vs_ray.core.privacy import Scrubber, names_of_this_machine

NAMES = {"/tmp/mvr-1a": "<run>", "/tmp": "<tmp>", "/home/ann": "~", "ann": "<user>", "bigbox": "<host>"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log in /tmp/mvr-1a/x.log", "log in <run>/x.log"),
        ("/tmp/other", "<tmp>/other"),
        ("/home/ann/code by ann@bigbox", "~/code by <user>@<host>"),
        ("ann_Nov-22", "<user>_Nov-22"),
        ("annual bigboxes", "annual bigboxes"),
        ("https://x.org/tmp/y", "https://x.org/tmp/y"),
        ("nothing to say", "nothing to say"),
    ],
)
def test_names_are_replaced(text, said):
    assert Scrubber(NAMES)(text.encode()) == said.encode()


def test_without_names_everything_passes():
    assert Scrubber({})(b"/tmp/x") == b"/tmp/x"


def test_a_user_name_that_says_nothing_is_left_alone(monkeypatch):
    monkeypatch.setattr(privacy, "_user", lambda: "root")
    assert "root" not in names_of_this_machine()
    monkeypatch.setattr(privacy, "_user", lambda: "ann")
    assert names_of_this_machine()["ann"] == "<user>"


def test_a_machine_without_a_user_name_is_no_error(monkeypatch):
    monkeypatch.setattr(privacy.getpass, "getuser", lambda: (_ for _ in ()).throw(OSError))
    assert names_of_this_machine("/tmp/mvr-1a")["/tmp/mvr-1a"] == "<run>"
