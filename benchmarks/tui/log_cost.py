"""What a call of `log` costs its caller, from 4 threads while the dashboard is drawn; and what is kept."""

import io
import statistics
import sys
import threading
import time

from rich.console import Console

from demo_tui import DashboardBase, LogPanel, PanelConfig

THREADS, CALLS, BATCH = 4, 25_000, 50


def writer(dashboard, name, costs, barrier):
    barrier.wait()
    clock = time.perf_counter_ns
    for first in range(0, CALLS, BATCH):
        start = clock()
        for number in range(first, first + BATCH):
            dashboard.log(f"{name} {number}")
        costs.append((clock() - start) / BATCH)


def one_round():
    """Nanoseconds per call (means of 50 calls), as the callers see them; whether all are kept in order."""
    console = Console(file=io.StringIO(), force_terminal=True, width=120, height=40)
    dashboard = DashboardBase(console)
    panel = dashboard.add_panel("log", LogPanel(PanelConfig("Log", max_lines=THREADS * CALLS)))
    costs, barrier = [], threading.Barrier(THREADS)

    def work(_):
        threads = [
            threading.Thread(target=writer, args=(dashboard, n, costs, barrier)) for n in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    dashboard.run(work, refresh_hz=10, keys=False)
    return costs, complete(panel)


def complete(panel):
    expected = dict.fromkeys(map(str, range(THREADS)), 0)
    for line in panel.lines:
        name, number = line.split()
        if int(number) != expected[name]:
            return False
        expected[name] += 1
    return set(expected.values()) == {CALLS}


def main():
    one_round()  # warm-up
    medians, whole = [], True
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        costs, all_kept = one_round()
        medians.append(statistics.median(costs) / 1000)
        whole = whole and all_kept
    print(
        f"log, {THREADS} threads x {CALLS:,} calls while drawing: median {statistics.median(medians):.2f} us"
    )
    print(f"  per round (n={len(medians)}): {', '.join(f'{value:.2f}' for value in sorted(medians))} us")
    print(f"  every line kept, in each thread's order: {whole}")


main()
