"""What a second session finds of the first one, and what is left when that one has ended."""

from __future__ import annotations

from typing import Any

import ray

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.ray.experiments.subjects import address
from monarch_vs_ray.concepts.interactive_devx.ray.programs import KEPT, THIS
from monarch_vs_ray.instruments.faults import is_gone
from monarch_vs_ray.instruments.outcome import error_type
from monarch_vs_ray.instruments.ray import get
from monarch_vs_ray.instruments.wait import PATIENCE, happens
from monarch_vs_ray.side import observe, shared


@shared
def two_sessions() -> dict[str, Any]:
    """Return what this session meets of another one: while that one is there, and after it has ended."""
    code = f"from {THIS} import first_session; first_session({address()!r})"
    with inputs.other_session(code) as pids:
        count = get(ray.get_actor(KEPT).count.remote())
    own_ended = happens(lambda: is_gone(pids["own"]), PATIENCE)
    kept_ended = happens(lambda: is_gone(pids["kept"]), inputs.LIVES_ON)
    afterwards = get(ray.get_actor(KEPT).count.remote())
    return {"kept": count, "own_ended": own_ended, "kept_ended": kept_ended, "kept_afterwards": afterwards}


def second_session() -> None:
    """Call the first session's detached actor, found by its name."""
    observe("count", two_sessions()["kept"])


def second_session_in_another_namespace() -> None:
    """Look the name up in a namespace where it was not given."""
    two_sessions()
    observe("count", error_type(lambda: ray.get_actor(KEPT, namespace="another")))


def end_of_its_own_actor() -> None:
    """Let the first session end, and look at the process of its named actor that is not detached."""
    observe("process_ended", two_sessions()["own_ended"])


def end_of_a_kept_actor() -> None:
    """Do the same for the detached actor: watch it, and call it once more."""
    observe("process_ended", two_sessions()["kept_ended"])
    observe("count_afterwards", two_sessions()["kept_afterwards"])
