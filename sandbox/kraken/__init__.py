"""The pretend Kraken: a small exchange behind the paths and shapes of Kraken's spot REST API.

Owns: the wire protocol (signatures, nonces, forms, errors), the account that a key trades on, its controls.
Does not own: how orders meet (exchange/), what may go wrong on demand (faults/).
Entry points: ``provider.KrakenProvider``, ``control.KrakenControl``.
"""
