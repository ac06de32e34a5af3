"""The comparison document: made anew it does not change, and nothing in it is only asserted."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from monarch_vs_ray.concepts import all_concepts
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.pictures.finding import has_picture
from monarch_vs_ray.references.api import Api
from monarch_vs_ray.references.documents import check_document
from monarch_vs_ray.references.links import find_links
from monarch_vs_ray.references.table import table
from monarch_vs_ray.references.wheels import all_installed
from monarch_vs_ray.report.contents import (
    document_path,
    evidence_folder,
    make_document,
    readme_path,
    templates,
    templates_folder,
)
from monarch_vs_ray.report.document import slug
from monarch_vs_ray.report.words import MARKS, NOT_PUBLISHED, first_sentence

DOCUMENT = document_path()
TEXT = DOCUMENT.read_text(encoding="utf-8")
README = readme_path()
EVIDENCE = sorted(evidence_folder().glob("*.md"))
BLOCK = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ORIGIN = re.compile(r"^```python\n(.*?)^```\n\n<sub>From (.*?)</sub>$", re.MULTILINE | re.DOTALL)
LINES = re.compile(r"\]\(([^)#]+)#L(\d+)-L(\d+)\)")
ANCHOR = re.compile(r'<a id="([^"]+)">')
HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
LINK_TO_PLACE = re.compile(r"\]\((?!https?:)([^)#\s]*)#(?!L\d)([^)\s]+)\)")
PICTURE = re.compile(r'srcset="([^"]+)"><img alt="([^"]+)" src="([^"]+)">')
CONCEPTS = {f"{concept.number:02}_{concept.name}.md": concept for concept in all_concepts()}
CONCEPT_NAMES = {concept.number: concept.name for concept in all_concepts()}
SECTIONS = {name: text for name, text in templates() if name in CONCEPTS}


def test_making_it_anew_changes_nothing():
    assert make_document() == TEXT, "run `mvr document`"


def test_it_can_be_read_in_an_hour():
    """Tables, texts for pictures and headings count; blocks of code do not: they are programs to copy.

    A reader takes some 200 words a minute; what a ninth concept adds fits in, too.
    """
    words = len(BLOCK.sub("", TEXT).split())
    assert 7_000 < words <= 12_200


def test_every_concept_has_its_section_in_the_order_of_the_numbers():
    assert list(SECTIONS) == list(CONCEPTS)
    for concept, (name, text) in zip(all_concepts(), SECTIONS.items(), strict=True):
        assert name == f"{concept.number:02}_{concept.name}.md"
        assert text.startswith(f"## {concept.number}. ")
        assert f'claims_table("{concept.name}"' in text
        assert f'rows("{concept.name}")' in text
        assert [line for line in text.splitlines() if line.startswith("### ")] == [
            "### Monarch",
            "### Ray",
            "### Compared",
        ]
        for engine in ENGINES:
            assert f'{{{{ program("{concept.name}/{engine}/example.py") }}}}' in text
        assert text.count("{{ sources(") == len(ENGINES)
        if has_picture(concept):
            assert f'{{{{ picture("{concept.number:02}-{concept.name}", "' in text
            assert "Notebook" in text


def test_the_places_that_the_brief_names_are_linked_in_their_section():
    """Each place of the first document that is still there; a type of Rust or C++ counts for its file."""
    for reference in table().references.values():
        if reference.earlier_line:
            text = SECTIONS[f"{reference.concept:02}_{CONCEPT_NAMES[reference.concept]}.md"]
            assert f'"{reference.id}"' in text, f"section {reference.concept} does not link to {reference.id}"


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


def quoted(text: str) -> list[tuple[str, list[tuple[Path, int, int]]]]:
    """Return each block of code with the lines that it is said to be from."""
    found = []
    for block, origin in ORIGIN.findall(text):
        places = [
            (DOCUMENT.parent / path, int(first), int(last)) for path, first, last in LINES.findall(origin)
        ]
        found.append((block, places))
    return found


def test_every_block_of_code_is_what_its_links_lead_to():
    blocks = quoted(TEXT)
    assert len(blocks) == len(BLOCK.findall(TEXT)) >= 16
    for block, places in blocks:
        parts = []
        for path, first, last in places:
            lines = path.read_text(encoding="utf-8").splitlines()[first - 1 : last]
            parts.append(textwrap.dedent("\n".join(lines)))
        assert block.rstrip() == "\n\n\n".join(parts).rstrip(), places


def test_the_check_of_blocks_sees_a_changed_line():
    block, places = quoted(TEXT)[0]
    assert block.rstrip() != "\n".join(places[0][0].read_text().splitlines()[: places[0][2]])


def anchors(path: Path) -> set[str]:
    """Return the places of a document that a link may lead to."""
    text = BLOCK.sub("", path.read_text(encoding="utf-8"))
    return set(ANCHOR.findall(text)) | {slug(title) for title in HEADING.findall(text)}


@pytest.mark.parametrize("path", [DOCUMENT, README, *EVIDENCE], ids=lambda path: path.name)
def test_links_to_places_lead_somewhere(path):
    known = {}
    for file, anchor in LINK_TO_PLACE.findall(BLOCK.sub("", path.read_text(encoding="utf-8"))):
        target = (path.parent / file).resolve() if file else path
        assert target.is_file(), f"{path.name} links to {file}"
        if target.suffix == ".md":
            known.setdefault(target, anchors(target))
            assert anchor in known[target], f"{path.name} links to {file}#{anchor}"


def test_pictures_are_there_and_have_a_text():
    found = PICTURE.findall(TEXT)
    assert len(found) >= 8
    for dark, alternative, light in found:
        assert light.replace("-light.svg", "-dark.svg") == dark
        assert (DOCUMENT.parent / light).is_file()
        assert (DOCUMENT.parent / dark).is_file()
        assert len(alternative) > 40


def test_cells_have_one_sentence_and_tables_few_columns():
    for line in (line for line in TEXT.splitlines() if line.startswith("|")):
        cells = line.strip("|").split("|")
        assert len(cells) <= 5, line
    for name in CONCEPTS.values():
        for line in re.findall(rf"^\|[^|`]*\[`{name.name}\.\w+`\].*$", TEXT, re.MULTILINE):
            _, *cells = line[1:-1].split("|")
            assert len(cells) == len(ENGINES)
            for cell in filter(None, cells):
                assert cell[0] in (*MARKS.values(), NOT_PUBLISHED)
                assert first_sentence(cell[2:]) == cell[2:]


def test_the_source_index_lists_what_the_text_links_to():
    text, index = TEXT.split("## Source index")
    repositories = [release.repo for release in table().releases.values()]
    linked = {link.url for link in find_links(text, repositories)}
    listed = [link.url for link in find_links(index, repositories)]
    assert sorted(linked) == sorted(listed)


def test_nothing_of_the_making_is_left_in_it():
    assert "{{" not in TEXT
    assert "@@" not in TEXT


@pytest.fixture(scope="module")
def api():
    return Api({engine: wheel.root for engine, wheel in all_installed(table().releases).items()})


@pytest.mark.parametrize("path", [DOCUMENT, *EVIDENCE], ids=lambda path: path.name)
def test_every_link_and_name_checks_out(api, path):
    assert check_document(path, path.name, table(), api).problems == []


@pytest.mark.parametrize(
    ("pattern", "changed"),
    [
        (r"actor_mesh\.py#L(\d+)", lambda match: f"actor_mesh.py#L{int(match[1]) + 1}"),
        (r"`spawn_procs`", lambda match: "`monarch.actor.this_hosts()`"),
        (r"ray\.wait\(", lambda match: "ray.waitt("),
    ],
)
def test_one_changed_line_or_name_is_found(api, tmp_path, pattern, changed):
    doctored, count = re.subn(pattern, changed, TEXT, count=1, flags=re.MULTILINE)
    assert count == 1
    (tmp_path / "x.md").write_text(doctored)
    assert len(check_document(tmp_path / "x.md", "x.md", table(), api).problems) == 1


def test_templates_say_no_number_of_their_own():
    """A measured number comes from the published run; units in the prose would be a sign of another one."""
    for name, text in SECTIONS.items():
        outside = re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL)
        assert not re.search(r"\d\s?(ms|us|MB/s|GB/s|tokens/s)\b", outside), name


def test_the_templates_are_all_used():
    assert {name for name, _ in templates()} == {path.name for path in templates_folder().iterdir()}
