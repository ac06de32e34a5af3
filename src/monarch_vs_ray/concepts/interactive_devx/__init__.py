"""Concept 8, interactive development: what it takes to change something and see it, and what stays."""
