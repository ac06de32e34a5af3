"""The text that is trained on: its entropy is what it is said to be, and the same key gives the same text."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest

from monarch_vs_ray.transformer import language, settings
from monarch_vs_ray.transformer.settings import Training


def test_words_are_distinct_and_their_probabilities_sum_to_one():
    assert len(set(language.LEXICON)) == len(language.LEXICON)
    assert not any(" " in word for word in language.LEXICON)
    assert math.fsum(language.probabilities().values()) == pytest.approx(1)
    assert all(left > right for left, right in pairwise(language.probabilities().values()))


def test_the_entropies_are_in_order():
    costs = [
        language.entropy_rate(),
        language.entropy_of(64),
        language.unigram_entropy(),
        language.uniform_entropy(),
    ]
    assert costs == sorted(costs)
    assert language.uniform_entropy() == pytest.approx(math.log(20))


def test_a_long_text_costs_what_the_entropy_rate_says():
    """Its cost under the true word probabilities, measured on 200,000 characters."""
    words = language.text(200_000, "measured").split(" ")[:-1]
    cost = -sum(math.log(language.probabilities()[word]) for word in words)
    assert cost / sum(len(word) + 1 for word in words) == pytest.approx(language.entropy_rate(), rel=0.01)


def test_the_frequencies_of_characters_cost_what_the_unigram_entropy_says():
    counts = Counter(language.text(200_000, "counted"))
    shares = [count / 200_000 for count in counts.values()]
    assert -sum(share * math.log(share) for share in shares) == pytest.approx(
        language.unigram_entropy(), rel=0.005
    )


@pytest.mark.parametrize("length", [1, 5, 64])
def test_the_first_characters_cost_what_the_chain_says(length):
    """The cost of beginnings of that length under the language's own chances, over 2,000 texts."""
    mean = sum(cost(language.text(length, "beginning", number)) for number in range(2000)) / 2000
    assert mean / length == pytest.approx(language.entropy_of(length), rel=0.04)


def cost(text: str) -> float:
    """Minus the logarithm of the chance that a text begins like this: whole words, then part of one."""
    *words, rest = text.split(" ")
    total = -sum(math.log(language.probabilities()[word]) for word in words)
    part = sum(p for word, p in language.probabilities().items() if word.startswith(rest))
    return total - math.log(part)


def test_the_first_character_costs_the_entropy_of_the_first_letters():
    firsts: Counter[str] = Counter()
    for word, probability in language.probabilities().items():
        firsts[word[0]] += probability
    assert language.entropy_of(1) == pytest.approx(-sum(p * math.log(p) for p in firsts.values()))


def test_with_length_the_cost_comes_down_to_the_rate():
    assert language.entropy_of(2000) == pytest.approx(language.entropy_rate(), rel=0.002)


def test_the_same_key_gives_the_same_text_and_another_one_another():
    assert language.text(300, 0, 1, 2) == language.text(300, 0, 1, 2)
    assert language.text(300, 0, 1, 2) != language.text(300, 0, 1, 3)
    assert language.text(60, 0) == language.text(60, 0)
    assert set(language.text(1000, "words")) <= set(language.ALPHABET)
    assert len(language.text(1, 0)) == 1


def test_a_batch_is_rows_of_numbers_that_begin_with_a_space():
    training = Training(batch=3, context=10)
    rows = language.batch(training, step=1, rank=0)
    assert [len(row) for row in rows] == [11] * 3
    assert {row[0] for row in rows} == {language.ALPHABET.index(" ")}
    assert rows != language.batch(training, step=1, rank=1) != language.batch(training, step=2, rank=1)


def test_a_run_goes_through_the_environment_unchanged(monkeypatch):
    training = Training(seed=3, steps=7, kill_after=4)
    for name, value in settings.to_environment(training).items():
        monkeypatch.setenv(name, value)
    assert settings.from_environment() == training


def test_without_a_setting_it_is_the_default_run(monkeypatch):
    monkeypatch.delenv(settings.SETTING, raising=False)
    assert settings.from_environment() == Training()


def test_a_setting_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv(settings.SETTING, '{"steps": "many"}')
    with pytest.raises(ValueError, match="steps"):
        settings.from_environment()


def test_words_of_a_written_text_are_judged():
    told = language.judged("the thx of wi")
    assert (told["known"], told["words"]) == (2, 3)
