"""Weight sync: a generator gets what the trainer has put, while the trainer trains, in one method."""

from __future__ import annotations

import ray

from monarch_vs_ray.concepts.data_plane import inputs
from monarch_vs_ray.concepts.data_plane.ray.experiments.subjects import training
from monarch_vs_ray.instruments import memory
from monarch_vs_ray.instruments.flags import Flag
from monarch_vs_ray.instruments.ray import finishes, get
from monarch_vs_ray.side import observe


def pull_weights() -> None:
    """Put a version, and get it while the trainer trains."""
    trainer, generator = training()
    box, seconds = get(trainer.publish.remote(inputs.VERSION))
    inside, done = Flag.new(), Flag.new()
    steps = trainer.train.remote(inside, done)
    inside.wait()
    first = generator.pull.remote(box, 1)
    observe("pull", inputs.went(finishes, [first], [inputs.GRACE])[0])
    pulled = inputs.pull_through_a_step(lambda times: get(generator.pull.remote(box, times)), inside)
    done.put_up()
    observe("handle_bytes", len(ray.cloudpickle.dumps(box[0])))
    observe("steps", inputs.steps_within(get(steps), pulled))
    observe("versions", pulled.versions)
    observe("equal", pulled.checksum == inputs.expected_weights(inputs.VERSION))
    observe("publish_ms", round(seconds * 1000), "ms")


def ask_the_trainer() -> None:
    """Ask for a version that is not put yet, by a method of the trainer, which trains."""
    trainer, generator = training()
    inside, done = Flag.new(), Flag.new()
    steps = trainer.train.remote(inside, done)
    inside.wait()
    asking = trainer.publish.remote(inputs.VERSION)
    observe("pull", inputs.went(finishes, [asking], [inputs.HOLD])[0])
    done.put_up()
    ended = get(steps)
    box, seconds = get(asking)  # it was put when the training had ended
    pulled = get(generator.pull.remote(box, 1))
    observe("steps", inputs.steps_within(ended, pulled))
    observe("versions", pulled.versions)
    observe("equal", pulled.checksum == inputs.expected_weights(inputs.VERSION))
    observe("publish_ms", round(seconds * 1000), "ms")


def owner_cost() -> None:
    """Get 128 MB that a process has put which does nothing else, and look at its processor time."""
    trainer, generator = training()
    box, _ = get(trainer.publish.remote(inputs.VERSION))
    pid = get(trainer.pid.remote())
    get(generator.pull.remote(box, 1))
    before = memory.cpu_milliseconds(pid)
    get(generator.pull.remote(box, inputs.IDLE_PULLS))
    observe("cpu_milliseconds", memory.cpu_milliseconds(pid) - before, "ms")
