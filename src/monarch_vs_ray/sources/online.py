"""Whether the lines are there on the web: asks the site that serves the repositories' raw files, politely.

One request for a file, one at a time, with a pause between them, a timeout, and a name to complain to. What
cannot be reached is ``unknown``, never wrong; after a few failures in a row the site is not asked again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

import msgspec

from monarch_vs_ray import __version__
from monarch_vs_ray.sources.check import TABLE, Finding, check_text
from monarch_vs_ray.sources.table import Source

BASE = "https://raw.githubusercontent.com"
USER_AGENT = f"monarch-vs-ray/{__version__} (mvr sources check)"
TIMEOUT = 20.0
PAUSE = 0.2
GIVE_UP_AFTER = 3
LARGEST = 8 * 1024 * 1024


class Gone(Exception):
    """The site answers that it has no such file."""


class Unreachable(Exception):
    """The site does not answer, or not with the file."""


class Site:
    """The site, as one run sees it: a file is asked for once. ``base`` and ``sleep`` are for tests."""

    def __init__(self, base: str = BASE, pause: float = PAUSE, sleep: Callable[[float], None] = time.sleep):
        self.base = base.rstrip("/")
        self.requests = 0
        self._pause, self._sleep = pause, sleep
        self._failures = 0
        self._answers: dict[str, str | Gone | Unreachable] = {}

    def text(self, source: Source) -> str:
        """The file of an entry. Raises Gone or Unreachable."""
        address = f"{self.base}/{source.repo}/{source.ref}/{quote(source.path)}"
        if address not in self._answers:
            self._answers[address] = self._ask(address)
        answer = self._answers[address]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _ask(self, address: str) -> str | Gone | Unreachable:
        if self._failures >= GIVE_UP_AFTER:
            return Unreachable(f"not asked, after {GIVE_UP_AFTER} failures in a row")
        if self.requests:
            self._sleep(self._pause)
        self.requests += 1
        try:
            text = _get(address)
        except Gone as gone:
            self._failures = 0
            return gone
        except Unreachable as failure:
            self._failures += 1
            return failure
        self._failures = 0
        return text


def check_online(sources: Iterable[Source], site: Site) -> list[Finding]:
    """What the site says of each entry."""
    return [_check(source, site) for source in sources]


def _check(source: Source, site: Site) -> Finding:
    try:
        return _at_tag(check_text(source, site.text(source)), source)
    except Gone:
        fact = f"{source.repo} has no {source.path} at {source.ref}"
        return Finding(source=source, status="missing", fact=fact, next_step=f"correct the entry in {TABLE}")
    except Unreachable as failure:
        fact = f"{site.base} cannot be asked: {failure}"
        return Finding(source=source, status="unknown", fact=fact, next_step="try again later")


def _at_tag(found: Finding, source: Source) -> Finding:
    if not found.bad:
        return found
    return msgspec.structs.replace(found, fact=f"at {source.ref}, {found.fact}")


def _get(address: str) -> str:
    """One request. Raises Gone or Unreachable."""
    request = Request(address, headers={"User-Agent": USER_AGENT})
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:
            data: bytes = answer.read(LARGEST + 1)
    except HTTPError as error:
        if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise Gone(address) from None
        raise Unreachable(f"it answered {error.code}") from None
    except URLError as error:
        raise Unreachable(str(error.reason)) from None
    except (OSError, HTTPException) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from None
    if len(data) > LARGEST:
        raise Unreachable(f"the file has more than {LARGEST} bytes")
    return data.decode("utf-8", errors="replace")
