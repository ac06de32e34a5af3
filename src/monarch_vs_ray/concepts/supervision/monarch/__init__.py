"""Supervision in Monarch."""
