"""Robust designs for training at scale: programs of each engine, and a plan of faults, in a folder each."""
