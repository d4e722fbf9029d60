"""Owns quotes: a price with its provider, locked for a while and used at most once.

Does not own prices (fees), the score (routing), or transactions, which are made from quotes above.
Entry points: ``preparing.prepare``, ``quotes.store``, ``quotes.get``, ``quotes.claim``, ``quotes.render``.
"""
