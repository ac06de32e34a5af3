"""Advice on when to choose which engine: no concept of its own, but claims that follow from the others'."""
