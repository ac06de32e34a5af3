"""Histories: kept as they happen, read back, and played again."""

from monarch_vs_ray.history.reader import Header, History, read, read_bounded
from monarch_vs_ray.history.recorder import Recorder
from monarch_vs_ray.history.replay import Replay

__all__ = ["Header", "History", "Recorder", "Replay", "read", "read_bounded"]
