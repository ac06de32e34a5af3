"""An executable comparison of PyTorch Monarch and Ray.

``step``, ``observe`` and ``result`` are for programs that `mvr run` runs; anywhere else they do nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers read it; to import `typing` takes longer than all else here
if TYPE_CHECKING:
    from monarch_vs_ray.core.hooks import observe, result, step

__version__ = "0.1.0"
__all__ = ["observe", "result", "step"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from monarch_vs_ray.core import hooks

    return getattr(hooks, name)
