"""Owns the protocols that DeFi calls on a chain: Aave V3 (supply, redeem), Uniswap V3 (swap).

Does not own the contract, keys, nonces or the sending of transactions (core.providers, core.chains), nor any table.
Entry points: ``registration.register``.
"""
