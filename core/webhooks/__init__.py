"""Owns the inbox of inbound webhooks: the door, what came in, its processing in sets, and replay.

Does not own signatures and parsing (the adapters) nor what a report means (orchestration.outcomes).
Entry points: ``views.receive``, ``drain.process``, ``replays.replay``.
"""
