"""What ``concepts/topology_meshes/on_monarch.py`` does, with nothing of this project around it.

The demo's wall time is compared with this script's: python benchmarks/bare/topology_meshes_on_monarch.py
It prints what it saw, as JSON, and how long it took.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from glob import glob
from statistics import median
from tempfile import TemporaryDirectory

BEGAN = time.perf_counter()
FOLDER = TemporaryDirectory(prefix="mvr-")
MARK = os.path.basename(FOLDER.name)
os.environ.update(TMPDIR=FOLDER.name, MONARCH_LOG_SUFFIX=MARK, MONARCH_FILE_LOG="warn")

from monarch.actor import Actor, current_rank, endpoint, shutdown_context  # noqa: E402 - reads its settings
from monarch.job import ProcessJob  # noqa: E402

HOSTS, PROCS, TP, SMALL_FANOUT, WARM_UP, CALLS = 2, 4, 2, 2, 20, 100
ACTORS = HOSTS * PROCS
NUMBERS, VICTIMS = list(range(16)), (0, 1, 4, 5)
QUIET, PATIENCE = 1.0, 30.0


class Member(Actor):
    def __init__(self):
        self.place = dict(current_rank())
        self.rank = current_rank().rank
        self.heard = 0

    @endpoint
    def where(self):
        return os.getpid(), os.getppid()

    @endpoint
    def who(self):
        return self.rank

    @endpoint
    def find(self):
        return self.place

    @endpoint
    def hear(self):
        self.heard += 1
        return self.rank

    @endpoint
    def count(self):
        return self.heard

    @endpoint
    def squares(self, numbers):
        return [number**2 for number in numbers[self.rank :: ACTORS]]


def main():
    job = ProcessJob({"rack_a": HOSTS, "rack_b": 1})
    try:
        state = job.state(cached_path=None)
        return tell(state.rack_a, state.rack_b)
    finally:
        shutdown_context().get(timeout=PATIENCE)
        job.kill()


def tell(rack_a, rack_b):
    seen = {}
    procs = rack_a.spawn_procs(per_host={"procs": PROCS})
    actors = procs.spawn("member", Member)
    pids, hosts = zip(*actors.where.call().get(timeout=PATIENCE).values(), strict=True)
    seen["held"] = dict(actors.sizes)
    seen["per_host"] = [hosts.count(host) for host in dict.fromkeys(hosts)]
    seen["processes"] = len(set(pids))
    replies = actors.who.call().get()
    seen["replies_as"] = dict(replies.sizes)
    seen["one_host"] = list(replies.slice(hosts=1).values())
    seen["place"] = actors.find.call().get().item(hosts=HOSTS - 1, procs=PROCS - 1)
    seen["column"] = list(actors.slice(procs=1).who.call().get().values())
    regrouped = actors.split(procs=("dp", "tp"), tp=TP)
    regrouped.who.call().get()
    seen["regrouped"] = list(regrouped.slice(tp=1).who.call().get().values())
    seen["same_pids"] = [pid for pid, _ in regrouped.where.call().get().values()] == list(pids)
    seen["renamed"] = dict(procs.rename(hosts="pp", procs="tp").sizes)
    seen["flattened"] = list(actors.flatten("rank").who.call().get().values())
    seen["flattened_slice"] = outcome(lambda: regrouped.slice(tp=1).flatten("rank").sizes)
    more = procs.slice(procs=1).spawn("more", Member)
    seen["beside_processes"] = len({pid for pid, _ in more.where.call().get().values()} - set(pids))
    shares = list(actors.squares.call(NUMBERS).get().values())
    seen["squares"] = [square for row in zip(*shares, strict=True) for square in row]
    seen["fan_out"] = round(median(microseconds(lambda: actors.who.call().get())))
    seen["held_up"] = {victim: held_up(actors, pids, victim) for victim in VICTIMS}
    os.kill(pids[1], signal.SIGSTOP)
    seen["gather"] = outcome(lambda: actors.who.call().get(timeout=QUIET))
    os.kill(pids[1], signal.SIGCONT)
    seen["held_up_flat"] = held_up(actors.flatten("rank"), pids, 4)
    seen["lost"] = [2 * len(VICTIMS) + 2 - count for count in actors.count.call().get().values()]
    command = [sys.executable, __file__, "tree-only"]
    env = {**os.environ, "HYPERACTOR_MESH_MAX_CAST_FANOUT": str(SMALL_FANOUT)}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
    seen["held_up_fanout"] = json.loads(done.stdout.splitlines()[-1])
    seen["landed"] = [land(rack_a.slice(hosts=1)) == hosts[-1], land(rack_b) not in hosts]
    seen["table"] = outcome(procs.to_table)  # last: with torch it starts the tensor engine on these processes
    return seen


def tree_only():
    job = ProcessJob({"rack_a": HOSTS})
    try:
        procs = job.state(cached_path=None).rack_a.spawn_procs(per_host={"procs": PROCS})
        actors = procs.spawn("member", Member)
        pids = [pid for pid, _ in actors.where.call().get(timeout=PATIENCE).values()]
        print(json.dumps({victim: held_up(actors, pids, victim) for victim in VICTIMS}))
    finally:
        shutdown_context().get(timeout=PATIENCE)
        job.kill()


def held_up(view, pids, victim):
    late = set(range(ACTORS))
    os.kill(pids[victim], signal.SIGSTOP)
    with suppress(TimeoutError):
        for answer in view.hear.stream():
            late.remove(answer.get(timeout=QUIET))
    os.kill(pids[victim], signal.SIGCONT)
    view.hear.call().get(timeout=PATIENCE)
    return sorted(late)


def land(hosts):
    piece = hosts.spawn_procs(per_host={"procs": 1}).spawn("piece", Member)
    return piece.where.call().get(timeout=PATIENCE).flatten("rank").item(rank=0)[1]


def outcome(call):
    try:
        return f"answered {call()!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def microseconds(call):
    for _ in range(WARM_UP):
        call()
    samples = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        call()
        samples.append((time.perf_counter_ns() - began) / 1e3)
    return samples


if __name__ == "__main__":
    try:
        print(json.dumps(main(), indent=1)) if "tree-only" not in sys.argv else tree_only()
    finally:
        FOLDER.cleanup()
        for log in glob(f"/tmp/*/monarch_log_{MARK}*.log"):
            os.unlink(log)
    if "tree-only" not in sys.argv:
        print(f"{time.perf_counter() - BEGAN:.2f} s")
