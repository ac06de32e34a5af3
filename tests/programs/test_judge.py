"""The oracle holds or not, and the figures are what they say, from the events alone."""

from __future__ import annotations

from monarch_vs_ray.core.events import FaultInjected, SideEnded
from monarch_vs_ray.programs.faults import Fault
from monarch_vs_ray.programs.judge import judge, matched, measure
from monarch_vs_ray.programs.patterns import find
from monarch_vs_ray.programs.plan import Figure, Oracle, Plan
from monarch_vs_ray.programs.state import Course

ENDED = SideEnded(side="ray", at=10_000_000_000, ending="exit", exit_code=0)
S = 1_000_000_000


def course(*lines: tuple[float, str], faults: tuple[float, ...] = (), planned: int | None = None) -> Course:
    made = Course(lines=[(int(at * S), text) for at, text in lines])
    made.faults = [FaultInjected(side="ray", at=int(at * S), fault="SIGKILL", target="p") for at in faults]
    made.terms = {"faults": len(faults) if planned is None else planned}
    return made


def test_every_part_of_an_oracle_can_fail() -> None:
    plan = Plan(oracle=Oracle(lines=["^all done$"], never=["^lost"], undisturbed=["^loss (.*)$"]))
    fine = course((1, "loss 0.5"), (2, "all done"), faults=(1.5,))
    without = {"^loss (.*)$": "0.5"}

    assert judge(plan, fine, ENDED, without).holds
    for wrong in (
        course((1, "loss 0.5"), (2, "all done"), faults=(1.5,), planned=2),
        course((1, "loss 0.5"), faults=(1.5,)),
        course((1, "loss 0.5"), (1.8, "lost 3"), (2, "all done"), faults=(1.5,)),
        course((1, "loss 0.6"), (2, "all done"), faults=(1.5,)),
        course((2, "all done"), faults=(1.5,)),
    ):
        found = judge(plan, wrong, ENDED, without)
        assert len(found.reasons) == 1
        assert not found.failed


def test_a_program_that_fails_or_is_ended_fails() -> None:
    for ended in (
        None,
        SideEnded(side="ray", at=0, ending="exit", exit_code=1),
        SideEnded(side="ray", at=0, ending="signal", signal=9),
        SideEnded(side="ray", at=0, ending="deadline"),
    ):
        found = judge(Plan(), course(), ended)
        assert found.failed
        assert not found.holds


def test_a_figure_counts_from_the_last_fault_before_its_line() -> None:
    run = course((0.5, "lost 9"), (2, "working"), (3, "lost 1"), (5, "lost 2"), faults=(1, 2.5, 4))

    assert measure(Figure(name="f", start="fault", to="^lost"), run) == 0.5
    assert measure(Figure(name="f", start="start", to="^lost"), run) == 0.5
    assert measure(Figure(name="f", start="^working", to="lost 2"), run) == 3.0
    assert measure(Figure(name="f", start="fault", to="^never"), run) is None
    assert measure(Figure(name="f", start="^never", to="^lost"), run) is None
    assert measure(Figure(name="f", start="fault", to="^lost"), course((1, "lost"))) is None


def test_a_figure_is_the_number_that_is_printed_last() -> None:
    figure = Figure(name="f", value=r"^(\S+) done again")

    assert measure(figure, course((1, "3 done again"), (2, "4.5 done again"))) == 4.5
    assert measure(figure, course((1, "some done again"))) is None
    assert measure(figure, course()) is None


def test_without_a_group_the_whole_match_is_compared() -> None:
    plan = Plan(oracle=Oracle(undisturbed=["^results [0-9a-f]+$"]))

    assert matched(plan, course((1, "results 0a"), (2, "results 0b"))) == {
        "^results [0-9a-f]+$": "results 0b"
    }


def test_a_worker_that_starts_late_is_no_replacement() -> None:
    plan = find("parameter_server").plan
    figure = next(figure for figure in plan.figures if figure.name == "seconds to the replacement")
    line = "worker {} is process {}, and begins at step {}"
    late = (0, line.format(0, 10, 0)), (1.6, line.format(1, 11, 0)), (9, line.format(0, 12, 1))

    assert measure(figure, course(*late, faults=(1,))) == 8.0


def killed(at: float, pid: int) -> FaultInjected:
    return FaultInjected(side="ray", at=int(at * S), fault="SIGKILL", target=f"process {pid}: killed")


def test_a_named_group_asks_for_the_victim_s_own_line() -> None:
    faults = [Fault(kill=r"^worker (?P<worker>\d+) is process (?P<pid>\d+)$", times=2)]
    run = course((1, "worker 0 is process 70"), (1, "worker 1 is process 71"), (4.5, "worker 1 works again"))
    run.faults = [killed(2, 71), killed(4, 70)]
    figure = Figure(name="f", start="fault", to=r"^worker (?P<worker>\d+) works again")

    assert measure(figure, run, faults) == 2.5, "0.5 s after another worker's fault"

    run.faults = [killed(4, 70)]
    assert measure(figure, run, faults) is None, "its own line never came"


def test_a_line_that_the_dying_program_printed_is_no_recovery() -> None:
    run = course((2.01, "step 7 done"), (3, "starts from step 6"), (3.5, "step 7 done"), faults=(2,))

    assert measure(Figure(name="f", start="fault", via="^starts from", to="^step"), run) == 1.5
    assert measure(Figure(name="f", start="fault", via="^never", to="^step"), run) is None
