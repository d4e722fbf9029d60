"""A small exchange: what is traded, order books with price-time priority, accounts, the house that makes the market.

Owns: every rule of matching, fees and balances, in whole numbers only; its tables.
Does not own: any wire protocol.
Entry points: ``engine.Exchange``, ``house.House``, ``tape.Tape``.
"""
