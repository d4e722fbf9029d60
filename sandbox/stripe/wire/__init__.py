"""Stripe's wire format: forms in, objects and errors out.

Owns: decoding, checking of parameters, the shapes of new objects, error answers.
Does not own: what an endpoint does.
Entry points: the modules themselves.
"""
