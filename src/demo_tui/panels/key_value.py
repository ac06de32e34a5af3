"""Key-value pairs, aligned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from demo_tui.cells import clean, describe, width
from demo_tui.panel import Panel, PanelConfig
from demo_tui.strips import Pen, Strip
from demo_tui.theme import Theme

__all__ = ["KeyValuePanel"]


class KeyValuePanel(Panel):
    """A dictionary as aligned lines, in the order in which the keys were first set.

    When there are more pairs than lines, the last line says how many are hidden; the panel scrolls.

    Args:
        config: A title, or a `PanelConfig`.
        values: Pairs to begin with.
    """

    min_height = 5

    def __init__(
        self, config: PanelConfig | str | None = None, values: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(config)
        self._values: dict[str, tuple[object, str | None]] = {}
        self._plain_seen: dict[str, str] = {}
        for key, value in (values or {}).items():
            self.set(key, value)

    def set(self, key: str, value: object, style: str | None = None) -> None:
        """Set one value, from any thread.

        Args:
            key: The name that is shown.
            value: Anything; floats are shown with four digits, the rest as `str` has it.
            style: A theme name or a rich style, such as `link https://example.org`.
        """
        self._values[key] = (value, style)
        self.touch()

    def update(self, values: Mapping[str, object]) -> None:
        """Set several values.

        Args:
            values: Values by key.
        """
        for key, value in values.items():
            self.set(key, value)

    def remove(self, key: str) -> None:
        """Forget a key; no error if it is not there.

        Args:
            key: The name.
        """
        self._values.pop(key, None)
        self.touch()

    @property
    def values(self) -> dict[str, object]:
        """Return a copy of the pairs."""
        return {key: value for key, (value, _) in self._values.copy().items()}

    def natural_height(self) -> int:
        """Return one line for each pair, and two for the border."""
        return max(3, len(self._values) + 2)

    def body(self, cells: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return one line per pair."""
        pairs = [(clean(k, theme.ascii), format_value(v), s) for k, (v, s) in self._values.copy().items()]
        column = min(max((width(key) for key, _, _ in pairs), default=0), max(4, cells // 2))
        visible = pairs if len(pairs) <= height else pairs[: max(1, height - 1)]
        for key, value, style in visible:
            pen = Pen(cells, theme).cell(key, column, "key").put("  ")
            yield pen.cell(value, cells, style or "value").strip()
        if len(visible) < len(pairs):
            yield Pen(cells, theme).put(f"+{len(pairs) - len(visible)} more", "dim").strip()

    def summary_lines(self) -> Iterable[str]:
        """Return the pairs that changed since the last call, on one line."""
        now = {describe(key): format_value(value) for key, (value, _) in self._values.copy().items()}
        changed = [f"{key}={text}" for key, text in now.items() if self._plain_seen.get(key) != text]
        self._plain_seen = now
        return [", ".join(changed)] if changed else []


def format_value(value: object) -> str:
    """Format a value as people read it.

    Args:
        value: Anything.

    Returns:
        Floats with four significant digits, the rest as `describe` has it.
    """
    if isinstance(value, float):
        return f"{value:,.0f}" if 10_000 <= abs(value) < 1e15 else f"{value:.4g}"
    return describe(value)
