"""Supervision in Ray."""
