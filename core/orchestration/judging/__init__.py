"""Owns what a provider's news means for a transaction, whichever way it came, and how a transaction ends.

Does not own the calls that bring news, the write, or what is posted: that is the kind's.
Entry points: ``news.hear``, ``news.end``, ``news.complete``.
"""
