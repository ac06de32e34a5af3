import ray


def load() -> list[int]:
    print("loaded")
    return list(range(1000))


@ray.remote
class Evaluation:
    def __init__(self, version: int, table: list[int]) -> None:
        self.table = table
        self.version = version

    def run(self) -> int:
        return self.version * sum(self.table)


ray.init()
table = ray.put(load())
print([ray.get(Evaluation.remote(version, table).run.remote()) for version in range(3)])
ray.shutdown()
