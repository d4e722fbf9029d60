"""Owns the console's screens of the ledger: accounts, entries, trial balance and proof. All of them read only.

Does not own the figures: they come from ``queries`` and the tables. Entry point: ``admin.py``.
"""
