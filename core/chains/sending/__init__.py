"""Owns the way of an operation to the chain: simulated whole, stored with nonces and signatures, offered to the node.

Does not own what becomes of it there (following).
Entry points: ``core.chains.operations``.
"""
