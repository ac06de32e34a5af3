"""Spinner animation: a cycle of short strings, stepped by hand or by a clock."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["SPINNERS", "Spinner"]

SPINNERS: dict[str, tuple[str, ...]] = {
    "dots": tuple("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"),
    "line": tuple("-\\|/"),
    "arc": tuple("◜◠◝◞◡◟"),
    "circle": tuple("◐◓◑◒"),
    "bounce": tuple("⠁⠂⠄⠂"),
    "bar": tuple("▁▂▃▄▅▆▇█▇▆▅▄▃▂"),
    "ellipsis": (".  ", ".. ", "...", "   "),
}
"""Character sets by name. Every frame of a set takes the same number of cells."""


class Spinner:
    """A cycle of frames.

    Args:
        frames: A name from `SPINNERS`, or any non-empty sequence of strings (a string counts as its
            characters).
        frames_per_second: The speed of `at`.

    Raises:
        ValueError: For an empty sequence, and for a rate that is not positive.
    """

    def __init__(self, frames: str | Sequence[str] = "dots", frames_per_second: float = 10.0) -> None:
        self.frames = tuple(SPINNERS.get(frames, frames)) if isinstance(frames, str) else tuple(frames)
        if not self.frames:
            raise ValueError("a spinner needs at least one frame")
        if frames_per_second <= 0:
            raise ValueError(f"frames_per_second is {frames_per_second}; it must be above 0")
        self.frames_per_second = frames_per_second
        self._index = 0

    def next(self) -> str:
        """Return the next frame; after the last comes the first again."""
        frame = self.frames[self._index]
        self._index = (self._index + 1) % len(self.frames)
        return frame

    def at(self, seconds: float) -> str:
        """Return the frame for a time; a pure function, for animations.

        Args:
            seconds: Time since the start of the animation.

        Returns:
            The frame.
        """
        return self.frames[int(seconds * self.frames_per_second) % len(self.frames)]

    def reset(self) -> None:
        """Start again with the first frame."""
        self._index = 0
