"""Owns the console's screens of the engine: transactions, dead letters, and the engine's part of the control tower.

Does not own how a screen works (``core.console``), nor any change: actions call services. Entry point: ``admin.py``.
"""
