"""Fault scripts: what may go wrong on demand, and which call it happens to.

Owns: the grammar of a script, its counts and its chance.
Does not own: what a fault does to a call (engine.pipeline, the providers, webhooks).
Entry points: ``scripts.parse``, ``faults.Faults``.
"""
