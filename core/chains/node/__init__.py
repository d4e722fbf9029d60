"""Owns how a node is spoken to: JSON-RPC over the outbound transport, strict reading of answers, simulation, reverts.

Does not own: what is asked, and when. Holds no tables.
Entry points: ``client.of``, ``simulate.run``, ``reverts.decode``, ``answers``.
"""
