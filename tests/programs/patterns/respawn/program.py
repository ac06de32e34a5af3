"""Count with a worker process; start another when it dies."""

import argparse
import os
import subprocess
import sys
import time

WORKER = "import sys\nfor line in sys.stdin: print(int(line) * 2, flush=True)"


def spawn(number):
    worker = subprocess.Popen(
        [sys.executable, "-S", "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    print(f"worker {number} is process {worker.pid}", flush=True)
    return worker


def ask(worker, value):
    try:
        worker.stdin.write(f"{value}\n")
        worker.stdin.flush()
    except BrokenPipeError:
        return ""
    return worker.stdout.readline()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=float(os.environ.get("PAUSE", "0.01")))
    options = parser.parse_args()
    total = spawned = 0
    worker = spawn(0)
    for value in range(20):
        while not (answer := ask(worker, value + options.seed)):
            print(f"worker {spawned} is gone", flush=True)
            spawned += 1
            worker = spawn(spawned)
        total += int(answer)
        print(f"counted {value}", flush=True)
        time.sleep(options.pause)
    print(f"sum {total}\n{spawned} respawned\n20 of 20 counted", flush=True)
    worker.kill()


if __name__ == "__main__":
    main()
