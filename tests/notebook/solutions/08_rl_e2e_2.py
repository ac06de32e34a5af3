import os
import signal

os.environ["HYPERACTOR_MESH_SUPERVISION_POLL_FREQUENCY"] = "1s"

from monarch.actor import Actor, endpoint, shutdown_context, this_host


class Generator(Actor):
    @endpoint
    def rollout(self, number: int) -> tuple[int, int]:
        return number, os.getpid()


class Controller(Actor):
    def __supervise__(self, failure) -> bool:
        return True  # handled in collect, whose call raises

    @endpoint
    async def collect(self) -> str:
        spawned = 1
        generator = this_host().spawn_procs().spawn("generator1", Generator)
        rollouts = []
        while len(rollouts) < 6:
            try:
                number, process = await generator.rollout.call_one(len(rollouts))
            except Exception:  # SupervisionError has no public name
                spawned += 1
                generator = this_host().spawn_procs().spawn(f"generator{spawned}", Generator)
                continue
            rollouts.append(number)
            if number == 1:
                os.kill(process, signal.SIGKILL)
        return f"{rollouts} from {spawned} generators"


if __name__ == "__main__":
    controller = this_host().spawn_procs().spawn("controller", Controller)
    print(controller.collect.call_one().get(60))
    shutdown_context().get(30)
