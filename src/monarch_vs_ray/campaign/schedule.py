"""Run the experiments that claims need, several sides at once; judge each claim as soon as it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monarch_vs_ray.campaign.plan import SidePlan
from monarch_vs_ray.core.clock import Clock
from monarch_vs_ray.core.events import AnyEvent, Engine, ExperimentBegun, ExperimentEnded, LogLine
from monarch_vs_ray.core.stream import Batch, EventStream
from monarch_vs_ray.ledger.brackets import Bracket, brackets
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.evidence import Evidence, evidence
from monarch_vs_ray.ledger.judge import (
    HoldsInReference,
    Judgement,
    judge,
    judge_by_others,
    judge_by_reference,
    trouble_of,
)
from monarch_vs_ray.ledger.results import Results

Start = Callable[[SidePlan], EventStream]
Key = tuple[Engine, str, str]
"""Engine, concept and name of an experiment."""


@dataclass
class Lane:
    """A side that runs now."""

    plan: SidePlan
    source: EventStream
    history: str
    append: Callable[[Batch], None]
    events: list[AnyEvent] = field(default_factory=list)
    experiment: str = ""
    began: int = 0
    stopped: bool = False

    def poll(self) -> bool:
        """Take what came, and stop a side whose experiment takes too long; return whether one ended."""
        batch = self.source.poll(0.0)
        self.append(batch)
        self.events += batch.events
        ended = False
        for event in batch.events:
            if isinstance(event, ExperimentBegun):
                self.experiment, self.began = event.experiment, event.at
            elif isinstance(event, ExperimentEnded):
                self.experiment, ended = "", True
        if self.experiment and not self.stopped and self.source.now() - self.began > self._allowed * 1e9:
            self.stop()
        return ended

    @property
    def _allowed(self) -> float:
        return next(each.seconds for each in self.plan.experiments if each.name == self.experiment)

    @property
    def over(self) -> bool:
        """Return whether the side has ended."""
        return self.source.over

    def failed(self, bracket: Bracket) -> bool:
        """Return whether an experiment raised, or the side died in it; not one that took too long."""
        if bracket.ended:
            return bracket.ended.answer == "failed"
        return self.over and not self.stopped

    def stop(self) -> None:
        """End the side now."""
        self.stopped = True
        self.source.stop()


class Campaign:
    """One pass over some claims. ``poll`` until ``over``; it gives the evidence as it is found.

    ``start`` starts a side; ``results`` keeps its history and the evidence, before anybody else sees it.
    ``second_try``: run an experiment that failed once more.
    ``fingerprint`` returns a claim's, ``unavailable`` says why experiments are in no plan.
    """

    def __init__(
        self,
        claims: Sequence[Claim],
        plans: Iterable[SidePlan],
        start: Start,
        results: Results,
        holds_in_reference: HoldsInReference,
        clock: Clock,
        lanes: int,
        date: str,
        fingerprint: Callable[[Claim], str] = lambda claim: "",
        unavailable: Mapping[Key, str] | None = None,
        second_try: bool = True,
    ) -> None:
        self._claims = list(claims)
        self._ids = {claim.id for claim in self._claims}
        self._queue = list(plans)
        self._start = start
        self._results = results
        self._holds_in_reference = holds_in_reference
        self._clock = clock
        self._most = lanes
        self._date = date
        self._second_try = second_try
        self._fingerprint = fingerprint
        self._unavailable = dict(unavailable or {})
        self._planned: dict[Key, int] = {}
        for plan in self._queue:
            for name in plan.names:
                self._planned[plan.engine, plan.concept, name] = 0
        self._found: dict[Key, Bracket] = {}
        self._missing: dict[Key, str] = {}
        self._first_tries: dict[Key, str] = {}
        self._judged: dict[str, Evidence] = {}
        self.lanes: list[Lane] = []
        self.stopping = False
        self._polled = False

    @property
    def over(self) -> bool:
        """Return whether nothing runs any more, and every claim is judged that can be."""
        return self._polled and not self.lanes and not self._queue

    @property
    def progress(self) -> tuple[int, int]:
        """Return how many experiments have run, and how many there are."""
        return len(self._found) + len(self._missing), len(self._planned)

    def stop(self) -> None:
        """End all sides; what is judged already is kept."""
        self.stopping = True
        self._queue.clear()
        for lane in self.lanes:
            lane.stop()

    def poll(self, timeout: float) -> list[Evidence]:
        """Go on for about ``timeout`` seconds; gives what was found out."""
        news = not self._polled
        self._polled = True
        while self._queue and len(self.lanes) < self._most:
            self.lanes.append(self._open(self._next()))
        if self.lanes:
            self._clock.wait(timeout, None)
        for lane in list(self.lanes):
            if lane.poll() or lane.over:
                news = True
                self._note(lane, final=lane.over)
            if lane.over:
                self.lanes.remove(lane)
                self._close(lane)
        return list(self._judge()) if news else []

    def _next(self) -> SidePlan:
        """The next side: of the engine that fewer lanes run now, so that both go forward together."""
        running = [lane.plan.engine for lane in self.lanes]
        plan = min(self._queue, key=lambda plan: running.count(plan.engine))
        self._queue.remove(plan)
        return plan

    def _open(self, plan: SidePlan) -> Lane:
        recorder = self._results.recorder(plan.engine, plan.concept)
        return Lane(plan, self._start(plan), self._results.relative(recorder.path), recorder.append)

    def _note(self, lane: Lane, final: bool) -> None:
        """Take over the experiments that have ended; with ``final``, also one that never will."""
        for name, bracket in brackets(lane.events, lane.history).items():
            key = (lane.plan.engine, lane.plan.concept, name)
            last_try = key in self._first_tries or not self._second_try
            if (bracket.ended or final) and (last_try or not lane.failed(bracket)):
                self._found[key] = bracket

    def _close(self, lane: Lane) -> None:
        """A side has ended: run again what it did not come to.

        An experiment that failed is tried once more in a fresh side, and so is a side that did not start:
        how one side fared is no finding.
        """
        plan, begun = lane.plan, brackets(lane.events)
        failed = {
            (plan.engine, plan.concept, name): trouble_of(name, bracket, {})
            for name, bracket in begun.items()
            if lane.failed(bracket)
        }
        self._try_again(plan, failed)
        rest = plan.without(begun)
        if rest is None or self.stopping:
            return
        if begun:
            self._queue.append(rest)
            return
        why = f"the side did not start: {_last_words(lane)}"
        not_started = {(plan.engine, plan.concept, name): why for name in rest.names}
        for key in not_started.keys() - self._try_again(plan, not_started):
            self._missing[key] = why

    def _try_again(self, plan: SidePlan, troubles: Mapping[Key, str]) -> set[Key]:
        """Run those of these experiments once more that have not been; gives which."""
        if not self._second_try:
            return set()
        new = {key: trouble for key, trouble in troubles.items() if key not in self._first_tries}
        again = plan.without(set(plan.names) - {name for _, _, name in new})
        if again is None or self.stopping:
            return set()
        self._first_tries |= new
        self._queue.append(again)
        return set(new)

    def _judge(self) -> Iterator[Evidence]:
        """Judge claims whose experiments have all run, then those that rest on them."""
        progress = True
        while progress:
            progress = False
            for claim in self._claims:
                if claim.id not in self._judged and (judgement := self._judgement(claim)):
                    progress = True
                    yield self._keep(claim, judgement)

    def _keep(self, claim: Claim, judgement: Judgement) -> Evidence:
        found = self._brackets(claim)
        keys = ((claim.engine, claim.concept, name) for name in claim.experiments)
        first_tries = dict.fromkeys(self._first_tries[key] for key in keys if key in self._first_tries)
        kept = evidence(
            claim,
            judgement,
            found.values(),
            self._date,
            first_try="; ".join(first_tries),
            fingerprint=self._fingerprint(claim),
        )
        self._judged[claim.id] = kept
        self._results.append(kept)
        return kept

    def _judgement(self, claim: Claim) -> Judgement | None:
        """The judgement on a claim, or None while something that it needs has not run."""
        if claim.cell.tested == "reference":
            return judge_by_reference(claim, self._holds_in_reference)
        if claim.cell.tested == "judgement":
            here = [support for support in claim.cell.rests_on if support in self._ids]
            if not all(support in self._judged for support in here):
                return None
            findings = {support: self._judged[support].finding for support in here}
            return judge_by_others(claim, findings)
        keys = {name: (claim.engine, claim.concept, name) for name in claim.experiments}
        if not all(
            key in self._found or key in self._missing or key not in self._planned for key in keys.values()
        ):
            return None
        return judge(claim, self._brackets(claim), self._why_missing(keys))

    def _brackets(self, claim: Claim) -> dict[str, Bracket]:
        keys = {name: (claim.engine, claim.concept, name) for name in claim.experiments}
        return {name: self._found[key] for name, key in keys.items() if key in self._found}

    def _why_missing(self, keys: Mapping[str, Key]) -> dict[str, str]:
        unplanned = "it waits for a slow timer of the engine; run it with --slow"
        known = {**self._unavailable, **self._missing}
        return {name: known.get(key, unplanned) for name, key in keys.items() if key not in self._found}


def _last_words(lane: Lane) -> str:
    """What a side said last, for the reason why it did not start."""
    lines = [event.text for event in lane.events if isinstance(event, LogLine) and event.text.strip()]
    return lines[-1] if lines else "it said nothing"
