"""Concept 6, the data plane: how bulk bytes get from their owner to a reader, and who has to take part."""
