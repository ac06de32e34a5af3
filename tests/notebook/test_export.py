"""Static pages: they open as files, with nothing asked for outside."""

from __future__ import annotations

import json

import pytest

from monarch_vs_ray.notebook import assets
from monarch_vs_ray.notebook.catalogue import all_notebooks
from monarch_vs_ray.notebook.export import export


def test_a_module_imports_others_by_name_and_loads_nothing_ahead():
    text = (
        'import{t as a}from"./react-x1.js";const f=()=>x(()=>import(`./b_2.js`),'
        "__vite__mapDeps([0,1]),import.meta.url)"
    )
    found = assets._module(text)
    assert 'from"marimo/react-x1.js"' in found
    assert "import(`marimo/b_2.js`),[],document.baseURI" in found


def test_a_page_loads_only_what_lies_beside_it():
    page = (
        '<html><head><title>x</title><link rel="preload" href="https://cdn.example/a.woff2" as="font" />'
        '<script type="module" crossorigin src="https://cdn.example/i.js"></script>'
        '<script data-marimo="true">keep()</script></head><body></body></html>'
    )
    found = assets.localize(page, "Faults & repairs")
    assert "cdn.example" not in found
    assert "keep()" in found
    assert "<title>Faults &amp; repairs</title>" in found
    assert 'src="marimo/marimo.js"' in found


def test_the_modules_of_the_installed_marimo_are_whole(tmp_path):
    assets.write_assets(tmp_path)
    script = (tmp_path / assets.SCRIPT).read_text(encoding="utf-8")
    modules = json.JSONDecoder().raw_decode(script, script.index("window.MODULES=") + 15)[0]
    assert len(modules) > 100
    assert not any("import.meta.url" in text for text in modules.values())
    assert (tmp_path / "LICENSE").is_file()
    assert "url(./" not in script


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 400])
def test_an_exported_page_opens_without_a_network(open_tab, tmp_path, width):
    first = all_notebooks()[0]
    assert export(tmp_path, [first]) == 0
    tab = open_tab(tmp_path / f"{first.name}.html", width=width)
    tab.page.get_by_role("heading", level=1).wait_for()
    tab.page.locator("canvas, svg.marks").first.wait_for()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    tab.page.goto((tmp_path / "index.html").as_uri())
    assert tab.page.get_by_role("link", name=first.title).is_visible()
