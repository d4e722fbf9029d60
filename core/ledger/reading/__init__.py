"""Owns what queries ask in SQL and the frozen values that they answer with.

Does not own the questions: those are ``core.ledger.queries``. Entry points: ``statements``, ``values``.
"""
