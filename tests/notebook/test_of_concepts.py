"""A demo names the notebook of its subject, as the document does."""

from __future__ import annotations

import pytest

from monarch_vs_ray.cli.show import NOTEBOOKS
from monarch_vs_ray.core.paths import need_checkout
from monarch_vs_ray.notebook.catalogue import find


@pytest.mark.parametrize("concept", NOTEBOOKS)
def test_a_demo_and_its_section_name_the_same_notebook(concept):
    name = NOTEBOOKS[concept]
    assert find(name).name == name
    (section,) = (need_checkout("the test") / "docs" / "analysis").glob(f"*_{concept}.md")
    assert name in section.read_text(encoding="utf-8")
