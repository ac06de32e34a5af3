"""A program whose actors print, with Monarch's default settings: python -m ...monarch.printing FLAG [job]."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from monarch.actor import Actor, HostMesh, endpoint, this_host

from monarch_vs_ray.concepts.actor_abstraction import inputs
from monarch_vs_ray.engines.monarch import running
from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.monarch import get


class Speaker(Actor):
    """Prints when it is told to."""

    @endpoint
    def speak(self) -> None:
        print(inputs.SPOKEN)
        print(inputs.SPOKEN, file=sys.stderr)


def speak(host: HostMesh, spoken: Flag) -> None:
    """Let actors on a host print, and wait until stdin is closed."""
    speakers: Any = host.spawn_procs(per_host={"procs": inputs.SPEAKERS}).spawn("speakers", Speaker)
    get(speakers.speak.call())
    spoken.put_up()
    sys.stdin.read()


def main(flag: str, *words: str) -> None:
    """Run the actors on this host, or on one that a local job starts."""
    spoken = Flag(Path(flag))
    if not words:
        with running():
            speak(this_host(), spoken)
        return
    from monarch.job import ProcessJob  # takes 0.3 s

    job = ProcessJob({"workers": 1})
    try:
        with running():
            speak(job.state(cached_path=None).workers, spoken)
    finally:
        job.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
