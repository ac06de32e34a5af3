"""Model an RL loop, a service with a stalled replica, and a pull that meets a write; pure functions.

Each follows the rule that the programs of a pattern or of an example follow. The pictures say that they are
drawn from the rule, and not from a run.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

SHARE_OF_LONG = 0.2
"""The share of the rollouts that are long ones."""


@dataclass(frozen=True)
class Span:
    """Hold a stretch of work: of the trainer, or of a generator.

    Attributes:
        actor: ``trainer``, or ``generator`` and its number.
        begin: Its begin, in seconds.
        end: Its end.
        age: The steps between the weights of a rollout and the step that took it; None if none took it.
    """

    actor: str
    begin: float
    end: float
    age: int | None = None


@dataclass
class Loop:
    """Run generators and a trainer by the rule of the pattern async_rl.

    A generator begins a rollout while fewer than ``(version + staleness + 1) * generators`` have begun.
    The trainer takes one rollout of each generator for a step, as soon as so many are there.

    Attributes:
        staleness: The bound, in steps; 0 is the synchronous loop.
        rollout: The seconds of a rollout.
        longer: A fifth of the rollouts take this many times as long.
        step: The seconds of a training step.
        generators: The number of generators.
    """

    staleness: int
    rollout: float = 1.0
    longer: float = 1.0
    step: float = 1.0
    generators: int = 2
    spans: list[Span] = field(default_factory=list)
    ages: list[int] = field(default_factory=list)
    seconds: float = 0.0
    version: int = 0
    _taken: int = 0
    _done: list[tuple[int, float, float, int]] = field(default_factory=list)

    def run(self, steps: int) -> Loop:
        """Run until the trainer has made so many steps."""
        lengths = random.Random(1)
        busy: dict[int, tuple[float, float, int]] = {}  # begin, end and version of a running rollout
        training = 0.0  # the end of the step that runs; 0 if none runs
        now = 0.0
        while self.version < steps:
            self._done = [each for each in self._done if self.version - each[3] <= self.staleness]
            for number in range(self.generators):
                if number not in busy and self._may_begin(len(busy)):
                    long = lengths.random() < SHARE_OF_LONG
                    length = self.rollout * (self.longer if long else 1)
                    busy[number] = (now, now + length, self.version)
            if not training and len(self._done) >= self.generators:
                training = now + self.step
                self._take(now, training)
            now = min([training] if training else [], default=float("inf"))
            now = min([now, *(end for _, end, _ in busy.values())])
            for number in [number for number, (_, end, _) in busy.items() if end <= now]:
                begin, end, version = busy.pop(number)
                self._done.append((number, begin, end, version))
            if training and training <= now:
                training, self.version = 0.0, self.version + 1
        self.seconds = now
        return self

    def _may_begin(self, running: int) -> bool:
        begun = self._taken + len(self._done) + running
        return begun < (self.version + self.staleness + 1) * self.generators

    def _take(self, now: float, end: float) -> None:
        batch, self._done = self._done[: self.generators], self._done[self.generators :]
        self._taken += self.generators
        self.ages.append(self.version - min(version for *_, version in batch))
        self.spans.append(Span("trainer", now, end))
        for number, begin, finished, version in batch:
            self.spans.append(Span(f"generator {number}", begin, finished, self.version - version))

    @property
    def steps_a_second(self) -> float:
        """Return the rate of the trainer."""
        return self.version / self.seconds

    @property
    def mean_age(self) -> float:
        """Return the mean age of what the trainer took, in steps."""
        return sum(self.ages) / len(self.ages)

    @property
    def trainer_waits(self) -> float:
        """Return the share of the time in which the trainer waits."""
        return 1 - self.version * self.step / self.seconds


@dataclass(frozen=True)
class Request:
    """Hold a request: when it was sent, how long its answer took, in seconds, and its attempts."""

    sent: float
    latency: float
    attempts: int


@dataclass(frozen=True)
class Router:
    """Hold the rules of a router.

    Attributes:
        fewest: Whether a request goes to the replica with the fewest open requests; else to a random one.
        deadline: The seconds until an attempt is repeated at another replica; 0 for no deadline. Each repeat
            has twice the deadline of the attempt before.
        leave_out: Whether a late replica gets no more requests until it answers.
    """

    fewest: bool = True
    deadline: float = 0.5
    leave_out: bool = True


REPLICAS = 3
STALLED = 2
STALL_BEGINS = 1.0
LOAD_SECONDS = 6.0


def service(router: Router, stall: float, rate: float = 50.0, work: float = 0.02) -> list[Request]:
    """Send requests to three replicas for six seconds; one stands still from the first second on.

    Args:
        router: The rules of the router.
        stall: The seconds that the replica stands still.
        rate: Requests a second, at random moments.
        work: The seconds of a request.
    """
    chance = random.Random(1)
    ends: list[list[float]] = [[] for _ in range(REPLICAS)]
    late_at = float("inf")  # the moment at which the router notices that a replica is late
    attempts: list[tuple[float, float, float, int, int]] = []  # at, sent, deadline, number, not at
    at = 0.0
    while (at := at + chance.expovariate(rate)) < LOAD_SECONDS:
        attempts.append((at, at, router.deadline, 1, -1))
    found = []
    while attempts:
        attempts.sort()
        now, sent, deadline, number, before = attempts.pop(0)
        ends = [[end for end in each if end > now] for each in ends]
        out = router.leave_out and late_at <= now < STALL_BEGINS + stall
        usable = [each for each in range(REPLICAS) if each != before and not (out and each == STALLED)]
        chosen = min(usable, key=lambda each: (len(ends[each]) if router.fewest else 0, chance.random()))
        stands_still = chosen == STALLED and STALL_BEGINS <= now < STALL_BEGINS + stall
        end = (STALL_BEGINS + stall if stands_still else now) + work
        if deadline and end - now > deadline:
            late_at = min(late_at, now + deadline)
            ends[chosen].append(now + deadline)
            attempts.append((now + deadline, sent, 2 * deadline, number + 1, chosen))
        else:
            ends[chosen].append(end)
            found.append(Request(sent, end - sent, number))
    return sorted(found, key=lambda request: request.sent)


def percentile(latencies: Sequence[float], share: float) -> float:
    """Return the latency that this share of the requests does not exceed, as the pattern's programs do."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def slow_share(servers: int, slow: float) -> float:
    """Return the share of slow requests when each needs an answer of all servers."""
    return 1 - (1 - slow) ** servers


@dataclass(frozen=True)
class Pull:
    """Read a buffer from its begin to its end while its owner writes into it again and again.

    Attributes:
        every: The milliseconds from one write to the next.
        write: The milliseconds of a write, at most ``every``.
        begin: The begin of the pull.
        length: The milliseconds of the pull.
    """

    every: float
    write: float
    begin: float
    length: float

    def version(self, place: float) -> int:
        """Return the version that the pull finds at a place between 0 and 1."""
        at = self.begin + place * self.length
        return max(0, int((at - place * self.write) // self.every) + 1)

    def versions(self, places: int = 200) -> list[int]:
        """Return the versions of that many places from the begin to the end."""
        return [self.version(place / (places - 1)) for place in range(places)]

    @property
    def whole(self) -> bool:
        """Return whether all that was pulled is of one version."""
        return len(set(self.versions())) == 1
