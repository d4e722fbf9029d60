"""Owns what each kind of DeFi transaction holds, calls, posts and undoes.

Entry points: ``start_strategy.StartStrategy``, ``harvest.Harvest``, ``stop_strategy.StopStrategy``, ``swap.Swap``.
"""
