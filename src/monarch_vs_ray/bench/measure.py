"""Time native code, in the process of the side: warm up, calibrate, keep every sample.

A sample is the time of one operation where that can be read by itself, else the mean of a batch. Nothing is
timed before it was right: a workload calls ``valid`` first.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from monarch_vs_ray.bench.catalogue import Row, workloads
from monarch_vs_ray.side.narration import observe

SAMPLES = "samples"
"""The key of the observations that hold samples."""
PER_OBSERVATION = 8_000
"""Samples in one observation: a line of the history has a limit."""
MOST_SAMPLES = 20_000
Answer = TypeVar("Answer")
BATCH_SECONDS = 0.005
"""A batch takes at least so long, that reading the clock costs nothing against it."""
WARM_WINDOW = 8
WARM_SHARE = 0.4


class WrongAnswer(Exception):
    """Raised where a workload's answer is not right: it is not timed."""


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """The samples of one row in one process: nanoseconds for each operation, or amounts.

    ``operations`` is how many operations a sample is the mean of; ``warm_up`` how many samples were taken
    before these and are not kept.
    """

    row: Row
    values: list[float]
    operations: int = 1
    warm_up: int = 0


class Measure:
    """Takes the samples of one row for about ``seconds``, and as many as the workload needs at least.

    ``slow_down`` is a share of each operation's time that is waited in addition: a planted difference, which
    the statistics must find.
    """

    def __init__(self, row: Row, seconds: float, slow_down: float = 0.0) -> None:
        self.row = row
        self.seconds = seconds
        self._slow_down = slow_down
        self._least = workloads()[row.workload].least

    def valid(self, right: bool, what: str) -> None:
        """Go on only if an answer is right.

        Raises:
            WrongAnswer: If it is not.
        """
        if not right:
            raise WrongAnswer(f"{self.row.workload}: {what}")

    def latency(
        self, operation: Callable[[], Answer], after: Callable[[Answer], object] = lambda answer: None
    ) -> None:
        """Time an operation again and again, each time by itself.

        Args:
            operation: What is timed.
            after: Is called with its answer after each time, outside the clock.
        """
        if self._slow_down:
            operation = slowed(operation, self._slow_down)
        now = time.perf_counter_ns
        end = now() + int(self.seconds * 1e9)
        samples: list[int] = []
        append = samples.append
        before = now()
        while before < end or len(samples) < self._least:
            answer = operation()
            ended = now()
            append(ended - before)
            after(answer)
            before = now()
        self._keep(samples, 1)

    def batches(
        self,
        run: Callable[[int], object],
        *,
        least: int = 1,
        most: int = 1_000_000,
        each: int = 1,
        elsewhere: bool = False,
    ) -> None:
        """Time batches of operations; a sample is the mean time of one operation of a batch.

        Args:
            run: Does so many operations, and returns once all of them are done.
            least: The smallest batch.
            most: The largest one.
            each: How many operations one of the batch stands for.
            elsewhere: Whether ``run`` returns the nanoseconds that it took, by a clock in another process.
        """
        if self._slow_down:
            run = slowed(run, self._slow_down)
        now = time.perf_counter_ns
        end = now() + int(self.seconds * 1e9)
        size = least
        samples: list[float] = []
        while True:
            before = now()
            answer = run(size)
            took = int(answer) if elsewhere else now() - before  # type: ignore[call-overload] # an int
            if took < BATCH_SECONDS * 1e9 and size < most and now() < end:
                size = min(most, size * max(2, min(10, int(BATCH_SECONDS * 1e9 / max(1, took)) + 1)))
                samples.clear()
                continue
            samples.append(took / (size * each))
            if now() >= end and len(samples) >= self._least:
                break
        self._keep(samples, size * each)

    def processor_time(self, run: Callable[[int], object], count: int) -> None:
        """Keep the processor time of this process, its threads included, for one of ``count`` operations."""
        end = time.perf_counter() + self.seconds
        samples: list[float] = []
        while time.perf_counter() < end or not samples:
            before = time.process_time_ns()
            run(count)
            samples.append((time.process_time_ns() - before) / count)
        self._keep(samples, count)

    def once(self, *seconds: float) -> None:
        """Keep times that can be taken once, or were taken elsewhere."""
        self._send([each * 1e9 for each in seconds], 1, 0)

    def amounts(self, *values: float) -> None:
        """Keep numbers that are no times: bytes, wake-ups, descriptors."""
        self._send(list(values), 1, 0)

    def _keep(self, samples: Sequence[float], operations: int) -> None:
        warm = warm_up(samples)
        self._send(samples[warm:], operations, warm)

    def _send(self, samples: Sequence[float], operations: int, warm: int) -> None:
        if len(samples) > MOST_SAMPLES:  # every k-th, so that they still span the whole time
            samples = samples[:: len(samples) // MOST_SAMPLES + 1]
        for start in range(0, len(samples), PER_OBSERVATION):
            part = [round(sample, 1) for sample in samples[start : start + PER_OBSERVATION]]
            kept = Sampled(row=self.row, values=part, operations=operations, warm_up=warm)
            observe(SAMPLES, msgspec.to_builtins(kept))


def slowed(operation: Callable[..., Answer], share: float) -> Callable[..., Answer]:
    """Return an operation that takes ``share`` longer, by waiting busily after it, in this process.

    What is timed in another process is not reached: see ``Workload.elsewhere``.
    """

    def longer(*arguments: object) -> Answer:
        began = time.perf_counter()
        answer = operation(*arguments)
        end = began + (time.perf_counter() - began) * (1 + share)
        while time.perf_counter() < end:
            pass
        return answer

    return longer


def warm_up(samples: Sequence[float]) -> int:
    """Return how many samples at the start are slower than the rest: those before the times level out.

    The samples are cut into windows. Warm-up ends with the first window whose median lies within the middle
    half of all later samples; at most ``WARM_SHARE`` of the samples are taken for it.
    """
    most = int(len(samples) * WARM_SHARE)
    if len(samples) < 3 * WARM_WINDOW:
        return min(1, most)
    for start in range(0, most, WARM_WINDOW):
        window = statistics.median(samples[start : start + WARM_WINDOW])
        _, _, upper = statistics.quantiles(samples[start + WARM_WINDOW :], n=4)
        if window <= upper:
            return start
    return most
