"""The ``mvr`` command and its help."""

from __future__ import annotations

import typer

from monarch_vs_ray.cli import (
    ask,
    bench,
    check_references,
    clean,
    demo,
    doctor,
    document,
    example,
    explain,
    notebook,
    page,
    pattern,
    port,
    replay,
    run,
    train,
    verify,
)

# The \b keeps the lines of a paragraph as they are.
EPILOG = """\b
Examples:
  mvr doctor                      what runs on this machine, what to install
  mvr clean                       what dead runs left, if anything
  mvr demo                        the list of demos
  mvr demo 1                      both engines live, side by side
  mvr demo 1 --dry-run --speed 4  a recorded run, four times as fast
  mvr demo 1 --record run.jsonl   keep the history of the run
  mvr replay run.jsonl            show it again
  mvr pattern worker_pool         a robust design on both engines, broken from outside
  mvr run --monarch a.py --ray b.py   your own programs, side by side
  mvr example 5 --engine ray      a program to copy
  mvr verify message_ordering     put its claims to the test on both engines
  mvr explain message_ordering.default_ordering.ray
  mvr explain 4.1                 the same row, by its number in the document
  mvr ask worker killed restart   the claims that answer
  mvr notebook 3                  a companion notebook, in the browser
  mvr page                        all of it as one HTML file, to look at
  mvr port train.py               what its uses of one engine become on the other

\b
Exit codes:
  0 all fine; 1 something observed that should not be; 2 usage;
  3 an engine missing; 4 a side failed; 130 interrupted
"""

app = typer.Typer(
    name="mvr",
    help="PyTorch Monarch and Ray, compared by running them.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("demo", short_help="Run a concept on both engines, live or recorded.")(demo.demo)
app.command("example", short_help="Print complete programs of each engine, to copy and run.")(example.example)
app.command("run", short_help="Run your own two programs, side by side.")(run.run)
app.command("pattern", short_help="Run robust designs, broken from outside.")(pattern.pattern)
app.command("notebook", short_help="Open a companion notebook in the browser.")(notebook.notebook)
app.command("replay", short_help="Show a kept history again.")(replay.replay)
app.command("verify", short_help="Put claims to the test on both engines.")(verify.verify)
app.command("explain", short_help="Show all there is to one claim: code, observation, sources.")(
    explain.explain
)
app.command("ask", short_help="Find the claims and passages that answer a question.")(ask.ask)
app.command("document", short_help="Make the comparison document.")(document.document)
app.command("page", short_help="Make one HTML page of all that is published, to look at.")(page.page)
app.command("bench", short_help="Measure what each engine costs, beside what the machine can do.")(
    bench.bench
)
app.command("port", short_help="Say what a program of one engine becomes on the other.")(port.port)
app.command("train", short_help="Train a transformer on two workers of each engine.")(train.train)
app.command("doctor", short_help="Say what works here, and what to install.")(doctor.doctor)
app.command("clean", short_help="List and remove what dead runs left.")(clean.clean)
app.add_typer(check_references.app, name="sources", short_help="Check the links into the engines' sources.")
