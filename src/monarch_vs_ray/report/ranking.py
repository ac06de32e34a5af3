"""Rank texts by a question's words: BM25, with the nearest known word in place of one that is unknown.

BM25 (Robertson and Zaragoza, 2009) is the usual baseline of search engines: a word counts more the rarer it
is, less the more often it is repeated, and less in a long text. It needs no model and no training, its scores
can be recomputed by hand, and for a thousand short texts it takes some 20 lines. The packages for it bring
numpy along, which nothing else here needs.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

K1, B = 1.2, 0.75
"""The usual constants: how soon repetition stops to count, and how much length does."""
TITLE = 3
"""A word of a title counts as often as this."""
CLOSE = 0.7
"""The least likeness of an unknown word and a known one, as ``difflib`` counts it; both begin alike."""
ALSO = 0.4
"""The weight of a word that only resembles the one that was asked for."""
AKIN = (
    {"crash", "dead", "death", "die", "kill"},
    {"deadlock", "hang", "stuck", "wait"},
    {"error", "exception", "fail", "failure", "raise"},
    {"cuda", "gpu"},
    {"log", "output", "print"},
    {"respawn", "restart"},
    {"encrypt", "security", "tls", "token"},
)
WORD = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*")
PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_COMMON = """
a an and are as at be but by can do does for from had has have how i if in into is it its me my no not of on
one or so than that the their them then there they this to
was were what when where which while who why will with you your
"""
ENDINGS = ("ings", "ing", "ies", "ied", "ed", "es", "s")


@dataclass(frozen=True)
class Text:
    """Hold a text that can be found; ``name`` identifies it."""

    name: str
    title: str
    body: str


@dataclass(frozen=True)
class Hit:
    """Hold a text that was found, with its score."""

    text: Text
    score: float


def words(text: str) -> list[str]:
    """Return the words of a text, without their endings; of a name in code also its parts."""
    found: list[str] = []
    for word in WORD.findall(text):
        parts = PART.findall(word)
        found += map(stem, {word, *parts} if len(parts) > 1 else {word})
    return [word for word in found if word not in COMMON]


def stem(word: str) -> str:
    """Return a word in small letters without its ending, where four letters or more are left."""
    word = word.lower()
    for ending in ENDINGS:
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e") or word
    return word.rstrip("e") if len(word) > 3 else word


COMMON = frozenset(_COMMON.split()) | frozenset(map(stem, _COMMON.split()))
"""Words that say nothing, and their stems."""


class Index:
    """Search texts."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self.texts = list(texts)
        self._counts = [Counter(words(each.title) * TITLE + words(each.body)) for each in self.texts]
        self._lengths = [counts.total() for counts in self._counts]
        self._mean = sum(self._lengths) / max(1, len(self._lengths))
        self._texts_with = Counter(word for counts in self._counts for word in counts)

    def search(self, question: str) -> list[Hit]:
        """Return the texts that have a word of the question, or one like it, best first."""
        asked = self._weights(words(question))
        scores = [self._score(number, asked) for number in range(len(self.texts))]
        found = [Hit(text, score) for text, score in zip(self.texts, scores, strict=True) if score > 0]
        return sorted(found, key=lambda hit: -hit.score)

    def _weights(self, asked: Sequence[str]) -> dict[str, float]:
        """Return the weights of the question's words, of related ones, and of the nearest to unknown ones."""
        weights: dict[str, float] = {}
        for word in asked:
            akin = {stem(kin) for kin in _kin(word)}
            known = [word] if word in self._texts_with or akin else self._nearest(word)
            weights |= dict.fromkeys(known, 1.0)
            for other in akin.union(*(map(stem, _kin(each)) for each in known)):
                weights.setdefault(other, ALSO)
        return weights

    def _nearest(self, word: str) -> list[str]:
        """Return the known word that is most like this one; none where none is."""
        candidates = [known for known in self._texts_with if known[0] == word[0]]
        return get_close_matches(word, candidates, 1, CLOSE)

    def _score(self, number: int, asked: dict[str, float]) -> float:
        counts, length = self._counts[number], self._lengths[number]
        return sum(
            weight
            * self._rarity(word)
            * counts[word]
            * (K1 + 1)
            / (counts[word] + K1 * (1 - B + B * length / self._mean))
            for word, weight in asked.items()
            if word in counts
        )

    def _rarity(self, word: str) -> float:
        have = self._texts_with[word]
        return math.log(1 + (len(self.texts) - have + 0.5) / (have + 0.5))


def _kin(word: str) -> set[str]:
    return next((group for group in AKIN if word in map(stem, group)), set())
