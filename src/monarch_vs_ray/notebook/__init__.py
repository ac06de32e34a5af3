"""Build the companion notebooks: programs to edit and run on both engines, their results, claims, exercises.

``api`` has the functions that a notebook uses; ``catalogue`` lists the notebooks without importing marimo.
"""
