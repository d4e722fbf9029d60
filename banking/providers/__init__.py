"""Owns the wire protocols of the providers that move banking money: Stripe (card in), Increase (ACH out).

Does not own the contract, HTTP, breakers or health (core.providers), nor any table.
Entry points: ``registration.register``.
"""
