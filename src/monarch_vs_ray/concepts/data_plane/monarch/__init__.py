"""The data plane in Monarch."""
