"""Owns the answers to "is it well?": liveness, readiness, components, metrics, the pulses of workers and scheduler.

Does not own what is checked: each package registers its own check with ``core.resilience.checks``.
Entry points: ``urls``, ``runner.run``, ``tasks``.
"""
