import asyncio
import os
import time

import ray


@ray.remote
class Counter:
    def __init__(self, value: int = 0) -> None:
        self.value = value

    def add(self, n: int) -> int:
        self.value += n
        return self.value

    def pid(self) -> int:
        return os.getpid()

    def fail(self) -> None:
        raise ValueError("no")


ray.init(num_cpus=8)  # what the scheduler may hand out, not what the machine has
counters = [Counter.remote() for _ in range(2)]  # two handles
counter = counters[0]
