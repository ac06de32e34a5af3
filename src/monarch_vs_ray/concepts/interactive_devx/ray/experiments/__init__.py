"""Interactive development with Ray, put to the test.

The session is a client of a cluster, to which jobs can be submitted too. Each actor has a process of its own,
so new actors import a changed module anew; a changed task runs on in worker processes that are there.
"""
