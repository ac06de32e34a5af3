"""Weight sync: a generator pulls while the trainer trains, in one endpoint."""

from __future__ import annotations

import pickle

from monarch.rdma import is_ibverbs_available

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.monarch.experiments.subjects import owner, training
from monarch_vs_ray.instruments import memory
from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.monarch import get
from monarch_vs_ray.side import Unavailable, observe


def pull_weights(live: bool = False) -> None:
    """Publish a version, and pull it while the trainer trains; or pull the live weights."""
    trainer, generator, changing, still = training()
    seconds = get(trainer.publish.call_one(inputs.VERSION))
    handle = changing if live else still
    inside, done = Flag.new(), Flag.new()
    steps = trainer.train.call_one(inside, done)
    inside.wait()
    pulled = inputs.pull_through_a_step(
        lambda times: get(generator.pull.call_one(handle, times)), inside, until_torn=live
    )
    done.put_up()
    observe("handle_bytes", len(pickle.dumps(handle)))
    observe("steps", inputs.steps_within(get(steps), pulled))
    observe("versions", pulled.versions)
    observe("equal", pulled.checksum == inputs.expected_weights(inputs.VERSION))
    observe("publish_ms", round(seconds * 1000), "ms")


def owner_cost(bystander: bool = False) -> None:
    """Pull 128 MB from a process that does nothing else, and look at its processor time; or at another's."""
    trainer, generator, _, still = training()
    pid = get((owner() if bystander else trainer).pid.call_one())
    get(generator.pull.call_one(still, 1))
    before = memory.cpu_milliseconds(pid)
    get(generator.pull.call_one(still, inputs.IDLE_PULLS))
    observe("cpu_milliseconds", memory.cpu_milliseconds(pid) - before, "ms")


def owner_cost_over_tcp() -> None:
    """Do it where reads go over TCP for want of a card."""
    if is_ibverbs_available():
        raise Unavailable("needs a machine without an RDMA NIC, where reads go over TCP")
    owner_cost()


def owner_cost_with_a_card() -> None:
    """Do it where a card reads the memory."""
    if not is_ibverbs_available():
        raise Unavailable("needs an RDMA NIC")
    owner_cost()
