"""Owns the wire protocols of the exchanges on which customers' orders are executed: Kraken (spot).

Does not own the contract, HTTP, breakers or health (core.providers), nor any table.
Entry points: ``registration.register``, ``listing.Listing``.
"""
