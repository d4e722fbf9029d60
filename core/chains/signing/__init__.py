"""Owns keys: the encrypted seed, the keys derived from it, and signatures over what was authorised.

Does not own what is signed: only a stored transaction of a stored operation can be (``authorised.of``).
Entry points: ``core.chains.keystore``.
"""
