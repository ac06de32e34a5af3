"""Concept 4, message ordering: whose messages arrive in which order, and what it takes to change that."""
