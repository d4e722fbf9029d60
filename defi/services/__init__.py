"""Owns what DeFi checks and writes itself: terms, positions, readings, allow-list. Transactions are the engine's."""
