"""Owns DeFi's own addresses: its transactions, strategies and positions."""
