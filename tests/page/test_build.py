"""The page's text: whole, small, closed against scripts from elsewhere, and silent about this machine."""

from __future__ import annotations

import getpass
import re
import shutil
import socket
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.errors import NoResults
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.ledger.evidence import encoder
from monarch_vs_ray.page import build, claims, packing, sources
from monarch_vs_ray.report.changes import of_releases

PROJECT = Path(__file__).parents[2]


class Elements(HTMLParser):
    """All elements with their attributes, and the texts of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def elements(html) -> Elements:
    return Elements(html)


def data(html: str, name: str) -> object:
    (text,) = re.findall(rf'id="data-{name}">([^<]*)<', html)
    return packing.unpacked(text)


def test_it_has_each_claim_with_its_permalink(html):
    found = data(html, "claims")["claims"]
    for claim in catalogue.ledger().claims:
        assert claim.id in found
        assert f'href="#{claim.id}"' in html
        assert f'<tr id="{claim.short}"' in html


def test_its_policy_names_each_script_that_runs_and_allows_nothing_else(elements):
    (policy,) = [
        each["content"] for tag, each in elements.found if each.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    assert "unsafe" not in rules["script-src"]
    scripts = [each for tag, each in elements.found if tag == "script"]
    run = [text for each, text in zip(scripts, elements.scripts, strict=True) if "type" not in each]
    assert set(rules["script-src"].split()) == {packing.hash_of(text) for text in run}
    assert not any("src" in each for each in scripts)


def test_nothing_in_it_loads_from_elsewhere(elements, html):
    loads = {"src", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href"}
    for tag, each in elements.found:
        assert not any(
            (each.get(name) or "data:").strip() and not (each.get(name) or "data:").startswith("data:")
            for name in loads
        ), (tag, each)
        if tag != "a":
            assert not (each.get("href") or "data:").startswith(("http", "//")), (tag, each)
        assert not any(name.startswith("on") for name in each), (tag, each)
    styles = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert styles
    assert "url(" not in styles[1]
    assert "@import" not in styles[1]


def test_it_says_nothing_of_this_machine(html):
    unpacked = str([data(html, name) for name in re.findall(r'id="data-(\w+)"', html)])
    # Packed data is base64, which holds any short name by chance.
    texts = re.sub(r'(id="data-\w+">)[^<]*', r"\1", html) + unpacked
    for told in (str(PROJECT), f"{Path.home()}/", f"/{getpass.getuser()}/", tempfile.gettempdir() + "/"):
        assert told not in texts
    assert not re.search(rf"(?<![\w.-]){re.escape(socket.gethostname())}(?![\w.-])", texts)
    assert not re.search(r"/(home|Users|work|tmp)/\w", texts)
    assert not re.search(r"execution id \w", texts), "Monarch's begins with the user's name"


def test_what_comes_from_outside_stays_text(harmful):
    source, ledger = harmful
    html = build.make(source, ledger)
    assert "window.harmed" in str(data(html, "claims"))
    assert "<script>window" not in html
    found = Elements(html)
    assert not any("onerror" in each for _, each in found.found)
    assert not {"\x1b", "\u202e"} & set(html + str(data(html, "claims")))


def test_a_script_cannot_end_early():
    text = packing.script_text('a = "</script>"; // <!-- </SCRIPT>')
    assert "</script" not in text.lower()
    assert "<!--" not in text


def test_the_same_results_make_the_same_page(tmp_path):
    root = shutil.copytree(PUBLISHED, tmp_path / "published")  # more may be published meanwhile
    assert build.make(sources.published(root)) == build.make(sources.published(root))


def test_each_claim_has_code_observation_and_sources(html):
    found = data(html, "claims")
    claim = found["claims"]["supervision.restart.ray"]
    assert [each["role"] for each in claim["experiments"]] == ["Experiment", "Control"]
    assert claim["experiments"][0]["code"]
    assert any(lit for lit in claim["experiments"][0]["lit"])
    assert dict(claim["experiments"][0]["seen"][0])["came_back"] == "yes, no"
    assert claim["breaks"]["run"]
    assert claim["history"][0]["version"]
    everything = [each for claim in found["claims"].values() for each in claim["sources"]]
    assert everything
    assert all(each["url"].startswith("https://github.com/") for each in everything)


def test_a_run_of_ones_own_stands_in_place_of_what_is_published(tmp_path):
    each = sources.published().quoted["supervision.restart.ray"]
    run = tmp_path / "some-machine" / "2030-01-02T03-04-05"
    run.mkdir(parents=True)
    mine = msgspec.structs.replace(each, verdict="refuted", said="mine", date="2030-01-02T03:04:05+00:00")
    (run / "evidence.jsonl").write_bytes(encoder.encode(mine) + b"\n")
    for folder in (run, run.parent, tmp_path):
        source = sources.own(folder)
        assert source.own
        assert source.quoted.keys() == {each.id}
    html = build.make(source)
    assert "Your own run" in html
    claim = data(html, "claims")["claims"][each.id]
    assert claim["verdict"] == "refuted"
    own, *published = [entry["own"] for entry in claim["history"]]
    assert own
    assert published
    assert not any(published), "what is published stays as the history"
    assert data(html, "claims")["claims"]["supervision.restart.monarch"]["verdict"] == claims.MISSING
    assert str(tmp_path) not in html


def test_a_folder_without_results_is_an_error(tmp_path):
    with pytest.raises(NoResults):
        sources.own(tmp_path)


def test_what_changed_of_a_verdict_is_in_its_history(html):
    (first, *_) = (PUBLISHED / "changes.jsonl").read_text().splitlines()
    change = msgspec.json.decode(first)
    found = data(html, "claims")["claims"][change["claim"]]["changes"]
    assert (change["before"], change["after"]) in [(each["before"], each["after"]) for each in found]


def test_notebooks_are_linked_only_within_the_checkout(tmp_path):
    assert next(each["link"] for each in build.notebooks(PROJECT)).startswith("notebooks/01_")
    assert {each["link"] for each in build.notebooks(tmp_path)} == {""}
    assert {each["link"] for each in build.notebooks(None)} == {""}


def test_settings_that_only_the_other_engine_reads_are_not_shown(html):
    for id_, claim in data(html, "claims")["claims"].items():
        given = [each for experiment in claim["experiments"] for each in experiment["given"]]
        assert not any(each.startswith("HYPERACTOR_") for each in given if id_.endswith(".ray")), id_
        assert not any(each.startswith("RAY_") for each in given if id_.endswith(".monarch")), id_


def test_verdicts_of_other_releases_stand_beside_and_can_be_chosen(html):
    (version, *_) = (each.version for _, each in of_releases(PUBLISHED) if each.engine == "ray")
    assert f'<option value="ray {version}">' in html
    ids = {each.id for _, each in of_releases(PUBLISHED) if each.version == version}
    found = data(html, "claims")["claims"]
    for id_ in ids:
        cell = html[html.index(f'data-claim="{id_}"') :].partition("</td>")[0]
        assert f"{version}: " in cell
        assert version in [each["version"] for each in found[id_]["history"]]


def test_it_says_what_was_not_tested_and_how_many_notebooks_there_are(html):
    assert "<strong>Not tested:</strong> GPUs with NCCL" in html
    assert f"{len(build.notebooks(None))} notebooks to read" in html
