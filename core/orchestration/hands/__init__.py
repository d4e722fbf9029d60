"""Owns what people do to a transaction by hand: cancel it, release or refuse what is held up, ask again, replay.

Does not own what follows from it: that is the engine's.
Entry points: ``cancel``, ``holdups``, ``recheck``, ``deadletters``.
"""
