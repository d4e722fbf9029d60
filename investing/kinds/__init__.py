"""Owns what each kind of investing transaction holds, calls, posts and undoes.

Entry points: ``buy.BUY``, ``sell.SELL``; ``trade.Trade`` is both of them.
"""
