import os

os.environ["HYPERACTOR_MESH_GET_ACTOR_STATE_MAX_IDLE"] = "2m"

import torch
from monarch import inspect
from monarch.actor import shutdown_context, this_host

if __name__ == "__main__":
    procs = this_host().spawn_procs(per_host={"gpus": 2})
    with procs.activate():
        rank = procs.rank_tensor("gpus")
        value = (rank.to(torch.double) - 0.3).abs()
        first, second = (inspect(value, gpus=at) for at in range(2))
    larger = 0 if first.item() > second.item() else 1
    print(f"the larger value is on rank {larger}")
    shutdown_context().get(timeout=60)
