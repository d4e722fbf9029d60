"""The development chain: an EVM node with the real Uniswap V3 and Aave V3 on it, from npm packages in a cache.

Owns: installing the packages, deploying the contracts once, running the node over its kept state, play money on it.
Does not own: anything of the platform, which knows this chain only by its address and its contracts' addresses.
Entry points: ``python -m sandbox.chain``, and ``python -m sandbox.chain.packages`` for a bare Python.
"""
