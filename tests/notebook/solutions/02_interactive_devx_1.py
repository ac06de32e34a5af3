import os

from monarch.actor import Actor, endpoint, shutdown_context, this_host


class Scorer(Actor):
    @endpoint
    def score(self, x: int) -> tuple[int, int]:
        return x, os.getpid()


class BetterScorer(Actor):
    @endpoint
    def score(self, x: int) -> tuple[int, int]:
        return x * x, os.getpid()


if __name__ == "__main__":
    procs = this_host().spawn_procs(per_host={"gpus": 2})
    scorers = procs.spawn("scorers", Scorer)
    old = list(scorers.score.call(3).get(timeout=60).values())
    better = procs.spawn("better", BetterScorer)
    new = list(better.score.call(3).get(timeout=60).values())
    print([score for score, _ in old], [score for score, _ in new])
    print("same processes:", [pid for _, pid in old] == [pid for _, pid in new])
    shutdown_context().get(timeout=60)
