"""A picture as a panel of the dashboard."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from demo_tui import Panel, PanelConfig, Theme
from demo_tui.strips import Strip
from monarch_vs_ray.core.concept import Concept
from monarch_vs_ray.core.events import Engine
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.finding import picture_for


class PicturePanel(Panel):
    """Draws one side of a concept from its facts; it is drawn again when the facts have changed.

    Args:
        concept: The concept.
        engine: The side.
        facts: What the side has emitted; it may grow while the panel is shown.
        config: A title, or a `PanelConfig`.
    """

    min_height = 5

    def __init__(
        self, concept: Concept, engine: Engine, facts: Facts, config: PanelConfig | str | None = None
    ) -> None:
        super().__init__(config)
        self.concept, self.engine, self.facts = concept, engine, facts

    def content_key(self) -> Hashable:
        """Return a new key when an event has changed the facts."""
        return (self.version, id(self.facts), self.facts.version)

    def natural_height(self) -> int:
        """Return how many lines show the whole picture."""
        return 2 + len(picture_for(self.concept, self.engine, self.facts, 76).lines)

    def body(self, width: int, height: int, theme: Theme) -> Iterable[Strip]:
        """Return the picture at this size."""
        return picture_for(self.concept, self.engine, self.facts, width).strips(width, height, theme)
