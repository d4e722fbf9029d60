"""Owns how a set of movements travels to the database: the columns that ``ledger_apply`` takes.

Does not own what a movement is (movements) or what becomes of it (posting). Entry point: ``encoding``.
"""
