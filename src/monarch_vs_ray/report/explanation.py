"""Print all there is to a claim: statement, code, observation, links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from rich.console import Console, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from monarch_vs_ray.campaign import catalogue
from monarch_vs_ray.core.errors import NoResults, UnknownClaim
from monarch_vs_ray.core.paths import PUBLISHED, results_folder
from monarch_vs_ray.core.verdicts import Verdict
from monarch_vs_ray.ledger import published
from monarch_vs_ray.ledger.claims import Claim, Ledger
from monarch_vs_ray.ledger.code import Excerpt, actors_of, experiment_code, telling_lines
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.results import EVIDENCE, latest, machine_name
from monarch_vs_ray.ledger.results import load as load_evidence
from monarch_vs_ray.ledger.tables import NAMES, STYLES
from monarch_vs_ray.report.answers import near
from monarch_vs_ray.report.breaks import explain_breaks
from monarch_vs_ray.report.passages import evidence_place
from monarch_vs_ray.stage.console import console as new_console


def explain_claim(asked: str, results: Path | None) -> None:
    """Print all there is to a claim; a row's name stands for its claims on both engines.

    Args:
        asked: A claim, a row, or a concept.
        results: A run's folder, or one of runs; without it the newest run, then what is published.

    Raises:
        UnknownClaim: If nothing has that name or number; names the rows that it may mean.
        NoResults: If ``results`` holds no evidence.
    """
    ledger = catalogue.ledger()
    console = new_console()
    claims = _find(asked)
    machines = published.by_claim(PUBLISHED) if results is None else {}
    observed = {id_: published.best(several) for id_, several in machines.items()}
    observed |= {each.id: each for each in _last_evidence(results)}
    for claim in claims:
        _explain(console, ledger, claim, observed.get(claim.id), machines.get(claim.id, {}))


def _find(asked: str) -> list[Claim]:
    """Return the claims of a name, a number, or of a row's name without its concept. Raises UnknownClaim."""
    try:
        return catalogue.find(asked)
    except UnknownClaim as error:
        if found := [claim for claim in catalogue.ledger().claims if claim.row == asked]:
            return found
        raise UnknownClaim(asked, error.known, near=_alike(asked, error.known) or near(asked)) from None


def _alike(asked: str, known: list[str]) -> list[str]:
    """Return the ids that are written almost like this."""
    return get_close_matches(asked, known, n=3, cutoff=0.8)


def _last_evidence(results: Path | None) -> list[Evidence]:
    """Return what was observed last: in that run's folder, or in the newest below it."""
    root = results or results_folder()
    if (root / EVIDENCE).is_file():
        return load_evidence(root)
    try:
        return load_evidence(latest(root))
    except NoResults:
        if results:
            raise
        return []


def _explain(
    console: Console, ledger: Ledger, claim: Claim, found: Evidence | None, machines: Mapping[str, Evidence]
) -> None:
    console.print()
    number = ledger.numbers[claim.short]
    head = f"   {number} {claim.aspect}, {NAMES[claim.engine]} {claim.versions}"
    console.print(Text.assemble((claim.id, "bold"), head))
    console.print(Text(f"Read: {evidence_place(claim.id)}, row {number}", "dim"))
    said = "We judge  " if claim.cell.tested == "judgement" else "We say  "
    console.print(Text.assemble((said, "bold"), claim.cell.statement))
    if claim.cell.brief:
        _explain_brief(console, claim)
    _explain_observation(console, claim, found)
    explain_breaks(console, claim)
    for machine, each in machines.items():
        if found and (each.said, each.date) != (found.said, found.date):
            console.print(
                Text.assemble((f"On {machine}  ", "bold"), _verdict(each.verdict), f"  {each.said}")
            )
    roles = {
        "Experiment": claim.cell.experiment,
        "Control": claim.cell.control,
        "Experiment for the brief": claim.cell.brief_experiment,
    }
    shown: set[str] = set()
    for role, name in roles.items():
        if name:
            _explain_experiment(console, ledger, claim, role, name, shown)
    if claim.cell.no_control:
        console.print(Text.assemble(("\nNo control  ", "bold"), claim.cell.no_control))
    for support in claim.cell.rests_on:
        console.print(Text.assemble(("Rests on  ", "bold"), support))
    _explain_sources(console, [*claim.cell.holds_in, *claim.cell.references])


def _explain_brief(console: Console, claim: Claim) -> None:
    mark = claim.cell.brief_verdict or "unknown"
    differs = " / we observed otherwise" if mark == "refuted" else ""
    console.print(
        Text.assemble((f"The brief said{differs}  ", "bold"), f"{claim.cell.brief}  ", _verdict(mark))
    )
    if claim.cell.brief_missing:
        console.print(Text.assemble(("Missing there  ", "bold"), claim.cell.brief_missing))
    if claim.cell.note:
        console.print(Text.assemble(("Note  ", "bold"), claim.cell.note))


def _explain_observation(console: Console, claim: Claim, found: Evidence | None) -> None:
    if found is None:
        console.print(Text(f"Not yet published, and not observed here: mvr verify {claim.id}"))
        return
    machine = machine_name(found.machine) if found.machine else "no engine involved"
    runs = f", {found.runs} runs" if found.runs > 1 else ""
    when = f"{found.date[:19]}, {NAMES[claim.engine]} {found.version}, {machine}{runs}"
    console.print(
        Text.assemble(("We observed  ", "bold"), _verdict(found.verdict), f"  {found.said}\n", (when, "dim"))
    )
    if found.brief_verdict:
        console.print(
            Text.assemble(("Of the brief  ", "bold"), _verdict(found.brief_verdict), f"  {found.brief_said}")
        )
    if found.outside:
        console.print(Text.assemble(("Another release  ", "bold"), f"we speak of {found.made_for}"))
    if found.first_try:
        console.print(Text.assemble(("Second try  ", "bold"), f"the first: {found.first_try}"))
    for each in found.observed:
        seen = ", ".join(f"{key} = {value!r}" for key, value in each.seen.items())
        console.print(Text.assemble((f"  {each.experiment}: ", "bold"), seen))


def _verdict(verdict: Verdict) -> tuple[str, str]:
    return verdict, STYLES[verdict]


def _explain_experiment(
    console: Console, ledger: Ledger, claim: Claim, role: str, name: str, shown: set[str]
) -> None:
    """Print an experiment's code, and what it calls where that was not shown yet."""
    folder = ledger.folder(claim)
    excerpts = experiment_code(folder, claim.engine, ledger.function(claim, name))
    settings = ledger.settings(claim, name)
    given = {**settings.options, **settings.environment}
    told = " ".join(f"{key}={value}" for key, value in given.items())
    console.print(Text.assemble((f"\n{role} {name}", "bold"), f"  with {told}" if told else ""))
    for each in excerpts:
        if each.where in shown:
            console.print(Text(f"{each.where} {each.name}, as above", "dim"))
            continue
        shown.add(each.where)
        console.print(Text(each.where, "dim"))
        console.print(_code(console, each, telling_lines(each, _keys(claim))))
    actors = ", ".join(f"{each.name} ({each.where})" for each in actors_of(folder, claim.engine, excerpts))
    if actors:
        console.print(Text(f"Actors and classes: {actors}", "dim"))


def _keys(claim: Claim) -> set[str]:
    """What the claim's checks look at."""
    checks = (*claim.checks, *claim.brief_checks)
    return {str(check[name]) for check in checks for name in ("key", "other") if name in check}


def _code(console: Console, each: Excerpt, lit: set[int]) -> RenderableType:
    """The code with its line numbers; the lines that tell are lit, or marked where there is no colour."""
    if console.color_system:
        return Syntax(
            "\n".join(each.lines),
            "python",
            line_numbers=True,
            start_line=each.first,
            highlight_lines=lit,
            background_color="default",
        )
    return Text("\n".join(_marked(each, lit)))


def _marked(each: Excerpt, lit: set[int]) -> Sequence[str]:
    numbered = enumerate(each.lines, start=each.first)
    return [f"{'>' if number in lit else ' '} {number:4} {line}".rstrip() for number, line in numbered]


def _explain_sources(console: Console, entries: list[str]) -> None:
    from monarch_vs_ray.references.table import link

    for entry in entries:
        console.print(Text.assemble((f"{entry}  ", "bold"), link(entry)))
