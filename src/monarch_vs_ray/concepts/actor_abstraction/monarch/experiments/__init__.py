"""The experiments on actors in Monarch."""
