"""Pretend providers for development and tests: one process that answers as Stripe and as Increase would.

Owns: the wire protocols of both providers, what they executed (the book), their webhooks, fault scripts, their clock.
Does not own: anything of the platform. It imports nothing of ours and nobody imports it.
Entry points: ``python -m sandbox`` and the HTTP endpoints that docs/sandbox.md lists.
"""
