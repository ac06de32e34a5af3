"""The page ranks its rows as `mvr ask` ranks them, and knows which documents have the other words."""

from __future__ import annotations

import pytest

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.paths import CHECKOUT
from monarch_vs_ray.page import checkout, claims, search, sources
from monarch_vs_ray.report.ranking import COMMON, WORD, Index, Text, stem, words


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    ledger = catalogue.ledger()
    return list(search.rows(ledger, claims.details(ledger, sources.published())["claims"]))


def rows(tab) -> list[str]:
    every = "[...document.querySelectorAll('table.matrix tbody tr')]"
    return tab.page.evaluate(f"{every}.filter((row) => row.offsetParent).map((row) => row.id)")


def marked(tab) -> set[str]:
    return {each.lower() for each in tab.page.locator("table.matrix mark").all_inner_texts()}


def test_an_index_has_each_word_with_its_places():
    found = search.index([Text("one", "Restart", "a killed actor"), Text("two", "None", "kills and kills")])
    assert found["names"] == ["one", "two"]
    assert found["words"]["kill"] == [0, 1, 1, 2]
    assert found["words"]["restart"] == [0, 3]
    assert found["lengths"] == [5, 5]


def test_related_words_are_known_by_each_of_their_forms():
    (group,) = [each for each in search.akin() if "death" in each]
    assert {stem(word) for word in ("die", "dies", "died", "dead", "killed", "crashes")} <= set(group)


def test_documents_are_linked_only_within_the_checkout(tmp_path):
    assert CHECKOUT
    assert checkout.link("docs/a.md#b", CHECKOUT) == "docs/a.md#b"
    assert checkout.link("docs/a.md#b", CHECKOUT / "docs" / "guide") == "../a.md#b"
    assert checkout.link("docs/a.md", tmp_path) == checkout.link("docs/a.md", None) == ""


@pytest.mark.browser
def test_it_ranks_as_mvr_ask_does(open_tab, page, texts):
    tab = open_tab(page)
    tab.wait("window.mvr && mvr.search")
    index = Index(texts)
    scores = "[...mvr.search.find('rows', question).found].map(([name, { score }]) => [name, score])"
    for question in ("GCS", "hosts of a mesh", "the names that are kept"):
        found = tab.page.evaluate(f"(question) => {scores}", question)
        assert dict(found) == pytest.approx({hit.text.name: hit.score for hit in index.search(question)})
    tokens = sorted({word for text in texts for word in WORD.findall(f"{text.title} {text.body}")})
    stems = tab.page.evaluate("(tokens) => tokens.map(mvr.search.stems)", tokens)
    common = set(map(stem, COMMON))
    assert [set(each) for each in stems] == [set(words(token)) - common for token in tokens]


@pytest.mark.browser
def test_words_are_found_by_stem_and_the_best_rows_come_first(open_tab, page):
    tab = open_tab(page)
    tab.wait("window.mvr && mvr.search")
    box = tab.page.get_by_label("Search")
    in_order = rows(tab)

    box.fill("worker dies")
    assert 0 < len(rows(tab)) < 60
    assert len({each.partition(".")[0] for each in rows(tab)[:3]}) == 1, "the best subject comes first"
    assert marked(tab) & {"dead", "death", "died", "killed"}

    box.fill("retry")
    assert "message_ordering.retries_by_the_engine" in rows(tab)
    assert "retries" in marked(tab)

    box.fill("during a call")
    assert rows(tab)
    assert marked(tab) <= {"during", "call", "calls", "called", "calling"} | {
        each for each in marked(tab) if "_" in each
    }

    box.fill("where is this")
    assert rows(tab) == in_order, "common words are not asked for"

    box.fill("superv")
    assert "supervision.restart" in rows(tab), "a word that is still being typed"
    box.fill("")
    assert rows(tab) == in_order


@pytest.mark.browser
def test_what_no_claim_has_is_said_and_looked_for_in_the_documents(open_tab, page):
    tab = open_tab(page)
    tab.wait("window.mvr && mvr.search")
    box, nothing = tab.page.get_by_label("Search"), tab.page.locator("#claims .nothing")
    box.fill("Kubernetes")
    assert rows(tab) == []
    assert "No claim matches." in nothing.inner_text()
    assert "mvr ask Kubernetes" in nothing.inner_text()
    assert "docs/guide/porting/libraries.md#" in nothing.inner_text()
    assert tab.violations(within="#claims") == []

    box.fill("Kubernetes restart")
    assert "supervision.restart" in rows(tab)
    assert "have 1 of 2 words" in tab.page.locator("#filters .count").inner_text()
    assert "No claim has Kubernetes." in nothing.inner_text()

    box.fill("zzzz; qqqq <xxxx>")
    assert rows(tab) == []
    assert ";" not in nothing.inner_text()
    box.fill("")
    assert not nothing.is_visible()
