"""Owns the work on sets of due transactions: claim, prepare, send, ask, apply, undo, expire.

Does not own the doors (accept, cancel, outcomes) or the meaning of a kind.
Entry points: ``drain.drain``, ``claims.claim``.
"""
