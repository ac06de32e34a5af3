"""Programs that are not ours, run as sides as they stand: a user's two scripts, and the patterns.

``isolation`` is where one runs, ``addresses`` what it may not join, ``faults`` what is done to it from
outside, ``outputs`` how two outputs are compared, ``state`` the fold of its events, ``screen`` and
``closing`` what is shown.
"""
