"""The layout language: shares, minima, narrow terminals, and what is left out first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo_tui import Columns, DashboardBase, Fixed, Rows, Weighted
from demo_tui.layout import Node, Region, place, share

SPEC = Rows(
    Fixed("header", 1, priority=9),
    Columns(Rows(Weighted("lc", 2, priority=3), "ll"), Rows(Weighted("rc", 2, priority=3), "rl"), narrow=100),
    Weighted("compare", 1, minimum=6, priority=2),
)


def at(spec: Node, width: int, height: int, minimum: tuple[int, int] = (20, 4)) -> dict[str, Region]:
    return place(spec, width, height, lambda name: (10, 1) if name == "header" else minimum)


def test_a_wide_terminal_has_two_columns() -> None:
    found = at(SPEC, 120, 40)
    assert found["header"] == (0, 0, 120, 1)
    assert (found["lc"].x, found["rc"].x, found["lc"].width, found["rc"].width) == (0, 60, 60, 60)
    assert found["lc"].y == found["rc"].y == 1
    assert found["ll"].y == found["rl"].y
    assert found["lc"].height > found["ll"].height


def test_a_narrow_terminal_stacks_them() -> None:
    found = at(SPEC, 80, 40)
    assert {region.x for region in found.values()} == {0}
    assert {region.width for region in found.values()} == {80}
    assert list(found) == ["header", "lc", "ll", "rc", "rl", "compare"]


def test_a_low_terminal_leaves_out_the_least_important() -> None:
    assert set(at(SPEC, 80, 15)) == {"header", "lc", "rc", "compare"}
    assert set(at(SPEC, 80, 10)) == {"header", "lc", "rc"}
    assert set(at(SPEC, 80, 5)) == {"header", "lc"}
    assert set(at(SPEC, 80, 1)) == {"header"}


def test_a_minimum_of_ones_own_replaces_that_of_the_panel() -> None:
    spec = Rows(Weighted("a", 1, minimum=2), "b")
    assert at(spec, 40, 6) == {"a": (0, 0, 40, 2), "b": (0, 2, 40, 4)}
    assert set(at(Rows(Weighted("a", 1, minimum=9), "b"), 40, 10)) == {"a"}


def test_columns_without_a_limit_stack_when_their_minima_do_not_fit() -> None:
    spec = Columns("a", Fixed("b", 30))
    assert at(spec, 50, 20) == {"a": (0, 0, 20, 20), "b": (20, 0, 30, 20)}
    assert at(spec, 49, 20) == {"a": (0, 0, 49, 10), "b": (0, 10, 49, 10)}


@given(
    total=st.integers(0, 300),
    wishes=st.lists(
        st.tuples(st.none() | st.integers(1, 50), st.integers(1, 9), st.integers(0, 40)),
        min_size=1,
        max_size=8,
    ),
)
def test_shares_add_up_and_respect_what_can_be_respected(
    total: int, wishes: list[tuple[int | None, int, int]]
) -> None:
    sizes = share(total, wishes)
    assert sum(sizes) == total
    assert min(sizes) >= 0
    if sum(size if size is not None else least for size, _, least in wishes) <= total:
        flexible = any(size is None for size, _, _ in wishes)
        for got, (size, _, least) in zip(sizes, wishes, strict=True):
            assert got >= least if size is None else got == size or not flexible


names = st.sampled_from("abcdef")
trees = st.recursive(
    st.builds(Weighted, names, st.integers(1, 5), minimum=st.none() | st.integers(1, 9))
    | st.builds(Fixed, names, st.integers(1, 30)),
    lambda children: st.builds(
        lambda kind, parts: kind(*parts),
        st.sampled_from([Rows, Columns]),
        st.lists(children, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@given(tree=trees, width=st.integers(20, 300), height=st.integers(5, 100))
def test_regions_stay_inside_and_never_overlap(tree: Node, width: int, height: int) -> None:
    cells = set()
    for x, y, wide, high in at(tree, width, height).values():
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
        own = {(column, row) for column in (x, x + wide - 1) for row in (y, y + high - 1)}
        assert not own & cells or not (wide and high)
        cells |= own


def test_a_layout_that_names_no_panel_says_so() -> None:
    board = DashboardBase(layout=Rows("a", "b"))
    board.add_panel("a")
    with pytest.raises(KeyError, match="no panel 'b'; there are: a"):
        board.frame(80, 24)


def test_sizes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Fixed("a", 0)


def test_the_automatic_layout_takes_all_panels() -> None:
    from demo_tui import HeaderPanel

    board = DashboardBase()
    assert board.frame(40, 10).text.strip() == ""
    board.add_panel("top", HeaderPanel("TOP"))
    for name in ("a", "b", "c", "log"):
        board.add_panel(name)
    text = board.frame(80, 30).text
    assert text.startswith("TOP\n╭─ A ")
    assert text.index("─ C ") < text.index("─ Log ")
