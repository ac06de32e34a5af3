"""Concept 7, distributed tensors: who holds a tensor on many ranks, and who keeps the ranks equal."""
