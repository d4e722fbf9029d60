"""What every pretend provider needs: storage, clock, timers, idempotency, faults, webhooks, HTTP.

Owns: the SQLite file and everything that is the same for any provider.
Does not own: any provider's words, paths or states.
Entry points: ``world.World``, ``pipeline.Pipeline``, ``provider.Provider``.
"""
