"""How a dashboard is shown."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """How a dashboard is shown.

    Args:
        refresh_hz: The most frames per second.
        screen: Use the alternate screen, else a block below the prompt.
        keys: Read the keyboard.
        mouse: Read the mouse; the terminal then selects text only with Shift.
        record: The path of an asciicast file to write.
        capture: Turn what is printed meanwhile into log lines.
        keep: Print the last frame after leaving the alternate screen.
        unseen: Print, after leaving, the log lines that no panel on the screen showed.
        height: Lines of a block below the prompt; None for as many as its content has.
        save_dir: Where the key `s` saves pictures.

    Raises:
        ValueError: For a rate that is not positive.
    """

    refresh_hz: float = 10.0
    screen: bool = True
    keys: bool = True
    mouse: bool = False
    record: str | os.PathLike[str] | None = None
    capture: bool = True
    keep: bool = False
    unseen: bool = True
    height: int | None = None
    save_dir: str | os.PathLike[str] = "."

    def __post_init__(self) -> None:
        if self.refresh_hz <= 0:
            raise ValueError(f"refresh_hz is {self.refresh_hz}; it must be above 0")
