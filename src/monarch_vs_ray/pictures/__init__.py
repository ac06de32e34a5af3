"""Pictures of the concepts, drawn from events: a pure function of what a side has emitted so far.

::

    facts = Facts()                                        # pictures.facts
    facts.apply(event)                                     # each event of one side
    picture = picture_for(concept, "ray", facts, width)    # pictures.finding
    picture.strips(width, height, theme)                   # lines for a terminal
    PicturePanel(concept, "ray", facts)                    # pictures.panel: the same as a panel
    svg(concept, events, dark=True)                        # pictures.vector: both engines as SVG

A concept's picture is the module here that has the concept's name: its ``blocks(view)`` returns what can be
drawn of the facts. What was not observed is not drawn, and what was inferred is drawn dashed.
"""
