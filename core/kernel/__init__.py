"""Owns the vocabulary of the platform: money, assets, chains, ids, the clock and the error roots.

Does not own tables, settings or anything of Django's.
Entry points: ``money.Money``, ``assets.get``, ``ids.new``, ``clock.Clock``, ``errors``.
"""
