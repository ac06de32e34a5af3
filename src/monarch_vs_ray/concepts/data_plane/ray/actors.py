"""Bulk data in Ray: ray.put copies it into the node's object store, and ray.get reads it there.

What to watch: readers on the same node map the store's memory, without a copy and read-only; for another
node the stores copy the object between them. The owner's methods take no part in either. An object never
changes and lives as long as somebody has its reference and its owner lives. Tensors may go past the store:
by a collective, for which both sides must come, or by a one-sided transport such as NIXL.

Run it alone: python -m monarch_vs_ray.concepts.data_plane.on_ray
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.experimental import get_object_locations

from monarch_vs_ray.concepts.data_plane import instruments, spec
from monarch_vs_ray.concepts.data_plane.calls_on_ray import busy, finishes, get, locked
from monarch_vs_ray.concepts.data_plane.nodes_on_ray import nodes
from monarch_vs_ray.concepts.data_plane.tensors import on_ray as tensors
from monarch_vs_ray.engines.alone import run_alone
from monarch_vs_ray.side import fault, log, metric, observe, operation, step

Box = list[ray.ObjectRef]
"""A reference inside a list is passed on as it is; by itself Ray would pass what it stands for."""


@ray.remote
class Owner:
    """Puts bytes into the object store and owns them: while it lives, they can be got."""

    def __init__(self) -> None:
        self.kept: dict[int, Any] = {}

    def publish(self, size: int) -> Box:
        self.kept[size] = ray.put(np.frombuffer(spec.payload(size), np.uint8))
        return [self.kept[size]]

    def publish_many(self, count: int, size: int) -> Box:
        return [ray.put(np.frombuffer(spec.payload(size), np.uint8)) for _ in range(count)]

    def withdraw(self, size: int) -> None:
        del self.kept[size]

    def pid(self) -> int:
        return os.getpid()

    def work(self, inside: instruments.Flag, done: instruments.Flag) -> None:
        inside.put_up()
        done.wait()

    def keep_the_gil(self, fifo: str, inside: instruments.Flag) -> None:
        instruments.keep_the_gil(fifo, inside)


@ray.remote
class Reader:
    """Reads what it has a reference to."""

    def read(self, box: Box) -> spec.Arrived:
        began = time.perf_counter()
        array = ray.get(box[0])
        seconds = time.perf_counter() - began
        return spec.Arrived(spec.checksum(array.data), instruments.where_it_lies(array.ctypes.data), seconds)

    def copy_many(self, boxes: Box, size: int) -> tuple[list[str], float]:
        destinations = [np.zeros(size, np.uint8) for _ in boxes]
        began = time.perf_counter()
        for destination, array in zip(destinations, ray.get(boxes), strict=True):
            np.copyto(destination, array)
        seconds = time.perf_counter() - began
        return [spec.checksum(destination.data) for destination in destinations], seconds

    def write(self, box: Box) -> str:
        array = ray.get(box[0])
        return instruments.refusal(lambda: array.fill(0))

    def try_to_read(self, box: Box) -> str:
        return instruments.attempt(lambda: ray.get(box[0], timeout=instruments.PATIENCE))

    def pid(self) -> int:
        return os.getpid()


@ray.remote
class Trainer:
    """Changes its weights in place, step by step; what it has put does not change with them."""

    def __init__(self) -> None:
        self.weights = np.zeros(spec.WEIGHTS, np.uint8)

    def publish(self, version: int) -> tuple[Box, float]:
        spec.step(self.weights.data, version)
        began = time.perf_counter()
        reference = ray.put(self.weights)
        return [reference], time.perf_counter() - began

    def train(self, inside: instruments.Flag, done: instruments.Flag) -> list[float]:
        return spec.train(self.weights.data, inside, done)


@ray.remote
class Generator:
    """Gets the weights whenever it wants to, and loads them into its own."""

    def __init__(self) -> None:
        self.weights = np.zeros(spec.WEIGHTS, np.uint8)

    def pull(self, box: Box, times: int) -> spec.Pulled:
        return spec.pull(lambda: self.pull_once(box), times)

    def pull_once(self, box: Box) -> memoryview:
        np.copyto(self.weights, ray.get(box[0]))
        return self.weights.data


def main() -> None:
    """Tell the story, from the reference to the owner's end."""
    spilled = Path(tempfile.mkdtemp(), "spilled")
    with nodes(spilled) as (here, there):
        tell(here, there, spilled)


def tell(here: dict[str, Any], there: dict[str, Any], spilled: Path) -> None:
    checks = spec.Checks()
    with step("An owner, a reader on the same node, and one on another"):
        owner, reader = Owner.options(**here).remote(), Reader.options(**here).remote()
        far, hoarder = Reader.options(**there).remote(), Owner.options(**there).remote()
        together = len(set(get([actor.pid.remote() for actor in (owner, reader, far)]))) == 1
        observe("one_process", "shared" if together else "not shared: a process each")

    boxes = publish(owner, reader, checks)
    move(owner, reader, far, boxes[spec.LARGE], checks)
    write(reader, boxes[spec.MB], checks)
    be_busy(owner, reader, checks)
    be_stopped(owner, reader, far, checks)
    measure(owner, reader, boxes[spec.LARGE], checks)
    synchronize_weights(here, checks)
    overfill(hoarder, far, spilled, checks)
    move_tensors(here)
    be_gone(owner, reader, boxes)
    observe("checksums", checks.made)
    observe("checksums_wrong", checks.wrong)


def copies(box: Box) -> int:
    """In how many nodes' stores the object is."""
    return len(get_object_locations(box)[box[0]]["node_ids"])


def publish(owner: Any, reader: Any, checks: spec.Checks) -> dict[int, Box]:
    with step("ray.put: the bytes go into the store, a reference is sent"):
        boxes = {size: get(owner.publish.remote(size)) for size in spec.SIZES.values()}
        observe("handle_bytes", [len(ray.cloudpickle.dumps(box[0])) for box in boxes.values()])
        observe("way", f"the object store, {copies(boxes[spec.LARGE])} copy on a node")

    with step("ray.get: map the store's memory, without a copy"):
        for name, size in spec.SIZES.items():
            for _ in range(spec.READS):
                with operation(f"read {name}"):
                    arrived = get(reader.read.remote(boxes[size]))
                checks.add(arrived.checksum, spec.expected(size))
        observe("lies", arrived.lies)
    return boxes


def move(owner: Any, reader: Any, far: Any, box: Box, checks: spec.Checks) -> None:
    with step("The same from another node: the stores copy it between them"):
        before = copies(box)
        arrived = get(far.read.remote(box))
        checks.add(arrived.checksum, spec.expected(spec.LARGE))
        instruments.until(lambda: copies(box) > before, "the second copy to be known")
        observe("moved", f"{before} copy in a store, then {copies(box)}; read in {arrived.lies}")

    with step("What reads cost the owner's process"):
        pid = get(owner.pid.remote())
        used = instruments.cpu_milliseconds(pid)
        for _ in range(4):
            checks.add(get(reader.read.remote(box)).checksum, spec.expected(spec.LARGE))
        observe("owner_cpu", instruments.cpu_milliseconds(pid) - used)


def write(reader: Any, box: Box, checks: spec.Checks) -> None:
    with step("An object never changes"):
        observe("write_back", get(reader.write.remote(box)))
        checks.add(get(reader.read.remote(box)).checksum, spec.expected(spec.MB))
        observe("too_small", "get() takes no destination")
        observe("too_large", "get() takes no destination")


def be_busy(owner: Any, reader: Any, checks: spec.Checks) -> None:
    with step("The owner is busy: in a method, then in a call that keeps Python's lock"):
        box = get(owner.publish.remote(spec.MB))  # new to the reader
        with busy(owner):
            observe("busy_call", finishes(owner.pid.remote(), spec.HOLD))
            reading = reader.read.remote(box)
            observe("busy_read", finishes(reading, spec.GRACE))
        checks.add(get(reading).checksum, spec.expected(spec.MB))
        box = get(owner.publish.remote(spec.MB))
        with locked(owner):
            reading = reader.read.remote(box)
            observe("gil_read", finishes(reading, spec.GRACE))
        checks.add(get(reading).checksum, spec.expected(spec.MB))


def be_stopped(owner: Any, reader: Any, far: Any, checks: spec.Checks) -> None:
    with step("The owner's process is stopped"):
        box, pid = get(owner.publish.remote(spec.MB)), get(owner.pid.remote())
        fault("SIGSTOP", "the owner's process")
        with instruments.frozen(pid):
            near, distant = reader.read.remote(box), far.read.remote(box)
            observe("stopped_read", finishes(near, spec.HOLD))
            observe("stopped_far", finishes(distant, spec.HOLD))
        observe("continued_read", [finishes(reading, spec.GRACE) for reading in (near, distant)])
        for arrived in get([near, distant]):
            checks.add(arrived.checksum, spec.expected(spec.MB))


def measure(owner: Any, reader: Any, box: Box, checks: spec.Checks) -> None:
    with step(f"One large, and {spec.SMALL_COUNT} small, copied into the reader's own memory"):
        pieces = get(owner.publish_many.remote(spec.SMALL_COUNT, spec.SMALL))
        for row, size, refs in (("large_rate", spec.LARGE, box), ("small_rate", spec.SMALL, pieces)):
            checksums, seconds = get(reader.copy_many.remote(refs, size))
            for checksum in checksums:
                checks.add(checksum, spec.expected(size))
            rate = spec.megabytes_per_second(size * len(refs), seconds)
            observe(row, rate)
            metric(row, rate, "MB/s")


def synchronize_weights(here: dict[str, Any], checks: spec.Checks) -> None:
    with step("Weight sync: the trainer puts a version, and trains on; the generator gets it"):
        trainer, generator = Trainer.options(**here).remote(), Generator.options(**here).remote()
        box, seconds = get(trainer.publish.remote(spec.VERSION))
        observe("publish_ms", round(seconds * 1000))
        inside, done = instruments.Flag.new(), instruments.Flag.new()
        training = trainer.train.remote(inside, done)
        inside.wait()
        pulled = get(generator.pull.remote(box, spec.PULLS))
        done.put_up()
        observe("steps", spec.steps_within(get(training), pulled))
        observe("versions", pulled.versions)
        observe("versions_live", "no live memory: objects never change")
        checks.add(pulled.checksum, spec.expected_weights(spec.VERSION))


def overfill(owner: Any, reader: Any, spilled: Path, checks: spec.Checks) -> None:
    with step("Put more than the store holds: it spills to disk, and comes back"):
        boxes = [[ref] for ref in get(owner.publish_many.remote(spec.PIECES, spec.PIECE))]
        on_disk = sum(file.stat().st_size for file in spilled.rglob("*") if file.is_file())
        checksums = [get(reader.read.remote(box)).checksum for box in boxes]
        for checksum in checksums:
            checks.add(checksum, spec.expected(spec.PIECE))
        put = spec.PIECES * spec.PIECE
        observe("spilled", f"{put // spec.MB} MB put, {on_disk // spec.MB} MB spilled, {len(boxes)} restored")


def move_tensors(here: dict[str, Any]) -> None:
    with step("Tensors past the store, from one actor's memory to another's"):
        if not instruments.has("torch"):
            log("torch is not installed; the steps above did without it.")
            for row in spec.TORCH_ROWS:
                observe(row, spec.NEEDS_TORCH)
            observe("other_ways", "; ".join(f"{name}: {why}" for name, why in tensors.missing().items()))
            return
        first, second, group = tensors.pair(here)
        tensors.read(first, second)
        tensors.wait_for_each_other(first, second, group)
        observe("allreduce", get([peer.sum.remote(group) for peer in (first, second)]))
        observe("other_ways", "; ".join(f"{name}: {how}" for name, how in tensors.other_ways(here).items()))


def be_gone(owner: Any, reader: Any, boxes: dict[int, Box]) -> None:
    with step("The owner gives its reference up, then its process dies"):
        get(owner.withdraw.remote(spec.KB))
        observe("dropped_read", get(reader.try_to_read.remote(boxes[spec.KB])))
        pid = get(owner.pid.remote())
        fault("SIGKILL", "the owner's process")
        os.kill(pid, signal.SIGKILL)
        began = time.perf_counter()
        answers: list[str] = []

        def failed() -> bool:
            answers.append(get(reader.try_to_read.remote(boxes[spec.LARGE])))
            return answers[-1] != "finished"

        instruments.until(failed, "a read from a dead owner to fail")
        observe("gone_read", answers[-1])
        observe("gone_seconds", round(time.perf_counter() - began, 1))
        log(f"{len(answers) - 1} reads still finished after the kill")


if __name__ == "__main__":
    run_alone(main, spec.CONCEPT.environment)
