"""The subject "Interactive development": what both sides must observe, and a native file for each engine."""
