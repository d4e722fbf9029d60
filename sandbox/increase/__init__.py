"""Pretend Increase: ACH transfers, accounts, transactions, events, simulations, as far as paying out needs.

Owns: Increase's words, states, errors and shapes.
Does not own: storage, faults, delivery (sandbox.engine). Source of the shapes: the official SDK 0.552.0.
Entry points: ``provider.IncreaseProvider``.
"""
