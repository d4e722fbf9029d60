"""Owns the choice among providers: scoring by weights that are data, and the stored decision with all its numbers.

Does not own who is a candidate (providers and quotes say that) or what happens when the chosen one fails.
Entry points: ``scoring.score``, ``weights.current``, ``decisions.row``, ``decisions.for_transaction``.
"""
