"""Check references against the engines' public repositories, over the network.

Each file is requested once. Requests run one at a time, with a pause between them, a timeout, and a user
agent that names this project. A file that cannot be reached is ``unknown``, never wrong; after
``GIVE_UP_AFTER`` failures in a row the site gets no more requests.
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
from monarch_vs_ray.references.check import TABLE, ReferenceCheck, check_text
from monarch_vs_ray.references.table import Reference

BASE = "https://raw.githubusercontent.com"
USER_AGENT = f"monarch-vs-ray/{__version__} (mvr sources check)"
TIMEOUT = 20.0
PAUSE = 0.2
GIVE_UP_AFTER = 3
LARGEST = 8 * 1024 * 1024


class Gone(Exception):
    """The site has no such file."""


class Unreachable(Exception):
    """The site did not answer, or not with the file."""


class Site:
    """The site that serves the repositories' files; each file is requested once.

    Args:
        base: The address of the site; another one in tests.
        pause: Seconds between two requests.
        sleep: The function that waits; a recording one in tests.
    """

    def __init__(self, base: str = BASE, pause: float = PAUSE, sleep: Callable[[float], None] = time.sleep):
        self.base = base.rstrip("/")
        self.requests = 0
        self._pause, self._sleep = pause, sleep
        self._failures = 0
        self._answers: dict[str, str | Gone | Unreachable] = {}

    def text(self, reference: Reference) -> str:
        """Return the text of a reference's file.

        Args:
            reference: The reference.

        Returns:
            The whole text, at the reference's tag or commit.

        Raises:
            Gone: The site has no such file.
            Unreachable: The site did not answer, or not with the file.
        """
        address = f"{self.base}/{reference.repo}/{reference.ref}/{quote(reference.path)}"
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


def check_online(references: Iterable[Reference], site: Site) -> list[ReferenceCheck]:
    """Check references against the site.

    Args:
        references: The references.
        site: The site.

    Returns:
        A result for each reference, in their order.
    """
    return [_check(reference, site) for reference in references]


def _check(reference: Reference, site: Site) -> ReferenceCheck:
    try:
        found = check_text(reference, site.text(reference))
    except Gone:
        fact = f"{reference.repo} has no {reference.path} at {reference.ref}"
        step = f"correct the entry in {TABLE}"
        return ReferenceCheck(reference=reference, status="missing", fact=fact, next_step=step)
    except Unreachable as failure:
        fact = f"{site.base} cannot be asked: {failure}"
        return ReferenceCheck(reference=reference, status="unknown", fact=fact, next_step="try again later")
    return msgspec.structs.replace(found, fact=f"at {reference.ref}, {found.fact}") if found.bad else found


def _get(address: str) -> str:
    """Send one request; raise Gone or Unreachable."""
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
