"""Owns the chains' screens: operations with every hash, wallets, arrivals, and a part of a transaction's page.

Does not own the toolkit (core.console). Nothing can be changed here.
"""
