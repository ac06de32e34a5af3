"""The control plane of Ray."""
