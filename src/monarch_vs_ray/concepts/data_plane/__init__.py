"""Data plane: how bulk data gets from its owner to its readers, and who has to take part."""
