"""Owns what happens if and only if we committed: the numbered streams that clients follow, and effects to carry out.

Does not own what an event means, who may read a stream, or how a client is connected.
Entry points: ``streams.append``, ``streams.read``, ``streams.heads``, ``effects.add``, ``effects.register``,
``effects.drain``, ``due.register``, the command ``relay``, and in SQL ``outbox_append`` and ``outbox_effects``.
"""
