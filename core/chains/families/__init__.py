"""Owns what differs between families of chains: how an address is made and checked, and where its key lies in the tree.

A family is one file that says so (``port.Family``). Ethereum's is here; bitcoin, solana and sui come with their code.
Entry points: ``families.of``.
"""
