"""The data plane in Ray."""
