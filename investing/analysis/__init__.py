"""Owns the arithmetic of investing: what of an order was executed and charged, and what a holding cost. Pure.

Does not own any table or any decision.
Entry points: ``execution.tell``, ``costs.acquire``, ``costs.dispose``.
"""
