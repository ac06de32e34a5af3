"""Find what changed of published verdicts, in the history of the repository, and keep it with the results.

Results folders of `mvr verify --python`, with other releases of the engines, are published beside them.

./scripts/zephyr_uv_run.sh python docs/verdict_changes.py [results/MACHINE/DATE ...]
"""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from pathlib import Path, PurePosixPath

from monarch_vs_ray.core.output import say
from monarch_vs_ray.core.paths import PUBLISHED, need_checkout
from monarch_vs_ray.ledger.evidence import Evidence, read_lines
from monarch_vs_ray.ledger.published import EVIDENCE
from monarch_vs_ray.ledger.results import load
from monarch_vs_ray.report.changes import Change, between, publish_release, write

FOLDER = "results/published"


def git(*arguments: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", str(need_checkout("docs/verdict_changes.py")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def states() -> list[tuple[str, str]]:
    """Return the commits that changed what is published, oldest first, each with its date."""
    lines = git("log", "--first-parent", "--reverse", "--format=%H %cI", "--", FOLDER).splitlines()
    return [(line.split()[0], line.split()[1]) for line in lines]


def state(commit: str) -> dict[str, dict[str, Evidence]]:
    """Return what was published at a commit, by machine and claim."""
    found: dict[str, dict[str, Evidence]] = defaultdict(dict)
    for name in git("ls-tree", "-r", "--name-only", commit, FOLDER).splitlines():
        if name.endswith(EVIDENCE):
            path = PurePosixPath(name)
            for each in read_lines(git("show", f"{commit}:{name}").encode(), path):  # type: ignore[arg-type]
                found[path.parts[2]][each.id] = each
    return found


def main() -> None:
    """Publish the evidence of the folders that are named, and write the changes of all states."""
    evidence = [each for folder in sys.argv[1:] for each in load(Path(folder))]
    for path in publish_release(evidence, PUBLISHED):
        say(str(path))
    changes: list[Change] = []
    before: dict[str, dict[str, Evidence]] = {}
    for commit, date in states():
        after = state(commit)
        for machine, evidence in after.items():
            changes += between(machine, date, before.get(machine, {}), evidence)
        before = after
    say(f"{write(changes, PUBLISHED)}: {len(changes)} changes.")


if __name__ == "__main__":
    main()
