"""The concept on Ray."""
