"""What both sides train: the run's settings, and a text whose entropy is known exactly.

The text is words drawn one by one from a small lexicon, each followed by a space. A space ends a word, so the
text can be read in one way only, and its entropy follows from the words' probabilities alone. Nothing here
needs an engine or torch.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Iterable, Mapping
from itertools import accumulate

import msgspec

SETTING = "MVR_TRAINING"
"""The environment variable that holds the run's ``Training`` as JSON."""
WORKERS = 2
SAMPLE = 160
"""How many characters the trained model writes."""
MOST_FAILURES = 3
"""How many deaths of workers a run survives; then something else is wrong."""
PATIENCE = 120.0
"""Seconds after which a wait is given up: a new worker imports torch, perhaps on a machine that is busy."""

ENVIRONMENT: Mapping[str, str] = {
    # Both engines' workers talk to each other over loopback only.
    "GLOO_SOCKET_IFNAME": "lo",
    "NCCL_SOCKET_IFNAME": "lo",
    # One thread for each worker: the same sums in the same order on both engines.
    "OMP_NUM_THREADS": "1",
    # cuBLAS gives the same result each time only with a workspace of its own.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    # How soon a dead worker is noticed: both engines look by polling, every 10 s and 2 s by default.
    "HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY": "500ms",
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.1",
    # Half the default. Who takes longer to answer a poll counts as dead, so it has to be long.
    "HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE": "15s",
    # A worker imports torch when it starts, which takes long on a busy machine.
    "HYPERACTOR_MESH_PROC_SPAWN_MAX_IDLE": f"{PATIENCE:g}s",
    "HYPERACTOR_MESH_ACTOR_SPAWN_MAX_IDLE": f"{PATIENCE:g}s",
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": f"{PATIENCE:g}",
}

WORDS = """
the of and a to in is it that for was on are as with his they at be this have from or one had by word but
not what all were we when your can said there use an each which she do how their if will
"""
LEXICON = WORDS.split()
"""Words by falling frequency: the n-th is drawn with a probability in proportion to 1/n (Zipf's law)."""


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``batch`` sequences of ``context`` characters are what one worker sees in one step.

    ``kill_after`` is the step after which one worker is killed, 0 for none. A checkpoint is kept after every
    ``checkpoint_every`` steps.
    """

    seed: int = 0
    steps: int = 400
    kill_after: int = 0
    checkpoint_every: int = 20
    layers: int = 2
    width: int = 96
    heads: int = 4
    context: int = 64
    batch: int = 16
    learning_rate: float = 4e-3
    warmup: int = 20

    @property
    def characters_per_step(self) -> int:
        """How many characters all workers together learn from in one step."""
        return WORKERS * self.batch * self.context


def to_environment(training: Training) -> dict[str, str]:
    """What to set for a side that is to run it."""
    return {**ENVIRONMENT, SETTING: msgspec.json.encode(training).decode()}


def from_environment() -> Training:
    """The run that this process was started for; the default one where none was given."""
    return msgspec.json.decode(os.environ.get(SETTING, "{}"), type=Training)


# -- the language --------------------------------------------------------------------------------------


def probabilities() -> dict[str, float]:
    """Each word of the lexicon, with its probability."""
    weights = [1 / rank for rank in range(1, len(LEXICON) + 1)]
    return {word: weight / sum(weights) for word, weight in zip(LEXICON, weights, strict=True)}


ALPHABET = " " + "".join(sorted(set("".join(LEXICON))))
_CUMULATIVE = list(accumulate(probabilities().values()))


def text(length: int, *key: object) -> str:
    """So many characters of the language, from the beginning of a word; the same key gives the same text."""
    draw = random.Random("/".join(map(str, key)))
    written = ""
    while len(written) < length:
        written += "".join(
            f"{word} " for word in draw.choices(LEXICON, cum_weights=_CUMULATIVE, k=length // 4 + 1)
        )
    return written[:length]


def batch(training: Training, step: int, rank: int) -> list[list[int]]:
    """What a worker sees in a step: rows of ``context + 1`` characters as numbers, the first one a space.

    The model is asked for the last ``context`` characters of each row, each from all that stand before it.
    """
    rows = (" " + text(training.context, training.seed, step, rank, row) for row in range(training.batch))
    return [[ALPHABET.index(char) for char in row] for row in rows]


# -- its entropy, in nats per character ----------------------------------------------------------------


def uniform_entropy() -> float:
    """What guessing costs when nothing is known but the alphabet."""
    return math.log(len(ALPHABET))


def unigram_entropy() -> float:
    """What guessing costs when only the characters' frequencies are known."""
    counts = dict.fromkeys(ALPHABET, 0.0)  # in an average word
    for word, probability in probabilities().items():
        for char in word + " ":
            counts[char] += probability
    total = sum(counts.values())
    return _entropy(count / total for count in counts.values())


def entropy_rate() -> float:
    """What a character of an endless text costs whoever knows the language: entropy by length of a word."""
    words = probabilities()
    return _entropy(words.values()) / sum(p * (len(word) + 1) for word, p in words.items())


def entropy_of(length: int) -> float:
    """The same for the first ``length`` characters of a text: what no model of them can beat on average.

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
    """Each beginning of a word, its space included, with the probability of a word that has it."""
    masses: dict[str, float] = {}
    for word, probability in words.items():
        for end in range(len(word) + 2):
            start = (word + " ")[:end]
            masses[start] = masses.get(start, 0.0) + probability
    return masses


def _entropy(parts: Iterable[float]) -> float:
    return -sum(part * math.log(part) for part in parts)


def judged(written: str) -> dict[str, object]:
    """A text by the model, with how many of its words are words; an unfinished last one does not count."""
    words = written.split(" ")[:-1]
    return {"text": written, "words": len(words), "known": sum(word in LEXICON for word in words)}
