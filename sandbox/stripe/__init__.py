"""Pretend Stripe: payment intents, charges, disputes, balance, events, webhooks, as far as a card on-ramp needs.

Owns: Stripe's words, states, errors and shapes.
Does not own: storage, faults, delivery (sandbox.engine). Source of the shapes: the official SDK 16.1.0.
Entry points: ``provider.StripeProvider``.
"""
