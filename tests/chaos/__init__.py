"""Owns the long run of mixed traffic over the real platform while everything around it breaks, and what is checked.

Does not own: the platform (tests/platform.py), the chain's handle (tests/chain).
Entry points: ``make chaos`` (``python -m tests.chaos``), ``test_chaos.py`` (the short version in the suite).
"""
