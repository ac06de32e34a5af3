"""The data plane in Monarch, put to the test.

``RDMABuffer`` names memory that stays where it is, of a memoryview or of a tensor; who has the buffer pulls
the bytes into memory of its own. Without an RDMA NIC threads of the owner's process send them over TCP.
"""
