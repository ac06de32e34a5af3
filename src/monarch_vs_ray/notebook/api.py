"""Offer the functions that the companion notebooks are written with.

::

    from monarch_vs_ray.notebook import api as nb

    nb.opening("03_fault_tolerance")           # title, question, live or recorded
    pair = nb.subject("supervision")           # a concept's examples, or a pattern's programs
    programs = nb.editors(pair)                # an editor for each, and a button
    run = nb.run(pair, programs)               # through the harness; recorded until the button is pressed
    nb.outcome(run); nb.timeline(run); nb.resources(run); nb.figures(run)
    press = nb.demo_button()
    demo = nb.demo("supervision", press)       # the concept's demo, likewise
    nb.picture(demo); nb.findings(demo)
    fault = nb.fault_choice(demo); nb.supervision_tree(demo, fault)
    nb.broadcast_tree(8, 2, 1); nb.mesh_part(2, 4, [0, 1], [0, 1]); nb.ordering_buffer(8, 2, 3, 4)
    nb.claims("supervision.restart")           # statements, verdicts, evidence
    choice = nb.engine_choice()                # for cells that use an engine directly
    here = nb.session(choice)                  # here.need("ray") at the top of such a cell
    nb.end(here, nb.end_button())
    task = nb.Exercise(task="...", engine="ray", start=pair.texts["ray"], needs=[nb.ends_well()])
    answer = nb.exercise_editor(task)          # an editor with a button
    nb.check(task, answer)                     # what the reader's program lacks
    nb.pattern_figures("async_rl", settings, figures)   # published runs, with n and spread
    nb.source("page.rl.areal", "AReaL")        # a link for Markdown, with the day on which the page was read
"""

from monarch_vs_ray.notebook.cells import demo, demo_button, editors, opening, run
from monarch_vs_ray.notebook.claims import claims
from monarch_vs_ray.notebook.exercises import (
    Exercise,
    Need,
    check,
    ends_well,
    exercise_editor,
    never_prints,
    prints,
    uses,
)
from monarch_vs_ray.notebook.interactive import broadcast_tree, mesh_part, ordering_buffer
from monarch_vs_ray.notebook.learning import ages, reward_curve, training
from monarch_vs_ray.notebook.loop_pictures import (
    pull_during_writes,
    rl_loop,
    staleness_curve,
    stalled_replica,
    tail_at_scale,
)
from monarch_vs_ray.notebook.measured import bytes_by_size, compared, pattern_figures
from monarch_vs_ray.notebook.runs import recorded
from monarch_vs_ray.notebook.session import (
    end,
    end_button,
    engine_choice,
    kept_cells,
    session,
    session_status,
)
from monarch_vs_ray.notebook.show import figures, findings, further, outcome, picture, resources, timeline
from monarch_vs_ray.notebook.sources import source
from monarch_vs_ray.notebook.subjects import subject
from monarch_vs_ray.notebook.trees import fault_choice, supervision_tree

__all__ = [
    "Exercise",
    "Need",
    "ages",
    "broadcast_tree",
    "bytes_by_size",
    "check",
    "claims",
    "compared",
    "demo",
    "demo_button",
    "editors",
    "end",
    "end_button",
    "ends_well",
    "engine_choice",
    "exercise_editor",
    "fault_choice",
    "figures",
    "findings",
    "further",
    "kept_cells",
    "mesh_part",
    "never_prints",
    "opening",
    "ordering_buffer",
    "outcome",
    "pattern_figures",
    "picture",
    "prints",
    "pull_during_writes",
    "recorded",
    "resources",
    "reward_curve",
    "rl_loop",
    "run",
    "session",
    "session_status",
    "source",
    "staleness_curve",
    "stalled_replica",
    "subject",
    "supervision_tree",
    "tail_at_scale",
    "timeline",
    "training",
    "uses",
]
