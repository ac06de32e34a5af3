"""``mvr document``: makes the comparison document, or says whether it is up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.core.output import say


def document(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when it would change.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="Another file to write.", show_default="docs/monarch-vs-ray-analysis.md"),
    ] = None,
) -> None:
    """Make docs/monarch-vs-ray-analysis.md from its prose, the code, the claims and the published results.

    The counts in the README come from the same results, and are put in with it.
    """
    from monarch_vs_ray.core.errors import ExitCode
    from monarch_vs_ray.report import contents

    texts = {output or contents.document_path(): contents.make_document()}
    if output is None:
        readme = contents.readme_path()
        texts[readme] = contents.with_counts(readme.read_text(encoding="utf-8"))
    fine = True
    for path, text in texts.items():
        if not check:
            path.write_text(text, encoding="utf-8")
            say(f"{path.name}: {len(text.splitlines())} lines.")
            continue
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        say(f"{path.name} is {'up to date' if same else 'out of date; run `mvr document`'}.")
        fine = fine and same
    raise typer.Exit(ExitCode.FINE if fine else ExitCode.NOT_AS_EXPECTED)
