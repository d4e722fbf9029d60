"""Owns what the chain does with us: blocks, reorganisations, inclusions, finality, stuck transactions, arrivals.

Does not own what follows from it: upper layers listen (``core.chains.watch``) and may miss every call.
Entry points: ``core.chains.watch``.
"""
