"""Owns the chart of accounts, the journal, balances, holds, expectations and reversible lots.

Does not own transactions, prices, or what a movement means: callers say which lines, this package whether they may.
Entry points: ``posting.post`` and the SQL function ``ledger_apply``; ``accounts``; ``queries``; ``sweeps``; ``locks``.
"""
