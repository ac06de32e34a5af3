"""The training itself, the same on both engines: model, one data-parallel step, checkpoint."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional

from monarch_vs_ray.transformer import language
from monarch_vs_ray.transformer.settings import WORKERS, Training

WEIGHTS = "checkpoint.pt"


def use_gpus() -> bool:
    """Whether there is a GPU for each worker; otherwise all of them compute on the CPU."""
    return bool(torch.cuda.is_available() and torch.cuda.device_count() >= WORKERS)


def backend() -> str:
    """What the workers' gradients travel by."""
    return "nccl" if use_gpus() else "gloo"


def device(rank: int) -> torch.device:
    """The device of a worker that sees all GPUs of the machine."""
    return torch.device("cuda", rank) if use_gpus() else torch.device("cpu")


def be_deterministic(training: Training) -> None:
    """Make this process compute the same as any other of the same rank. Comes before the model is made."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(training.seed)


class Block(nn.Module):
    """Attention to what came before, and a small network for each position."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.join = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.network = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        future = torch.ones(context, context, dtype=torch.bool).triu(1)
        self.register_buffer("future", future, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Give what was learned at each position, on top of what came in."""
        x = x + self.join(self._attend(self.before(x)))
        return x + self.network(self.between(x))

    def _attend(self, x: Tensor) -> Tensor:
        rows, length, width = x.shape
        split = (rows, length, self.heads, width // self.heads)
        query, key, value = (part.view(split).transpose(1, 2) for part in self.attention(x).chunk(3, dim=-1))
        scores = query @ key.transpose(-2, -1) / math.sqrt(width // self.heads)
        weights = scores.masked_fill(self.future[:length, :length], -math.inf).softmax(dim=-1)
        return (weights @ value).transpose(1, 2).reshape(rows, length, width)


class Transformer(nn.Module):
    """Characters in, the logits of each next character out."""

    def __init__(self, training: Training) -> None:
        super().__init__()
        width = training.width
        self.characters = nn.Embedding(len(language.ALPHABET), width)
        self.positions = nn.Parameter(0.02 * torch.randn(training.context, width))
        blocks = (Block(width, training.heads, training.context) for _ in range(training.layers))
        self.blocks = nn.Sequential(*blocks)
        self.after = nn.LayerNorm(width)
        self.logits = nn.Linear(width, len(language.ALPHABET))
        nn.init.normal_(self.characters.weight, std=0.02)

    def forward(self, text: Tensor) -> Tensor:
        """Logits of the next character at each position of each row."""
        x = self.characters(text) + self.positions[: text.shape[1]]
        return self.logits(self.after(self.blocks(x)))

    @property
    def parameters_count(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.numel() for parameter in self.parameters())


@dataclass(frozen=True)
class Trained:
    """One step: the loss, in nats per character over all workers' batches, and how long it took here."""

    step: int
    loss: float
    seconds: float


class Trainee:
    """A worker's model with its optimizer; ``model`` is wrapped for data parallelism by whoever makes it."""

    def __init__(self, training: Training, model: nn.Module, rank: int, device: torch.device) -> None:
        self.training, self.model, self.rank, self.device = training, model, rank, device
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=training.learning_rate)
        self.step = 0

    @property
    def bare(self) -> Transformer:
        """The model without its wrapping."""
        return getattr(self.model, "module", self.model)

    def learn(self) -> Trained:
        """Take the next step. All workers take it at once: their gradients are averaged."""
        began = time.perf_counter()
        self.step += 1
        rows = torch.tensor(language.batch(self.training, self.step, self.rank), device=self.device)
        logits = self.model(rows[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        self.optimizer.zero_grad()
        loss.backward()  # DistributedDataParallel averages the gradients meanwhile
        self.optimizer.param_groups[0]["lr"] = rate(self.training, self.step)
        self.optimizer.step()
        dist.all_reduce(mean := loss.detach().double())
        return Trained(self.step, mean.item() / dist.get_world_size(), time.perf_counter() - began)

    def save(self, folder: Path) -> None:
        """Keep all that the next step depends on; whoever looks finds it whole, or not at all."""
        state = {
            "step": self.step,
            "model": self.bare.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        unfinished = folder / f"{WEIGHTS}.{os.getpid()}"
        torch.save(state, unfinished)
        unfinished.replace(folder / WEIGHTS)

    def restore(self, folder: Path) -> None:
        """Go on from a checkpoint, if there is one in the folder."""
        if not (folder / WEIGHTS).exists():
            return
        state = torch.load(folder / WEIGHTS, map_location=self.device, weights_only=True)
        self.step = state["step"]
        self.bare.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])

    @torch.no_grad()
    def write(self, length: int) -> str:
        """A text by the model, which knows no more than that a word begins."""
        draw = torch.Generator().manual_seed(self.training.seed)
        written = [0]
        for _ in range(length):
            text = torch.tensor([written[-self.training.context :]], device=self.device)
            chances = self.bare(text)[0, -1].softmax(dim=-1).cpu()
            written.append(int(torch.multinomial(chances, 1, generator=draw)))
        return "".join(language.ALPHABET[number] for number in written[1:])


def rate(training: Training, step: int) -> float:
    """The learning rate: a steep rise, then half a cosine down to nearly nothing at the last step."""
    if step <= training.warmup:
        return training.learning_rate * step / training.warmup
    part = (step - training.warmup) / max(1, training.steps - training.warmup)
    return training.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * part)))


def describe(training: Training) -> dict[str, object]:
    """What is trained, on what, and what its loss can be compared with; for whoever shows it."""
    return {
        "steps": training.steps,
        "characters_per_step": training.characters_per_step,
        "parameters": Transformer(training).parameters_count,
        "workers": WORKERS,
        "device": torch.cuda.get_device_name(0) if use_gpus() else "CPU",
        "backend": backend(),
        "torch": str(torch.__version__),
        "uniform": language.uniform_entropy(),
        "unigram": language.unigram_entropy(),
        "rate": language.entropy_rate(),
        "floor": language.entropy_of(training.context),
    }
