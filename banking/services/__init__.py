"""Owns what banking writes itself: customers' instruments. Transactions are the engine's."""
