"""A program whose actors print, with Ray's default settings: python -m ...ray.printing FLAG [silent]."""

from __future__ import annotations

import sys
from pathlib import Path

import ray

from monarch_vs_ray.concepts.actor_abstraction import inputs
from monarch_vs_ray.engines.ray import running
from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.ray import get, ready


@ray.remote
class Speaker:
    """Prints when it is told to."""

    def speak(self) -> None:
        print(inputs.SPOKEN)
        print(inputs.SPOKEN, file=sys.stderr)


def main(flag: str, *words: str) -> None:
    """Let actors print, and wait until stdin is closed; ``silent`` switches the forwarding of output off."""
    with running(cpus=inputs.SPEAKERS, log_to_driver=not words):
        speakers = [Speaker.remote() for _ in range(inputs.SPEAKERS)]
        ready(*speakers)
        get([speaker.speak.remote() for speaker in speakers])
        Flag(Path(flag)).put_up()
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
