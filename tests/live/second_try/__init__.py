"""Probes of which one dies the first time."""
