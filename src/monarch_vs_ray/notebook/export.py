"""Write the notebooks as static pages of recorded runs that need no network and no server."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

from monarch_vs_ray.core.errors import ExitCode
from monarch_vs_ray.core.output import complain, say
from monarch_vs_ray.notebook.assets import FOLDER, localize, write_assets
from monarch_vs_ray.notebook.catalogue import Notebook, all_notebooks
from monarch_vs_ray.notebook.mode import RECORDED, STATIC

SECONDS = 120
"""The most seconds for one notebook."""


def export(folder: Path, notebooks: Sequence[Notebook] | None = None) -> int:
    """Write every notebook as a page, and marimo's own files beside them.

    Args:
        folder: The folder; it is created.
        notebooks: The notebooks; by default all.

    Returns:
        0, or 1 if a cell of a notebook failed.
    """
    chosen = all_notebooks() if notebooks is None else notebooks
    folder.mkdir(parents=True, exist_ok=True)
    write_assets(folder / FOLDER)
    failed = [notebook.name for notebook in chosen if not _page(notebook, folder / f"{notebook.name}.html")]
    (folder / "index.html").write_text(_index(chosen), encoding="utf-8")
    if failed:
        complain(f"A cell failed in {', '.join(failed)}; next: mvr notebook {failed[0]} --recorded")
        return ExitCode.NOT_AS_EXPECTED
    say(f"Wrote {len(chosen)} pages of recorded runs; open {folder / 'index.html'}")
    return ExitCode.FINE


def _page(notebook: Notebook, target: Path) -> bool:
    """Write one page; return whether all its cells succeeded."""
    with tempfile.TemporaryDirectory(prefix="mvr-export-") as folder:
        # A copy, since marimo leaves a folder beside the notebook that it runs.
        copy, made = Path(folder, notebook.path.name), Path(folder, "page.html")
        copy.write_bytes(notebook.path.read_bytes())
        command = [sys.executable, "-m", "marimo", "export", "html", str(copy), "--output", str(made)]
        environment = {**os.environ, RECORDED: STATIC}
        done = subprocess.run(
            [*command, "--no-include-code", "--no-sandbox"],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if made.is_file():
            target.write_text(localize(made.read_text(encoding="utf-8"), notebook.title), encoding="utf-8")
    if done.returncode:
        complain(*done.stderr.splitlines()[-5:])
    return done.returncode == 0


def _index(notebooks: Sequence[Notebook]) -> str:
    items = "".join(
        f'<li><a href="{each.name}.html">{escape(each.title)}</a><br>{escape(each.question)}</li>'
        for each in notebooks
    )
    style = (
        ":root{color-scheme:light dark}"
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
        "li{margin:.75rem 0}"
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>PyTorch Monarch and Ray: notebooks</title><style>{style}</style></head>"
        "<body><main><h1>The companion notebooks</h1><p>Recorded runs.</p>"
        f"<ol>{items}</ol></main></body></html>\n"
    )
