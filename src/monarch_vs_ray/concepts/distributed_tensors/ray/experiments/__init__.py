"""Distributed tensors in Ray, put to the test.

No tensor spans actors: the caller holds a reference for each rank, and shards, gradients and averages are
moved by hand or by collectives of a named group. Training runs as SPMD: ``TorchTrainer`` starts one function
on every worker and sets up torch's process group; DDP, DeviceMesh and DTensor in it are PyTorch's own.
"""
