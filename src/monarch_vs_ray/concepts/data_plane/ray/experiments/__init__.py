"""The data plane in Ray, put to the test.

``ray.put`` copies bytes into the node's object store, and readers on that node map the store's memory. For
another node the stores copy the object between them. Tensors may go past the store, by a tensor transport.
"""
