"""Tensors over the same data planes, and collectives beside them; for where torch is installed."""
