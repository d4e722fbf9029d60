"""Owns the seam to every provider: contract, registry, outbound HTTP, call log, health, on/off state.

Does not own any provider's protocol (a domain's ``providers``), the breaker (resilience) or the choice (routing).
Entry points: ``registry.get``, ``registry.candidates``, ``guard.guarded``, ``fanout.run``, ``calls.collect``,
``health.snapshot``, ``states.change``, ``queries.overview``.
"""
