"""Draw a tensor on four ranks, sums along named dimensions, and training steps."""

from __future__ import annotations

from monarch_vs_ray.core.events import Metric
from monarch_vs_ray.pictures.blocks import LABEL, Block, Line, Piece, Span, fitted, labelled
from monarch_vs_ray.pictures.facts import Facts, as_number
from monarch_vs_ray.pictures.marks import bar, curve, duration, verdict
from monarch_vs_ray.pictures.view import View

TRAININGS = {
    "training_led_by_the_caller": "you lead",
    "split_over_dp_and_tp": "tp and dp",
    "ddp_training": "SPMD, DDP",
}


def blocks(view: View) -> list[Block]:
    """Return the ranks with their values, the sums, and the trainings against one process."""
    facts = view.facts
    return [
        *_held(view),
        *_branch(facts),
        *_gradients(facts),
        *_training(view, "training_led_by_the_caller"),
        *_backward(view),
        *_sums(view),
        *_training(view, "split_over_dp_and_tp"),
        *_training(view, "ddp_training"),
        *_random(view),
        *_shared(view),
        *_checkpoint(facts),
        *_dry_run(facts),
        *_native(facts),
    ]


def _grid(view: View) -> tuple[int, int]:
    mesh = view.constants.get("MESH")
    sizes = list(mesh.values()) if isinstance(mesh, dict) else []
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (2, 2)


def _held(view: View) -> list[Block]:
    """Return the object that the caller holds, and each rank with its value."""
    name = "tensor_on_all_ranks"
    held, values = view.facts.items(name, "held"), _numbers(view.facts.items(name, "values"))
    if not held:
        return []
    kind = str(held[0]).rpartition(".")[2]
    one = len(held) == 1
    what = ("1 " if one else f"{len(held)} ") + kind + ("" if one else "s")
    device = view.facts.text(name, "device")
    lines: list[Line] = [((fitted("you hold", LABEL), "key"), (what, "title"), (f"  {device}", "dim"))]
    seen = list(view.facts.seen(name).values())[: view.constant("RANKS", 4)]
    if values := values[:8]:
        dim = next((dim for each in seen for dim in each.coordinates), "rank")
        heads = "".join(f"{rank:^5}" for rank in range(len(values)))
        cells = [fitted(f"{value:g}".center(4 if one else 3), 4 if one else 3) for value in values]
        boxes = f"[{'│'.join(cells)}]" if one else "".join(f"[{cell}]" for cell in cells)
        lines.append(((fitted(f"  {dim}", LABEL), "key"), (heads, "dim")))
        lines.append(((" " * LABEL, "dim"), (boxes, "accent")))
    if seen:
        kinds = " ".join(dict.fromkeys(each.kind for each in seen))
        lines.append((("  each rank ".ljust(LABEL), "key"), (kinds, "value")))
    return [Block(tuple(lines), frozenset({name}))]


def _numbers(items: list[object]) -> list[float]:
    return [number for each in items if (number := as_number(each)) is not None]


def _branch(facts: Facts) -> list[Block]:
    used = facts.text("used_before_fetching", "used")
    return [labelled("if tensor:", ("✗ ", "bad"), used, of="used_before_fetching")] if used else []


def _gradients(facts: Facts) -> list[Block]:
    differ = facts.number("own_gradients", "differ_by")
    if differ is None:
        return []
    return [labelled("gradients", f"each rank its own, {differ:.2g} apart", of="own_gradients")]


def _training(view: View, name: str) -> list[Block]:
    """Return a training's steps and loss where they were recorded, and its difference from one process."""
    facts, steps = view.facts, view.constant("STEPS", 4)
    apart = [facts.number(name, key) for key in ("gradient", "weights", "differ_by", "loss")]
    far = max((each for each in apart if each is not None), default=None)
    losses = _mean_by_step(facts.metrics(name, "loss"))
    if far is None and not losses:
        return []
    spans: list[Piece] = []
    if losses:
        spans += [*bar(len(losses), steps, 4, "bar.done"), f" {len(losses)}/{steps} "]
    if far is not None:
        same = far < 1e-6
        spans += [verdict(same), " as one process" if same else f" {far:.1e} off"]
    if (took := facts.seconds(name) or 0) > 0.01 and view.width > 50:
        spans.append((f"  {duration(took)}", "dim"))
    found = [labelled(TRAININGS[name], *spans, of=name)]
    for label, key in (("  loss", "loss"), ("  alone", "loss_of_one_process")):
        if values := _mean_by_step(facts.metrics(name, key)):
            ends = f" {values[0]:.4f} to {values[-1]:.4f}"
            found.append(labelled(label, (curve(values, 16), "series.1"), ends, of=name))
    return found


def _mean_by_step(points: list[Metric]) -> list[float]:
    """Return the mean over the ranks for each step."""
    steps: dict[float, list[float]] = {}
    for each in points:
        steps.setdefault(each.x or 0.0, []).append(each.value)
    return [sum(values) / len(values) for _, values in sorted(steps.items())]


def _backward(view: View) -> list[Block]:
    learned, ranks = (
        view.facts.count("backward_from_the_caller", "ranks_that_learned", 64),
        view.constant("RANKS", 4),
    )
    if learned is None:
        return []
    dots: list[Span] = [("● " * min(learned, ranks), "good"), ("○ " * max(0, ranks - learned), "dim")]
    return [labelled("backward()", *dots, f"{learned} of {ranks} learn", of="backward_from_the_caller")]


def _sums(view: View) -> list[Block]:
    """Return sums along each named dimension, rank by rank."""
    name, found = "reduced_by_name", []
    down, across = _grid(view)
    for key, label in (("sum_dp", "sum over dp"), ("sum_tp", "sum over tp")):
        values = _numbers(view.facts.items(name, key))
        if len(values) != down * across:
            continue
        rows = [
            " ".join(f"{value:g}" for value in values[at : at + across])
            for at in range(0, len(values), across)
        ]
        mark = "▼" if key == "sum_dp" else "▶"
        found.append(labelled(label, (f"{mark} ", "accent"), " │ ".join(rows), of=name))
    if found and (took := view.facts.seconds(name)) is not None and took > 5:
        found.append(labelled(" both took", (duration(took), "warn"), of=name))
    return found


def _random(view: View) -> list[Block]:
    different, ranks = view.facts.count("random_numbers", "different"), view.constant("RANKS", 4)
    if different is None:
        return []
    return [
        labelled(
            "random", verdict(different == ranks), f" {different} different of {ranks}", of="random_numbers"
        )
    ]


def _shared(view: View) -> list[Block]:
    shared, ranks = view.facts.count("shared_processes", "shared", 64), view.constant("RANKS", 4)
    if shared is None:
        return []
    boxes = "[●■] " * min(shared, ranks) + "[●][■] " * max(0, ranks - shared)
    note = "actor ● in the rank ■" if shared else "actor ● apart from rank ■"
    return [labelled("processes", (boxes if shared else "[●] [■] ", "accent"), note, of="shared_processes")]


def _checkpoint(facts: Facts) -> list[Block]:
    differ = facts.number("checkpoint", "differ_by")
    if differ is None:
        return []
    kept = facts.count("checkpoint", "kept")
    note = " read back" + (f", {kept} kept" if kept is not None else "")
    return [labelled("checkpoint", verdict(differ < 1e-6), note, of="checkpoint")]


def _dry_run(facts: Facts) -> list[Block]:
    processes = facts.count("tried_without_ranks", "processes")
    if processes is None:
        return []
    reductions = facts.count("tried_without_ranks", "reductions")
    note = f", {reductions} reductions simulated" if reductions is not None else ""
    return [labelled("no ranks", f"{processes} processes{note}", of="tried_without_ranks")]


def _native(facts: Facts) -> list[Block]:
    name = "native_reduction"
    values, text = facts.items(name, "answer"), facts.text(name, "answer")
    if not values and not text:
        return []
    shown = " ".join(f"{value:g}" for value in _numbers(values)) if values else text
    reason = facts.text(name, "reason")
    spans: list[Piece] = [verdict(bool(values)), f" {shown}", (f": {reason}" if reason else "", "bad")]
    return [labelled("own reduce", *spans, of=name)]
