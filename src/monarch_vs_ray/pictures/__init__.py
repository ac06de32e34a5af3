"""Pictures of the concepts, drawn from events: a pure function of what a side has emitted so far.

::

    facts = Facts()
    facts.apply(event)                     # each event of one side
    picture = picture_for(concept, "ray", facts)
    picture.fit(38, 8)                     # lines of styled text for a panel
    svg.drawing(concept, {"ray": facts})   # the same lines as a vector picture

A concept's picture is the module here that has the concept's name: its ``blocks(view)`` returns what can be
drawn of the facts. What was not observed is not drawn, and what was inferred is drawn dashed.
"""

from monarch_vs_ray.pictures.blocks import Block, Line, Picture, Span
from monarch_vs_ray.pictures.facts import Facts
from monarch_vs_ray.pictures.finding import has_picture, picture_for
from monarch_vs_ray.pictures.panel import PicturePanel

__all__ = ["Block", "Facts", "Line", "Picture", "PicturePanel", "Span", "has_picture", "picture_for"]
