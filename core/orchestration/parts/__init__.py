"""Owns what kinds of every domain are built from: who carries them out, how money is set aside, news after the end.

Does not own any kind's meaning: that is its domain's.
Entry points: ``roles.ByProvider``, ``roles.ByLegs``, ``roles.InOurBooks``, ``reservations``, ``reversal.Reversal``.
"""
