"""Owns what each kind of banking transaction holds, calls, posts and undoes.

Entry points: ``deposit.Deposit``, ``withdrawal.Withdrawal``, ``transfer.Transfer``.
"""
