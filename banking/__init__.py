"""Owns deposits, withdrawals and transfers of fiat: what to check, hold, call, post and undo for each.

Does not own the machinery (core) and never imports another domain.
Entry points: ``apps.BankingConfig`` registers the kinds and providers.
"""
