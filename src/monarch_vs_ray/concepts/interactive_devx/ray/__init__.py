"""Interactive development in Ray."""
