"""Owns the work on sets of due transactions: claim, prepare, send, ask, apply, undo, expire, and the one write.

Does not own the doors (accept, cancel, outcomes) or the meaning of a kind.
Entry points: ``drain.drain``, ``changes.Change``, ``writing.write``.
"""
