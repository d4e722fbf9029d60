"""Owns what investing decides and writes itself: terms of an order, holdings, pairs. Transactions are the engine's."""
