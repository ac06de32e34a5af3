"""Interactive development in Monarch."""
