"""Owns what a customer sees of his balances: the wallet, its valuation, the statement, the figures of the live feed.

A read model only: does not own any table and never writes; the figures are the ledger's.
Entry points: ``urls``, ``feed`` (registered as the channel ``balances``).
"""
