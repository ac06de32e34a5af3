"""Prepare the search in the page: the words of rows and of documents, ranked there as ``mvr ask`` ranks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from monarch_vs_ray.ledger.claims import Ledger
from monarch_vs_ray.page.checkout import link
from monarch_vs_ray.report import passages, ranking
from monarch_vs_ray.report.ranking import Text, stem, words

INFLECTED = ("", "s", "d")
"""Endings that make another stem of a short word: ``die`` has one, ``dies`` and ``died`` have others."""


def search(ledger: Ledger, details: Mapping[str, Mapping[str, Any]], beside: Path | None) -> dict[str, Any]:
    """Return all that the page searches with.

    Args:
        ledger: The claims.
        details: What stands behind each claim, by id, as ``claims.details`` returns it.
        beside: The page's folder; from within a checkout, documents are linked.

    Returns:
        The constants of the ranking; an index of the matrix's rows, and one of the documents' sections with
        their links.
    """
    sections = _sections()
    return {
        "common": sorted(ranking.COMMON),
        "endings": ranking.ENDINGS,
        "akin": akin(),
        "k1": ranking.K1,
        "b": ranking.B,
        "also": ranking.ALSO,
        "rows": index(rows(ledger, details)),
        "sections": {**sections, "links": [link(name, beside) for name in sections["names"]]},
    }


def akin() -> list[list[str]]:
    """Return the groups of related words, as stems."""
    return [sorted({stem(word + ending) for word in group for ending in INFLECTED}) for group in ranking.AKIN]


def rows(ledger: Ledger, details: Mapping[str, Mapping[str, Any]]) -> Iterator[Text]:
    """Yield the text of each row that ``mvr ask`` searches, with what was observed and broken for it.

    Args:
        ledger: The claims.
        details: What stands behind each claim, by id.
    """
    for text in passages.rows(ledger):
        behind = (_behind(claim.id, details[claim.id]) for claim in ledger.find(text.name))
        yield Text(text.name, text.title, " ".join([text.body, *behind]))


def _behind(id_: str, detail: Mapping[str, Any]) -> str:
    found = [id_, detail["said"], *(each["what"] for each in detail["breaks"]["run"])]
    for experiment in detail["experiments"]:
        found += [experiment["name"], *experiment["given"]]
        found += [text for run in experiment["seen"] for observation in run for text in observation]
    return " ".join(found)


def index(texts: Iterable[Text]) -> dict[str, Any]:
    """Return an inverted index.

    Args:
        texts: What to find.

    Returns:
        Name, title and length in words of each text; and for each word the numbers of the texts that have
        it, each followed by how often.
    """
    every = list(texts)
    found: dict[str, list[int]] = defaultdict(list)
    lengths = []
    for number, text in enumerate(every):
        counts = Counter(words(text.title) * ranking.TITLE + words(text.body))
        lengths.append(counts.total())
        for word, count in counts.items():
            found[word] += (number, count)
    return {
        "names": [text.name for text in every],
        "titles": [text.title for text in every],
        "lengths": lengths,
        "words": dict(sorted(found.items())),
    }


@cache
def _sections() -> dict[str, Any]:
    return index(passages.sections())
