import asyncio
import os
import time

import monarch.actor
from monarch.actor import (
    Actor,
    Channel,
    concurrent_endpoint,
    context,
    current_rank,
    current_size,
    endpoint,
    this_host,
    this_proc,
)


class Counter(Actor):
    def __init__(self, value: int = 0) -> None:
        self.value = value

    @endpoint
    def add(self, n: int) -> int:
        self.value += n
        return self.value

    @endpoint
    def pid(self) -> int:
        return os.getpid()

    @endpoint
    def fail(self) -> None:
        raise ValueError("no")


procs = this_host().spawn_procs(per_host={"gpus": 2})
counters = procs.spawn("counters", Counter)  # a mesh of two actors
counter = counters.slice(gpus=0)  # a mesh of one
