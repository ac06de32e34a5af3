"""What all three programs show: the same numbers at the same frame, so that only the drawing differs."""

import json
import sys
import time

FRAMES_PER_SECOND = 20


def status(frame):
    pairs = {f"setting {index}": f"value {index}" for index in range(5)}
    return {
        **pairs,
        "step": str(frame),
        "loss": f"{1 / (1 + frame / 10):.4f}",
        "rate": f"{frame * 7 % 1000} /s",
    }


def rows(frame):
    """Ten rows, three of which change in each frame."""
    return [
        (f"worker {index}", str((frame + index) // 3 if index % 4 == frame % 4 else index), "running")
        for index in range(10)
    ]


def new_lines(frame):
    return [f"{frame:05} event {index} of this frame, with some text to fill the line" for index in range(5)]


def share(frame, total):
    return 100.0 * frame / total


def report(frames, cpu, drawn=None):
    """The last thing a program does; the figures go where the first argument says."""
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"frames": frames, "cpu_s": cpu, "drawn": drawn}, file)


def frames_wanted():
    return int(sys.argv[2])


def cpu():
    return time.process_time()
