"""Show how a verification goes, and what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType

from rich import box
from rich.table import Table
from rich.text import Text

from demo_tui import DashboardBase, Fixed, HeaderPanel, LogPanel, PanelConfig, ProgressPanel, Rows
from monarch_vs_ray.campaign.schedule import Campaign
from monarch_vs_ray.core.events import ENGINES
from monarch_vs_ray.core.output import complain
from monarch_vs_ray.ledger.evidence import Evidence
from monarch_vs_ray.ledger.tables import NAMES, STYLES, line, rows
from monarch_vs_ray.stage.console import console

PANEL_STYLES = {"holds": "good", "refuted": "bad", "unknown": "warn"}
LANE_ROWS = 4
PLAIN_WIDTH = 140


class PlainView:
    """Prints a line for each claim, on stderr, as it is judged."""

    quit = False

    def judged(self, each: Evidence) -> None:
        """Print its line."""
        complain(line(each))

    def update(self, campaign: Campaign) -> None:
        """Nothing to draw."""

    def __enter__(self) -> PlainView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class ScreenView:
    """Draws the experiments that run now, and the verdicts as they come."""

    def __init__(self, claims: int) -> None:
        self.dashboard = DashboardBase(
            title="mvr verify",
            layout=Rows(
                Fixed("header", 1, priority=3),
                Fixed("now", LANE_ROWS, priority=2),
                "verdicts",
                Fixed("keys", 1),
            ),
        )
        add = self.dashboard.add_panel
        self._header, self._keys = HeaderPanel("mvr verify"), HeaderPanel("q quit  p pause  s save  ? help")
        self._now = ProgressPanel("Now")
        self._log = LogPanel(PanelConfig("Verdicts"), tag_width=7, tag_styles=PANEL_STYLES)
        for name, panel in (
            ("header", self._header),
            ("now", self._now),
            ("verdicts", self._log),
            ("keys", self._keys),
        ):
            add(name, panel)
        self._claims, self._judged = claims, 0
        self._live = self.dashboard.live(capture=False)

    @property
    def quit(self) -> bool:
        """Return whether ``q`` was pressed."""
        return self._live.quit_requested

    def judged(self, each: Evidence) -> None:
        """Add it to the log."""
        self._judged += 1
        self._log.append(f"{each.id}: {each.said}", None, each.verdict)

    def update(self, campaign: Campaign) -> None:
        """Draw if a frame is due."""
        done, total = campaign.progress
        running = ", ".join(
            f"{NAMES[lane.plan.engine]} {lane.plan.concept}.{lane.experiment or 'start'}"
            for lane in campaign.lanes
        )
        self._now.update("experiments", done, total=total)
        self._now.update("claims", self._judged, total=self._claims)
        self._header.set(centre=running, right=f"{self.dashboard.elapsed():.0f} s")
        self._live.tick()

    def __enter__(self) -> ScreenView:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)


def print_table(all_: Sequence[Evidence], numbers: Mapping[str, str]) -> None:
    """Print a row for each aspect: both engines' verdicts, each with its line of evidence.

    Args:
        all_: The evidence.
        numbers: The numbers that rows have in the document, by ``concept.row``.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_lines=False)
    table.add_column("claim", ratio=2, overflow="fold")
    for engine in ENGINES:
        table.add_column(NAMES[engine], ratio=3, overflow="fold")
    for name, cells in rows(all_).items():
        aspect = next(iter(cells.values())).aspect
        first = Text.assemble((name, "bold"), f"\n{numbers.get(name, '')} {aspect}")
        table.add_row(first, *(_cell(cells.get(engine)) for engine in ENGINES))
    console(plain_width=PLAIN_WIDTH).print(table)


def _cell(each: Evidence | None) -> Text:
    if each is None:
        return Text("")
    kind = "judgement: " if each.tested == "judgement" else ""
    said = f"  {kind}{each.statement}\n"
    text = Text.assemble((each.verdict, STYLES[each.verdict]), said, (each.said, "dim"))
    if each.brief_verdict and each.brief_verdict != each.verdict:
        text.append(f"\nthe brief said: {each.brief} ({each.brief_verdict})", "yellow")
    return text
