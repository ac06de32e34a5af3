"""A small transformer, trained data-parallel by two workers on each engine; one of them may be killed."""
