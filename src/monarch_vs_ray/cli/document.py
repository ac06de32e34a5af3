"""``mvr document``: makes the document and its evidence pages, or says whether they are up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monarch_vs_ray.core.output import say


def document(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when something would change.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write only the document, to this file.", show_default="docs/monarch-vs-ray-analysis.md"
        ),
    ] = None,
) -> None:
    """Make docs/monarch-vs-ray-analysis.md and docs/evidence/ from prose, code, claims and published results.

    The counts and findings in the README come from the same texts, and are put in with them.
    """
    from monarch_vs_ray.core.errors import ExitCode
    from monarch_vs_ray.report import contents

    texts = {output or contents.document_path(): contents.make_document()}
    spare: list[Path] = []
    if output is None:
        readme, folder = contents.readme_path(), contents.evidence_folder()
        texts[readme] = contents.make_readme(readme.read_text(encoding="utf-8"))
        texts |= {folder / name: text for name, text in contents.make_evidence().items()}
        spare = [path for path in folder.glob("*.md") if path not in texts]
    if check:
        raise typer.Exit(ExitCode.FINE if _up_to_date(texts, spare) else ExitCode.NOT_AS_EXPECTED)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in spare:
        path.unlink()
    say(*(f"{path.name}: {len(text.splitlines())} lines." for path, text in texts.items()))


def _up_to_date(texts: dict[Path, str], spare: list[Path]) -> bool:
    old = [path for path, text in texts.items() if _differs(path, text)]
    for path in texts:
        say(f"{path.name} is {'out of date; run `mvr document`' if path in old else 'up to date'}.")
    for path in spare:
        say(f"{path.name} belongs to nothing; run `mvr document`.")
    return not old and not spare


def _differs(path: Path, text: str) -> bool:
    return not path.is_file() or path.read_text(encoding="utf-8") != text
