"""Owns the arithmetic of yield: exact integers, no database, no network."""
