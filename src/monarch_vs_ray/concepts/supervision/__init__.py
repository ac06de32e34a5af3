"""Concept 5, supervision and fault tolerance: who learns of a failure, who decides, and what is left."""
