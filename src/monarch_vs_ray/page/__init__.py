"""Make one HTML file of all that is published: it opens from a disk, and asks for nothing.

::

    sources.published() or sources.own(run)     # evidence, by claim, and where it is from
    build.make(source)                          # the page as a text

Each part of the page is a module that returns plain data: ``claims``, ``search``, ``demos``, ``costs``,
``patterns``, ``runs``, ``compare``. ``templates/`` has what is read without a script, ``assets/`` the styles
and scripts.
Whatever comes from a run reaches the page as escaped text or as packed data, never as markup.
"""
