"""Owns: the development chain as a part of an installation: started, awaited, funded, noted for its users.

Does not own: the chain (``python -m sandbox.chain``), which is known by its command line and its file of addresses.
Entry points: ``joining.begin``, ``joining.join``.
"""
