"""Owns: putting the tokens, Uniswap V3 and Aave V3 on a fresh chain, with liquidity, lenders and a borrower.

Does not own: running the node, keeping its state. Nothing here runs after the state has been made.
Entry points: ``build.ensure``.
"""
