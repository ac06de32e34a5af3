import ray


@ray.remote
class Adder:
    def __init__(self):
        self.sum = 0

    def add(self, x):
        self.sum += x
        return self.sum


ray.init()
adders = [Adder.remote() for _ in range(3)]
ray.get([adder.add.remote(1) for adder in adders])
ray.get(adders[0].add.remote(10))
print(sorted(ray.get([adder.add.remote(0) for adder in adders])))
ray.shutdown()
