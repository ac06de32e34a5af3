"""Answer a question with the matching rows of the comparison and passages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from rich.console import Console
from rich.text import Text

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.errors import NothingFound
from monarch_vs_ray.core.paths import PUBLISHED
from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.claims import Claim
from monarch_vs_ray.ledger.tables import NAMES, STYLES
from monarch_vs_ray.report.passages import cost_rows, evidence_place, rows, sections
from monarch_vs_ray.report.ranking import Hit, Index, words
from monarch_vs_ray.stage.console import console as new_console

MOST = 8
SENTENCE = re.compile(r"(?<=[.!?:])\s+")
LONGEST = 240


def near(asked: str, most: int = 3) -> list[str]:
    """Return the rows nearest to an unknown name, each with its number, best first."""
    ledger = catalogue.ledger()
    hits = Index(rows(ledger)).search(asked.replace(".", " ").replace("_", " "))
    return [f"{hit.text.name} ({ledger.numbers[hit.text.name]})" for hit in hits[:most]]


def search(question: str, most: int = MOST) -> list[Hit]:
    """Return the rows and passages that answer a question, best first.

    Raises:
        NothingFound: If no text has a word like those of the question.
    """
    index = _index()
    hits = index.search(question)
    if not hits:
        raise NothingFound(question, len(index.texts))
    return hits[:most]


@cache
def _index() -> Index:
    """Return the index of all rows, costs and passages, made once."""
    return Index([*rows(catalogue.ledger()), *cost_rows(), *sections()])


def answers(question: str, most: int = MOST) -> list[dict[str, object]]:
    """Return the answers as data: for a row its claims and verdicts, for a passage its text."""
    found = published.by_claim(PUBLISHED)
    ledger = catalogue.ledger()
    entries: list[dict[str, object]] = []
    for hit in search(question, most):
        name = hit.text.name
        entry: dict[str, object] = {"score": round(hit.score, 2), "title": hit.text.title}
        if name in ledger.numbers:
            claims = ledger.find(name)
            entry |= {"row": name, "number": ledger.numbers[name], "title": claims[0].aspect}
            entry["read"] = evidence_place(name)
            entry["claims"] = [
                {
                    "id": claim.id,
                    "statement": claim.cell.statement,
                    "verdict": published.best(found[claim.id]).verdict if claim.id in found else "",
                }
                for claim in claims
            ]
        else:
            entry |= {"read": name, "says": _excerpt(hit.text.body, question)}
        entries.append(entry)
    return entries


def print_answers(question: str, most: int = MOST) -> None:
    """Print the rows and passages that answer a question, best first. Raises NothingFound."""
    found = published.by_claim(PUBLISHED)
    ledger = catalogue.ledger()
    console = new_console()
    for hit in search(question, most):
        name = hit.text.name
        if name in ledger.numbers:
            verdicts = {id_: published.best(several).verdict for id_, several in found.items()}
            _print_row(console, hit, ledger.numbers[name], ledger.find(name), verdicts)
        else:
            console.print(Text.assemble("\n", (hit.text.title, "bold"), (f"  score {hit.score:.1f}", "dim")))
            console.print(Text(f"  {_excerpt(hit.text.body, question)}"))
            console.print(Text(f"  read: {name}", "dim"))


def _print_row(
    console: Console, hit: Hit, number: str, claims: Sequence[Claim], verdicts: dict[str, Verdict]
) -> None:
    head = Text.assemble("\n", (f"{number} {claims[0].aspect}", "bold"), (f"  score {hit.score:.1f}", "dim"))
    console.print(head)
    for claim in claims:
        verdict = verdicts.get(claim.id)
        told = (verdict, STYLES[verdict]) if verdict else "not yet published"
        console.print(Text.assemble(f"  {NAMES[claim.engine]}, ", told, f": {claim.cell.statement}"))
        console.print(Text(f"    {claim.id}", "dim"))
    console.print(Text(f"  read: mvr explain {number}, or {evidence_place(hit.text.name)}", "dim"))


def _excerpt(body: str, question: str) -> str:
    """Return the sentence of a passage with most words of the question."""
    asked = set(words(question))
    sentences = [" ".join(each.split()) for each in SENTENCE.split(body)]
    best = max(sentences, key=lambda sentence: len(asked & set(words(sentence))))
    return best if len(best) <= LONGEST else f"{best[: LONGEST - 3]}..."
