import ray
import torch
from ray.experimental.collective import create_collective_group, destroy_collective_group


@ray.remote
class Trainer:
    def __init__(self):
        self.weights = torch.ones(1000)

    @ray.method(tensor_transport="gloo")
    def share(self):
        return self.weights.clone()

    def change(self):
        self.weights.fill_(5)


@ray.remote
class Generator:
    def read(self, weights):
        return weights[0].item()


ray.init()
trainer, generator = Trainer.remote(), Generator.remote()
group = create_collective_group([trainer, generator], backend="gloo")
shared = trainer.share.remote()
ray.wait([shared])
ray.get(trainer.change.remote())
print(f"the generator has {ray.get(generator.read.remote(shared)):g}")
destroy_collective_group(group)
ray.shutdown()
