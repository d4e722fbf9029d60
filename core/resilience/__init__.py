"""Owns what keeps one bad moment from becoming two: idempotency records, breakers, retries, rates, locks, wake-ups.

Does not own the decisions: what is retried, what trips a breaker or which limit holds is said by the caller.
Entry points: ``idempotency.begin``, ``breaker.Breaker``, ``retry.delay_s``, ``locks.hold``, ``rates.check``,
``wakeups.wake``, ``checks.register``, ``heartbeats.beat``.
"""
