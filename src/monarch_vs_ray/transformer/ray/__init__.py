"""Data-parallel training in Ray."""
