"""The experiments on actors in Ray."""
