"""Interactive development with Monarch, put to the test.

The session is the controller. A class defined anew is spawned on the processes that are there; a module
that they have imported stays as it was until it is reloaded there. Hosts of a job outlive the session.
"""
