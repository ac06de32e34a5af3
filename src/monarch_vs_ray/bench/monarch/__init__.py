"""The workloads in Monarch."""
