"""Take the lock of zephyr_uv_sync.sh: `take_lock.py DESCRIPTOR OWNER_PID WAIT_SECONDS`.

The descriptor is inherited from the shell. A lock taken with flock belongs to the open file, so it stays
when this process ends and goes when the last process holding the file has ended, however that came about.
Python does it because not every machine has the flock command. Exits 1, having said why, if the lock cannot
be had in time.
"""

import fcntl
import os
import sys
import time

POLL_S = 0.1


def say(text: str) -> None:
    """Print a line for the person waiting."""
    print(f"zephyr: {text}", file=sys.stderr, flush=True)


def try_lock(descriptor: int) -> bool:
    """True if the lock was free and is ours now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(descriptor: int) -> str:
    """Who wrote itself into the lock file, as "process 123 (since 10:22:03)"."""
    return os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another sync"


def wait_for_lock(descriptor: int, wait_s: float) -> bool:
    """True once the lock is ours; says for whom it waits, and gives up after `wait_s` seconds."""
    if try_lock(descriptor):
        return True
    time.sleep(POLL_S)  # the one that has just taken it may not have written its name yet
    who = holder(descriptor)
    say(f"waits for another sync of this folder, {who}, at most {wait_s:g} s")
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if try_lock(descriptor):
            return True
        time.sleep(POLL_S)
    say(f"gave up after {wait_s:g} s of waiting for another sync of this folder, {who}")
    say("next: if it hangs, end it; then call this again")
    return False


def main() -> int:
    """Take the lock and write into it who has it."""
    descriptor, owner, wait_s = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    if not wait_for_lock(descriptor, wait_s):
        return 1
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {owner} (since {time.strftime('%H:%M:%S')})\n".encode(), 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
