import ray


@ray.remote
class Generator:
    def rollout(self, version):
        return version  # of the weights that it used


@ray.remote
class Trainer:
    def __init__(self):
        self.version = 0

    def step(self, used):
        age = self.version - used
        self.version += 1
        return age


ray.init()
generator, trainer = Generator.remote(), Trainer.remote()
ages = []
rollout = generator.rollout.remote(0)
for version in range(5):
    following = generator.rollout.remote(version)
    ages.append(ray.get(trainer.step.remote(rollout)))
    rollout = following
print("ages", ages)
ray.shutdown()
