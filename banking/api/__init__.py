"""Owns banking's own addresses: its transactions and its instruments."""
