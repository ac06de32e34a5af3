"""Porting between the two engines: the map of their interfaces, its guide, and what a program needs of it."""
