"""Owns the console's screen of the providers and their part of the control tower.

Does not own breakers or modes: actions call ``states`` and ``core.resilience.breaker``. Entry point: ``admin.py``.
"""
