"""The documents: every Python block runs, and every local link leads somewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT / "docs"))
import pictures  # noqa: E402 - a script beside the documents, in no package

ANALYSIS = PROJECT / "docs" / "analysis"  # templates of the comparison, which is itself among the documents
DOCUMENTS = [
    *PROJECT.glob("*.md"),
    *(path for path in (PROJECT / "docs").rglob("*.md") if path.parent != ANALYSIS),
    *(PROJECT / "src").rglob("*.md"),
]
ELSEWHERE = {
    "porting.md",  # the preamble of tests/live/test_porting.py
    "demo_tui.md",  # its blocks run in tests/demo_tui/test_guide.py, on a clock of their own
    "monarch-vs-ray-analysis.md",  # its blocks are quoted: tests/report/test_analysis.py
}
PORTING = (
    PROJECT / "docs" / "guide" / "porting"
)  # its snippets run after a preamble: tests/live/test_porting.py
RUN_HERE = [
    path
    for path in DOCUMENTS
    if "```python" in path.read_text() and path.name not in ELSEWHERE and path.parent != PORTING
]
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("path", RUN_HERE, ids=name)
def test_every_python_block_runs(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    document = Sybil(parsers=[PythonCodeBlockParser()]).parse(path)
    examples = list(document.examples())
    assert examples
    for example in examples:
        example.evaluate()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_local_link_leads_somewhere(path):
    prose = FENCED.sub("", path.read_text())
    targets = [link for link in LINK.findall(prose) if "://" not in link]
    missing = [link for link in targets if not (path.parent / link).exists()]
    assert missing == []


def test_the_pictures_are_those_of_the_recordings(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "PICTURES", tmp_path)
    pictures.main()
    drawn = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert drawn == {path.name: path.read_text() for path in (PROJECT / "docs" / "pictures").iterdir()}


def test_the_readme_links_to_something():
    assert len(LINK.findall((PROJECT / "README.md").read_text())) > 5


def test_the_readme_is_short():
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").split()) <= 1400
