"""An executable comparison of PyTorch Monarch and Ray."""

__version__ = "0.1.0"
