"""Draw pictures of the concepts, as a pure function of the events that a side has emitted so far.

::

    facts = Facts()                                        # pictures.facts
    facts.apply(event)                                     # each event of one side
    picture = picture_for(concept, "ray", facts, width)    # pictures.finding
    picture.strips(width, height, theme)                   # lines for a terminal
    PicturePanel(concept, "ray", facts)                    # pictures.panel: the same as a panel
    svg(concept, events, dark=True)                        # pictures.vector: both engines as SVG

The module with a concept's name draws its picture: ``blocks(view)`` returns blocks for the facts so far.
Facts that were not observed are not drawn. Inferred facts are drawn dashed.
"""
