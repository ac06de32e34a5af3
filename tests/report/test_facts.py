"""The sections that rest on sources: each statement has one, and the packages' facts are those installed."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest

from monarch_vs_ray.references.pages import pages
from monarch_vs_ray.report.contents import document_path, templates

TEXT = document_path().read_text(encoding="utf-8")
TEMPLATES = dict(templates())
SOURCED = ("operations", "observability_and_debugging", "ecosystem", "security", "facts")
SECTIONS = {
    part: next(text for name, text in TEMPLATES.items() if name.endswith(f"_{part}.md")) for part in SOURCED
}
GLOSSARY = next(text for name, text in TEMPLATES.items() if name.endswith("_glossary.md"))
MOST_WORDS = 2800
CALL = re.compile(r"\{\{.*?\}\}", re.DOTALL)
RESTS_ON = re.compile(r"\b(?:claim|source)\(")
MEASURED_HERE = ("Release tested", "Licence", "Python", "Dependencies")


def rows(text: str) -> list[list[str]]:
    """Return the cells of the tables' rows, without heads and rules."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| |")]
    found = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return [cells for cells in found if cells[0] != "library" and cells[0] != "what fails"]


def without_calls(text: str) -> str:
    """Return the text with the label of each link, and without references to claims."""
    labelled = re.sub(r'\{\{ source\("[^"]+", "([^"]+)"\) \}\}', r"\1", text)
    return CALL.sub("x", re.sub(r"\s*\{\{ claim\([^}]*\}\}", "", labelled))


@pytest.mark.parametrize("part", SOURCED)
def test_every_row_and_paragraph_rests_on_a_claim_or_a_source(part):
    parts = [part.strip() for part in SECTIONS[part].split("\n\n")]
    prose = [part for part in parts if not part.startswith(("#", "|", "<!--"))]
    bare = [part for part in prose[1:] if not RESTS_ON.search(part) and not part.endswith(":")]
    assert [text for text in bare if text != "For a library of your own, three differences matter."] == []
    for cells in rows(SECTIONS[part]):
        assert RESTS_ON.search(" ".join(cells)) or cells[0] in MEASURED_HERE, cells


@pytest.mark.parametrize("part", SOURCED)
def test_tables_have_three_columns_and_a_sentence_in_a_cell(part):
    assert rows(SECTIONS[part])
    for cells in rows(SECTIONS[part]):
        assert len(cells) == 3, cells
        for cell in cells:
            assert not re.search(r"[.!?]\s+[A-Z]", without_calls(cell)), cell


def test_the_sections_are_short():
    words = sum(len(without_calls(text).split()) for text in [*SECTIONS.values(), GLOSSARY])
    assert words <= MOST_WORDS


def test_the_glossary_has_a_line_for_each_term():
    terms = re.findall(r"^- ([^:]+): (.+)$", GLOSSARY, re.MULTILINE)
    assert 25 <= len(terms) <= 40
    assert len({term.lower() for term, _ in terms}) == len(terms)
    assert len(terms) == GLOSSARY.count("\n- ")


def test_every_page_is_cited_and_listed_with_its_date():
    cited = set(re.findall(r'source\("(page\.[\w.]+)"', "".join(TEMPLATES.values())))
    assert cited == set(pages())
    for page in pages().values():
        assert f"]({page.url})|{page.read}|" in TEXT


def fact(aspect: str) -> list[str]:
    (cells,) = [cells for cells in rows(SECTIONS["facts"]) if cells[0] == aspect]
    return [without_calls(cell) for cell in cells[1:]]


def installed() -> list[Distribution]:
    try:
        return [distribution("torchmonarch"), distribution("ray")]
    except PackageNotFoundError:
        pytest.skip("needs both engines installed")


def test_licence_and_release_are_those_of_the_packages():
    monarch, ray = installed()
    assert fact("Licence") == [monarch.metadata["License-Expression"], ray.metadata["License"]]
    assert fact("Release tested") == [f"torchmonarch {monarch.version}", f"ray {ray.version}"]


def test_python_versions_are_those_of_the_packages():
    for said, package in zip(fact("Python"), installed(), strict=True):
        named = re.findall(r"Python :: 3\.(\d+)\b", " ".join(package.metadata.get_all("Classifier") or ()))
        first, last = min(map(int, named)), max(map(int, named))
        assert said == f"3.{first} to 3.{last}"
        assert package.metadata["Requires-Python"] == f">=3.{first}"


def test_dependencies_are_those_of_the_packages():
    for said, package in zip(fact("Dependencies"), installed(), strict=True):
        needed = [one for one in package.requires or () if "extra ==" not in one]
        assert said.startswith(f"{len(needed)} packages")


def test_the_word_on_maturity_is_the_package_s():
    monarch, ray = installed()
    status = "Development Status :: "
    assert f"{status}4 - Beta" in (monarch.metadata.get_all("Classifier") or ())
    assert not [one for one in ray.metadata.get_all("Classifier") or () if one.startswith(status)]
    assert fact("Maturity, by its own words")[0].startswith("Beta")
