"""What a second session finds of the first one, and what is left when that one has ended."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from monarch.actor import get_or_spawn_controller

from monarch_vs_ray.concepts.interactive_devx import inputs
from monarch_vs_ray.concepts.interactive_devx.monarch.actors import Counter
from monarch_vs_ray.concepts.interactive_devx.monarch.programs import FIRST_SESSION, NAME, REFERENCES
from monarch_vs_ray.instruments.faults import is_gone
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.instruments.wait import PATIENCE, happens
from monarch_vs_ray.side import observe, shared


@shared
def two_sessions() -> dict[str, Any]:
    """Return what this session meets of another one: while that one is there, and after it has ended."""
    with inputs.other_session(FIRST_SESSION) as pids:
        kept, own = pickle.loads(Path(REFERENCES).read_bytes())
        named = get(get_or_spawn_controller(NAME, Counter))
        found = {
            name: get(actor.count.call_one())
            for name, actor in (("kept", kept), ("own", own), ("named", named))
        }
    own_ended = happens(lambda: is_gone(pids["own"]), PATIENCE)
    kept_ended = happens(lambda: is_gone(pids["kept"]), inputs.LIVES_ON)
    afterwards = get(kept.count.call_one())
    return {**found, "own_ended": own_ended, "kept_ended": kept_ended, "kept_afterwards": afterwards}


def second_session() -> None:
    """Call the first session's actors by references that it has pickled."""
    observe("count", two_sessions()["kept"])
    observe("count_on_its_own_host", two_sessions()["own"])


def second_session_by_name() -> None:
    """Ask for the first session's controller by its name."""
    observe("count", two_sessions()["named"])


def end_of_its_own_actor() -> None:
    """Let the first session end, and look at the process of an actor on its own host."""
    observe("process_ended", two_sessions()["own_ended"])


def end_of_a_kept_actor() -> None:
    """Do the same for an actor on the hosts of a job: watch it, and call it once more."""
    observe("process_ended", two_sessions()["kept_ended"])
    observe("count_afterwards", two_sessions()["kept_afterwards"])
