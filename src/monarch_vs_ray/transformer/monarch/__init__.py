"""Data-parallel training in Monarch."""
