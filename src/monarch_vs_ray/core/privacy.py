"""Keeps what names this machine or its user out of every history."""

from __future__ import annotations

import getpass
import re
import socket
import sys
import tempfile
from pathlib import Path

from monarch_vs_ray.core.paths import CHECKOUT, PACKAGE

NOBODY = frozenset({"root", "user", "nobody", "runner", "ubuntu", "admin"})
"""User names that say nothing of their bearer, and that are words of ordinary text."""


class Scrubber:
    """Replaces paths, the host's name and the user's name by what they stand for.

    Works on bytes as they arrive, before anything else sees them, so that a replay shows what the
    live run showed.
    """

    def __init__(self, names: dict[str, str]) -> None:
        longest_first = sorted(filter(None, names), key=len, reverse=True)
        self._meanings = {name.encode(): names[name].encode() for name in longest_first}
        # A path may go on behind the match, a word may not: "box" is no part of "boxes".
        patterns = [
            re.escape(name) + (b"" if b"/" in name else rb"(?![A-Za-z0-9])") for name in self._meanings
        ]
        words = [rb"(?<![A-Za-z0-9])" + pattern for pattern in patterns]
        self._pattern = re.compile(b"|".join(words)) if words else None

    def __call__(self, data: bytes) -> bytes:
        """The same bytes with every name replaced."""
        # Looking for plain bytes is forty times faster than the pattern, and nearly always enough.
        if self._pattern is None or not any(name in data for name in self._meanings):
            return data
        return self._pattern.sub(lambda match: self._meanings[match.group()], data)


def names_of_this_machine(run_dir: str = "") -> dict[str, str]:
    """What a history must not hold, and what to say instead."""
    names = {
        run_dir: "<run>",
        # Installed, it stands for the same file of the repository, so that histories are alike.
        str(CHECKOUT or PACKAGE): "<project>" if CHECKOUT else f"<project>/src/{PACKAGE.name}",
        sys.prefix: "<python>",
        sys.base_prefix: "<python>",
        str(Path.home()): "~",
        tempfile.gettempdir(): "<tmp>",
    }
    host, user = socket.gethostname(), _user()
    if user:
        names[f"/tmp/{user}"] = "<tmp>/<user>"  # Monarch's log folder
    if len(host) > 3 and host != "localhost":
        names[host] = "<host>"
    if user not in NOBODY:
        names[user] = "<user>"
    return {name: meaning for name, meaning in names.items() if name and name != "/"}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
