"""Owns buying and selling on an exchange: what to check, hold, call, post and undo, and what each customer holds.

Does not own the machinery (core), prices (core.market), and never imports another domain.
Entry points: ``apps.InvestingConfig`` registers the kinds and providers.
"""
