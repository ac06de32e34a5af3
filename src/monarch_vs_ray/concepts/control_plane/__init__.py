"""Concept 3, control plane: how actors are asked, told, streamed from and given up; and who carries it."""
