"""Keep each step in a file of the current folder, and go on behind the last one."""

import pathlib
import time

journal = pathlib.Path("journal")
done = len(journal.read_text().splitlines()) if journal.exists() else 0
if done:
    print(f"went on after step {done - 1}", flush=True)
for step in range(done, 8):
    with journal.open("a") as file:
        file.write(f"{step}\n")
    print(f"step {step}", flush=True)
    time.sleep(0.05)
print(f"{len(journal.read_text().splitlines())} steps")
