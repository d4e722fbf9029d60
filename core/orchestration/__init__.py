"""Owns the life of every transaction: accept, prepare, send, track, complete, compensate, and what a person must see.

Does not own money (ledger), prices (fees, quotes), the choice of a provider (routing), or what a kind of transaction
means (the domains register their kinds here).
Entry points: ``accept.accept``, ``engine.drain.drain``, ``outcomes.apply``, ``cancel.request``, ``holdups.release``,
``deadletters.replay``, ``wiring.join``, ``gates.register``.
"""
