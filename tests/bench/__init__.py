"""Measurements without an engine."""
