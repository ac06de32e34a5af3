"""The vocabulary as types: events, concepts, clock, errors. Imports nothing else of this project."""
