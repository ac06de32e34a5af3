"""The control plane of Monarch."""
