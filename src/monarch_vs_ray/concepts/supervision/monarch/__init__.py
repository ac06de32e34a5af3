"""The concept on PyTorch Monarch."""
