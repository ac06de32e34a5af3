import random

OLD, NEW = [0.5, 0.5], [0.9, 0.1]  # probabilities of the two actions
REWARD = [1.0, 0.0]


def mean_reward(samples):
    return sum(REWARD[action] * NEW[action] / OLD[action] for action in samples) / len(samples)


chance = random.Random(0)
samples = [0 if chance.random() < OLD[0] else 1 for _ in range(10_000)]
print(f"the new policy earns {mean_reward(samples):.2f}")
