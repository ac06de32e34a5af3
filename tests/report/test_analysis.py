"""The comparison document: made anew it does not change, and nothing in it is only asserted."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import pytest

from monarch_vs_ray.concepts import all_concepts
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.paths import PACKAGE
from monarch_vs_ray.report.contents import document_path, make_document, templates, templates_folder

DOCUMENT = document_path()
TEXT = DOCUMENT.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONCEPTS = {f"{concept.number:02}_{concept.name}.md": concept for concept in all_concepts()}
SECTIONS = {name: text for name, text in templates() if name in CONCEPTS}
QUOTED_FROM = [path for path in PACKAGE.rglob("*.py") if {*ENGINES} & {*path.with_suffix("").parts}]
BRIEF = "the brief said"


def test_making_it_anew_changes_nothing():
    assert make_document() == TEXT, "run `mvr document`"


def test_every_concept_has_its_section_in_the_order_of_the_numbers():
    assert list(SECTIONS) == list(CONCEPTS)
    for concept, (name, text) in zip(all_concepts(), SECTIONS.items(), strict=True):
        assert name == f"{concept.number:02}_{concept.name}.md"
        assert text.startswith(f"## {concept.number}. ")
        assert f'claims_table("{concept.name}")' in text
        assert [line for line in text.splitlines() if line.startswith("### ")] == [
            "### Monarch",
            "### Ray",
            "### Compared",
        ]
        assert text.count("{{ quote") >= 2
        assert text.count("{{ source(") >= 3


def paragraphs(text: str) -> list[str]:
    """The prose of a template: no headings, lists of code, tables or quotes."""
    parts = [part.strip() for part in text.split("\n\n")]
    return [part for part in parts if part and not part.startswith(("#", "{{", "|", "```", "<"))]


@pytest.mark.parametrize("name", SECTIONS)
def test_no_paragraph_speaks_of_an_engine_without_a_claim(name):
    """From the first word on Monarch on, every paragraph rests on a claim, unless it introduces code."""
    prose = SECTIONS[name].split("### Monarch", 1)[1]
    for paragraph in paragraphs(prose):
        assert "claim(" in paragraph or paragraph.endswith(":"), paragraph


def test_the_check_of_paragraphs_sees_one_without():
    assert paragraphs("### Ray\n\nIt is fast.\n\n{{ quote('x') }}\n\n| a |") == ["It is fast."]


def test_every_block_of_code_stands_in_a_file_that_runs():
    files = [textwrap.dedent(path.read_text(encoding="utf-8")) for path in QUOTED_FROM]
    lines = [{line.strip() for line in text.splitlines()} for text in files]
    blocks = BLOCK.findall(TEXT)
    assert len(blocks) >= 24
    for block in blocks:
        wanted = {line.strip() for line in block.splitlines()}
        assert any(wanted <= known for known in lines), block


def test_links_within_the_document_lead_somewhere():
    anchors = set(re.findall(r'<a id="([^"]+)">', TEXT))
    from monarch_vs_ray.report.document import slug

    anchors |= {slug(title) for title in re.findall(r"^#{2,4} (.+)$", TEXT, re.MULTILINE)}
    missing = {link for link in re.findall(r"\]\(#([^)]+)\)", TEXT) if link not in anchors}
    assert missing == set()


def test_nothing_of_the_making_is_left_in_it():
    assert "{{" not in TEXT
    assert "@@" not in TEXT


def check(path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monarch_vs_ray", "sources", "check", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_every_link_and_name_checks_out():
    done = check(DOCUMENT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("pattern", "changed"),
    [
        (r"actor_mesh\.py#L(\d+)", lambda match: f"actor_mesh.py#L{int(match[1]) + 1}"),
        (r"`this_host\(\)`", lambda match: "`monarch.actor.this_hosts()`"),
        (r"^from monarch\.actor import|`ray\.get\(", lambda match: match[0].replace("ray.get", "ray.gett")),
    ],
)
def test_one_changed_line_or_name_is_found(tmp_path, pattern, changed):
    doctored, count = re.subn(pattern, changed, TEXT, count=1, flags=re.MULTILINE)
    assert count == 1
    (tmp_path / "x.md").write_text(doctored)
    done = check(tmp_path / "x.md")
    assert done.returncode == 1, done.stdout


def test_templates_say_no_number_of_their_own():
    """A measured number comes from the published run; units in the prose would be a sign of another one."""
    for name, text in SECTIONS.items():
        outside = re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL)
        assert not re.search(r"\d\s?(ms|us|MB/s|GB/s|tokens/s)\b", outside), name


def test_the_templates_are_all_used():
    assert {name for name, _ in templates()} == {path.name for path in templates_folder().iterdir()}
