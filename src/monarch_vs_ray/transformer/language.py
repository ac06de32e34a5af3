"""A text whose entropy is known exactly: what both engines' models learn.

The text is words drawn one by one from a small lexicon, each followed by a space. A space ends a word, so the
text can be read in one way only, and its entropy follows from the words' probabilities alone. Nothing here
needs an engine or torch.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from itertools import accumulate

from monarch_vs_ray.transformer.settings import Training

WORDS = """
the of and a to in is it that for was on are as with his they at be this have from or one had by word but
not what all were we when your can said there use an each which she do how their if will
"""
LEXICON = WORDS.split()
"""Words by falling frequency: the n-th is drawn with a probability in proportion to 1/n (Zipf's law)."""


# -- the language --------------------------------------------------------------------------------------


def probabilities() -> dict[str, float]:
    """Return each word of the lexicon, with its probability."""
    weights = [1 / rank for rank in range(1, len(LEXICON) + 1)]
    return {word: weight / sum(weights) for word, weight in zip(LEXICON, weights, strict=True)}


ALPHABET = " " + "".join(sorted(set("".join(LEXICON))))
_CUMULATIVE = list(accumulate(probabilities().values()))


def text(length: int, *key: object) -> str:
    """Return ``length`` characters from the beginning of a word; the same key gives the same text."""
    draw = random.Random("/".join(map(str, key)))
    written = ""
    while len(written) < length:
        written += "".join(
            f"{word} " for word in draw.choices(LEXICON, cum_weights=_CUMULATIVE, k=length // 4 + 1)
        )
    return written[:length]


def batch(training: Training, step: int, rank: int) -> list[list[int]]:
    """Return what a worker sees in a step: rows of ``context + 1`` characters as numbers, a space first.

    The model is asked for the last ``context`` characters of each row, each from all that stand before it.
    """
    rows = (" " + text(training.context, training.seed, step, rank, row) for row in range(training.batch))
    return [[ALPHABET.index(char) for char in row] for row in rows]


# -- its entropy, in nats per character ----------------------------------------------------------------


def uniform_entropy() -> float:
    """Return what guessing costs when nothing is known but the alphabet."""
    return math.log(len(ALPHABET))


def unigram_entropy() -> float:
    """Return what guessing costs when only the characters' frequencies are known."""
    counts = dict.fromkeys(ALPHABET, 0.0)  # in an average word
    for word, probability in probabilities().items():
        for char in word + " ":
            counts[char] += probability
    total = sum(counts.values())
    return _entropy(count / total for count in counts.values())


def entropy_rate() -> float:
    """Return the cost of a character of an endless text to who knows the language: entropy by length."""
    words = probabilities()
    return _entropy(words.values()) / sum(p * (len(word) + 1) for word, p in words.items())


def entropy_of(length: int) -> float:
    """Return the same for the first ``length`` characters: what no model of them can beat on average.

    Where a word goes on depends on its beginning alone, so the beginnings are the states of a Markov chain.
    """
    words = probabilities()
    masses = _masses(words)
    following: dict[str, dict[str, float]] = {}
    for start, mass in masses.items():
        if start.endswith(" "):
            continue
        ways = {end: masses[end] for end in masses if end[:-1] == start and end}
        following[start] = {"" if end.endswith(" ") else end: part / mass for end, part in ways.items()}
    costs = {start: _entropy(ways.values()) for start, ways in following.items()}
    state, total = {"": 1.0}, 0.0
    for _ in range(length):
        total += sum(p * costs[start] for start, p in state.items())
        step: dict[str, float] = {}
        for start, p in state.items():
            for end, part in following[start].items():
                step[end] = step.get(end, 0.0) + p * part
        state = step
    return total / length


def _masses(words: Mapping[str, float]) -> dict[str, float]:
    """Return each beginning of a word, its space included, with the probability of a word that has it."""
    masses: dict[str, float] = {}
    for word, probability in words.items():
        for end in range(len(word) + 2):
            start = (word + " ")[:end]
            masses[start] = masses.get(start, 0.0) + probability
    return masses


def _entropy(parts: Iterable[float]) -> float:
    return -sum(part * math.log(part) for part in parts)


def judged(written: str) -> dict[str, object]:
    """Return a text by the model, and how many of its words are words; an unfinished one does not count."""
    words = written.split(" ")[:-1]
    return {"text": written, "words": len(words), "known": sum(word in LEXICON for word in words)}
