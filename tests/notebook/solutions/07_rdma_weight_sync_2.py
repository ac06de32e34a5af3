import numpy as np
import ray


@ray.remote
class Trainer:
    def __init__(self):
        self.weights = np.zeros(1_000_000)

    def publish(self):
        return self.weights

    def step(self):
        self.weights += 1


@ray.remote
class Generator:
    def generate(self, weights):
        return f"weights {weights[0]:g} from {weights.size} numbers"


ray.init()
trainer, generator = Trainer.remote(), Generator.remote()
for _ in range(3):
    ray.get(trainer.step.remote())
    weights = trainer.publish.remote()
    print(ray.get(generator.generate.remote(weights)))
ray.shutdown()
