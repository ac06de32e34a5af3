"""Concept 2, topology and meshes: a group of actors, its shape, where it lands, and who waits for whom."""
