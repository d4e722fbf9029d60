"""Owns the words of the live feed's protocol: frames out, frames in, close codes. Does not own what happens on them.

Entry points: ``frames``, ``inbound.parse``, ``closing.CloseCode``.
"""
