"""Kraken's spot exchange: orders at market within a price limit, by its REST API.

Owns: Kraken's wire protocol. ``client`` signs, sends and names errors; ``mapping`` reads orders, trades and pairs;
``sizing`` turns an order of ours into Kraken's form; ``adapter`` is the contract's face.
Does not own: when to send, ask or cancel (core.orchestration), turns for the nonce (investing.providers.turns).
Entry points: ``adapter.KrakenAdapter``, ``adapter.Credentials``.
"""
