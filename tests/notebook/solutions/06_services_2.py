import os
import signal

from monarch.actor import Actor, endpoint, shutdown_context, this_host


class Replica(Actor):
    @endpoint
    def process(self) -> int:
        return os.getpid()

    @endpoint
    def square(self, number: int) -> int:
        return number * number


if __name__ == "__main__":
    replicas = [this_host().spawn_procs().spawn(f"replica{number}", Replica) for number in range(2)]
    stopped, _ = [replica.process.call_one().get(30) for replica in replicas]
    os.kill(stopped, signal.SIGSTOP)
    repeated = 0
    healthy = list(replicas)
    try:
        for number in range(3):
            while True:
                try:
                    answer = healthy[0].square.call_one(number).get(2)
                    break
                except TimeoutError:
                    healthy.pop(0)
                    repeated += 1
            print(f"answer {answer}")
        print(f"{repeated} repeated")
    finally:
        os.kill(stopped, signal.SIGCONT)
    shutdown_context().get(30)
