"""The workloads in Ray."""
