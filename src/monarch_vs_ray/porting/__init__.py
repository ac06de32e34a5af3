"""Port programs between the two engines: the map of their interfaces, the guide, and ``mvr port``."""
