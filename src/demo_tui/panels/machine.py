"""Ready panels: the GPUs, and the machine with the processes of this program."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from demo_tui.gpu_monitor import GpuMonitor, GpuStats
from demo_tui.panel import Panel, PanelConfig
from demo_tui.panels.progress_task import short_count
from demo_tui.panels.table import Column, TablePanel
from demo_tui.sampler import Sampler
from demo_tui.strips import Pen, Strip
from demo_tui.system_monitor import SystemMonitor, SystemStats
from demo_tui.theme import Theme

__all__ = ["GpuPanel", "SystemPanel"]

MIB, GIB = 2**20, 2**30


class GpuPanel(Panel):
    """A line for each GPU: load, memory, temperature, power; and why one is missing.

    It samples by itself while it is shown, in a thread of its own.

    Args:
        config: A title, or a `PanelConfig`.
        monitor: Where the values come from.
        seconds: The time between samples.
    """

    min_height = 3
    min_width = 30

    def __init__(
        self,
        config: PanelConfig | str | None = None,
        monitor: GpuMonitor | None = None,
        seconds: float = 1.0,
    ) -> None:
        super().__init__(config or "GPU")
        self.monitor = monitor or GpuMonitor()
        self._sampler: Sampler[list[GpuStats]] = Sampler(self.monitor.sample, seconds, self.touch)

    def sample(self) -> Sequence[GpuStats]:
        """Take a sample now, in this thread.

        Returns:
            One entry per GPU.
        """
        found = self._sampler.take() or []
        self.touch()
        return found

    def content_key(self) -> Hashable:
        """Return the version; asking for it keeps the samples coming."""
        self._sampler.latest()
        return self.version

    def natural_height(self) -> int:
        """Return one line for each GPU, one for what is missing, and two for the border."""
        return len(self._sampler.latest() or ()) + 3

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return a line for each GPU."""
        stats = self._sampler.latest()
        if stats is None:
            yield Pen(width, theme).put("looking for GPUs", "dim").strip()
        for gpu in stats or ():
            yield self._line(gpu, Pen(width, theme), theme)
        if stats == [] and not self.monitor.reason:
            yield Pen(width, theme).put("no GPU was found", "dim").strip()
        if self.monitor.reason:
            yield Pen(width, theme).cell(self.monitor.reason, width, "warn" if stats else "dim").strip()

    def _line(self, gpu: GpuStats, pen: Pen, theme: Theme) -> Strip:
        load = gpu.utilization_percent
        pen.put(f"{gpu.index} ", "key").put(_percent(load), "value").put(" ")
        facts = "".join(f"  {text}" for text in gpu_facts(gpu))
        bar = max(0, min(20, pen.room - len(facts) - 1))
        full = round((load or 0.0) / 100 * bar)
        pen.fill(theme.glyphs.full, full, "bar.full").fill(theme.glyphs.empty, bar - full, "bar.empty")
        pen.put(facts, "value")
        if pen.room > len(gpu.name) + 2:
            pen.put(f"  {gpu.name}", "dim")
        return pen.strip()

    def summary_lines(self) -> Iterable[str]:
        """Return a line for each GPU."""
        for gpu in self._sampler.latest() or ():
            yield f"GPU {gpu.index}: {_percent(gpu.utilization_percent).strip()} {' '.join(gpu_facts(gpu))}"


def gpu_facts(gpu: GpuStats) -> list[str]:
    """Return what is known of a GPU besides its load.

    Args:
        gpu: A sample.

    Returns:
        Texts for memory, temperature and power, without those that could not be read.
    """
    facts = []
    if gpu.memory_used_bytes is not None and gpu.memory_total_bytes is not None:
        facts.append(f"{gpu.memory_used_bytes / GIB:.1f}/{gpu.memory_total_bytes / GIB:.0f} GiB")
    if gpu.temperature_c is not None:
        facts.append(f"{gpu.temperature_c:.0f} °C")
    if gpu.power_watts is not None:
        limit = "" if gpu.power_limit_watts is None else f"/{gpu.power_limit_watts:.0f}"
        facts.append(f"{gpu.power_watts:.0f}{limit} W")
    return facts


def _percent(value: float | None) -> str:
    return "   ?%" if value is None else f"{value:>4.0f}%"


class SystemPanel(TablePanel):
    """CPU, memory and network of the machine, and this program's processes as a table.

    It samples by itself while it is shown, in a thread of its own; it needs psutil, and says so.

    Args:
        config: A title, or a `PanelConfig`.
        monitor: Where the values come from.
        seconds: The time between samples.
    """

    min_height = 6
    min_width = 30
    sticky = 2

    def __init__(
        self,
        config: PanelConfig | str | None = None,
        monitor: SystemMonitor | None = None,
        seconds: float = 1.0,
    ) -> None:
        columns: list[str | Column] = [
            "process",
            *(Column(name, "right") for name in ("pid", "cpu", "memory")),
        ]
        super().__init__(columns, config or "System")
        self.monitor = monitor or SystemMonitor()
        self._stats: SystemStats | None = None
        self._sampler: Sampler[SystemStats | None] = Sampler(self.monitor.sample, seconds, self._sampled)

    def sample(self) -> SystemStats | None:
        """Take a sample now, in this thread.

        Returns:
            The sample; None where nothing can be read.
        """
        stats = self._sampler.take()
        self._sampled()
        return stats

    def _sampled(self) -> None:
        stats = self._stats = self._sampler._value
        self.set_rows(
            ("  " * process.depth + process.name, process.pid, f"{process.cpu_percent:.0f} %",
             f"{process.memory_bytes / MIB:.0f} MiB")
            for process in (stats.processes if stats else ())
        )  # fmt: skip

    def content_key(self) -> Hashable:
        """Return the version; asking for it keeps the samples coming."""
        self._sampler.latest()
        return self.version

    def natural_height(self) -> int:
        """Return a line for the machine, and those of the table."""
        return super().natural_height() + 1

    def click(self, x: int, y: int) -> bool:
        """Sort by the column whose name was clicked."""
        return super().click(x, y - 1)

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return a line for the machine, then the table."""
        yield Pen(cells, theme).cell(self._machine(), cells, "value").strip()
        yield from super().body(cells, height - 1, theme)

    def _machine(self) -> str:
        stats = self._stats
        if stats is None:
            return self.monitor.reason or "sampling"
        used, total = stats.memory_used_bytes / GIB, stats.memory_total_bytes / GIB
        text = f"cpu {stats.cpu_percent:.0f} %  memory {used:.1f}/{total:.1f} GiB"
        if stats.received_per_second is not None and stats.sent_per_second is not None:
            received, sent = stats.received_per_second, stats.sent_per_second
            text += f"  net in {short_count(received, 'B')}/s, out {short_count(sent, 'B')}/s"
        return text

    def summary_lines(self) -> Iterable[str]:
        """Return the line for the machine."""
        return [self._machine()]
