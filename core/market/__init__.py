"""Owns what an asset is worth now and was worth before: sources of market data, latest prices, their history, candles.

Does not own any order, position or fee; nothing here moves money.
Entry points: ``market.price``, ``market.fresh``, ``market.convert``, ``market.value``, ``observing.observe`` and
``charts.refresh`` (started by beat), ``urls``, ``feed`` (registered as the public channel ``prices``).
"""
