"""How cells are divided among the parts of a layout."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["share"]


def share(total: int, wishes: Sequence[tuple[int | None, int, int]]) -> list[int]:
    """Divide cells. Fixed sizes come first, then minima, then ratios; later ones go short.

    Args:
        total: How many cells.
        wishes: For each: a fixed size or None, a ratio, a minimum.

    Returns:
        Sizes that add up to `total`.
    """
    sizes = [size if size is not None else 0 for size, _, _ in wishes]
    flexible = [index for index, (size, _, _) in enumerate(wishes) if size is None]
    left = total - sum(sizes)
    while flexible:
        ratios = sum(wishes[index][1] for index in flexible)
        short = [i for i in flexible if left * wishes[i][1] < wishes[i][2] * ratios]
        if not short:
            _by_ratio(sizes, flexible, left, ratios, wishes)
            break
        for index in short:
            sizes[index] = wishes[index][2]
            left -= sizes[index]
            flexible.remove(index)
    return _settle(sizes, total, wishes)


def _by_ratio(
    sizes: list[int],
    flexible: list[int],
    left: int,
    ratios: int,
    wishes: Sequence[tuple[int | None, int, int]],
) -> None:
    for index in flexible:
        ratio = wishes[index][1]
        sizes[index] = round(left * ratio / ratios)
        left -= sizes[index]
        ratios -= ratio


def _settle(sizes: list[int], total: int, wishes: Sequence[tuple[int | None, int, int]]) -> list[int]:
    """Cut from the end what is too much; give the last flexible one what is left over."""
    excess = sum(sizes) - total
    for index in reversed(range(len(sizes))):
        cut = min(max(0, excess), sizes[index])
        sizes[index] -= cut
        excess -= cut
    if excess < 0 and sizes:
        flexible = [index for index, (size, _, _) in enumerate(wishes) if size is None]
        sizes[flexible[-1] if flexible else -1] -= excess
    return sizes
