"""Owns how transactions are read: queries, the contract's JSON, the stream rows, the story, the checks of the books.

Never writes. Entry points: ``queries``, ``render``, ``feed``, ``stories.PARTS``, ``checks.breaks``.
"""
