"""Run a concept's demo, or some of its experiments, on one engine, without the harness.

python -m monarch_vs_ray.concepts message_ordering ray                 # prints what it does
python -m monarch_vs_ray.concepts message_ordering ray --silent        # costs what the engine costs
python -m monarch_vs_ray.concepts message_ordering ray held_call       # one experiment
"""

from __future__ import annotations

import sys

from monarch_vs_ray.concepts import find
from monarch_vs_ray.core.errors import UserError
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.side.main import main as run_side


def main(words: list[str]) -> None:
    """Run what the words name; exits with 2 and the usage when they name nothing."""
    if len(words) < 2 or words[1] not in ENGINES:
        sys.exit(__doc__)
    concept, engine = find(words[0]), words[1]
    run_alone(engine, lambda: run_side(engine, concept.name, *words[2:]), concept.environment)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
