"""Telling the platform: signatures, a lean HTTP client, and the durable queue of deliveries.

Owns: events as they were told, and how often, when and in which order.
Does not own: what an event says (the providers).
Entry points: ``deliveries.Deliveries``, ``signing``.
"""
