"""Owns investing's own addresses: its transactions, pairs and positions."""
