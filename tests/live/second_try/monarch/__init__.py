"""Monarch's side."""
