"""Owns the benchmarks: ratios taken in one run on one machine, never timed tests.

Does not own what it measures. Entry points: ``yardstick`` (the bare database), ``ledger`` (the ledger beside it).
"""
