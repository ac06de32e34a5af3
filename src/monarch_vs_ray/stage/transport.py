"""Move the view on the time axis: play, stop and seek."""

from __future__ import annotations

from monarch_vs_ray.stage.timeline import START, Beat, Pace, Timeline, Times

PLAYED = Pace(shortest=1.5, longest=5.0, rest=1.5)
PRESENTED = Pace(shortest=3.0, longest=8.0)
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
JUST_BEFORE = 1e-6
"""Seconds before the end of a beat at which the view stops: the beat is whole, and the next has not begun."""
INTO_A_BEAT = 0.7
"""Seconds after which `previous` means the beginning of the beat that is shown."""


class Transport:
    """Hold the position of the view, in seconds; ``advance`` and keys change it.

    In step, both engines are shown in the same beat. Else each event is shown at its own time. The view does
    not slow down a live run.

    Args:
        timeline: The events; it may grow.
        live: Whether the run is live; the view then follows it by default.
        presenting: Play in step, and stop after each beat.
        speed: The speed of play; 0 begins at the end.
        in_step: Whether both engines are shown in the same beat; by default for replays and presentations.
    """

    def __init__(
        self,
        timeline: Timeline,
        *,
        live: bool = False,
        presenting: bool = False,
        speed: float = 1.0,
        in_step: bool | None = None,
    ) -> None:
        self._timeline = timeline
        self._live = live
        self.presenting = presenting
        self.in_step = presenting or not live if in_step is None else in_step
        self.following = live and not presenting
        self.playing = True
        self.speed = speed or 1.0
        self.position = 0.0
        self._now = 0.0
        self._to_the_end = speed == 0

    @property
    def pace(self) -> Pace:
        """Return the duration of a beat on the screen."""
        return PRESENTED if self.presenting else PLAYED

    @property
    def beats(self) -> list[Beat]:
        """Return the beats that can be shown."""
        return self._timeline.beats(self.pace)

    @property
    def over(self) -> bool:
        """Return whether the run has ended."""
        return self._timeline.over or (not self._live and self._timeline.end > 0)

    @property
    def edge(self) -> float:
        """Return the latest position."""
        if self.in_step:
            return self.beats[-1].end if self.beats else 0.0
        return self._timeline.end / 1e9 if self.over else self._now

    @property
    def at_end(self) -> bool:
        """Return whether all of a run that is over has been shown."""
        return self.over and self.position >= self.edge - 2 * JUST_BEFORE

    @property
    def waiting(self) -> bool:
        """Return whether the view has shown every finished beat while the run continues."""
        return self.in_step and not self.over and self.position >= self.edge - 2 * JUST_BEFORE

    @property
    def behind(self) -> float:
        """Return how many seconds of a live run the view has not shown yet; 0 for a replay."""
        if not self._live:
            return 0.0
        end = self._timeline.end / 1e9 if self._timeline.over else self._now
        return max(0.0, end - max(self.times().values(), default=0) / 1e9)

    @property
    def beat(self) -> Beat | None:
        """Return the beat that is shown, in step; None before there is one."""
        begun = [beat for beat in self.beats if beat.begin <= self.position]
        return begun[-1] if begun and self.in_step else None

    def times(self) -> Times:
        """Return the time of each side that is shown."""
        if not self.in_step:
            return dict.fromkeys(self._timeline.tracks, int(self.position * 1e9))
        beat = self.beat
        if beat is not None:
            return beat.times(self.position)
        return {
            engine: min(int(self._now * 1e9), min(track.begun.values(), default=1 << 62) - 1)
            for engine, track in self._timeline.tracks.items()
        }

    def advance(self, seconds: float, now: int) -> None:
        """Advance the view.

        Args:
            seconds: Seconds of the viewer's clock since the last call.
            now: Nanoseconds since a live run began.
        """
        self._now = now / 1e9
        if self._to_the_end:
            self._to_the_end = False
            self.last()
        if not self.playing:
            return
        if self.following:
            self.position = self.edge
            return
        beat, target = self.beat, self.position + seconds * self.speed
        if self.presenting and beat is not None and target >= beat.end:
            self.position = beat.end - JUST_BEFORE
            self.playing = False
            return
        self.position = min(target, max(self.position, self.edge))
        self.following = self._live and not self.in_step and self.position >= self.edge

    # -- what keys ask for -----------------------------------------------------------------------

    def toggle(self) -> None:
        """Stop or continue."""
        self.playing = not self.playing
        self.following = False
        if self.playing and self.presenting and self._beat_is_whole():
            self.next()

    @property
    def held(self) -> bool:
        """Return whether a presentation waits at the end of a beat."""
        return self.presenting and not self.playing and self._beat_is_whole()

    def _beat_is_whole(self) -> bool:
        beat = self.beat
        return beat is not None and self.position >= beat.end - 2 * JUST_BEFORE

    def next(self) -> bool:
        """Go to the next beat; return False if there is none yet."""
        later = [at for at in self._begins() if at > self.position]
        if not later:
            return False
        self._go(later[0])
        return True

    def previous(self) -> None:
        """Go to the beginning of this beat, or near its beginning to the beat before."""
        earlier = [at for at in self._begins() if at < self.position - INTO_A_BEAT * self.speed]
        self._go(earlier[-1] if earlier else 0.0)

    def _begins(self) -> list[float]:
        """Return the positions at which beats begin; as it ran, the marks of the timeline."""
        if self.in_step:
            return [beat.begin for beat in self.beats]
        return [moment / 1e9 for moment in self._timeline.marks()]

    def go_to(self, key: str) -> bool:
        """Go to the beat of a step; return False if there is none yet."""
        if self.in_step:
            beat = next((beat for beat in self.beats if beat.key == key), None)
            if beat is not None:
                self._go(beat.begin)
            return beat is not None
        moments = [track.begun[key] for track in self._timeline.tracks.values() if key in track.begun]
        if moments:
            self._go(max(moments) / 1e9)
        return bool(moments)

    def home(self) -> None:
        """Go to the beginning."""
        self._go(0.0)

    def last(self) -> None:
        """Go to the end, which is the present in a live run."""
        self._go(max(0.0, self.edge - (JUST_BEFORE if self.in_step else 0.0)))
        self.following = self._live and not self.in_step

    def seek(self, seconds: float) -> None:
        """Move by a number of seconds."""
        self._go(self.position + seconds)

    def _go(self, position: float) -> None:
        self.position = min(max(0.0, position), self.edge)
        self.following = False
        self.playing = True

    def change_speed(self, steps: int) -> None:
        """Play faster (positive) or slower."""
        nearest = min(range(len(SPEEDS)), key=lambda at: abs(SPEEDS[at] - self.speed))
        self.speed = SPEEDS[min(len(SPEEDS) - 1, max(0, nearest + steps))]
        self.following = self.following and self.speed >= 1.0

    def toggle_in_step(self) -> None:
        """Switch between in step and own time; the position stays about the same."""
        times, key = self.times(), self.beat.key if self.beat else START
        self.in_step = not self.in_step
        if self.in_step:
            shown = [beat for beat in self.beats if all(beat.parts[e][0] <= times[e] for e in times)]
            self.position = shown[-1].begin if shown else 0.0
            self.following = False
        elif not self.go_to(key):
            self.position = min(self.edge, max(times.values(), default=0) / 1e9)
