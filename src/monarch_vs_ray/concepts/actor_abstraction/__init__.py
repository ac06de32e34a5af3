"""Concept 1, actor abstraction: a class whose instances live elsewhere and answer to method calls."""
