"""Owns strategies, their positions, and swaps on chains: what to check, hold, call, post and undo for each.

Does not own the machinery (core), keys or the sending of transactions (core.chains), and never imports another domain.
Entry points: ``apps.DefiConfig`` registers the kinds and providers.
"""
