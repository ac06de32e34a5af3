"""Distributed tensors in Monarch, put to the test.

Within ``procs.activate()`` the caller's tensors live on all ranks: autograd and the optimizer are the
ordinary ones, and dimensions have names. ``tensor.reduce`` goes over NCCL alone; on a CPU ``monarch.remote``
calls PyTorch's own collective on every rank. SPMD code runs in actors on the same processes.
"""
