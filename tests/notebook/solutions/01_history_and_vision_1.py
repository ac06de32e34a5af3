from monarch.actor import Actor, endpoint, shutdown_context, this_host


class Adder(Actor):
    def __init__(self) -> None:
        self.sum = 0

    @endpoint
    def add(self, x: int) -> int:
        self.sum += x
        return self.sum


if __name__ == "__main__":
    procs = this_host().spawn_procs(per_host={"gpus": 3})
    adders = procs.spawn("adders", Adder)
    adders.add.call(1).get()
    adders.slice(gpus=0).add.call_one(10).get()
    print(sorted(adders.add.call(0).get().values()))
    shutdown_context().get(timeout=60)
