"""Owns what one step changes about a transaction, and the one write that makes a set of changes true.

Does not own when a step is taken (engine) or what its kind means (the domains).
Entry points: ``changes.begin``, ``writing.write``.
"""
