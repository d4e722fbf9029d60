"""Owns the live feed: tickets, WebSocket sessions, the reading of numbered streams, the public feed's numbering.

Does not own the streams themselves (``core.outbox``) nor what a channel's snapshot says (whoever registers it there).
Entry points: ``routing.application``, ``tickets.issue``, ``providers.follow``.
"""
